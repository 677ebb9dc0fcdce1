//! A record: what stands in its columns, whatever syntax they were cut from, read as an event.

mod column;
mod time;
mod verdict;

use memchr::{memchr, memrchr};

use super::{ParseError, Reason};
use crate::event::{Action, Encoding, Event, Millis, Stamp, Text, near};
pub(super) use column::Column;
pub(super) use time::{Clock, civil, day, offset_of};
use verdict::Verdict;

/// The cells of a record by what stands in them, quotes included; empty where there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    cells: [&'a [u8]; Column::COUNT],
}

/// How the texts of a format are to be read.
#[derive(Clone)]
pub(super) struct Reading {
    /// Times.
    pub(super) clock: Clock,
    /// What its time denotes.
    pub(super) stamp: Stamp,
    /// How texts are escaped.
    pub(super) encoding: Encoding,
    /// Units of [`Column::Duration`] in a millisecond, where it has no fraction; 0: it is in seconds.
    pub(super) ticks: u64,
}

/// The text of a cell, without quotes around it; `None` for what says that there is none.
#[inline]
pub(super) fn text(cell: &[u8]) -> Option<&[u8]> {
    let text = match cell {
        [b'"', inner @ .., b'"'] => inner,
        _ => cell,
    };
    if matches!(text, b"" | b"-" | b"N/A" | b" ") { None } else { Some(text) }
}

/// A number of at most 19 digits; absent is `None`.
#[inline]
fn number(cell: &[u8]) -> Result<Option<u64>, ()> {
    let Some(digits) = text(cell) else { return Ok(None) };
    let add = |sum: u64, &byte: &u8| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0'));
    match digits.len() {
        1..=19 => digits.iter().try_fold(0, add).map(Some).ok_or(()),
        _ => Err(()),
    }
}

/// A text as its writer escaped it: `%20` or `+` for spaces where it has none, else as the format has it.
#[inline]
fn agent(cell: &[u8], encoding: Encoding) -> Option<Text<'_>> {
    let raw = text(cell)?;
    // Only what has no space can have something else in its place.
    let encoding = match memchr(b' ', raw) {
        _ if encoding == Encoding::Form => encoding,
        Some(_) => encoding,
        None if memchr(b'%', raw).is_some() => Encoding::Url,
        None if memchr(b'+', raw).is_some() => Encoding::Plus,
        None => encoding,
    };
    Some(Text { raw, encoding })
}

/// `text/html` of `text/html;%20charset=utf-8`.
#[inline]
fn media_type(cell: &[u8]) -> Option<&[u8]> {
    let text = text(cell)?;
    Some(near([b';', b' ', b'%'], text).map_or(text, |end| &text[..end])).filter(|text| !text.is_empty())
}

/// Method and URL of `GET http://www.example.com/ HTTP/1.1`.
#[inline]
fn request(line: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let Some((method, url)) = memchr(b' ', line).map(|space| (&line[..space], &line[space + 1..])) else {
        return (None, None);
    };
    let end = memrchr(b' ', url).filter(|&end| url[end + 1..].starts_with(b"HTTP/")).unwrap_or(url.len());
    (Some(method), Some(&url[..end]).filter(|url| !url.is_empty()))
}

/// An address without the port of the connection, of `192.0.2.1:50123` and `[2001:db8::1]:50123`; of those of proxies on
/// the way, `192.0.2.1, 198.51.100.1`, the first.
#[inline]
fn without_port(client: &[u8]) -> &[u8] {
    let client = near([b','], client).map_or(client, |end| client[..end].trim_ascii_end());
    if let Some(inner) = client.strip_prefix(b"[") {
        return near([b']'], inner).map_or(client, |end| &inner[..end]);
    }
    match near([b':'], client) {
        Some(at) if memchr(b':', &client[at + 1..]).is_none() => &client[..at],
        _ => client,
    }
}

/// What a record without a verdict says where its format has one (`acts`): the request went through, or the proxy asked who
/// it was. Unknown would be no request of a client at all.
#[inline]
pub(super) fn went_through(event: Event<'_>, acts: impl Fn() -> bool) -> Event<'_> {
    if event.action != Action::Unknown || !acts() {
        return event;
    }
    let action = if event.status == Some(407) { Action::Challenge } else { Action::Allowed };
    Event { action, ..event }
}

impl<'a> Record<'a> {
    /// A record without a value.
    #[inline]
    pub(super) fn new() -> Record<'a> {
        Record { cells: [&b""[..]; Column::COUNT] }
    }

    /// Puts a cell in its column.
    #[inline]
    pub(super) fn put(&mut self, column: Column, cell: &'a [u8]) {
        self.cells[column as usize] = cell;
    }

    /// What stands in a column, without quotes.
    #[inline]
    pub(super) fn value(&self, column: Column) -> Option<&'a [u8]> {
        text(self.cells[column as usize])
    }

    /// The time, ms UTC.
    #[inline]
    fn time(&self, clock: &Clock) -> Option<Millis> {
        let offset = self.value(Column::Offset).and_then(offset_of);
        if let Some(time) = self.value(Column::Time) {
            let day = match self.value(Column::Date) {
                Some(date) => day(date)?,
                None => clock.day?,
            };
            let shown = civil(day, time)?;
            return match offset {
                Some(east) => Some(shown - east * 1000).filter(|&time| time >= 0),
                None => clock.settle(shown),
            };
        }
        if let Some(stamp) = self.value(Column::Stamp) {
            return clock.whole(stamp, offset);
        }
        clock.in_zone(civil(day(self.value(Column::LocalDate)?)?, self.value(Column::LocalTime)?)?)
    }

    /// How long it took, ms. What has a fraction is seconds.
    #[inline]
    fn duration(&self, ticks: u64) -> Result<Option<u64>, ()> {
        let Some(text) = self.value(Column::Duration) else { return Ok(None) };
        let Some(point) = memchr(b'.', text) else {
            let took = number(text)?;
            return Ok(took.map(|took| took.checked_div(ticks).unwrap_or_else(|| took.saturating_mul(1000))));
        };
        let (whole, fraction) = (number(&text[..point])?.unwrap_or(0), &text[point + 1..]);
        fraction.iter().all(u8::is_ascii_digit).then_some(()).ok_or(())?;
        let digit = |place: usize| fraction.get(place).map_or(0, |byte| u64::from(byte - b'0'));
        Ok(Some(whole.saturating_mul(1000).saturating_add(digit(0) * 100 + digit(1) * 10 + digit(2))))
    }

    /// The event that the cells of `line` tell.
    ///
    /// # Errors
    ///
    /// The first cell that is not what its column says, or that is missing.
    #[inline]
    pub(super) fn event(&self, line: &[u8], reading: &Reading) -> Result<Event<'a>, ParseError> {
        let cell = |column: Column| self.cells[column as usize];
        let value = |column: Column| self.value(column);
        // Where a cell stands in the line.
        let wrong = |column: Column, wanted| {
            let at = (cell(column).as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
            ParseError { at: if cell(column).is_empty() { 0 } else { at.min(line.len()) }, wanted }
        };
        let time = self.time(&reading.clock).ok_or_else(|| wrong(Column::Date, Reason::Time))?;
        let user = value(Column::User).filter(|user| *user != b"anonymous");
        let client = value(Column::Client).map(without_port);
        if client.is_none() && user.is_none() {
            return Err(wrong(Column::Client, Reason::Client));
        }
        let code = number(cell(Column::Status)).ok().filter(|code| !matches!(code, Some(100_000..)));
        let mut code = code.ok_or_else(|| wrong(Column::Status, Reason::Result))?;
        let mut tag = value(Column::Handling);
        if let Some((result, slash)) = value(Column::Result).and_then(|both| Some((both, memchr(b'/', both)?))) {
            tag = Some(&result[..slash]);
            code = number(&result[slash + 1..]).map_err(|()| wrong(Column::Result, Reason::Result))?;
        }
        let size = |column| number(cell(column)).map_err(|()| wrong(column, Reason::Size));
        let (bytes_down, bytes_up) = (size(Column::Down)?, size(Column::Up)?);
        let duration = self.duration(reading.ticks).map_err(|()| wrong(Column::Duration, Reason::Duration))?;
        let port = number(cell(Column::Port)).map_err(|()| wrong(Column::Port, Reason::Target))?;
        let verdict = Verdict {
            filter: value(Column::Filter),
            tag,
            exception: value(Column::Exception),
            policy: value(Column::Policy),
            code,
        };
        let (asked, wanted) = value(Column::Request).map_or((None, None), request);
        let (host, path) = (value(Column::Host), value(Column::Path).or(value(Column::Url)).or(wanted));
        let target = path.unwrap_or_default();
        if host.is_none() && target.is_empty() {
            return Err(wrong(Column::Host, Reason::Target));
        }
        // A tunnel has no method of its own, and no path.
        let method = value(Column::Method).or(asked).filter(|method| !matches!(*method, b"unknown" | b"NONE"));
        let tunnel = verdict.tunnels() || method.is_none() && (target == b"/" || memchr(b'/', target).is_none());
        Ok(Event {
            time,
            stamp: reading.stamp,
            duration,
            client,
            user: user.map(|raw| Text { raw, encoding: reading.encoding }),
            method: if tunnel { Some(b"CONNECT") } else { method },
            target: if tunnel && host.is_some() && matches!(target, [] | [b'/', ..]) { b"" } else { target },
            host,
            scheme: value(Column::Scheme),
            port: port.and_then(|port| u16::try_from(port).ok()).filter(|&port| port > 0),
            query: value(Column::Query).map(|query| query.strip_prefix(b"?").unwrap_or(query)),
            status: code.and_then(|code| u16::try_from(code).ok()).filter(|status| (1..1000).contains(status)),
            action: verdict.action(),
            bytes_up,
            bytes_down,
            agent: agent(cell(Column::Agent), reading.encoding),
            referer: value(Column::Referer).map(|raw| Text { raw, encoding: reading.encoding }),
            content_type: media_type(cell(Column::Type)),
            hierarchy: None,
            peer: value(Column::Peer),
            result: tag,
            ambiguous: false,
            handoff: verdict.hands_on() && method == Some(b"CONNECT"),
            foreign: false,
        })
    }
}
