//! Times of records as the page shows them.

use crate::sink::period::{moment, period};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The zone of the reader.
#[derive(Clone, Debug)]
pub(super) struct When {
    pub zone: TimeZone,
}

impl When {
    /// `2015-05-08 10:58`; what is no time as it stands.
    pub fn minute(&self, time: &str) -> String {
        match time.parse::<Timestamp>() {
            Ok(at) => at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
            Err(_) => moment(time, &self.zone),
        }
    }

    /// From one time to another, and how long that is.
    pub fn period(&self, first: &str, last: &str) -> String {
        period(first, last, &self.zone)
    }

    /// `05-08 10:00`: an hour since 1970.
    pub fn hour(&self, hour: i64) -> String {
        match Timestamp::from_second(hour.saturating_mul(3600)) {
            Ok(at) => at.to_zoned(self.zone.clone()).strftime("%m-%d %H:%M").to_string(),
            Err(_) => String::new(),
        }
    }

    /// Hours from the last midnight to an hour since 1970.
    pub fn of_day(&self, hour: i64) -> i64 {
        let at = Timestamp::from_second(hour.saturating_mul(3600)).unwrap_or(Timestamp::UNIX_EPOCH);
        i64::from(at.to_zoned(self.zone.clone()).hour())
    }

    /// Name of the zone, or its offset at a time.
    pub fn name(&self, time: &str) -> String {
        let at = time.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let offset = at.to_zoned(self.zone.clone()).strftime("%:z").to_string();
        self.zone.iana_name().map_or(offset.clone(), |name| format!("{name} ({offset})"))
    }
}

/// The hour since 1970 that a time of a record lies in.
pub(super) fn hour_of(time: &str) -> Option<i64> {
    time.parse::<Timestamp>().ok().map(|at| at.as_second().div_euclid(3600))
}
