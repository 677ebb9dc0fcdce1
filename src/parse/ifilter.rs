//! Digital Arts i-FILTER Ver.10 and D-SPA v4, access log: 35 columns apart by spaces.
//!
//! ```text
//! Jan  2 12:04:07 4872 1000/01/ - 203.0.113.10:443 192.0.2.10 192.0.2.10 pc01.corp.example taro [02/Jan/2026:12:04:05 +0900] 200 733 1206 allow 0 25 25/108 -1 0 1518 0 staff - 0 - "GET https://www.example.com/a HTTP/1.1" http://r.example/ Mozilla%2F5.0+%28X11%29 text%2Fhtml A667FEFF
//! ```
//!
//! # Knows
//!
//! Start and duration to the second, client, user, method, URL, status, what was blocked, the server reached, User-Agent,
//! Referer.
//!
//! # Does not know
//!
//! Bytes: columns 15 to 28 are described nowhere that is public, so their numbers are not read. The media type. The block
//! log, and the 29 columns of D-SPA before v4.
//!
//! # Times and units
//!
//! The time is the **start**, column 12, which has its offset, or `GMT` in @Cloud. Columns 1 to 3 are the time of the line,
//! without a year: it is the first after the start that has them, and gives the duration where the start is in local time.
//!
//! # Reads too
//!
//! Japanese texts and spaces, which are `%XX` and `+`. Each process writes its own file (`access.log0000` and on): give all of
//! them, they are merged by time.
//!
//! # To make it complete
//!
//! *System > Log settings > Access log*, the default items in their order. To see bytes, describe a format of your own that
//! has them with `--map`.

use super::moment::{Civil, figures, month};
use super::record::{Clock, Column, Reading, Record, went_through};
use super::words::Words;
use super::{ParseError, Parser, Reason};
use crate::event::{Encoding, Event, Fields, Millis, Stamp};
use jiff::tz::TimeZone;

/// i-FILTER.
#[derive(Clone)]
pub struct IFilter {
    reading: Reading,
}

/// What takes longer is the clock of another zone, ms.
const DAY: u64 = 86_400_000;

impl IFilter {
    /// A parser of the log of a proxy in that zone, which counts where a start has no offset.
    pub fn new(zone: &TimeZone) -> IFilter {
        IFilter {
            reading: Reading { clock: Clock::local(zone), stamp: Stamp::Start, encoding: Encoding::Form, ticks: 1 },
        }
    }
}

impl Parser for IFilter {
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        if line.first() == Some(&b'#') || line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let mut words = Words { line, at: 0 };
        let mut record = Record::new();
        let name = words.next(Reason::Time)?;
        let Ok(([], month)) = month(name) else { return words.wrong(name, Reason::Time) };
        let (day, clock) = (words.next(Reason::Time)?, words.next(Reason::Time)?);
        let Some(logged) = moment(month, day, clock) else { return words.wrong(clock, Reason::Time) };
        // Process, version, proxy behind this one.
        words.skip(3, Reason::Literal)?;
        record.put(Column::Peer, words.next(Reason::Literal)?);
        let (near, client) = (words.next(Reason::Client)?, words.next(Reason::Client)?);
        record.put(Column::Client, if client == b"-" { near } else { client });
        words.skip(1, Reason::Literal)?;
        record.put(Column::User, words.next(Reason::Client)?);
        let start = words.between([b'[', b']'], Reason::Time)?;
        record.put(Column::Stamp, start);
        record.put(Column::Status, words.next(Reason::Result)?);
        words.skip(2, Reason::Size)?;
        record.put(Column::Policy, words.next(Reason::Result)?);
        // Reason, categories, four numbers, group, three more.
        words.skip(11, Reason::Literal)?;
        record.put(Column::Request, words.between([b'"', b'"'], Reason::Method)?);
        record.put(Column::Referer, words.next(Reason::Literal)?);
        record.put(Column::Agent, words.next(Reason::Literal)?);
        words.skip(2, Reason::Literal)?;
        let event = record.event(line, &self.reading)?;
        let event = went_through(event, || true);
        Ok(Some(Event { duration: duration(start, logged), ..event }))
    }

    fn carries(&self) -> Fields {
        Fields { duration: true, agent: true, referer: true, action: true, user: true, ..Fields::default() }
    }
}

/// A month, `2`, `03:04:05`: a time without its year.
fn moment(month: u64, day: &[u8], clock: &[u8]) -> Option<Civil> {
    let two = |text: &[u8]| figures(text.len())(text).ok().map(|(_, value)| value);
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = clock else { return None };
    let day = Some(day).filter(|day| (1..=2).contains(&day.len())).and_then(two)?;
    Some(Civil { year: 0, month, day, hour: two(&[h1, h2])?, minute: two(&[m1, m2])?, second: two(&[s1, s2])? })
}

/// From a start to the first time after it that looks so, ms, if it is less than a day away. `None` where the start is not
/// in the zone of the other.
fn duration(start: &[u8], logged: Civil) -> Option<u64> {
    let (shown, zone) = start.split_at_checked(20)?;
    if !matches!(zone, [b' ', b'+' | b'-', ..]) {
        return None;
    }
    let begun: Millis = Clock::utc(&TimeZone::UTC).whole(shown, None)?;
    let year = std::str::from_utf8(shown.get(7..11)?).ok()?.parse().ok()?;
    let took = |year| Civil { year, ..logged }.seconds().and_then(|ended| u64::try_from(ended * 1000 - begun).ok());
    took(year).or_else(|| took(year + 1)).filter(|&took| took < DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Action;

    fn read(logged: &str, start: &str) -> Option<(i64, Option<u64>)> {
        let line = format!(
            "{logged} 4872 1000/01/ - 203.0.113.10:443 192.0.2.10 - - taro [{start}] 200 0 1207 - 0 25 25 -1 0 1518 0 g - 0 - \"GET https://www.example.com/ HTTP/1.1\" - - - A667FEFF"
        );
        let event = IFilter::new(&TimeZone::UTC).parse(line.as_bytes()).ok()??;
        assert_eq!((event.client, event.action), (Some(&b"192.0.2.10"[..]), Action::Allowed));
        Some((event.time, event.duration))
    }

    #[test]
    fn the_year_is_that_of_the_start_or_the_next() {
        let at = 1_767_323_045_000;
        assert_eq!(read("Jan  2 12:04:07", "02/Jan/2026:12:04:05 +0900"), Some((at, Some(2000))));
        assert_eq!(read("Jan 1 00:00:05", "31/Dec/2025:23:59:55 +0000"), Some((1_767_225_595_000, Some(10_000))));
        assert_eq!(read("Feb 29 00:00:05", "28/Feb/2024:23:59:55 +0000"), Some((1_709_164_795_000, Some(10_000))));
        // The clock of the line is another's, or was set back.
        assert_eq!(read("Jan  2 12:04:07", "02/Jan/2026:03:04:05 GMT"), Some((at, None)));
        assert_eq!(read("Jan  2 12:04:04", "02/Jan/2026:12:04:05 +0900"), Some((at, None)));
        assert_eq!(read("Jan 2", "02/Jan/2026:12:04:05 +0900"), None);
        assert_eq!(read("Foo 2 12:04:07", "02/Jan/2026:12:04:05 +0900"), None);
    }
}
