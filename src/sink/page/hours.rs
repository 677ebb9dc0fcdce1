//! Contacts by the hour, summed over pairs, and the axis that the hours of an incident lie on.

use super::when::{When, hour_of};
use crate::alert::SeriesPoint;
use std::collections::BTreeMap;

/// Buckets of an axis at most.
const BUCKETS: i64 = 96;
/// Buckets at least: a short story is no wall.
const LEAST: i64 = 12;
/// Hours of one episode that are read: more than a record has.
const HOURS: usize = 24 * 31;
/// Lines that mark days at most.
const DAYS: usize = 45;

/// What happened in an hour or a bucket of hours.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub requests: u64,
    pub denied: u64,
    pub down: u64,
    pub up: Option<u64>,
}

impl Sum {
    fn add(&mut self, other: &Sum) {
        self.requests = self.requests.saturating_add(other.requests);
        self.denied = self.denied.saturating_add(other.denied);
        self.down = self.down.saturating_add(other.down);
        self.up = match (self.up, other.up) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
    }
}

/// By hours since 1970.
#[derive(Clone, Debug, Default)]
pub(super) struct Hours(BTreeMap<i64, Sum>);

impl Hours {
    /// Adds the hours of one pair.
    pub fn add(&mut self, series: &[SeriesPoint]) {
        for point in series.iter().take(HOURS) {
            let Some(hour) = hour_of(&point.hour) else { continue };
            let SeriesPoint { requests, denied, bytes_down, bytes_up, .. } = *point;
            self.0.entry(hour).or_default().add(&Sum { requests, denied, down: bytes_down, up: bytes_up });
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sums by bucket.
    pub fn buckets(&self, axis: &Axis) -> BTreeMap<usize, Sum> {
        let mut buckets: BTreeMap<usize, Sum> = BTreeMap::new();
        for (&hour, sum) in self.0.iter().filter(|(hour, _)| axis.holds(**hour)) {
            buckets.entry(axis.bucket(hour)).or_default().add(sum);
        }
        buckets
    }
}

/// The hours of an incident from left to right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    first: i64,
    /// Hours of a bucket.
    step: i64,
    pub buckets: usize,
}

impl Axis {
    /// From the hour of the first contact to that of the last.
    pub fn new(first: i64, last: i64, when: &When) -> Axis {
        let count = last.saturating_sub(first).saturating_add(1).max(1);
        let steps = [1, 2, 3, 4, 6, 12, 24, 48, 168];
        let step = steps.into_iter().find(|step| count <= step * (BUCKETS - 1));
        let step = step.unwrap_or_else(|| (count / (BUCKETS - 1) / 24 + 1) * 24);
        // Buckets begin at full hours of the day.
        let first = first - when.of_day(first) % step.min(24);
        let buckets = (last.saturating_sub(first) / step + 1).clamp(LEAST, BUCKETS + 1);
        Axis { first, step, buckets: buckets as usize }
    }

    fn holds(&self, hour: i64) -> bool {
        (0..self.buckets as i64).contains(&(hour.saturating_sub(self.first)).div_euclid(self.step))
    }

    /// Bucket of an hour; the nearest where it lies outside.
    pub fn bucket(&self, hour: i64) -> usize {
        (hour.saturating_sub(self.first).div_euclid(self.step)).clamp(0, self.buckets as i64 - 1) as usize
    }

    /// First hour of a bucket.
    pub fn hour(&self, bucket: usize) -> i64 {
        self.first.saturating_add(bucket as i64 * self.step)
    }

    /// Buckets that begin with a day; none where there are too many to be seen.
    pub fn midnights(&self, when: &When) -> Vec<usize> {
        let days: Vec<usize> = (1..self.buckets).filter(|&at| when.of_day(self.hour(at)) == 0).collect();
        if days.len() > DAYS { Vec::new() } else { days }
    }

    /// Five times, evenly spread from begin to end.
    pub fn labels(&self, when: &When) -> Vec<String> {
        (0..=4).map(|part| when.hour(self.hour(self.buckets * part / 4))).collect()
    }

    /// `1 h`, `2 d`.
    pub fn step_words(&self) -> String {
        if self.step % 24 == 0 { format!("{} d", self.step / 24) } else { format!("{} h", self.step) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    proptest! {
        /// Any two times of a record, from the year -9999 on: few buckets, all hours between them inside.
        #[test]
        fn every_hour_has_a_bucket(first in -90_000_000i64..70_000_000, more in 0i64..100_000_000) {
            let last = (first + more).min(70_000_000);
            let axis = Axis::new(first, last, &When { zone: TimeZone::UTC });
            prop_assert!((12..=97).contains(&axis.buckets));
            prop_assert!(axis.holds(first) && axis.holds(last), "{axis:?}");
        }
    }

    #[test]
    fn buckets_begin_with_the_day() {
        let zone = TimeZone::fixed(jiff::tz::offset(9));
        let hour = |text| hour_of(text).unwrap();
        let when = When { zone };
        let axis = Axis::new(hour("2015-05-20T01:35:00Z"), hour("2015-05-23T10:10:00Z"), &when);
        assert_eq!((axis.step, axis.buckets), (1, 82));
        let axis = Axis::new(hour("2015-04-22T01:35:00Z"), hour("2015-05-23T10:10:00Z"), &when);
        assert_eq!((axis.step, axis.buckets, &*when.hour(axis.hour(0))), (12, 64, "04-22 00:00"));
        assert_eq!(axis.midnights(&when).len(), 31);
    }
}
