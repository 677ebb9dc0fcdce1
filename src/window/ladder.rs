//! Sliding sums: minute panes for the last hour, hour panes for the last two days, nothing older.

use crate::window::{Merge, room};
use serde::{Deserialize, Serialize};

/// Minutes kept one by one.
const MINUTES: u32 = 60;
/// Hours kept one by one.
const HOURS: u32 = 48;

/// Bytes of a tunnel below which it is not counted as sending: small ones are everywhere.
pub const SMALL: u64 = 64 * 1024;

/// What went out in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Bytes from the client; 0 where not logged.
    pub bytes: u64,
    /// Requests with a body.
    pub posts: u32,
}

impl Sent {
    /// One number for it: bytes where logged, else requests.
    pub fn amount(&self) -> u64 {
        if self.bytes > 0 { self.bytes } else { u64::from(self.posts) }
    }

    /// Adds what else was sent.
    pub(in crate::window) fn add(&mut self, other: Sent) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.posts = self.posts.saturating_add(other.posts);
    }
}

/// What went out in one pane. Two numbers beside each other: a [`Sent`] and a number would take half as much again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Rung {
    at: u32,
    posts: u32,
    bytes: u64,
}

const _: () = assert!(size_of::<Rung>() == 16);

impl Rung {
    fn new(at: u32, sent: Sent) -> Rung {
        Rung { at, posts: sent.posts, bytes: sent.bytes }
    }

    fn sent(&self) -> Sent {
        Sent { bytes: self.bytes, posts: self.posts }
    }
}

/// What went out, by minute and by hour. A window is a sum of panes; only panes with content are stored, at most
/// 60 + 48 of them. Times are minutes since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    minutes: Vec<Rung>,
    hours: Vec<Rung>,
}

impl Ladder {
    /// Adds to the pane of `minute`. What is older than the kept panes is dropped: its window is over.
    pub fn add(&mut self, minute: u32, sent: Sent) {
        put(&mut self.minutes, minute, sent, MINUTES);
        put(&mut self.hours, minute / 60, sent, HOURS);
    }

    /// Sum over the `width` minutes that end with `minute`, for `width` ≤ 60.
    pub fn minutes(&self, minute: u32, width: u32) -> Sent {
        debug_assert!(width <= MINUTES);
        sum(&self.minutes, minute, width)
    }

    /// Sum over the `width` clock hours that end with the hour of `minute`, for `width` ≤ 48.
    pub fn hours(&self, minute: u32, width: u32) -> Sent {
        debug_assert!(width <= HOURS);
        sum(&self.hours, minute / 60, width)
    }

    /// Stored hours, oldest first: (hour since 1970, sum).
    pub fn by_hour(&self) -> impl DoubleEndedIterator<Item = (u32, Sent)> + '_ {
        self.hours.iter().map(|rung| (rung.at, rung.sent()))
    }

    /// Minute of the last that was sent; 0 before any.
    pub fn last(&self) -> u32 {
        self.minutes.last().map_or(0, |rung| rung.at)
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        (room(self.minutes.len()) + room(self.hours.len())) * size_of::<Rung>()
    }
}

impl Merge for Ladder {
    fn merge(&mut self, later: &Self) {
        later.minutes.iter().for_each(|rung| put(&mut self.minutes, rung.at, rung.sent(), MINUTES));
        later.hours.iter().for_each(|rung| put(&mut self.hours, rung.at, rung.sent(), HOURS));
    }
}

/// Adds to the pane `at`, keeping panes sorted and no older than `kept` before the newest.
fn put(panes: &mut Vec<Rung>, at: u32, sent: Sent, kept: u32) {
    let newest = panes.last().map_or(at, |newest| newest.at.max(at));
    if newest - at >= kept {
        return;
    }
    let before = panes.iter().rposition(|rung| rung.at <= at);
    if let Some(rung) = before.and_then(|i| panes.get_mut(i)).filter(|rung| rung.at == at) {
        let mut sum = rung.sent();
        sum.add(sent);
        *rung = Rung::new(at, sum);
    } else {
        // Most have one or two: no room for four at once.
        if panes.len() == panes.capacity() {
            panes.reserve_exact(panes.len().clamp(1, 16));
        }
        panes.insert(before.map_or(0, |i| i + 1), Rung::new(at, sent));
    }
    let over = panes.iter().take_while(|oldest| newest - oldest.at >= kept).count();
    panes.drain(..over);
}

fn sum(panes: &[Rung], at: u32, width: u32) -> Sent {
    let mut total = Sent::default();
    for rung in panes.iter().rev() {
        if rung.at <= at && at - rung.at < width {
            total.add(rung.sent());
        } else if rung.at < at {
            break;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries() -> impl Strategy<Value = Vec<(u32, u64)>> {
        prop::collection::vec((0u32..400, 0u64..1000), 0..80).prop_map(|mut v| {
            v.sort_unstable();
            v
        })
    }

    fn ladder(entries: &[(u32, u64)]) -> Ladder {
        let mut ladder = Ladder::default();
        entries.iter().for_each(|&(m, bytes)| ladder.add(m, Sent { bytes, posts: 1 }));
        ladder
    }

    proptest! {
        #[test]
        fn sliding_sum_is_a_naive_recount(entries in entries(), width in 1u32..=60) {
            let ladder = ladder(&entries);
            let now = entries.last().map_or(0, |e| e.0);
            let naive: u64 = entries.iter().filter(|e| now - e.0 < width).map(|e| e.1).sum();
            prop_assert_eq!(ladder.minutes(now, width).bytes, naive);
            let naive: u64 = entries.iter().filter(|e| now / 60 - e.0 / 60 < width.min(48)).map(|e| e.1).sum();
            prop_assert_eq!(ladder.hours(now, width.min(48)).bytes, naive);
        }

        #[test]
        fn merge_is_the_whole_and_associative(entries in entries(), a in 0usize..80, b in 0usize..80) {
            let (a, b) = (a.min(entries.len()), b.min(entries.len()));
            let (a, b) = (a.min(b), a.max(b));
            let parts = [ladder(&entries[..a]), ladder(&entries[a..b]), ladder(&entries[b..])];
            let mut left = parts[0].clone();
            left.merge(&parts[1]);
            left.merge(&parts[2]);
            let mut tail = parts[1].clone();
            tail.merge(&parts[2]);
            let mut right = parts[0].clone();
            right.merge(&tail);
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(left, ladder(&entries));
        }
    }
}
