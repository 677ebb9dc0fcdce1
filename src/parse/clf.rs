//! Squid's `common` and `combined` formats, as Squid itself writes them.
//!
//! ```text
//! common    %>a - %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st %Ss:%Sh
//! combined  %>a - %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st "%{Referer}>h" "%{User-Agent}>h" %Ss:%Sh
//! 192.0.2.10 - alice [22/Nov/2026:10:30:51 +0000] "GET http://example.com/ HTTP/1.1" 200 904 TCP_MISS:HIER_DIRECT
//! ```
//!
//! # Knows
//!
//! End to the second, client, authenticated user, method, URL, status, what the proxy did, bytes to the client;
//! `combined` also Referer and User-Agent. The query is missing unless `strip_query_terms off` is set.
//!
//! # Does not know
//!
//! Bytes from the client, duration, the server reached.
//!
//! # Reads too
//!
//! Header blocks of `log_mime_hdrs on` at the end of the line, URLs and user names with spaces, and
//! `"- error:transaction-end-before-headers NONE/0.0"`. Squid does not escape Referer and User-Agent in `combined`
//! (it does in a `logformat` of the same look), so quotes inside them mean nothing: the end of the line is found
//! first, from the right, and what remains is split at the first `" "`.

use memchr::{memchr, memmem, memrchr};
use nom::Parser as _;
use nom::bytes::complete::tag;
use nom::sequence::{delimited, terminated};

use super::cut::{self, Cut, absent, number, stop, word};
use super::moment::clf;
use super::result::{self, Outcome};
use super::{ParseError, Parser, Reason};
use crate::event::{Encoding, Event, Fields, Millis, Stamp, Text};

/// Squid `common`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Common;

/// Squid `combined`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Combined;

impl Parser for Common {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        parse(line, |tail| Ok((tail, None)))
    }

    fn carries(&self) -> Fields {
        Fields { bytes_down: true, action: true, user: true, ..Fields::default() }
    }
}

impl Parser for Combined {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        parse(line, headers)
    }

    fn carries(&self) -> Fields {
        Fields { agent: true, referer: true, ..Common.carries() }
    }
}

/// Referer and User-Agent.
type Headers<'a> = Option<(&'a [u8], &'a [u8])>;

fn parse<'a>(
    line: &'a [u8],
    headers: impl Fn(&'a [u8]) -> Cut<'a, Headers<'a>>,
) -> Result<Option<Event<'a>>, ParseError> {
    match line {
        [] | [b'#', ..] => Ok(None),
        _ if line.trim_ascii().is_empty() => Ok(None),
        _ => cut::finish(line, fields(line, headers)).map(|(_, event)| Some(event)),
    }
}

fn fields<'a>(line: &'a [u8], headers: impl Fn(&'a [u8]) -> Cut<'a, Headers<'a>>) -> Cut<'a, Event<'a>> {
    let (rest, (client, user, time)) = who_and_when(line)?;
    let (rest, (method, target)) = request(rest)?;
    let (rest, status) = number(b' ', Reason::Result)(rest)?;
    let (tail, bytes_down) = number(b' ', Reason::Size)(rest)?;
    if matches!(status, Some(1000..)) {
        return stop(tail, Reason::Result);
    }
    // The result is the last word of the line, or of what stands before the header blocks.
    let tail = without_blocks(tail);
    let start = memrchr(b' ', tail).map_or(0, |space| space + 1);
    let (tail, last) = tail.split_at(start);
    let (code, tag) = word(b':', Reason::Result)(last)?;
    let code = result::without_timeout(code);
    if !matches!((tag, code), ([b'A'..=b'Z', ..], [b'A'..=b'Z', ..])) || memchr(b'"', last).is_some() {
        return stop(last, Reason::Result);
    }
    let (left, headers) = headers(tail)?;
    if !left.is_empty() {
        return stop(left, Reason::Result);
    }
    let text = |raw| absent(raw).map(|raw| Text { raw, encoding: Encoding::Raw });
    let status = status.and_then(|status| u16::try_from(status).ok()).filter(|&status| status > 0);
    let outcome = Outcome { tag, status, reached: !result::asked_nobody(code), pseudo: target.starts_with(b"error:") };
    Ok((
        &[],
        Event {
            time,
            stamp: Stamp::End,
            client: absent(client),
            user: absent(user).map(|raw| Text { raw, encoding: Encoding::Blob }),
            method: absent(method).filter(|method| *method != b"NONE"),
            target,
            status,
            action: outcome.action(),
            bytes_down,
            referer: headers.and_then(|(referer, _)| text(referer)),
            agent: headers.and_then(|(_, agent)| text(agent)),
            hierarchy: Some(code),
            result: Some(tag),
            ambiguous: memchr(b' ', target).is_some(),
            ..Event::default()
        },
    ))
}

/// `client - user [time] `. The user is escaped, so the first `[` after it is that of the time.
pub(super) fn who_and_when(line: &[u8]) -> Cut<'_, (&[u8], &[u8], Millis)> {
    let (rest, client) = word(b' ', Reason::Client)(line)?;
    let (rest, _) = word(b' ', Reason::Literal)(rest)?;
    let (rest, user) = word(b'[', Reason::Time)(rest)?;
    let (rest, time) = terminated(clf, tag(&b"] "[..])).parse(rest)?;
    Ok((rest, (client, user.trim_ascii(), time)))
}

/// `"METHOD URL PROTOCOL/VERSION" `, both quotes and the space included. A URL may hold quotes: the request ends at the
/// first that a status and a size follow.
fn request(input: &[u8]) -> Cut<'_, (&[u8], &[u8])> {
    let (inside, _) = tag(&b"\""[..]).parse(input)?;
    let mut from = 0;
    while let Some(found) = inside.get(from..).and_then(|text| memchr(b'"', text)) {
        let (text, after) = inside.split_at(from + found);
        if let Some(after) = after.strip_prefix(b"\" ")
            && (number(b' ', Reason::Result), number(b' ', Reason::Size)).parse(after).is_ok()
        {
            let (rest, method) = word(b' ', Reason::Method)(text)?;
            let end = memrchr(b' ', rest).unwrap_or(rest.len());
            return match rest.split_at(end) {
                ([], _) => stop(rest, Reason::Target),
                (target, _) => Ok((after, (method, target))),
            };
        }
        from += found + 1;
    }
    stop(inside, Reason::Result)
}

/// `"referer" "agent" `, nothing escaped. A Referer with `" "` in it is cut there and the rest counts as agent.
fn headers(tail: &[u8]) -> Cut<'_, Headers<'_>> {
    let (left, both) = delimited(tag(&b"\""[..]), rest_but_two, tag(&b"\" "[..])).parse(tail)?;
    match memmem::find(both, b"\" \"") {
        Some(at) => Ok((left, both.split_at_checked(at).and_then(|(referer, agent)| Some((referer, agent.get(3..)?))))),
        None => stop(both, Reason::Literal),
    }
}

/// All but the last two bytes.
fn rest_but_two(input: &[u8]) -> Cut<'_, &[u8]> {
    match input.split_at_checked(input.len().saturating_sub(2)) {
        Some((before, last)) => Ok((last, before)),
        None => stop(input, Reason::Literal),
    }
}

/// The line without ` [request headers] [reply headers]`: they hold no bracket, these are escaped.
fn without_blocks(line: &[u8]) -> &[u8] {
    let block = |line| -> Option<&[u8]> {
        let start = memrchr(b'[', <[u8]>::strip_suffix(line, b"]")?)?;
        line.get(..start)?.strip_suffix(b" ")
    };
    let line = line.trim_ascii_end();
    block(line).and_then(block).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Action;

    const HEAD: &str = "192.0.2.10 - alice [22/Nov/2026:10:30:51 +0000] ";

    fn line(tail: &str) -> String {
        format!("{HEAD}{tail}")
    }

    #[track_caller]
    fn read<'a>(parser: &dyn Parser, line: &'a str) -> Event<'a> {
        parser.parse(line.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn common_and_combined_do_not_read_each_other() {
        let common = line(r#""GET http://example.com/ HTTP/1.1" 200 904 TCP_MISS:HIER_DIRECT"#);
        let event = read(&Common, &common);
        assert_eq!(
            (event.time, event.client, event.bytes_down),
            (1_795_343_451_000, Some(&b"192.0.2.10"[..]), Some(904))
        );
        assert_eq!((event.method, event.target), (Some(&b"GET"[..]), &b"http://example.com/"[..]));
        assert_eq!(
            (event.action, event.result, event.hierarchy),
            (Action::Allowed, Some(&b"TCP_MISS"[..]), Some(&b"HIER_DIRECT"[..]))
        );
        assert!(Combined.parse(common.as_bytes()).is_err());
        let combined = line(r#""GET http://example.com/ HTTP/1.1" 200 904 "-" "curl/8" TCP_MISS:HIER_DIRECT"#);
        let event = read(&Combined, &combined);
        assert_eq!((event.referer, event.agent.map(|agent| agent.raw)), (None, Some(&b"curl/8"[..])));
        assert!(Common.parse(combined.as_bytes()).is_err());
    }

    #[test]
    fn quotes_in_raw_headers_mean_nothing() {
        let text = line(
            r#""GET http://a/ HTTP/1.1" 200 9 "http://r/"x" "evil" 200 5 "-" "-" NONE:NONE" TCP_MISS:HIER_DIRECT"#,
        );
        let event = read(&Combined, &text);
        assert_eq!(event.referer.map(|text| text.raw), Some(&br#"http://r/"x"#[..]));
        assert_eq!(event.agent.map(|text| text.raw), Some(&br#"evil" 200 5 "-" "-" NONE:NONE"#[..]));
        assert_eq!((event.status, event.bytes_down), (Some(200), Some(9)));
    }

    #[test]
    fn header_blocks_are_left_off() {
        let text = line(
            r#""GET http://a/ HTTP/1.1" 200 9 "-" "u" TCP_MISS:HIER_DIRECT [User-Agent: u\r\n] [HTTP/1.1 200 OK\r\n]"#,
        );
        assert_eq!(read(&Combined, &text).result, Some(&b"TCP_MISS"[..]));
        let text = line(r#""GET http://a/ HTTP/1.1" 200 9 TCP_MISS:HIER_DIRECT [a: b] []"#);
        assert_eq!(read(&Common, &text).result, Some(&b"TCP_MISS"[..]));
    }

    #[test]
    fn a_transaction_that_ended_before_its_headers() {
        let text = line(r#""- error:transaction-end-before-headers NONE/0.0" 0 0 "-" "-" NONE_NONE:HIER_NONE"#);
        let event = read(&Combined, &text);
        assert_eq!((event.method, event.status, event.action), (None, None, Action::Error));
        assert_eq!(event.target, b"error:transaction-end-before-headers");
    }

    #[test]
    fn spaces_in_user_and_url() {
        let text = r#"- - yamada taro [22/Nov/2026:10:30:51 +0000] "GET http://a/b "c d HTTP/1.1" 000 0 TCP_MISS:TIMEOUT_HIER_NONE"#;
        let event = read(&Common, text);
        assert_eq!((event.client, event.user.map(|user| user.raw)), (None, Some(&b"yamada taro"[..])));
        assert_eq!((event.target, event.ambiguous), (&br#"http://a/b "c d"#[..], true));
        assert_eq!(event.hierarchy, Some(&b"HIER_NONE"[..]));
    }

    #[test]
    fn other_lines_are_rejected_for_their_reason() {
        for (text, wanted) in [
            ("", None),
            ("# comment", None),
            ("192.0.2.10", Some(Reason::Client)),
            ("a - - [x] \"GET / HTTP/1.1\" 200 1 A:B", Some(Reason::Time)),
            (&line("GET"), Some(Reason::Literal)),
            (&line(r#""GET http://a/ HTTP/1.1""#), Some(Reason::Result)),
            (&line(r#""GET http://a/ HTTP/1.1" 200 5 "-" "Apache""#), Some(Reason::Result)),
            (&line(r#""GET http://a/ HTTP/1.1" 200 5 "u" A:B"#), Some(Reason::Literal)),
        ] {
            match (Combined.parse(text.as_bytes()), wanted) {
                (Ok(None), None) => {}
                (Err(error), Some(wanted)) => assert_eq!(error.wanted, wanted, "{text} {error:?}"),
                (other, _) => panic!("{text}: {other:?}"),
            }
        }
    }
}
