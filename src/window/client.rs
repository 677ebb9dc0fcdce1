//! One client: when it was on the network, and what it usually sends.
//!
//! The only memory that every shard writes. Its updates are sums, maxima and bits, which commute: shards may apply them
//! in any order and at the same time, and the result is the same.

use crate::event::Millis;
use crate::window::ledger::{ClientEntry, Learning};
use crate::window::{Ladder, Merge, PANE, Sent, Usual, pane_of, room};
use serde::{Deserialize, Serialize};

/// Length of a slot of the online clock, ms: a client that sent anything in it was on.
pub const SLOT: Millis = 600_000;

/// Slots kept one by one: 42 h 40 min.
const KEPT: u32 = 256;

/// What is remembered of a client.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Client {
    /// Name or address, as logged.
    pub name: Box<[u8]>,
    /// First and last contact.
    pub first: Millis,
    /// End of the latest contact.
    pub last: Millis,
    /// Contacts.
    pub requests: u64,
    /// Contacts without a destination: malformed requests.
    pub undirected: u64,
    /// Domains it talked to.
    pub domains: u32,
    /// Slots in which it was on, so far.
    slots: u32,
    newest: u32,
    /// A bit for each of the newest 256 slots, at slot modulo 256.
    recent: [u64; KEPT as usize / 64],
    /// Agents of browsers in which pages were opened, by [`Agent::bit`](crate::event::Agent::bit).
    pub browsers: u64,
    /// Its latest downloads from rare places, at most [`DOWNLOADS`].
    pub downloads: Vec<Download>,
    /// What it sends to all domains, where it sends.
    pub sent: Option<Box<(Ladder, Usual)>>,
    /// What the ledger knows of it.
    pub past: Option<Box<ClientEntry>>,
    /// What the ledger is to learn of it.
    pub learning: Option<Box<Learning>>,
}

/// Downloads remembered of a client.
pub const DOWNLOADS: usize = 4;

/// A program, a script or an archive that a client fetched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Download {
    /// When the fetch began.
    pub at: Millis,
    /// Registrable domain that it came from.
    pub from: Box<[u8]>,
}

/// What one pane of one pair, or one contact, changes of its client.
#[derive(Clone, Debug, Default)]
pub struct ClientDelta {
    /// Keyed hash of the client.
    pub client: u64,
    /// The pane, minutes since 1970.
    pub minute: u32,
    /// Contacts.
    pub requests: u32,
    /// A new pair.
    pub new_domain: bool,
    /// Without a destination.
    pub undirected: bool,
    /// Earliest start.
    pub first: Millis,
    /// Latest end.
    pub last: Millis,
    /// What it sent.
    pub sent: Sent,
    /// Agents of browsers in which it opened pages.
    pub browsers: u64,
    /// A download from a rare place: the latest.
    pub download: Option<Box<Download>>,
    /// What of it a ledger does not cover; nothing where none is learned.
    pub learned: Learnable,
}

/// What a ledger is to learn of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learnable {
    /// What it sent.
    pub sent: Sent,
    /// It met a domain for the first time.
    pub met: bool,
}

impl Client {
    /// A client first seen with `delta`.
    pub fn new(name: Box<[u8]>, delta: &ClientDelta) -> Client {
        let newest = slot_of(Millis::from(delta.minute) * PANE);
        Client { name, first: delta.first, last: delta.last, newest, ..Client::default() }
    }

    /// Takes in what a pane changed. Commutative within the slots kept.
    pub fn add(&mut self, delta: &ClientDelta) {
        self.first = self.first.min(delta.first);
        self.last = self.last.max(delta.last);
        self.requests += u64::from(delta.requests);
        self.undirected += u64::from(delta.undirected) * u64::from(delta.requests);
        self.domains += u32::from(delta.new_domain);
        self.browsers |= delta.browsers;
        if let Some(download) = &delta.download {
            remember(&mut self.downloads, download);
        }
        // What came late says when it was on as well, but what that changes would depend on who tells first.
        if pane_of(delta.last) == delta.minute {
            self.mark(slot_of(delta.last));
        }
        if let Some(learning) = &mut self.learning {
            learning.add(delta);
        }
        if delta.sent != Sent::default() {
            let (ladder, usual) = &mut **self.sent.get_or_insert_default();
            // An hour that is over joins the past; all deltas of a pane are of one minute, so the first one does it.
            if let Some((_, sent)) = ladder.by_hour().next_back().filter(|(hour, _)| *hour < delta.minute / 60) {
                usual.add(sent.amount());
            }
            ladder.add(delta.minute, delta.sent);
        }
    }

    fn mark(&mut self, slot: u32) {
        if slot > self.newest {
            for new in (self.newest + 1..=slot).rev().take(KEPT as usize) {
                self.recent[(new % KEPT / 64) as usize] &= !(1 << (new % 64));
            }
            self.newest = slot;
        }
        if self.newest - slot < KEPT && !self.was_on(slot) {
            self.recent[(slot % KEPT / 64) as usize] |= 1 << (slot % 64);
            self.slots += 1;
        }
    }

    /// Whether it was on in a slot that is still kept.
    fn was_on(&self, slot: u32) -> bool {
        slot <= self.newest
            && self.newest - slot < KEPT
            && self.recent[(slot % KEPT / 64) as usize] & 1 << (slot % 64) != 0
    }

    /// Share of the slots strictly between two times in which it was on, 0–1, as far as they are kept; 1 if none lies
    /// between.
    pub fn on_between(&self, from: Millis, to: Millis) -> f64 {
        let oldest = self.newest.saturating_sub(KEPT - 1);
        let slots = (slot_of(from) + 1).max(oldest)..slot_of(to);
        if slots.is_empty() {
            return 1.0;
        }
        let between = slots.len() as f64;
        // After the newest slot it was on in none: not walked, or a gap of years would cost its length.
        (slots.start..slots.end.min(self.newest.saturating_add(1))).filter(|&s| self.was_on(s)).count() as f64 / between
    }

    /// Slots of ten minutes in which the client was on so far: a clock that stands still while it is off.
    pub fn online(&self) -> u32 {
        self.slots
    }

    /// Heap bytes behind the row.
    pub fn heap_bytes(&self) -> usize {
        self.name.len()
            + room(self.downloads.len()) * size_of::<Download>()
            + self.downloads.iter().map(|download| download.from.len()).sum::<usize>()
            + self.sent.as_ref().map_or(0, |s| size_of::<(Ladder, Usual)>() + s.0.heap_bytes())
            + self.past.as_ref().map_or(0, |_| size_of::<ClientEntry>())
            + self.learning.as_ref().map_or(0, |_| size_of::<Learning>())
    }
}

impl Merge for Client {
    fn merge(&mut self, later: &Self) {
        self.first = self.first.min(later.first);
        self.last = self.last.max(later.last);
        self.requests += later.requests;
        self.undirected += later.undirected;
        self.domains += later.domains;
        // Both clocks count the slots that both saw: those are taken off again.
        let shared = (0..KEPT).filter(|&back| {
            let slot = later.newest.saturating_sub(back);
            back <= later.newest && later.was_on(slot) && self.was_on(slot)
        });
        self.slots += later.slots - shared.count() as u32;
        let marked = self.slots;
        for back in (0..KEPT.min(later.newest + 1)).rev() {
            if later.was_on(later.newest - back) {
                self.mark(later.newest - back);
            }
        }
        self.slots = marked;
        self.browsers |= later.browsers;
        later.downloads.iter().for_each(|download| remember(&mut self.downloads, download));
        if let Some(sent) = &later.sent {
            let own = self.sent.get_or_insert_default();
            own.0.merge(&sent.0);
            own.1.merge(&sent.1);
        }
    }
}

/// Keeps the latest few, whatever the order in which they are told.
fn remember(downloads: &mut Vec<Download>, download: &Download) {
    if let Err(at) = downloads.binary_search(download) {
        downloads.insert(at, download.clone());
        if downloads.len() > DOWNLOADS {
            downloads.remove(0);
        }
    }
}

fn slot_of(time: Millis) -> u32 {
    u32::try_from(time.max(0) / SLOT).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn delta(minute: u32) -> ClientDelta {
        let time = Millis::from(minute) * 60_000;
        ClientDelta { minute, requests: 1, first: time, last: time, ..ClientDelta::default() }
    }

    proptest! {
        #[test]
        fn online_counts_distinct_slots_in_any_order(mut minutes in prop::collection::vec(1000u32..1600, 1..60)) {
            let count = |minutes: &[u32]| {
                let mut client = Client::new(b"c"[..].into(), &delta(minutes[0]));
                minutes.iter().for_each(|&m| client.add(&delta(m)));
                (client.online(), client.requests, client.first, client.last)
            };
            let one = count(&minutes);
            minutes.reverse();
            prop_assert_eq!(one, count(&minutes));
            let slots: std::collections::BTreeSet<u32> = minutes.iter().map(|m| m / 10).collect();
            prop_assert_eq!(one.0 as usize, slots.len());
        }
    }
}
