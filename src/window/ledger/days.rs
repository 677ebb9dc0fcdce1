//! A set of days, UTC.

use crate::event::Millis;
use crate::window::{Merge, room};
use serde::{Deserialize, Serialize};

/// Words of 64 days that are kept: the newest 1,024 days, so that a set takes at most 128 bytes.
const WORDS: usize = 16;
/// Length of a day, ms.
const DAY: Millis = 86_400_000;

/// Days, of the newest 1,024: a true set, so that what is seen twice counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// Days of the first word: 64 × this and on, since 1970.
    start: u32,
    /// A bit for each day. The first and the last word have one.
    words: Vec<u64>,
}

impl Days {
    /// Adds the day of a time.
    pub fn add(&mut self, time: Millis) {
        let day = u32::try_from(time.max(0) / DAY).unwrap_or(u32::MAX);
        self.put(day / 64, 1 << (day % 64));
    }

    /// Adds days `from..=to` since 1970.
    pub(super) fn add_range(&mut self, from: u32, to: u32) {
        // Older ones would be dropped one by one.
        let from = from.max(to.saturating_sub(64 * WORDS as u32));
        (from..=to).for_each(|day| self.put(day / 64, 1 << (day % 64)));
    }

    fn put(&mut self, word: u32, bits: u64) {
        if self.words.is_empty() {
            self.start = word;
        }
        let newest = self.start + (self.words.len() as u32).saturating_sub(1);
        let oldest = newest.max(word).saturating_sub(WORDS as u32 - 1);
        if word < oldest {
            return;
        }
        if word < self.start {
            let before = (self.start - word) as usize;
            self.words.splice(0..0, std::iter::repeat_n(0, before));
            self.start = word;
        }
        let at = (word - self.start) as usize;
        if at >= self.words.len() {
            // Not grown through a gap of years.
            let gone = (oldest.saturating_sub(self.start) as usize).min(self.words.len());
            self.words.drain(..gone);
            self.start = if self.words.is_empty() { word } else { self.start + gone as u32 };
            self.words.resize((word - self.start) as usize + 1, 0);
        }
        self.words[(word - self.start) as usize] |= bits;
        let empty = self.words.iter().take_while(|&&w| w == 0).count();
        self.words.drain(..empty);
        self.start += empty as u32;
    }

    /// How many.
    pub fn count(&self) -> u32 {
        self.words.iter().map(|w| w.count_ones()).sum()
    }

    /// Runs of days, ascending: first and last since 1970.
    pub fn runs(&self) -> Vec<(u32, u32)> {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (at, word) in self.words.iter().enumerate() {
            for bit in (0..64).filter(|bit| word >> bit & 1 != 0) {
                let day = (self.start + at as u32) * 64 + bit;
                match runs.last_mut() {
                    Some((_, last)) if *last + 1 == day => *last = day,
                    _ => runs.push((day, day)),
                }
            }
        }
        runs
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        room(self.words.len()) * 8
    }
}

impl Merge for Days {
    fn merge(&mut self, later: &Self) {
        // Newest first, so that nothing is kept that would have to go.
        for (at, &bits) in later.words.iter().enumerate().rev().filter(|(_, bits)| **bits != 0) {
            self.put(later.start + at as u32, bits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn of(days: &[u32]) -> Days {
        let mut set = Days::default();
        days.iter().for_each(|&d| set.add(Millis::from(d) * DAY + 5));
        set
    }

    fn days() -> impl Strategy<Value = Vec<u32>> {
        prop::collection::vec(prop_oneof![18_000u32..18_100, 18_000u32..21_000], 0..40)
    }

    proptest! {
        #[test]
        fn it_is_the_set_of_the_newest_days(days in days()) {
            let newest = days.iter().max().map_or(0, |d| d / 64);
            let kept: BTreeSet<u32> = days.iter().copied().filter(|d| d / 64 + WORDS as u32 > newest).collect();
            let set = of(&days);
            let listed: Vec<u32> = set.runs().into_iter().flat_map(|(a, b)| a..=b).collect();
            prop_assert_eq!(&listed, &kept.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(set.count() as usize, listed.len());
            let mut again = Days::default();
            set.runs().into_iter().for_each(|(a, b)| again.add_range(a, b));
            prop_assert_eq!(again, set);
        }

        #[test]
        fn merge_is_associative_and_takes_repeats(a in days(), b in days(), c in days()) {
            let joined = |parts: &[&Days]| {
                let mut whole = Days::default();
                parts.iter().for_each(|p| whole.merge(p));
                whole
            };
            let (x, y, z) = (of(&a), of(&b), of(&c));
            let left = joined(&[&joined(&[&x, &y]), &z]);
            prop_assert_eq!(&left, &joined(&[&x, &joined(&[&y, &z])]));
            prop_assert_eq!(&left, &joined(&[&z, &y, &x, &y]));
            prop_assert_eq!(left, of(&[a, b, c].concat()));
        }
    }
}
