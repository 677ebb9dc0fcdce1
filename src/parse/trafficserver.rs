//! Apache Traffic Server, its `squid` format: as Squid's own, but the time is that of the start.
//!
//! ```text
//! %<cqtq> %<ttms> %<chi> %<crc>/%<pssc> %<psql> %<cqhm> %<cquc> %<caun> %<phr>/%<pqsn> %<psct>
//! 1767323045.123 104 192.0.2.10 TCP_MISS/200 904 GET http://www.example.com/ - DIRECT/www.example.com text/html
//! ```
//!
//! # Knows
//!
//! Start and duration in milliseconds, client, user, method, URL, status, what the proxy did, bytes to the client, media
//! type.
//!
//! # Does not know
//!
//! Bytes from the client, User-Agent, Referer: a format of your own in `logging.yaml` has them, as below.
//!
//! # Times and units
//!
//! The time is the **start**. Its lines cannot be told from Squid's: without `--format trafficserver` they are taken for
//! those, and each request for so much later as it took.
//!
//! # To make it complete
//!
//! In `logging.yaml` a format that `--format squid-extended` reads, with the time of the end:
//! `'%<cqtq> %<ttms> %<chi> %<crc>/%<pssc> %<psql> %<cqtl> %<cqhm> %<cquc> %<caun> %<phr>/%<pqsn> %<psct> "%<{Referer}cqh>" "%<{User-Agent}cqh>"'`.

use super::{ParseError, Parser, Squid};
use crate::event::{Action, Event, Fields, Stamp};

/// Traffic Server.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrafficServer;

impl Parser for TrafficServer {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        Ok(Squid.parse(line)?.map(|event| {
            // `ERR_CONNECT_FAIL`, but not what the client gave up on.
            let failed = event.result.is_some_and(|tag| tag.starts_with(b"ERR_") && !tag.starts_with(b"ERR_CLIENT"));
            let action = if failed && event.action == Action::Allowed { Action::Error } else { event.action };
            Event { stamp: Stamp::Start, action, ..event }
        }))
    }

    fn carries(&self) -> Fields {
        Squid.carries()
    }
}
