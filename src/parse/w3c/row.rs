//! One row: cut into cells by a layout, and its cells read.

use memchr::{memchr, memchr2};

use super::Clock;
use super::column::Column;
use super::layout::Layout;
use super::verdict::Verdict;
use crate::event::{Encoding, Event, MAX_TIME, Millis, Stamp, Text, near};
use crate::parse::moment::{Civil, clf, epoch, millis};
use crate::parse::{ParseError, Reason};

/// The cells of a row by what stands in them, quotes included; empty where there is none.
type Cells<'a> = [&'a [u8]; Column::COUNT];

/// Reads a row. One that is not as long as its header says is tried as one of the known layouts of that length, which is
/// taken if all of its typed cells are of their types; else as far as it goes.
#[inline]
pub(super) fn read<'a>(
    line: &'a [u8],
    layout: Option<&Layout>,
    known: &[Layout],
    clock: &Clock,
) -> Result<Event<'a>, ParseError> {
    let mut cells = [&b""[..]; Column::COUNT];
    let Some(layout) = layout else { return other(line, None, known, clock) };
    match cut(line, layout, &mut cells) {
        count if count == layout.count => event(line, &cells, clock),
        _ => other(line, Some(layout), known, clock),
    }
}

/// A row without a header, or of another length than its header says.
#[cold]
fn other<'a>(
    line: &'a [u8],
    layout: Option<&Layout>,
    known: &[Layout],
    clock: &Clock,
) -> Result<Event<'a>, ParseError> {
    for known in known {
        let mut cells = [&b""[..]; Column::COUNT];
        if cut(line, known, &mut cells) == known.count
            && let Ok(event) = event(line, &cells, clock)
        {
            return Ok(Event { ambiguous: layout.is_some(), ..event });
        }
    }
    let Some(layout) = layout else { return Err(ParseError { at: 0, wanted: Reason::Literal }) };
    let mut cells = [&b""[..]; Column::COUNT];
    cut(line, layout, &mut cells);
    event(line, &cells, clock).map(|event| Event { ambiguous: true, ..event })
}

/// Cuts a row into cells; how many there are.
#[inline]
fn cut<'a>(line: &'a [u8], layout: &Layout, cells: &mut Cells<'a>) -> usize {
    let blank = |byte: u8| byte == b'\t' || byte == b' ' && !layout.tabs;
    let mut rest = line;
    let mut count = 0;
    // A quote that nothing closes is no quote, and then none behind it is: so no byte is looked at more than twice.
    let mut quotes = true;
    loop {
        if !layout.tabs {
            while let [b' ' | b'\t', after @ ..] = rest {
                rest = after;
            }
        }
        if rest.is_empty() {
            return count;
        }
        let column = layout.columns.get(count).copied().unwrap_or(Column::Other);
        let closed = match rest {
            [b'"', ..] if quotes => {
                let end = quoted(rest, blank);
                quotes = end.is_some();
                end
            }
            [b'[', ..] if column == Column::Stamp => memchr(b']', rest).map(|at| at + 1),
            _ => None,
        };
        let end = closed.or_else(|| if layout.tabs { near([b'\t'], rest) } else { near([b' ', b'\t'], rest) });
        let (cell, after) = rest.split_at(end.unwrap_or(rest.len()));
        cells[column as usize] = cell;
        rest = after.get(1..).unwrap_or_default();
        count += 1;
    }
}

/// Where a cell in quotes ends: behind the first quote that is not doubled and that ends the row or has a blank behind it.
#[inline]
fn quoted(rest: &[u8], blank: impl Fn(u8) -> bool) -> Option<usize> {
    let mut from = 1;
    while let Some(found) = rest.get(from..).and_then(|rest| memchr(b'"', rest)) {
        let end = from + found + 1;
        match rest.get(end) {
            None => return Some(end),
            Some(&byte) if blank(byte) => return Some(end),
            Some(b'"') => from = end + 1,
            Some(_) => from = end,
        }
    }
    None
}

/// The text of a cell, without quotes around it; `None` for what says that there is none.
#[inline]
fn text(cell: &[u8]) -> Option<&[u8]> {
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

/// `time-taken`: milliseconds, or seconds with a fraction.
#[inline]
fn duration(cell: &[u8]) -> Result<Option<u64>, ()> {
    if memchr(b'.', cell).is_none() {
        return number(cell);
    }
    let time = text(cell).and_then(|seconds| epoch(seconds).ok());
    time.and_then(|(rest, ms)| u64::try_from(ms).ok().filter(|_| rest.is_empty())).map(Some).ok_or(())
}

/// `2026-01-02`, or with slashes: year, month, day.
#[inline]
pub(super) fn day(text: &[u8]) -> Option<(u64, u64, u64)> {
    let &[y1, y2, y3, y4, b'-' | b'/', m1, m2, b'-' | b'/', d1, d2] = text.first_chunk::<10>()? else { return None };
    (text.len() == 10).then_some(())?;
    Some((two(y1, y2)? * 100 + two(y3, y4)?, two(m1, m2)?, two(d1, d2)?))
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u64::from(tens - b'0') * 10 + u64::from(ones - b'0'))
}

/// A day and `03:04:05`, with or without a fraction: as if it were UTC, ms.
#[inline]
fn civil(day: (u64, u64, u64), time: &[u8]) -> Option<Millis> {
    let (clock, fraction) = time.split_first_chunk::<8>()?;
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = clock else { return None };
    let (year, month, day) = day;
    let at = Civil { year, month, day, hour: two(h1, h2)?, minute: two(m1, m2)?, second: two(s1, s2)? };
    let mut thousandths = 0;
    if let [b'.', digits @ ..] = fraction {
        digits.iter().all(u8::is_ascii_digit).then_some(())?;
        let digit = |place| digits.get(place).map_or(0, |byte| i64::from(byte - b'0'));
        thousandths = digit(0) * 100 + digit(1) * 10 + digit(2);
    } else if !fraction.is_empty() {
        return None;
    }
    millis(at.seconds()?, thousandths)
}

/// The time of a row, ms UTC.
#[inline]
fn time(cells: &Cells<'_>, clock: &Clock) -> Option<Millis> {
    let cell = |column: Column| text(cells[column as usize]);
    if let Some(time) = cell(Column::Time) {
        let day = match cell(Column::Date) {
            Some(date) => day(date)?,
            None => clock.day?,
        };
        let at = civil(day, time)? - clock.east * 1000;
        return (0..=MAX_TIME).contains(&at).then_some(at);
    }
    if let Some(seconds) = cell(Column::Epoch) {
        return epoch(seconds).ok().filter(|(rest, _)| rest.is_empty()).map(|(_, time)| time);
    }
    if let Some(stamp) = cell(Column::Stamp) {
        let inner = stamp.strip_prefix(b"[").and_then(|stamp| stamp.strip_suffix(b"]")).unwrap_or(stamp);
        let zoned = inner.strip_suffix(b" GMT").map(|time| [time, &b" +0000"[..]].concat());
        return clf(zoned.as_deref().unwrap_or(inner)).ok().map(|(_, time)| time);
    }
    let at = civil(day(cell(Column::LocalDate)?)?, cell(Column::LocalTime)?)?;
    let naive = jiff::Timestamp::from_millisecond(at).ok()?.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let at = naive.to_zoned(clock.zone.clone()).ok()?.timestamp().as_millisecond();
    (0..=MAX_TIME).contains(&at).then_some(at)
}

/// A text as its writer escaped it: doubled quotes, `%20` or `+` for spaces where none is in quotes.
#[inline]
fn agent(cell: &[u8]) -> Option<Text<'_>> {
    let raw = text(cell)?;
    let bare = cell.len() == raw.len() && memchr(b' ', raw).is_none();
    let encoding = match memchr2(b'%', b'+', raw).filter(|_| bare).map(|at| raw[at]) {
        Some(b'%') => Encoding::Url,
        Some(_) => Encoding::Plus,
        None => Encoding::Doubled,
    };
    Some(Text { raw, encoding })
}

/// `text/html` of `text/html;%20charset=utf-8`.
#[inline]
fn media_type(cell: &[u8]) -> Option<&[u8]> {
    let text = text(cell)?;
    Some(near([b';', b' ', b'%'], text).map_or(text, |end| &text[..end])).filter(|text| !text.is_empty())
}

/// Reads the cells.
#[inline]
fn event<'a>(line: &'a [u8], cells: &Cells<'a>, clock: &Clock) -> Result<Event<'a>, ParseError> {
    let cell = |column: Column| cells[column as usize];
    let value = |column: Column| text(cells[column as usize]);
    // Where a cell stands in the line; at the end if there is none.
    let wrong = |column: Column, wanted| {
        let at = (cell(column).as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
        ParseError { at: if cell(column).is_empty() { line.len() } else { at.min(line.len()) }, wanted }
    };
    let time = time(cells, clock).ok_or_else(|| wrong(Column::Date, Reason::Time))?;
    let user = value(Column::User).filter(|user| *user != b"anonymous");
    let client = value(Column::Client);
    if client.is_none() && user.is_none() {
        return Err(wrong(Column::Client, Reason::Client));
    }
    let code = number(cell(Column::Status)).ok().filter(|code| !matches!(code, Some(100_000..)));
    let mut code = code.ok_or_else(|| wrong(Column::Status, Reason::Result))?;
    let mut tag = value(Column::Handling);
    if let Some((result, status)) = value(Column::Result).and_then(|both| Some((both, memchr(b'/', both)?))) {
        tag = Some(&result[..status]);
        code = number(&result[status + 1..]).map_err(|()| wrong(Column::Result, Reason::Result))?;
    }
    let size = |column| number(cell(column)).map_err(|()| wrong(column, Reason::Size));
    let (bytes_down, bytes_up) = (size(Column::Down)?, size(Column::Up)?);
    let duration = duration(cell(Column::Duration)).map_err(|()| wrong(Column::Duration, Reason::Duration))?;
    let port = number(cell(Column::Port)).map_err(|()| wrong(Column::Port, Reason::Target))?;
    let verdict = Verdict {
        filter: value(Column::Filter),
        tag,
        exception: value(Column::Exception),
        policy: value(Column::Policy),
        code,
    };
    let (host, path) = (value(Column::Host), value(Column::Path).or(value(Column::Url)));
    let target = path.unwrap_or_default();
    if host.is_none() && target.is_empty() {
        return Err(wrong(Column::Host, Reason::Target));
    }
    // A tunnel has no method of its own, and no path.
    let method = value(Column::Method).filter(|method| !matches!(*method, b"unknown" | b"NONE"));
    let tunnel = verdict.tunnels() || method.is_none() && matches!(target, b"" | b"/");
    Ok(Event {
        time,
        stamp: Stamp::End,
        duration,
        client,
        user: user.map(|raw| Text { raw, encoding: Encoding::Doubled }),
        method: if tunnel { Some(b"CONNECT") } else { method },
        target: if tunnel && host.is_some() { b"" } else { target },
        host,
        scheme: value(Column::Scheme),
        port: port.and_then(|port| u16::try_from(port).ok()).filter(|&port| port > 0),
        query: value(Column::Query).map(|query| query.strip_prefix(b"?").unwrap_or(query)),
        status: code.and_then(|code| u16::try_from(code).ok()).filter(|status| (1..1000).contains(status)),
        action: verdict.action(),
        bytes_up,
        bytes_down,
        agent: agent(cell(Column::Agent)),
        referer: value(Column::Referer).map(|raw| Text { raw, encoding: Encoding::Doubled }),
        content_type: media_type(cell(Column::Type)),
        hierarchy: None,
        peer: value(Column::Peer),
        result: tag,
        ambiguous: false,
        handoff: verdict.hands_on() && method == Some(b"CONNECT"),
    })
}
