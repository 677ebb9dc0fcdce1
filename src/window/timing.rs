//! When a pair spoke: the intervals between its contacts at two scales, newest kept, bursts collapsed.

use crate::event::Millis;
use crate::window::Interval;

/// Contacts that start closer than this are one, at the fine scale: a page's parallel requests, not a clock.
pub const FINE_GAP: u64 = 300;
/// Contacts closer than this are one visit.
pub const VISIT_GAP: u64 = 30_000;
/// Intervals kept at the fine scale.
pub const FINE_KEPT: usize = 96;
/// Intervals kept between visits.
pub const VISITS_KEPT: usize = 192;

/// The newest intervals, oldest overwritten. Grows with use: an empty one costs no heap.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    /// Room; what is not used yet stands behind.
    codes: Box<[Interval]>,
    len: u16,
    next: u16,
}

/// Intervals that a ring has room for at first: as many as the smallest piece that the allocator gives.
const FIRST_ROOM: usize = 12;

impl Ring {
    /// Adds an interval; beyond `kept` the oldest goes.
    #[inline]
    pub fn push(&mut self, ms: u64, kept: usize) {
        let code = Interval::from_ms(ms);
        if self.len() < kept {
            if self.len() == self.codes.len() {
                self.grow(kept);
            }
            self.codes[self.len()] = code;
            self.len += 1;
        } else {
            self.codes[self.next as usize] = code;
            self.next = (self.next + 1) % kept as u16;
        }
    }

    #[cold]
    fn grow(&mut self, kept: usize) {
        let room = (2 * self.codes.len()).max(FIRST_ROOM).min(kept);
        let mut codes = std::mem::take(&mut self.codes).into_vec();
        codes.reserve_exact(room - codes.len());
        codes.resize(room, Interval::default());
        self.codes = codes.into_boxed_slice();
    }

    /// Intervals in ms, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        let (new, old) = self.codes().split_at(self.next as usize);
        old.iter().chain(new).map(|code| code.ms())
    }

    /// All that are kept, in no order: enough for ranks.
    pub fn codes(&self) -> &[Interval] {
        &self.codes[..self.len()]
    }

    /// Reads the place that is written next.
    #[inline]
    pub(super) fn warm(&self) -> u64 {
        self.codes.get(self.next as usize).map_or(0, |code| code.ms())
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// None yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        self.codes.len() * size_of::<Interval>()
    }
}

/// The clock hand of a pair: where its last contact and visit started. 16 bytes, kept for every pair.
#[derive(Clone, Copy, Debug)]
pub struct Hand {
    /// Latest start seen.
    pub last: Millis,
    /// From the start of the current visit to it, ms, saturating at 49 days.
    visit: u32,
    /// Visits: contacts closer than [`VISIT_GAP`] are one.
    pub visits: u32,
}

/// What one more contact means at the two scales: ms since the previous one, where it is no part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Since the last contact, if that was no burst.
    pub fine: Option<u64>,
    /// Since the start of the last visit, if this begins a new one.
    pub visit: Option<u64>,
}

impl Hand {
    /// The hand at a first contact.
    pub fn at(start: Millis) -> Hand {
        Hand { last: start, visit: 0, visits: 1 }
    }

    /// Moves to a contact that started at `start`. One that starts before the last belongs to that visit: intervals are
    /// never negative.
    #[inline]
    pub fn step(&mut self, start: Millis) -> Step {
        if start <= self.last {
            return Step::default();
        }
        let since = (start - self.last) as u64;
        let fine = (since >= FINE_GAP).then_some(since);
        let visit = (since >= VISIT_GAP).then(|| since + u64::from(self.visit));
        self.last = start;
        if visit.is_some() {
            self.visit = 0;
            self.visits += 1;
        } else {
            self.visit = self.visit.saturating_add(since as u32);
        }
        Step { fine, visit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bursts_collapse_to_visits() {
        let mut hand = Hand::at(0);
        assert_eq!(hand.step(100), Step::default());
        assert_eq!(hand.step(5_000), Step { fine: Some(4_900), visit: None });
        assert_eq!(hand.step(60_000), Step { fine: Some(55_000), visit: Some(60_000) });
        assert_eq!(hand.step(50_000), Step::default());
        assert_eq!(hand.step(120_000), Step { fine: Some(60_000), visit: Some(60_000) });
    }

    proptest! {
        #[test]
        fn a_ring_keeps_the_newest(values in prop::collection::vec(0u64..2000, 0..60), kept in 1usize..20) {
            let mut ring = Ring::default();
            values.iter().for_each(|&v| ring.push(v, kept));
            let newest: Vec<u64> = values[values.len().saturating_sub(kept)..].to_vec();
            prop_assert_eq!(ring.iter().collect::<Vec<_>>(), newest);
        }
    }
}
