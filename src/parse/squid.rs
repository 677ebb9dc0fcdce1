//! Squid's own format, `access_log ... squid`, the default of every installation.
//!
//! ```text
//! %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt
//! 1700000000.123    104 192.0.2.10 TCP_MISS/200 904 GET http://example.com/ alice HIER_DIRECT/203.0.113.10 text/html
//! ```
//!
//! # Knows
//!
//! End and duration in milliseconds, client, user, method, URL, status, what the proxy did, bytes to the client,
//! media type. The query is missing unless `strip_query_terms off` is set.
//!
//! # Does not know
//!
//! Bytes from the client, User-Agent, Referer: use the extended layouts (`squid-extended`) to see uploads.
//!
//! # Reads too
//!
//! Old hierarchy names (`DIRECT/`, `FIRST_UP_PARENT/`), `TIMEOUT_` before them, `-` for a client or method, runs of
//! spaces, header blocks of `log_mime_hdrs on` and any other fields after the media type. User names and URLs may hold
//! spaces: the hierarchy is looked for, and what stands between method and hierarchy is URL and user. Two words are
//! clear; if the last is `-` the URL had the spaces; else the first is the URL and the rest the user, and the event is
//! marked ambiguous. A line that its writer cut short (a kilobyte and more without a hierarchy) keeps what it has.

use memchr::memchr;
use nom::Parser as _;
use nom::sequence::{delimited, preceded, terminated};

use super::cut::{self, Cut, absent, number, spaces, stop, until, word};
use super::moment::{byte, epoch};
use super::result::{self, Outcome};
use super::{ParseError, Parser, Reason};
use crate::event::{Action, Encoding, Event, Fields, Millis, Stamp, Text, near};

/// Squid native.
#[derive(Clone, Copy, Debug, Default)]
pub struct Squid;

/// Lines shorter than this were not cut by their writer: syslog cuts at 1,024 bytes, Squid at about 8,192.
const CUT_LENGTH: usize = 1000;

impl Parser for Squid {
    #[inline]
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        match usual(line) {
            Ok((_, (left, right))) => left.event(right),
            Err(_) => unusual(line),
        }
    }

    fn carries(&self) -> Fields {
        Fields { bytes_down: true, duration: true, action: true, user: true, subsecond: true, ..Fields::default() }
    }
}

/// The fields left of the URL.
struct Left<'a> {
    time: Millis,
    duration: Option<u64>,
    client: &'a [u8],
    tag: &'a [u8],
    status: Option<u64>,
    bytes_down: Option<u64>,
    method: &'a [u8],
}

/// Ten fields, one space between them, as Squid writes nearly every line. One after the other, not as one tuple: that
/// would be moved in memory once a field.
#[inline(always)]
fn usual(line: &[u8]) -> Cut<'_, (Left<'_>, Right<'_>)> {
    let (rest, time) = epoch(line)?;
    let (rest, ()) = byte(b' ')(rest)?;
    let (rest, ()) = spaces(rest)?;
    let (rest, duration) = number(b' ', Reason::Duration)(rest)?;
    let (rest, client) = word(b' ', Reason::Client)(rest)?;
    let (rest, (tag, status)) = result_tag(rest)?;
    let (rest, bytes_down) = number(b' ', Reason::Size)(rest)?;
    let (rest, method) = method(rest)?;
    let (rest, target) = until(b' ', Reason::Target)(rest)?;
    let (rest, user) = word(b' ', Reason::Target)(rest)?;
    let (rest, code) = word(b'/', Reason::Hierarchy)(rest)?;
    let (content_type, peer) = word(b' ', Reason::Hierarchy)(rest)?;
    let code = result::without_timeout(code);
    if !result::is_hierarchy(code) || content_type.is_empty() || near([b' '], content_type).is_some() {
        return stop(content_type, Reason::Hierarchy);
    }
    let left = Left { time, duration, client, tag, status, bytes_down, method };
    Ok((&[], (left, Right { target, user, code, peer, content_type, ambiguous: false })))
}

/// `TCP_MISS/200`.
#[inline(always)]
fn result_tag(input: &[u8]) -> Cut<'_, (&[u8], Option<u64>)> {
    let (rest, tag) = word(b'/', Reason::Result)(input)?;
    let (rest, status) = number(b' ', Reason::Result)(rest)?;
    match tag {
        [b'A'..=b'Z', ..] if !matches!(status, Some(1000..)) => Ok((rest, (tag, status))),
        _ => stop(input, Reason::Result),
    }
}

/// A method: no number, or this is a format with one more size in this place.
#[inline(always)]
fn method(input: &[u8]) -> Cut<'_, &[u8]> {
    match input {
        [b'0'..=b'9', ..] => stop(input, Reason::Method),
        _ => word(b' ', Reason::Method)(input),
    }
}

/// The fields from the URL on.
struct Right<'a> {
    target: &'a [u8],
    user: &'a [u8],
    code: &'a [u8],
    peer: &'a [u8],
    content_type: &'a [u8],
    ambiguous: bool,
}

impl<'a> Left<'a> {
    #[inline(always)]
    fn event(&self, right: Right<'a>) -> Result<Option<Event<'a>>, ParseError> {
        let Right { target, user, code, peer, content_type, ambiguous } = right;
        let status = self.status.and_then(|status| u16::try_from(status).ok()).filter(|&status| status > 0);
        let peer = absent(peer);
        let reached = peer.is_some() && !result::asked_nobody(code);
        let outcome = Outcome { tag: self.tag, status, reached, pseudo: target.starts_with(b"error:") };
        let (method, action) = match self.method {
            b"-" | b"NONE" => (None, outcome.action()),
            b"ICP_QUERY" => (Some(self.method), Action::Unknown),
            _ => (Some(self.method), outcome.action()),
        };
        Ok(Some(Event {
            time: self.time,
            stamp: Stamp::End,
            duration: self.duration,
            client: absent(self.client),
            user: absent(user).map(|raw| Text { raw, encoding: Encoding::Blob }),
            method,
            target,
            host: None,
            scheme: None,
            port: None,
            query: None,
            status,
            action,
            bytes_up: None,
            bytes_down: self.bytes_down,
            agent: None,
            referer: None,
            content_type: absent(content_type),
            hierarchy: Some(code).filter(|code| !code.is_empty()),
            peer,
            result: Some(self.tag),
            ambiguous,
            handoff: false,
            foreign: false,
        }))
    }
}

/// Any other line: blank, comment, runs of spaces, spaces in URL or user, more fields than ten, cut short.
#[cold]
fn unusual(line: &[u8]) -> Result<Option<Event<'_>>, ParseError> {
    match line.trim_ascii_start() {
        [] | [b'#', ..] => Ok(None),
        _ => {
            let (_, (left, right)) = cut::finish(line, unusual_fields(line))?;
            left.event(right)
        }
    }
}

fn unusual_fields(line: &[u8]) -> Cut<'_, (Left<'_>, Right<'_>)> {
    let (rest, (time, duration, client, (tag, status), bytes_down, method, _)) = (
        delimited(spaces, epoch, byte(b' ')),
        preceded(spaces, number(b' ', Reason::Duration)),
        preceded(spaces, word(b' ', Reason::Client)),
        preceded(spaces, result_tag),
        preceded(spaces, number(b' ', Reason::Size)),
        preceded(spaces, method),
        spaces,
    )
        .parse(line)?;
    let left = Left { time, duration, client, tag, status, bytes_down, method };
    let Some((between, code, after)) = around_hierarchy(rest) else {
        let (rest, right) = cut_short(line, rest)?;
        return Ok((rest, (left, right)));
    };
    let (target, user, ambiguous) = url_and_user(between);
    let (after, peer) = field(after)?;
    let (after, content_type) = field(after)?;
    Ok((after, (left, Right { target, user, code, peer, content_type, ambiguous })))
}

/// A word and the spaces after it; `-` at the end of the line.
fn field(input: &[u8]) -> Cut<'_, &[u8]> {
    match terminated(word(b' ', Reason::Literal), spaces).parse(input) {
        Ok(found) => Ok(found),
        Err(_) if input.is_empty() => Ok((input, b"-")),
        Err(_) => Ok((&[], input)),
    }
}

/// Finds the first word that looks like `CODE/peer` after at least two others; returns what stands before it, the
/// code, and what follows its slash.
fn around_hierarchy(rest: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut at = 0;
    for words in 0.. {
        let text = rest.get(at..)?;
        let end = memchr(b' ', text).unwrap_or(text.len());
        let slash = text.get(..end).and_then(|word| memchr(b'/', word));
        if let Some(slash) = slash.filter(|_| words >= 2) {
            let code = result::without_timeout(text.get(..slash)?);
            if result::is_hierarchy(code) {
                return Some((rest.get(..at)?, code, text.get(slash + 1..)?));
            }
        }
        if end == text.len() {
            return None;
        }
        at += end + 1;
        // A run of spaces separates like one.
        at += text.get(end + 1..)?.iter().take_while(|&&byte| byte == b' ').count();
    }
    None
}

/// URL, user, and whether that is a guess.
fn url_and_user(between: &[u8]) -> (&[u8], &[u8], bool) {
    let between = between.trim_ascii();
    let Some(first) = memchr(b' ', between) else { return (between, b"-", false) };
    let (target, rest) = between.split_at(first);
    let user = rest.trim_ascii_start();
    if memchr(b' ', user).is_none() {
        return (target, user, false);
    }
    match between.strip_suffix(b" -") {
        Some(target) => (target.trim_ascii_end(), b"-", true),
        None => (target, user, true),
    }
}

/// A line without a hierarchy: kept if its writer cut it, for a client could hide behind long URLs otherwise.
fn cut_short<'a>(line: &'a [u8], rest: &'a [u8]) -> Cut<'a, Right<'a>> {
    if rest.is_empty() {
        return stop(rest, Reason::Target);
    }
    if line.len() < CUT_LENGTH {
        return stop(rest, Reason::Hierarchy);
    }
    let target = rest.split(|&byte| byte == b' ').next().unwrap_or(rest);
    Ok((&[], Right { target, user: b"-", code: b"", peer: b"", content_type: b"-", ambiguous: true }))
}
