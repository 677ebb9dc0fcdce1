//! Times as proxies write them: `1700000000.123` and `22/Nov/2026:10:30:51 +0000`.
//!
//! The calendar is computed by hand, without tables of zones: a log line that names its offset needs none.

use super::Reason;
use super::cut::{Cut, digits, eight, eight_digits, stop};
use crate::event::{MAX_TIME, Millis};

/// A time of day and a date without a zone. Fields are checked by [`Civil::seconds`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: u64,
    pub(super) month: u64,
    pub(super) day: u64,
    pub(super) hour: u64,
    pub(super) minute: u64,
    pub(super) second: u64,
}

impl Civil {
    /// Seconds since 1970 if this is UTC; `None` for what no calendar or clock shows. A leap second is the next second.
    #[inline]
    pub(super) fn seconds(&self) -> Option<i64> {
        const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let leap = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let last = DAYS.get(usize::try_from(self.month.checked_sub(1)?).ok()?)? + u64::from(leap && self.month == 2);
        let known = (1969..=10_000).contains(&self.year)
            && (1..=last).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 61;
        if !known {
            return None;
        }
        // Days from civil: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"; the year starts in March.
        let year = self.year - u64::from(self.month <= 2);
        let (era, year_of_era) = (year / 400, year % 400);
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let second_of_day = self.hour * 3600 + self.minute * 60 + self.second;
        Some((days as i64 - 719_468) * 86_400 + second_of_day as i64)
    }
}

/// Seconds as milliseconds, if a parser accepts that time.
#[inline]
pub(super) fn millis(seconds: i64, millis: i64) -> Option<Millis> {
    let time = seconds.checked_mul(1000)?.checked_add(millis)?;
    (0..=MAX_TIME).contains(&time).then_some(time)
}

#[inline(always)]
fn digit(byte: u8) -> Option<u64> {
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some(u64::from(digit))
}

/// `seconds.millis`. Any number of digits on either side, a fraction may be missing; the ten and three digits of our
/// time are read in one go.
#[inline(always)]
pub(super) fn epoch(input: &[u8]) -> Cut<'_, Millis> {
    match epoch_of_our_time(input) {
        Some((time, rest)) => Ok((rest, time)),
        None => epoch_any(input),
    }
}

#[inline(always)]
fn epoch_of_our_time(input: &[u8]) -> Option<(Millis, &[u8])> {
    let [first @ .., _, _, _, _, _, _, _, _] = input.first_chunk::<16>()?;
    let [_, _, _, _, _, _, _, _, tens, ones, b'.', tenths, hundredths, thousandths, after, _] =
        input.first_chunk::<16>()?
    else {
        return None;
    };
    let first = u64::from_le_bytes(*first);
    let last = u64::from_le_bytes([*tens, *ones, *tenths, *hundredths, *thousandths, 0, 0, 0]);
    if eight_digits(first) < 8 || eight_digits(last) < 5 || after.is_ascii_digit() {
        return None;
    }
    Some(((eight(first) * 100_000 + eight(last << 24)) as Millis, &input[14..]))
}

/// `seconds` or `seconds.fraction`, however many digits.
#[cold]
fn epoch_any(input: &[u8]) -> Cut<'_, Millis> {
    let (mut rest, seconds) = digits(Reason::Time)(input)?;
    let mut thousandths = 0;
    if let [b'.', fraction @ ..] = rest {
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (figures, after) = fraction.split_at(length);
        for place in 0..3 {
            thousandths = thousandths * 10 + figures.get(place).map_or(0, |byte| i64::from(byte - b'0'));
        }
        rest = after;
    }
    match i64::try_from(seconds).ok().and_then(|seconds| millis(seconds, thousandths)) {
        Some(time) => Ok((rest, time)),
        None => stop(input, Reason::Time),
    }
}

/// Exactly `count` digits.
#[inline(always)]
pub(super) fn figures<'a>(count: usize) -> impl Fn(&'a [u8]) -> Cut<'a, u64> {
    move |input| {
        let Some((text, rest)) = input.split_at_checked(count) else { return stop(input, Reason::Time) };
        let value = text.iter().try_fold(0_u64, |value, &byte| Some(value * 10 + digit(byte)?));
        match value {
            Some(value) => Ok((rest, value)),
            None => stop(input, Reason::Time),
        }
    }
}

/// An English month of three letters: 1 to 12.
#[inline(always)]
pub(super) fn month(input: &[u8]) -> Cut<'_, u64> {
    let Some((&[a, b, c], rest)) = input.split_first_chunk::<3>() else { return stop(input, Reason::Time) };
    let number = match (a, b, c) {
        (b'J', b'a', b'n') => 1,
        (b'F', b'e', b'b') => 2,
        (b'M', b'a', b'r') => 3,
        (b'A', b'p', b'r') => 4,
        (b'M', b'a', b'y') => 5,
        (b'J', b'u', b'n') => 6,
        (b'J', b'u', b'l') => 7,
        (b'A', b'u', b'g') => 8,
        (b'S', b'e', b'p') => 9,
        (b'O', b'c', b't') => 10,
        (b'N', b'o', b'v') => 11,
        (b'D', b'e', b'c') => 12,
        _ => return stop(input, Reason::Time),
    };
    Ok((rest, number))
}

/// `+0900`, `-05:30` or `Z`, in seconds east of Greenwich.
#[inline(always)]
pub(super) fn offset(input: &[u8]) -> Cut<'_, i64> {
    let (sign, after) = match input {
        [b'Z', rest @ ..] => return Ok((rest, 0)),
        [b'+', after @ ..] => (1, after),
        [b'-', after @ ..] => (-1, after),
        _ => return stop(input, Reason::Time),
    };
    let (rest, hours) = figures(2)(after)?;
    let (rest, minutes) = figures(2)(rest.strip_prefix(b":").unwrap_or(rest))?;
    if hours > 15 || minutes > 59 {
        return stop(input, Reason::Time);
    }
    Ok((rest, sign * (hours * 3600 + minutes * 60) as i64))
}

/// That byte.
#[inline(always)]
pub(super) fn byte<'a>(wanted: u8) -> impl Fn(&'a [u8]) -> Cut<'a, ()> {
    move |input| match input {
        [first, rest @ ..] if *first == wanted => Ok((rest, ())),
        _ => stop(input, Reason::Time),
    }
}

/// `22/Nov/2026:10:30:51 +0000`, as the common log format has it: always these 26 bytes.
#[inline]
pub(super) fn clf(input: &[u8]) -> Cut<'_, Millis> {
    match input.split_first_chunk().and_then(|(text, rest)| Some((rest, clf_time(text)?))) {
        Some(found) => Ok(found),
        None => stop(input, Reason::Time),
    }
}

#[inline]
fn clf_time(text: &[u8; 26]) -> Option<Millis> {
    let [d1, d2, b'/', m1, m2, m3, b'/', y1, y2, y3, y4, b':', h1, h2, b':', n1, n2, b':', s1, s2, b' ', zone @ ..] =
        text
    else {
        return None;
    };
    let two = |tens: &u8, ones: &u8| Some(digit(*tens)? * 10 + digit(*ones)?);
    let (_, month) = month(&[*m1, *m2, *m3]).ok()?;
    let (_, east) = offset(zone).ok()?;
    let at = Civil {
        year: two(y1, y2)? * 100 + two(y3, y4)?,
        month,
        day: two(d1, d2)?,
        hour: two(h1, h2)?,
        minute: two(n1, n2)?,
        second: two(s1, s2)?,
    };
    millis(at.seconds()? - east, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_times_of_any_width() {
        for (text, time) in [
            (&b"1700000000.123 x"[..], 1_700_000_000_123),
            (b"0.000 x", 0),
            (b"1700000000 x", 1_700_000_000_000),
            (b"1700000000.1 x", 1_700_000_000_100),
            (b"1700000000.123456789 x", 1_700_000_000_123),
            (b"253402300799.999 x", MAX_TIME),
        ] {
            assert_eq!(epoch(text), Ok((&b" x"[..], time)), "{text:?}");
        }
        for text in [&b"253402300800.000 x"[..], b"-1.000 x", b"x", b"", b"99999999999999999999 "] {
            assert!(epoch(text).is_err(), "{text:?}");
        }
        for bad in 0..=255_u8 {
            if !bad.is_ascii_digit() && bad != b'.' {
                for at in 0..10 {
                    let mut text = *b"1700000000.123 x";
                    text[at] = bad;
                    assert_ne!(epoch(&text).map(|(rest, _)| rest), Ok(&b" x"[..]), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn every_day_from_1970_to_9999_is_the_next_one() {
        let mut expected = 0;
        for year in 1970..10_000 {
            for month in 1..=12 {
                for day in 1..=31 {
                    let at = Civil { year, month, day, ..Civil::default() };
                    if let Some(seconds) = at.seconds() {
                        assert_eq!(seconds, expected, "{at:?}");
                        expected += 86_400;
                    }
                }
            }
        }
        assert_eq!(expected, 253_402_300_800);
    }

    #[test]
    fn common_log_dates() {
        let time = |text: &'static [u8]| clf(text).map(|(_, time)| time).ok();
        assert_eq!(time(b"22/Nov/2026:10:30:51 +0000"), Some(1_795_343_451_000));
        assert_eq!(time(b"22/Nov/2026:19:30:51 +0900"), Some(1_795_343_451_000));
        assert_eq!(time(b"22/Nov/2026:05:00:51 -0530"), Some(1_795_343_451_000));
        assert_eq!(time(b"29/Feb/2024:00:00:00 +0000"), Some(1_709_164_800_000));
        assert_eq!(time(b"31/Dec/2016:23:59:60 +0000"), Some(1_483_228_800_000));
        for bad in [
            &b"29/Feb/2023:00:00:00 +0000"[..],
            b"31/Apr/2023:00:00:00 +0000",
            b"00/Jan/2023:00:00:00 +0000",
            b"01/Foo/2023:00:00:00 +0000",
            b"01/Jan/2023:24:00:00 +0000",
            b"01/Jan/1970:00:00:00 +0900",
            b"01/Jan/2023:00:00:00",
            b"01/Jan/2023:00:00:00 +9900",
            b"",
        ] {
            assert_eq!(time(bad), None, "{bad:?}");
        }
    }
}
