//! Apache mod_proxy, NGINX and whatever else writes the common log format of web servers, as forward proxies.
//!
//! ```text
//! apache-common    %h %l %u %t "%r" %>s %b
//! apache-combined  %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"
//! 192.0.2.10 - taro [02/Jan/2026:12:04:05 +0900] "GET http://www.example.com/ HTTP/1.1" 200 904 "-" "curl/8.14.1"
//! ```
//!
//! # Knows
//!
//! Time to the second, client, user, method, URL, status, bytes of the body to the client; `apache-combined` also Referer and
//! User-Agent.
//!
//! # Does not know
//!
//! Bytes from the client, duration, what was refused by policy: the status alone tells, and 403 may come from the server.
//! Requests without a host (`GET /index.html`) are those of a web server or of a proxy in front of one, and are rejected.
//!
//! # Times and units
//!
//! The time is that of the request (Apache) or of its end (NGINX), with its offset.
//!
//! # Reads too
//!
//! Any fields behind these, as NGINX and Traefik have them; `\"` and `\\` in quotes.
//!
//! # To make it complete
//!
//! NGINX, JSON lines that `ecs` reads: `log_format deguchi escape=json '{"@timestamp":"$time_iso8601","source.ip":
//! "$remote_addr","user.name":"$remote_user","http.request.method":"$request_method","url.original":
//! "$scheme://$host$request_uri","http.response.status_code":"$status","source.bytes":"$request_length",
//! "destination.bytes":"$bytes_sent","user_agent.original":"$http_user_agent","http.request.referrer":"$http_referer"}';`
//! Apache: `CustomLog … combined`.

use memchr::memrchr;
use nom::Parser as _;
use nom::bytes::complete::tag;
use nom::sequence::delimited;

use super::clf::who_and_when;
use super::cut::{self, Cut, absent, number, quoted, stop, unsigned, word};
use super::{ParseError, Parser, Reason};
use crate::event::{Action, Encoding, Event, Fields, Stamp, Text};

/// Apache's `common`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApacheCommon;

/// Apache's `combined`, also that of NGINX.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApacheCombined;

impl Parser for ApacheCommon {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        parse(line, false)
    }

    fn carries(&self) -> Fields {
        Fields { bytes_down: true, user: true, ..Fields::default() }
    }
}

impl Parser for ApacheCombined {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        parse(line, true)
    }

    fn carries(&self) -> Fields {
        Fields { agent: true, referer: true, ..ApacheCommon.carries() }
    }
}

fn parse(line: &[u8], headers: bool) -> Result<Option<Event<'_>>, ParseError> {
    match line {
        [] | [b'#', ..] => Ok(None),
        _ if line.trim_ascii().is_empty() => Ok(None),
        _ => cut::finish(line, fields(line.trim_ascii_end(), headers)).map(|(_, event)| Some(event)),
    }
}

fn fields(line: &[u8], headers: bool) -> Cut<'_, Event<'_>> {
    let (rest, (client, user, time)) = who_and_when(line)?;
    let (rest, (method, target)) = request(rest)?;
    let (rest, status) = number(b' ', Reason::Result)(rest)?;
    let (rest, bytes_down) = unsigned(Reason::Size)(rest)?;
    if !matches!(rest, [] | [b' ', ..]) {
        return stop(rest, Reason::Size);
    }
    let value = |input| delimited(tag(&b" \""[..]), quoted(Reason::Literal), tag(&b"\""[..])).parse(input);
    let text = |raw| absent(raw).map(|raw| Text { raw, encoding: Encoding::Quoted });
    let (mut referer, mut agent) = (None, None);
    if headers {
        let (rest, first) = value(rest)?;
        let (rest, second) = value(rest)?;
        if !matches!(rest, [] | [b' ', ..]) {
            return stop(rest, Reason::Literal);
        }
        (referer, agent) = (text(first), text(second));
    }
    let status = status.and_then(|status| u16::try_from(status).ok()).filter(|status| (1..1000).contains(status));
    Ok((
        &[],
        Event {
            time,
            stamp: Stamp::Start,
            client: absent(client),
            user: text(user),
            method: Some(method),
            target,
            status,
            // Only a proxy asks so.
            action: if status == Some(407) { Action::Challenge } else { Action::Unknown },
            bytes_down,
            referer,
            agent,
            ambiguous: target.contains(&b' '),
            ..Event::default()
        },
    ))
}

/// `"METHOD URL HTTP/1.1" `, both quotes and the space included: a whole URL, or `host:port` of a CONNECT.
fn request(input: &[u8]) -> Cut<'_, (&[u8], &[u8])> {
    let (rest, text) = delimited(tag(&b"\""[..]), quoted(Reason::Literal), tag(&b"\" "[..])).parse(input)?;
    let (url, method) = word(b' ', Reason::Method)(text)?;
    let end = memrchr(b' ', url).filter(|&at| url[at + 1..].starts_with(b"HTTP/")).unwrap_or(url.len());
    let target = &url[..end];
    let outside = match method {
        b"CONNECT" => target.contains(&b':') && target.first() != Some(&b'/'),
        _ => memchr::memmem::find(target, b"://")
            .is_some_and(|at| at > 0 && target[..at].iter().all(u8::is_ascii_alphabetic)),
    };
    if !method.iter().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(byte)) {
        return stop(input, Reason::Method);
    }
    if outside { Ok((rest, (method, target))) } else { stop(input, Reason::Target) }
}
