//! HAProxy, its HTTP log (`option httplog`), where it stands before forward proxies.
//!
//! ```text
//! %ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r
//! 192.0.2.10:50123 [02/Jan/2026:12:04:05.678] proxies~ squid/squid01 0/0/1/83/84 200 1206 - - ---- 2/1/0/0/0 0/0 "GET http://www.example.com/a HTTP/1.1"
//! ```
//!
//! # Knows
//!
//! Start and duration in milliseconds, client, method, URL, status, bytes to the client, what HAProxy refused.
//!
//! # Does not know
//!
//! Bytes from the client; what the proxies behind refused; the user. What is captured (`{…}`) stands in an order of its own, so it
//! is not read. Requests without a host (`GET /index.html`) went to a web server, not outside, and are rejected.
//!
//! # Times and units
//!
//! The time is the **start**, without an offset: it is in the zone of `--tz`. The duration is the last of the five timers,
//! milliseconds.
//!
//! # Reads too
//!
//! `#22` for a quote, `+` before numbers (`option logasap`), -1 for what did not happen, text behind the request. Lines of other kinds (`Connect
//! from`, `SSL handshake failure`) are rejected.
//!
//! # To make it complete
//!
//! Read the logs of the proxies behind instead, with the client that `option forwardfor` names: `%>a` of Squid with
//! `follow_x_forwarded_for`. HAProxy alone cannot log all that a request has.

use super::record::{Clock, Column, Reading, Record};
use super::words::Words;
use super::{ParseError, Parser, Reason};
use crate::event::{Action, Encoding, Event, Fields, Stamp};
use jiff::tz::TimeZone;

/// HAProxy.
#[derive(Clone)]
pub struct Haproxy {
    reading: Reading,
}

impl Haproxy {
    /// A parser of the log of an HAProxy in that zone.
    pub fn new(zone: &TimeZone) -> Haproxy {
        Haproxy {
            reading: Reading { clock: Clock::local(zone), stamp: Stamp::Start, encoding: Encoding::Raw, ticks: 1 },
        }
    }
}

/// A number without the `+` of what was not over when it was logged; empty for -1.
fn number(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    if text == b"-1" { b"" } else { text }
}

impl Parser for Haproxy {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        if line.first() == Some(&b'#') || line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let mut words = Words { line, at: 0 };
        let mut record = Record::new();
        let client = words.next(Reason::Client)?;
        let Some(colon) = memchr::memrchr(b':', client) else { return words.wrong(client, Reason::Client) };
        record.put(Column::Client, &client[..colon]);
        let time = words.between([b'[', b']'], Reason::Time)?;
        record.put(Column::Stamp, time);
        // Frontend, backend and server.
        words.skip(2, Reason::Hierarchy)?;
        let timers = words.next(Reason::Duration)?;
        let Some(slash) = memchr::memrchr(b'/', timers) else { return words.wrong(timers, Reason::Duration) };
        record.put(Column::Duration, number(&timers[slash + 1..]));
        record.put(Column::Status, number(words.next(Reason::Result)?));
        record.put(Column::Down, number(words.next(Reason::Size)?));
        // Cookies.
        words.skip(2, Reason::Literal)?;
        let end = words.next(Reason::Result)?;
        if end.len() != 4 {
            return words.wrong(end, Reason::Result);
        }
        // Connections, queues, what was captured.
        words.skip(2, Reason::Literal)?;
        let Some(quote) = line.get(words.at..).and_then(|rest| memchr::memmem::find(rest, b" \"")) else {
            return Err(ParseError { at: line.len(), wanted: Reason::Method });
        };
        let captured = &line[words.at..words.at + quote];
        if !captured.is_empty() && !captured.ends_with(b"}") {
            return Err(ParseError { at: words.at, wanted: Reason::Literal });
        }
        words.at += quote;
        record.put(Column::Request, words.between([b'"', b'"'], Reason::Method)?);
        let event = record.event(line, &self.reading)?;
        if matches!(event.target, [] | [b'/', ..] | b"*") {
            return Err(ParseError { at: words.at, wanted: Reason::Target });
        }
        Ok(Some(Event { action: action(end, event.status), client: Some(&client[..colon]), ..event }))
    }

    fn carries(&self) -> Fields {
        Fields { bytes_down: true, duration: true, action: true, subsecond: true, ..Fields::default() }
    }
}

/// What the termination state says: `P` is HAProxy's own refusal, `S` a server that could not be reached or broke off.
fn action(end: &[u8], status: Option<u16>) -> Action {
    match (end.first(), status) {
        (Some(b'P'), Some(401 | 407)) => Action::Challenge,
        (Some(b'P'), Some(403 | 429)) => Action::Denied,
        (Some(b'P' | b'R' | b'I'), _) => Action::Error,
        (Some(b'S' | b's'), None | Some(500..)) => Action::Error,
        _ => Action::Allowed,
    }
}
