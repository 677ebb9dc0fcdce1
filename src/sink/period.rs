//! Times for people: in their zone, with the offset shown.

use super::Terminal;
use super::layout::span;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// `2015-05-08 10:50:03 → 10:57:58 +09:00 · 7 min 55 s`; the day is repeated only where it differs, the offset where the
/// clocks were changed in between. A text that is no time is shown escaped.
pub(crate) fn period(first: &str, last: &str, zone: &TimeZone) -> String {
    let read = |text: &str| text.parse::<Timestamp>().ok().map(|t| t.to_zoned(zone.clone()));
    let (Some(from), Some(to)) = (read(first), read(last)) else {
        return format!("{} → {}", Terminal::text(first), Terminal::text(last));
    };
    let lasted = (to.timestamp().as_millisecond() - from.timestamp().as_millisecond()).max(0);
    format!("{} · {}", between(&from, &to, "%H:%M:%S"), span(lasted.unsigned_abs()))
}

/// `2015-05-08 10:58:00 +09:00`. A text that is no time is shown escaped.
pub(crate) fn moment(time: &str, zone: &TimeZone) -> String {
    match time.parse::<Timestamp>() {
        Ok(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
        Err(_) => Terminal::text(time).to_string(),
    }
}

/// `2026-01-05 00:00 → 2026-01-06 00:00 +09:00`, the time of day by `clock`.
pub(crate) fn between(from: &Zoned, to: &Zoned, clock: &str) -> String {
    let show = |time: &Zoned, with: &str| time.strftime(&with.replace("CLOCK", clock)).to_string();
    let start = if from.offset() == to.offset() { "%Y-%m-%d CLOCK" } else { "%Y-%m-%d CLOCK %:z" };
    let end = if from.date() == to.date() { "CLOCK %:z" } else { "%Y-%m-%d CLOCK %:z" };
    format!("{} → {}", show(from, start), show(to, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_offsets_are_shown_where_they_differ() {
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        assert_eq!(
            period("2015-05-08T01:50:03Z", "2015-05-08T01:57:58Z", &tokyo),
            "2015-05-08 10:50:03 → 10:57:58 +09:00 · 7 min 55 s"
        );
        assert_eq!(
            period("2015-05-08T01:50:03Z", "2015-05-08T21:57:58Z", &tokyo),
            "2015-05-08 10:50:03 → 2015-05-09 06:57:58 +09:00 · 20 h 07 min"
        );
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(
            period("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", &berlin),
            "2026-03-29 01:30:00 +01:00 → 03:30:00 +02:00 · 1 h 00 min"
        );
        assert_eq!(period("\x1b", "x", &TimeZone::UTC), "\\u{1b} → x");
        assert_eq!(moment("2015-05-08T01:58:00Z", &tokyo), "2015-05-08 10:58:00 +09:00");
    }
}
