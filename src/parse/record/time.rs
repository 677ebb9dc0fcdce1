//! Times in all the ways that products write them.

use jiff::tz::TimeZone;

use crate::event::{MAX_TIME, Millis};
use crate::parse::moment::{Civil, clf, epoch, millis, month, offset};

/// What is known of times that do not say all.
#[derive(Clone)]
pub(in crate::parse) struct Clock {
    /// Zone of times without an offset.
    pub(in crate::parse) zone: TimeZone,
    /// Times are those of the zone: they are not UTC.
    pub(in crate::parse) local: bool,
    /// Seconds that times are east of UTC besides.
    pub(in crate::parse) east: i64,
    /// The day of rows without a date: year, month, day.
    pub(in crate::parse) day: Option<(u64, u64, u64)>,
}

impl Clock {
    /// Times without an offset are those of the zone.
    pub(in crate::parse) fn local(zone: &TimeZone) -> Clock {
        Clock { zone: zone.clone(), local: true, east: 0, day: None }
    }

    /// Times without an offset are UTC.
    pub(in crate::parse) fn utc(zone: &TimeZone) -> Clock {
        Clock { local: false, ..Clock::local(zone) }
    }

    /// What a clock on a wall showed → ms UTC. An hour that a change of the clocks skips or repeats is read as before it.
    pub(in crate::parse) fn settle(&self, shown: Millis) -> Option<Millis> {
        if self.local { self.in_zone(shown) } else { within(shown - self.east * 1000) }
    }

    /// The same for what is local in any case.
    pub(in crate::parse) fn in_zone(&self, shown: Millis) -> Option<Millis> {
        let shown = jiff::Timestamp::from_millisecond(shown).ok()?;
        let civil = TimeZone::UTC.to_datetime(shown);
        within(self.zone.to_timestamp(civil).ok()?.as_millisecond())
    }

    /// A whole time: seconds, milli-, micro- or nanoseconds since 1970; ISO 8601; `02/Jan/2026:03:04:05 +0900`;
    /// `Fri Jan 02 03:04:05 2026`; `Jan 02 2026 03:04:05 GMT`. `offset` is that of a time which has none, if the record tells it.
    pub(in crate::parse) fn whole(&self, text: &[u8], offset: Option<i64>) -> Option<Millis> {
        let text = text.strip_prefix(b"[").map_or(text, |text| text.strip_suffix(b"]").unwrap_or(text));
        if text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
            return since_1970(text);
        }
        let settle = |shown: Millis| match offset {
            Some(east) => within(shown - east * 1000),
            None => self.settle(shown),
        };
        if let Some((date, rest)) = text.split_first_chunk::<10>().and_then(|(date, rest)| Some((day(date)?, rest))) {
            let [b'T' | b' ', clock @ ..] = rest else { return None };
            let end = clock.iter().position(|byte| !byte.is_ascii_digit() && !b":.,".contains(byte));
            let (clock, zone) = clock.split_at(end.unwrap_or(clock.len()));
            let shown = civil(date, clock)?;
            return match zone.trim_ascii() {
                b"" => settle(shown),
                b"UTC" | b"GMT" => within(shown),
                zone => self::offset_of(zone).and_then(|east| within(shown - east * 1000)),
            };
        }
        if text.get(2) == Some(&b'/') {
            let (clock, rest) = text.split_at_checked(20)?;
            let (thousandths, zone) = match rest {
                [b'.', rest @ ..] => {
                    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
                    (thousandths(&rest[..end]), &rest[end..])
                }
                _ => (0, rest),
            };
            let (_, shown) = clf(&[clock, b" +0000"].concat()).ok()?;
            let shown = shown + thousandths;
            return match zone.trim_ascii() {
                b"GMT" | b"UTC" => Some(shown),
                b"" => settle(shown),
                zone => self::offset_of(zone).and_then(|east| within(shown - east * 1000)),
            };
        }
        // `Fri Jan  2 03:04:05 2026`, `Jan 02 2026 03:04:05 GMT`
        let mut words = text.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        let mut next = || words.next();
        let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u64>().ok();
        let first = next()?;
        let (name, date, year, clock) = match month(first) {
            Ok(([], _)) => (first, next()?, next()?, next()?),
            _ => {
                let (name, date, clock) = (next()?, next()?, next()?);
                (name, date, next()?, clock)
            }
        };
        let (_, month) = month(name).ok()?;
        let shown = civil((number(year)?, month, number(date)?), clock)?;
        match next() {
            None => settle(shown),
            Some(b"GMT" | b"UTC") => within(shown),
            Some(zone) => self::offset_of(zone).and_then(|east| within(shown - east * 1000)),
        }
    }
}

fn within(time: Millis) -> Option<Millis> {
    (0..=MAX_TIME).contains(&time).then_some(time)
}

/// `+0900`, `"+0900"`, in seconds.
pub(in crate::parse) fn offset_of(text: &[u8]) -> Option<i64> {
    offset(text).ok().filter(|(rest, _)| rest.is_empty()).map(|(_, east)| east)
}

/// Seconds, with or without a fraction; or, by the number of digits, thousandths, millionths, billionths.
fn since_1970(text: &[u8]) -> Option<Millis> {
    let divisor = match text.len() {
        _ if text.contains(&b'.') => 0,
        13 => 1,
        16 => 1_000,
        19 => 1_000_000,
        _ => 0,
    };
    if divisor > 0 {
        let value = std::str::from_utf8(text).ok()?.parse::<i64>().ok()?;
        return within(value / divisor);
    }
    epoch(text).ok().filter(|(rest, _)| rest.is_empty()).map(|(_, time)| time)
}

/// `2026-01-02`, or with slashes: year, month, day.
#[inline]
pub(in crate::parse) fn day(text: &[u8]) -> Option<(u64, u64, u64)> {
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
pub(in crate::parse) fn civil(day: (u64, u64, u64), time: &[u8]) -> Option<Millis> {
    let (clock, fraction) = time.split_first_chunk::<8>()?;
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = clock else { return None };
    let (year, month, day) = day;
    let at = Civil { year, month, day, hour: two(h1, h2)?, minute: two(m1, m2)?, second: two(s1, s2)? };
    let fraction = match fraction {
        [b'.' | b',', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => thousandths(digits),
        [] => 0,
        _ => return None,
    };
    millis(at.seconds()?, fraction)
}

/// Of the digits of a fraction the first three.
#[inline]
fn thousandths(digits: &[u8]) -> i64 {
    let digit = |place| digits.get(place).map_or(0, |byte| i64::from(byte - b'0'));
    digit(0) * 100 + digit(1) * 10 + digit(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_in_many_spellings() {
        let tokyo = Clock::local(&TimeZone::get("Asia/Tokyo").unwrap());
        for text in [
            "1767323045",
            "1767323045.000",
            "1767323045000",
            "1767323045000000",
            "1767323045000000000",
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.000000+00:00",
            "2026-01-02T12:04:05+0900",
            "2026-01-02 03:04:05 UTC",
            "2026-01-02 12:04:05",
            "2026/01/02 12:04:05",
            "[02/Jan/2026:12:04:05 +0900]",
            "02/Jan/2026:03:04:05 GMT",
            "02/Jan/2026:12:04:05",
            "02/Jan/2026:12:04:05.000",
            "02/Jan/2026:12:04:05.0 +0900",
            "Fri Jan 02 12:04:05 2026",
            "Fri Jan  2 12:04:05 2026",
            "Fri Jan  2 03:04:05 2026 GMT",
            "Jan 02 2026 03:04:05 GMT",
            "Jan 2 2026 12:04:05.000 +0900",
            "Jan 02 2026 12:04:05",
        ] {
            assert_eq!(tokyo.whole(text.as_bytes(), None), Some(1_767_323_045_000), "{text}");
        }
        assert_eq!(tokyo.whole(b"2026-01-02 03:04:05", Some(0)), Some(1_767_323_045_000));
        let utc = Clock::utc(&TimeZone::get("Asia/Tokyo").unwrap());
        assert_eq!(utc.whole(b"2026-01-02 03:04:05", None), Some(1_767_323_045_000));
        for text in
            ["", "x", "2026-01-02", "2026-13-02 03:04:05", "Fri Jan", "99999999999999999999", "2026-01-02T03:04:05+x"]
        {
            assert_eq!(tokyo.whole(text.as_bytes(), None), None, "{text}");
        }
    }
}
