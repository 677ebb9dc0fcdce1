//! Envoy, its default access log, which is text.
//!
//! ```text
//! [%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"
//! [2026-01-02T03:04:05.678Z] "GET /a HTTP/2" 200 - 733 1206 83 80 "192.0.2.10" "curl/8.14.1" "1f0c" "www.example.com" "203.0.113.10:443"
//! ```
//!
//! # Knows
//!
//! Start and duration in milliseconds, method, host and path, status, bytes of bodies both ways, User-Agent, the server
//! reached, what the flags say of it.
//!
//! # Does not know
//!
//! The client, but for the first address of `X-Forwarded-For`, which the client may have written itself: without one a line
//! is rejected. The user, Referer, the scheme. What RBAC refused: that has no flag.
//!
//! # Times and units
//!
//! The time is the **start**, UTC. Milliseconds, bytes.
//!
//! # Reads too
//!
//! Quotes in a User-Agent, which Envoy does not escape.
//!
//! # To make it complete
//!
//! `json_format` with `%DOWNSTREAM_REMOTE_ADDRESS%` and the fields that `deguchi explain envoy` shows.

use super::record::{Clock, Column, Reading, Record};
use super::words::Words;
use super::{ParseError, Parser, Reason};
use crate::event::{Action, Encoding, Event, Fields, Stamp};
use jiff::tz::TimeZone;
use memchr::memmem;

/// Envoy's text.
#[derive(Clone)]
pub struct EnvoyText {
    reading: Reading,
}

impl Default for EnvoyText {
    fn default() -> EnvoyText {
        let clock = Clock::utc(&TimeZone::UTC);
        EnvoyText { reading: Reading { clock, stamp: Stamp::Start, encoding: Encoding::Raw, ticks: 1 } }
    }
}

impl Parser for EnvoyText {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        if line.first() == Some(&b'#') || line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let mut words = Words { line, at: 0 };
        let mut record = Record::new();
        record.put(Column::Stamp, words.between([b'[', b']'], Reason::Time)?);
        let request = words.between([b'"', b'"'], Reason::Method)?;
        let mut parts = request.split(|&byte| byte == b' ');
        record.put(Column::Method, parts.next().unwrap_or_default());
        record.put(Column::Path, parts.next().unwrap_or_default());
        record.put(Column::Status, words.next(Reason::Result)?);
        let flags = words.next(Reason::Result)?;
        record.put(Column::Up, words.next(Reason::Size)?);
        record.put(Column::Down, words.next(Reason::Size)?);
        record.put(Column::Duration, words.next(Reason::Duration)?);
        words.skip(1, Reason::Duration)?;
        let texts = line.get(words.at..).unwrap_or_default().trim_ascii();
        let Some([forwarded, agent, host, peer]) = quoted(texts) else {
            return Err(ParseError { at: words.at, wanted: Reason::Literal });
        };
        record.put(Column::Client, forwarded);
        record.put(Column::Agent, agent);
        record.put(Column::Host, host);
        record.put(Column::Peer, memmem::find(peer, b"://").map_or(peer, |at| &peer[at + 3..]));
        let event = record.event(line, &self.reading)?;
        Ok(Some(Event { action: action(flags), ..event }))
    }

    fn carries(&self) -> Fields {
        Fields {
            bytes_up: true,
            bytes_down: true,
            duration: true,
            agent: true,
            action: true,
            subsecond: true,
            ..Fields::default()
        }
    }
}

/// `"x-forwarded-for" "user-agent" "request id" "authority" "server"`: the first from the left, the last three from the right,
/// since only a User-Agent may hold what looks like their ends.
fn quoted(texts: &[u8]) -> Option<[&[u8]; 4]> {
    let inner = texts.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut rest = inner;
    let mut ends = [&b""[..]; 3];
    for end in ends.iter_mut().rev() {
        let at = memmem::rfind(rest, b"\" \"")?;
        (rest, *end) = (&rest[..at], &rest[at + 3..]);
    }
    let at = memmem::find(rest, b"\" \"")?;
    Some([&rest[..at], &rest[at + 3..], ends[1], ends[2]])
}

/// What the flags say: refused by an authorization service or a rate limit; not carried out.
fn action(flags: &[u8]) -> Action {
    let has = |any: &[&[u8]]| flags.split(|&byte| byte == b',').any(|flag| any.contains(&flag));
    match () {
        () if has(&[b"UAEX", b"RL"]) => Action::Denied,
        () if has(&[b"UF", b"UH", b"UO", b"NR", b"NC", b"DF", b"LH", b"UT", b"URX", b"DPE", b"IH"]) => Action::Error,
        () => Action::Allowed,
    }
}
