//! A domain and a client while they are learned: their entries, and the hour and the day that go on.

use super::{ClientEntry, DomainEntry};
use crate::window::ladder::SMALL;
use crate::window::{ClientDelta, Sent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Entries of a leaf of the map; it is half full at least, or alone.
const LEAF: usize = 12;

/// A domain while it is learned: its entry, and what each client sent it in the hour that goes on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DomainLearning {
    /// All but that hour.
    pub entry: DomainEntry,
    hour: u32,
    /// By keyed hash of the client.
    sent: BTreeMap<u64, Sent>,
}

impl DomainLearning {
    /// Takes in what a client sent in a pane, nothing of it known before. Panes come in their order.
    pub fn send(&mut self, client: u64, minute: u32, sent: Sent) {
        // What no ladder holds is no hour in which anything is sent: handshakes of tunnels are everywhere.
        if sent.posts == 0 && sent.bytes < SMALL && (minute / 60 > self.hour || !self.sent.contains_key(&client)) {
            return;
        }
        if minute / 60 > self.hour {
            self.end_hour();
            self.hour = minute / 60;
        }
        self.sent.entry(client).or_default().add(sent);
    }

    fn end_hour(&mut self) {
        let sent = std::mem::take(&mut self.sent);
        if !sent.is_empty() {
            let usual = self.entry.sent.get_or_insert_default();
            sent.values().for_each(|sent| usual.add(sent.amount()));
        }
    }

    /// What was learned; the hour that goes on is over with it.
    pub fn whole(&self) -> DomainEntry {
        let mut whole = self.clone();
        whole.end_hour();
        whole.entry
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        self.entry.heap_bytes() + self.sent.len().div_ceil(LEAF / 2) * LEAF * size_of::<(u64, Sent)>()
    }
}

/// A client while it is learned: its entry, and the hour and the day that go on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Learning {
    entry: ClientEntry,
    hour: u32,
    sent: Sent,
    day: u32,
    met: u32,
}

impl Learning {
    /// Takes in what a pane changed. The changes of a pane come in any order, panes in theirs.
    pub fn add(&mut self, delta: &ClientDelta) {
        self.entry.last = self.entry.last.max(delta.last);
        if delta.learned == Default::default() {
            return;
        }
        let (hour, day) = (delta.minute / 60, delta.minute / (24 * 60));
        if hour > self.hour {
            self.end_hour();
            self.hour = hour;
        }
        if day > self.day {
            self.end_day();
            self.day = day;
        }
        self.sent.add(delta.learned.sent);
        self.met += u32::from(delta.learned.met);
    }

    fn end_hour(&mut self) {
        let sent = std::mem::take(&mut self.sent);
        if sent != Sent::default() {
            self.entry.sent.add(sent.amount());
        }
    }

    fn end_day(&mut self) {
        let met = std::mem::take(&mut self.met);
        if met > 0 {
            self.entry.met.add(u64::from(met));
        }
    }

    /// What was learned; the hour and the day that go on are over with it.
    pub fn entry(&self) -> ClientEntry {
        let mut whole = self.clone();
        whole.end_hour();
        whole.end_day();
        whole.entry
    }
}
