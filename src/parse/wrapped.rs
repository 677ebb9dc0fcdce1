//! A format inside of something else: syslog as it is sent or stored, octet counts, containers' logs.
//!
//! ```text
//! <134>1 2026-01-02T03:04:05Z proxy01 squid 5 - - 1767323045.123 104 192.0.2.10 TCP_MISS/200 904 GET http://example.com/ …
//! Jan  2 03:04:05 proxy01 squid[5]: 1767323045.123 104 192.0.2.10 TCP_MISS/200 904 GET http://example.com/ …
//! 2026-01-02T03:04:05.123456789Z stdout F {":authority":"www.example.com", …
//! {"log":"1767323045.123 104 192.0.2.10 TCP_MISS/200 904 GET http://example.com/ …\n","stream":"stdout","time":"2026-01-02T03:04:05.678Z"}
//! {"preview":false,"result":{"_raw":"1767323045.123 104 192.0.2.10 TCP_MISS/200 904 GET http://example.com/ …"}}
//! ```
//!
//! Lines that no format reads as they are, are tried without what is wrapped around them: `syslog+NAME` is the format
//! NAME in a wrapper, and can be given so. Wrappers are taken off one at a time, three at most, until the rest is read;
//! lines without one are read too.
//!
//! # Knows
//!
//! What the format inside knows. Its own times count, never those of the wrapper.
//!
//! # Does not know
//!
//! The relay: the host that a header names is who passed the line on, never the client. Messages that a relay cut at
//! 1,024 or 2,048 bytes lose their end.
//!
//! # Reads too
//!
//! RFC 3164 and RFC 5424 headers, doubled ones, with and without `<PRI>`, as rsyslog and syslog-ng store them; octet
//! counts (RFC 6587) before a message; the prefix of CRI, and `Info: ` of Cisco. JSON with the line under `log` (Docker's
//! `json-file` driver), `result._raw` or `_raw` (Splunk's export as JSON) or `message` (Filebeat, Vector).
//!
//! Behind a syslog header JSON is taken off as well, but for `message`, which many records have for another text.
//!
//! Splunk's export as CSV is not read: export JSON.
//!
//! # To make it complete
//!
//! Let the relay pass messages on whole: `$MaxMessageSize 64k` (rsyslog), `log-msg-size(65536)` (syslog-ng).

mod json;

use std::sync::Arc;

use super::{ParseError, Parser};
use crate::event::{Event, Fields};
use crate::input::receive::{content, stored};

/// Wrappers around a line at most.
pub(super) const WRAPPERS: usize = 3;

/// The name before that of the format inside.
pub(super) const PREFIX: &str = "syslog+";

/// A format in a wrapper.
pub(super) struct Wrapped {
    inner: Arc<dyn Parser>,
}

impl Wrapped {
    /// A format in a wrapper.
    pub(super) fn new(inner: Arc<dyn Parser>) -> Wrapped {
        Wrapped { inner }
    }
}

pub(super) use json::unwrap;

/// A line without its outermost wrapper, which is its beginning. `None` if it has none.
pub(super) fn peel(line: &[u8]) -> Option<&[u8]> {
    let digits = line.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let rest = match &line[digits..] {
        [b' ', message @ ..] if digits > 0 && message.first() == Some(&b'<') => message,
        [b'<', ..] if digits == 0 => content(line).line,
        _ if line.starts_with(b"Info: ") => &line[6..],
        _ => container(line).or_else(|| stored(line))?,
    };
    (rest.len() < line.len()).then_some(rest)
}

/// What follows `2026-01-02T03:04:05.123456789Z stdout F ` (Kubernetes CRI; P: a part, its end is in the next line).
fn container(line: &[u8]) -> Option<&[u8]> {
    let space = line.iter().take(40).position(|&byte| byte == b' ')?;
    let (time, rest) = (line.get(..space)?, line.get(space + 1..)?);
    let rest = rest.strip_prefix(b"stdout ").or(rest.strip_prefix(b"stderr "))?;
    let rest = rest.strip_prefix(b"F ").or(rest.strip_prefix(b"P "))?;
    time.starts_with(b"2").then_some(rest)
}

impl Parser for Wrapped {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        let mut read = Err(ParseError { at: 0, wanted: super::Reason::Literal });
        let mut rest = Some(line);
        for _ in 0..=WRAPPERS {
            let Some(text) = rest else { break };
            read = self.inner.parse(text);
            match &mut read {
                Ok(_) => break,
                Err(error) => error.at += line.len() - text.len(),
            }
            rest = peel(text);
        }
        read
    }

    fn carries(&self) -> Fields {
        self.inner.carries()
    }

    fn after(&self, line: &[u8]) -> Option<Arc<dyn Parser>> {
        let json = json::line_of(line);
        let mut rest = Some(json.as_deref().unwrap_or(line));
        for _ in 0..=WRAPPERS {
            if let Some(inner) = self.inner.after(rest?) {
                return Some(Arc::new(Wrapped { inner }));
            }
            rest = peel(rest?);
        }
        None
    }

    fn mark(&self) -> Option<&[u8]> {
        self.inner.mark()
    }

    fn header(&self) -> &[u8] {
        self.inner.header()
    }

    fn simplify(&self, lines: &mut Vec<u8>) {
        json::unwrap(lines);
        self.inner.simplify(lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{by_name, detect, read, resume};

    const LINE: &str = "1767323045.123    104 192.0.2.10 TCP_MISS/200 904 GET http://example.com/ - HIER_DIRECT/203.0.113.10 text/html";

    #[test]
    fn wrappers_are_taken_off_one_at_a_time() {
        for header in [
            "<134>Jan  2 03:04:05 proxy01 squid[5]: ",
            "<134>1 2026-01-02T03:04:05Z proxy01 squid 5 - - ",
            "Jan  2 03:04:05 proxy01 squid[5]: ",
            "2026-01-02T03:04:05.123456+09:00 proxy01 squid: ",
            "2026-01-02T03:04:05.123456789Z stdout F ",
            "166 <134>Jan  2 03:04:05 proxy01 squid[5]: ",
            "<134>Jan  2 03:04:05 relay01 <134>Jan  2 03:04:05 proxy01 squid[5]: ",
            "Jan  2 03:04:05 relay01 Info: ",
        ] {
            let line = format!("{header}{LINE}");
            let lines = [line.as_bytes(), b"Jan  2 03:04:05 proxy01 squid[5]: starting"];
            let found = detect(lines).unwrap_or_else(|error| panic!("{header}: {error}"));
            assert_eq!((found.full_name().as_str(), found.confidence), ("syslog+squid", 50), "{header}");
            let event = found.parser.parse(lines[0]).unwrap().unwrap();
            assert_eq!(event.client, Some(&b"192.0.2.10"[..]));
            assert!(found.parser.parse(LINE.as_bytes()).unwrap().is_some());
        }
    }

    #[test]
    fn headers_inside_are_followed() {
        let mut parser: Arc<dyn Parser> = Arc::from(by_name("syslog+w3c").unwrap());
        let log = "<134>Jan  2 03:04:05 p x: #Fields: date time c-ip cs-uri\n\
            <134>Jan  2 03:04:05 p x: 2026-01-02 03:04:05 192.0.2.1 http://a.example/";
        let events: Vec<_> = log.lines().filter_map(|line| read(&mut parser, line.as_bytes()).unwrap()).collect();
        assert_eq!(events.len(), 1);
        assert_eq!(parser.header(), b"#Fields: date time c-ip cs-uri\n");
        let resumed = resume(Arc::from(by_name("syslog+w3c").unwrap()), parser.header());
        assert_eq!(resumed.header(), parser.header());
    }

    #[test]
    fn where_it_stopped_is_told_of_the_whole_line() {
        let parser = by_name("syslog+squid").unwrap();
        let error = parser.parse(b"<134>Jan  2 03:04:05 p squid: 1767323045.123 104 x").unwrap_err();
        assert_eq!(error.at, 49);
        assert!(by_name("syslog+sqiud").map(drop).unwrap_err().to_string().contains("did you mean `squid`"));
    }
}
