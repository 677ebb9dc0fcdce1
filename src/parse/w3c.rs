//! W3C extended log files: Symantec/Broadcom ProxySG and Cloud SWG, Forefront TMG, IIS with ARR, Netskope.
//!
//! ```text
//! #Version: 1.0
//! #Fields: date time time-taken c-ip sc-status s-action sc-bytes cs-bytes cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-username
//! 2026-01-02 03:04:05 48 192.0.2.10 200 TCP_NC_MISS 1242 969 GET https www.example.com 443 /a/b.html ?q=1 alice
//! ```
//!
//! # Knows
//!
//! What its `#Fields` line names: end to the second, client, user, method, URL, status, what the proxy did, bytes both
//! ways, duration, User-Agent, Referer, media type. ProxySG's formats `main` and `bcreportermain_v1` have all of these.
//!
//! # Does not know
//!
//! What `#Fields` does not name. TLS that the proxy does not open has no path, Referer or User-Agent. IIS and Netskope
//! do not say what a proxy refused unless the columns of the policy (`x-policy-action`) are among the fields.
//!
//! # Times and units
//!
//! The time is the **end** of the transaction, in UTC as the specification has it; `date-local` and `time-local` are in
//! the zone of `--tz`, and after `#GMT-Offset: -0800` times are local by that much. `time-taken` without a fraction is
//! milliseconds, as ProxySG, TMG, IIS and Netskope write it; with a fraction it is seconds, as the specification has it.
//!
//! # What the proxy did
//!
//! `sc-filter-result`, `s-action`, `x-exception-id` (ProxySG), `action` and the result code (TMG), `x-policy-action`
//! (Netskope), `x-resultcode-httpstatus` (Cisco). `DENIED`, `*_DENIED` and `block` are denied; the same with a status of
//! 401 or 407, `authentication_*` and `TCP_AUTH_REDIRECT` ask for credentials; any other exception, `*_ERR_*` and TMG's
//! codes from 10000 on are errors.
//!
//! ProxySG writes a TLS connection in two rows or more. `CONNECT tcp … TCP_ACCELERATED` hands it on inside the
//! appliance: it is read, and neither counted as a contact nor its few bytes summed. The row of the tunnel
//! (`unknown ssl … TUNNELED`) has the bytes of all of it and counts as a CONNECT; where the proxy opens TLS, its requests.
//!
//! # Reads too
//!
//! `#Fields` anywhere, as often as it changes, and again at the head of each part of a rotated log; fields apart by one
//! space, several, or tabs; texts in double quotes with `""` for a quote; `+` for a space (IIS); rows of more or fewer
//! fields than named, which are marked ambiguous, and of ProxySG's own formats also without any header (as they come
//! through syslog), told by the number of fields and their kinds.
//!
//! # To make it complete
//!
//! ProxySG: *Configuration > Access Logging > Formats*, `bcreportermain_v1`, or add `cs-bytes sc-bytes time-taken
//! cs(User-Agent) cs(Referer) x-exception-id` to your own. IIS: *Logging > Select Fields*, Bytes Sent, Bytes Received, Time
//! Taken, Host, User Agent, Referer. TMG: *Configure Web Proxy Logging > W3C*, all fields. Netskope: transaction events
//! with `cs-bytes sc-bytes time-taken x-policy-action`.

mod layout;
mod names;
mod row;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::moment::offset;
use super::record::{Clock, Reading, day, went_through};
use super::{ParseError, Parser};
use crate::event::{Encoding, Event, Fields, Stamp};
use layout::Layout;

/// Longest header line that is followed, bytes: Netskope's 100 fields take 2,000.
const LONGEST: usize = 16 * 1024;

/// W3C extended, with the header in force.
#[derive(Clone)]
pub struct W3c {
    reading: Reading,
    /// What stands in the columns; `None` before the first `#Fields`.
    layout: Option<Arc<Layout>>,
    /// Layouts that rows of another length, or without a header, may have.
    known: Arc<[Layout]>,
    /// The lines of the header that matter, in the order of [`Directive`].
    lines: [Vec<u8>; 3],
    /// The same in one piece.
    header: Vec<u8>,
}

/// Header lines that say how rows are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Offset,
    Date,
    Fields,
}

impl W3c {
    /// A parser that has read no header. `zone` is that of local columns.
    pub fn new(zone: &TimeZone) -> W3c {
        W3c {
            reading: Reading { clock: Clock::utc(zone), stamp: Stamp::End, encoding: Encoding::Doubled, ticks: 1 },
            layout: None,
            known: layout::known().into(),
            lines: Default::default(),
            header: Vec::new(),
        }
    }

    /// The parser after a header line, if that changes anything.
    fn with(&self, line: &[u8]) -> Option<W3c> {
        let (name, value) = line.strip_prefix(b"#")?.split_at_checked(memchr::memchr(b':', line)?.checked_sub(1)?)?;
        let value = value.get(1..)?.trim_ascii();
        let is = |known: &[u8]| name.trim_ascii().eq_ignore_ascii_case(known);
        if is(b"Version") {
            // A header begins: what the one before said of times is over.
            let over =
                self.lines[Directive::Offset as usize].is_empty() && self.lines[Directive::Date as usize].is_empty();
            return (!over).then(|| {
                let mut next = self.clone();
                (next.reading.clock.east, next.reading.clock.day) = (0, None);
                next.keep(Directive::Offset, b"");
                next.keep(Directive::Date, b"");
                next
            });
        }
        let directive = match () {
            () if is(b"Fields") => Directive::Fields,
            () if is(b"Date") => Directive::Date,
            () if is(b"GMT-Offset") => Directive::Offset,
            () => return None,
        };
        if line.len() > LONGEST || self.lines[directive as usize] == line {
            return None;
        }
        let mut next = self.clone();
        match directive {
            Directive::Fields => next.layout = Some(Arc::new(Layout::of(value)?)),
            Directive::Date => next.reading.clock.day = Some(day(value.get(..10)?)?),
            Directive::Offset => next.reading.clock.east = offset(value).ok()?.1,
        }
        next.keep(directive, line);
        Some(next)
    }

    fn keep(&mut self, directive: Directive, line: &[u8]) {
        self.lines[directive as usize] = line.to_vec();
        self.header = self
            .lines
            .iter()
            .filter(|line| !line.is_empty())
            .flat_map(|line| [line, &b"\n"[..]])
            .collect::<Vec<_>>()
            .concat();
    }
}

impl Parser for W3c {
    #[inline]
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        match line {
            [] | [b'#', ..] => Ok(None),
            [b' ' | b'\t', ..] if line.trim_ascii().is_empty() => Ok(None),
            _ => row::read(line, self.layout.as_deref(), &self.known, &self.reading)
                .map(|event| Some(went_through(event, || self.carries().action))),
        }
    }

    fn carries(&self) -> Fields {
        // Without a header only rows of the known layouts are read.
        self.layout.as_deref().or(self.known.first()).map_or(Fields::default(), Layout::carries)
    }

    fn after(&self, line: &[u8]) -> Option<Arc<dyn Parser>> {
        self.with(line).map(|next| -> Arc<dyn Parser> { Arc::new(next) })
    }

    fn mark(&self) -> Option<&[u8]> {
        Some(b"#")
    }

    fn header(&self) -> &[u8] {
        &self.header
    }
}
