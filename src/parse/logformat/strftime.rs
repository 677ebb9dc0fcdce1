//! Dates as `%{...}tl` and `%{...}tg` write them: a `strftime` format compiled once, read back without a table.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::event::Millis;
use crate::parse::Reason;
use crate::parse::cut::{Cut, digits, spaces, stop};
use crate::parse::moment::{Civil, figures, millis, month, offset};

/// A compiled format.
#[derive(Clone, Debug)]
pub(super) struct Strftime {
    items: Vec<Item>,
    /// Where the format has no offset.
    zone: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Hour,
    Minute,
    Second,
    /// Name of a day or a zone: letters, read over.
    Letters,
    Offset,
    /// Seconds since 1970.
    Epoch,
    Byte(u8),
}

impl Strftime {
    /// The conversion (its letter, or 0 for a `%` at the end) that cannot be read back, or `Err(None)` if year, month,
    /// day, hour or minute are missing.
    pub(super) fn compile(format: &str, zone: TimeZone) -> Result<Strftime, Option<char>> {
        let mut items = Vec::new();
        let mut text = format.chars();
        while let Some(next) = text.next() {
            if next != '%' {
                let mut buffer = [0; 4];
                items.extend(next.encode_utf8(&mut buffer).bytes().map(Item::Byte));
                continue;
            }
            let items_of = |parts: &[Item]| parts.to_vec();
            let byte = Item::Byte;
            items.extend(match text.next() {
                Some('Y') => items_of(&[Item::Year]),
                Some('y') => items_of(&[Item::ShortYear]),
                Some('m') => items_of(&[Item::Month]),
                Some('b' | 'h') => items_of(&[Item::MonthName]),
                Some('B') => items_of(&[Item::MonthName, Item::Letters]),
                Some('d' | 'e') => items_of(&[Item::Day]),
                Some('H' | 'k') => items_of(&[Item::Hour]),
                Some('M') => items_of(&[Item::Minute]),
                Some('S') => items_of(&[Item::Second]),
                Some('a' | 'A' | 'Z') => items_of(&[Item::Letters]),
                Some('z') => items_of(&[Item::Offset]),
                Some('s') => items_of(&[Item::Epoch]),
                Some('F') => items_of(&[Item::Year, byte(b'-'), Item::Month, byte(b'-'), Item::Day]),
                Some('D') => items_of(&[Item::Month, byte(b'/'), Item::Day, byte(b'/'), Item::ShortYear]),
                Some('R') => items_of(&[Item::Hour, byte(b':'), Item::Minute]),
                Some('T') => items_of(&[Item::Hour, byte(b':'), Item::Minute, byte(b':'), Item::Second]),
                Some('n') => items_of(&[byte(b'\n')]),
                Some('t') => items_of(&[byte(b'\t')]),
                Some('%') => items_of(&[byte(b'%')]),
                other => return Err(Some(other.unwrap_or('\0'))),
            });
        }
        let has = |wanted: &[Item]| items.iter().any(|item| wanted.contains(item));
        let whole = has(&[Item::Year, Item::ShortYear])
            && has(&[Item::Month, Item::MonthName])
            && has(&[Item::Day])
            && has(&[Item::Hour])
            && has(&[Item::Minute]);
        if whole || has(&[Item::Epoch]) { Ok(Strftime { items, zone }) } else { Err(None) }
    }

    /// Reads a date of this format.
    pub(super) fn read<'a>(&self, input: &'a [u8]) -> Cut<'a, Millis> {
        let mut at = Civil::default();
        let mut east = None;
        let mut epoch = None;
        let mut rest = input;
        for item in &self.items {
            rest = match item {
                Item::Year => into(&mut at.year, figures(4)(rest)?),
                Item::ShortYear => {
                    let after = into(&mut at.year, figures(2)(rest)?);
                    at.year += 2000;
                    after
                }
                Item::Month => into(&mut at.month, figures(2)(rest)?),
                Item::MonthName => into(&mut at.month, month(rest)?),
                Item::Day => into(&mut at.day, two(rest)?),
                Item::Hour => into(&mut at.hour, two(rest)?),
                Item::Minute => into(&mut at.minute, figures(2)(rest)?),
                Item::Second => into(&mut at.second, figures(2)(rest)?),
                Item::Letters => after_letters(rest),
                Item::Offset => {
                    let (after, seconds) = offset(rest)?;
                    east = Some(seconds);
                    after
                }
                Item::Epoch => {
                    let (after, seconds) = digits(Reason::Time)(rest)?;
                    epoch = i64::try_from(seconds).ok();
                    after
                }
                Item::Byte(byte) => match rest {
                    [first, after @ ..] if first == byte => after,
                    _ => return stop(rest, Reason::Time),
                },
            };
        }
        match epoch.or_else(|| self.seconds(&at, east)).and_then(|seconds| millis(seconds, 0)) {
            Some(time) => Ok((rest, time)),
            None => stop(input, Reason::Time),
        }
    }

    /// The zone is asked only where the line names no offset. An hour that a clock shows twice is the first one; one it
    /// never shows is read as if it had not been put forward.
    fn seconds(&self, at: &Civil, east: Option<i64>) -> Option<i64> {
        let seconds = at.seconds()?;
        if let Some(east) = east {
            return Some(seconds - east);
        }
        if self.zone == TimeZone::UTC {
            return Some(seconds);
        }
        let small = |value: u64| i8::try_from(value).ok();
        let (month, day, hour, minute) = (small(at.month)?, small(at.day)?, small(at.hour)?, small(at.minute)?);
        let local = DateTime::new(i16::try_from(at.year).ok()?, month, day, hour, minute, 0, 0).ok()?;
        let instant = self.zone.to_ambiguous_timestamp(local).compatible().ok()?;
        Some(instant.as_second() + i64::try_from(at.second).ok()?)
    }
}

/// Stores what was read, hands on what is left.
fn into<'a>(place: &mut u64, (rest, value): (&'a [u8], u64)) -> &'a [u8] {
    *place = value;
    rest
}

/// Two figures, the first perhaps a space (`%e`, `%k`).
fn two(input: &[u8]) -> Cut<'_, u64> {
    match input {
        [b' ', ..] => digits(Reason::Time)(spaces(input)?.0),
        _ => figures(2)(input),
    }
}

/// Without the letters at the head.
fn after_letters(text: &[u8]) -> &[u8] {
    let length = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    text.split_at(length).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(format: &str, zone: TimeZone, text: &str, time: Millis) {
        let compiled = Strftime::compile(format, zone).unwrap();
        assert_eq!(compiled.read(text.as_bytes()), Ok((&b""[..], time)), "{format} {text}");
    }

    #[test]
    fn usual_formats() {
        let time = 1_795_343_451_000;
        reads("%d/%b/%Y:%H:%M:%S %z", TimeZone::UTC, "22/Nov/2026:10:30:51 +0000", time);
        reads("%Y-%m-%dT%H:%M:%S%z", TimeZone::UTC, "2026-11-22T19:30:51+0900", time);
        reads("%FT%T", TimeZone::UTC, "2026-11-22T10:30:51", time);
        reads("%a, %e %B %y %k:%M:%S %Z", TimeZone::UTC, "Sun, 22 November 26 10:30:51 UTC", time);
        reads("%s", TimeZone::UTC, "1795343451", time);
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::fixed(jiff::tz::offset(9)));
        reads("%Y-%m-%d %H:%M:%S", tokyo, "2026-11-22 19:30:51", time);
    }

    #[test]
    fn what_cannot_be_read_back_is_named() {
        assert_eq!(Strftime::compile("%Y %Q", TimeZone::UTC).unwrap_err(), Some('Q'));
        assert_eq!(Strftime::compile("%Y %", TimeZone::UTC).unwrap_err(), Some('\0'));
        assert_eq!(Strftime::compile("%d/%b %H:%M", TimeZone::UTC).unwrap_err(), None);
    }
}
