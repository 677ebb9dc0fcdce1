//! When a pair spoke: the intervals between its contacts at two scales, newest kept, bursts collapsed.

use crate::event::Millis;
use crate::window::Interval;
use serde::{Deserialize, Serialize};

/// Contacts that start closer than this are one, at the fine scale: a page's parallel requests, not a clock.
pub const FINE_GAP: u64 = 300;
/// Contacts closer than this are one visit.
pub const VISIT_GAP: u64 = 30_000;
/// Intervals kept at the fine scale.
pub const FINE_KEPT: usize = 96;
/// Intervals kept between visits.
pub const VISITS_KEPT: usize = 192;

/// Which contacts intervals are taken between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// All but bursts.
    Contacts,
    /// Only those that begin a visit.
    Visits,
}

impl Scale {
    /// Intervals kept at this scale.
    const fn kept(self) -> u8 {
        [FINE_KEPT as u8, VISITS_KEPT as u8][self as usize]
    }
}

/// The newest intervals at each [`Scale`], oldest overwritten: two rings in one piece of the heap, as there are many of
/// them and most stay short. Grows with use: empty ones cost no heap.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rings {
    /// The rooms of the two, one behind the other.
    codes: Box<[Interval]>,
    heads: [Head; 2],
}

/// How far a ring has come in its room.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Head {
    room: u8,
    len: u8,
    next: u8,
}

/// One of the [`Rings`], to read.
#[derive(Clone, Copy, Debug)]
pub struct Ring<'a> {
    codes: &'a [Interval],
    next: usize,
}

impl Rings {
    /// Adds an interval; if all that are kept are there, the oldest goes.
    #[inline]
    pub fn push(&mut self, scale: Scale, ms: u64) {
        let mut head = self.heads[scale as usize];
        let at = if head.len == scale.kept() {
            let oldest = head.next;
            head.next = (head.next + 1) % scale.kept();
            oldest
        } else {
            if head.len == head.room {
                self.grow(scale);
                head.room = self.heads[scale as usize].room;
            }
            head.len += 1;
            head.len - 1
        };
        self.heads[scale as usize] = head;
        let begin = self.begin(scale);
        self.codes[begin + usize::from(at)] = Interval::from_ms(ms);
    }

    /// Where the room of a ring begins.
    #[inline]
    fn begin(&self, scale: Scale) -> usize {
        usize::from(self.heads[0].room) * scale as usize
    }

    /// Gives one of them more room, half as much again: twice as much would mostly lie idle.
    #[cold]
    fn grow(&mut self, scale: Scale) {
        let [contacts, visits] = self.heads.map(|head| usize::from(head.room));
        let room = usize::from(self.heads[scale as usize].room);
        // The allocator gives pieces of 16 bytes, less 8 in all: eight intervals each, less four. None is left idle.
        let total = (contacts + visits + (room / 2).max(4) + 4).next_multiple_of(8) - 4;
        let more = (total - contacts - visits).min(usize::from(scale.kept()) - room);
        let mut codes = Vec::with_capacity(contacts + visits + more);
        codes.extend_from_slice(&self.codes);
        let end = [contacts, contacts + visits][scale as usize];
        codes.splice(end..end, std::iter::repeat_n(Interval::default(), more));
        self.codes = codes.into_boxed_slice();
        self.heads[scale as usize].room += more as u8;
    }

    /// Those at one scale.
    #[inline]
    pub fn at(&self, scale: Scale) -> Ring<'_> {
        let (begin, head) = (self.begin(scale), self.heads[scale as usize]);
        Ring { codes: &self.codes[begin..begin + usize::from(head.len)], next: head.next.into() }
    }

    /// Reads the places that are written next.
    #[inline]
    pub(super) fn warm(&self) -> u64 {
        let next = |scale| self.begin(scale) + usize::from(self.heads[scale as usize].next);
        let code = |scale| self.codes.get(next(scale)).map_or(0, |code| code.ms());
        code(Scale::Contacts) + code(Scale::Visits)
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        self.codes.len() * size_of::<Interval>()
    }
}

impl<'a> Ring<'a> {
    /// Intervals in ms, oldest first.
    pub fn iter(self) -> impl Iterator<Item = u64> + 'a {
        let (new, old) = self.codes.split_at(self.next);
        old.iter().chain(new).map(|code| code.ms())
    }

    /// All that are kept, in no order: enough for ranks.
    pub fn codes(self) -> &'a [Interval] {
        self.codes
    }

    /// How many are kept.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(self) -> usize {
        self.codes.len()
    }
}

/// The clock hand of a pair: where its last contact and visit started. 16 bytes, kept for every pair.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
        fn rings_keep_the_newest(pushes in prop::collection::vec((any::<bool>(), 0u64..2000), 0..600)) {
            let mut rings = Rings::default();
            let scale = |visit| if visit { Scale::Visits } else { Scale::Contacts };
            for (i, &(visit, ms)) in pushes.iter().enumerate() {
                rings.push(scale(visit), ms);
                prop_assert!(rings.heap_bytes() <= 2 * (FINE_KEPT + VISITS_KEPT).min(2 * i + 20));
            }
            for (visit, kept) in [(false, FINE_KEPT), (true, VISITS_KEPT)] {
                let all: Vec<u64> = pushes.iter().filter(|push| push.0 == visit).map(|push| push.1).collect();
                let newest = &all[all.len().saturating_sub(kept)..];
                prop_assert_eq!(rings.at(scale(visit)).iter().collect::<Vec<_>>(), newest);
            }
        }
    }
}
