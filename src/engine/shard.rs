//! One shard: the domains and pairs of a share of all names, counted pane by pane. How is in `count.rs`,
//! what it tells of them in `judge.rs`, what it forgets in `evict.rs`.

mod count;
mod evict;
mod judge;
mod relist;

use crate::alert::{Episode, Record};
use crate::engine::knowledge::Gone;
use crate::engine::waiting::Waiting;
use crate::window::{Domain, Pair, Table};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

/// Key of an open episode: domain, client, detector.
type EpisodeKey = (u64, u64, u8);

/// The domains of a share of all names, and their pairs.
#[derive(Default, Serialize, Deserialize)]
pub struct Shard {
    /// What is released, by pane and pair, and behind it what waits for the watermark.
    waiting: Vec<Waiting>,
    /// How many of these are released.
    released: usize,
    /// First of them that is not counted.
    next: usize,
    domains: Table<Domain>,
    #[serde(serialize_with = "warm")]
    pairs: Table<Pair>,
    /// Pairs to judge in this pane: row, a contact of it to read texts from, and whether it is due by its count.
    #[serde(skip)]
    due: Vec<(u32, Waiting, bool)>,
    episodes: BTreeMap<EpisodeKey, Episode>,
    /// Heap behind rows, bytes.
    heap: usize,
    /// Duplicates found.
    pub duplicates: u64,
    /// What was evicted and is still to be learned.
    gone: Gone,
    /// Records of this pane, unordered.
    #[serde(skip)]
    pub records: Vec<Record>,
    /// Rules that hid an alert and its detector, one for each alert.
    #[serde(skip)]
    pub hidden: Vec<(usize, &'static str)>,
}

/// Most of what is known of pairs lies behind their rows.
fn warm<S: Serializer>(pairs: &Table<Pair>, serializer: S) -> Result<S::Ok, S::Error> {
    pairs.serialize_warm(serializer, Pair::warm)
}

/// Spreads the key of a pair.
fn pair_hash(domain: u32, client: u64) -> u64 {
    (client ^ u64::from(domain).wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

impl Shard {
    /// Takes in what a batch holds for it.
    pub fn take(&mut self, batch: u32, waiting: &[Waiting]) {
        let here = || waiting.iter().filter(|w| w.pane() != Waiting::NEVER);
        // Rounds are alike: what one needed is enough for most, and half as much again would lie idle.
        self.waiting.reserve_exact(here().count());
        self.waiting.extend(here().map(|w| w.of_batch(batch)));
    }

    /// Sorts out what belongs to panes before `until`; returns these panes, ascending. What was released before is counted.
    pub fn release(&mut self, until: u32) -> Vec<u32> {
        let is_due = |waiting: &Waiting| waiting.pane() < until;
        // Mostly all of it, or all but what came last.
        self.released = self.waiting.iter().position(|w| !is_due(w)).unwrap_or(self.waiting.len());
        for i in self.released..self.waiting.len() {
            if is_due(&self.waiting[i]) {
                self.waiting.swap(self.released, i);
                self.released += 1;
            }
        }
        let released = &mut self.waiting[..self.released];
        released.sort_unstable_by_key(|w| w.order());
        let mut panes: Vec<u32> = released.iter().map(|w| w.pane()).collect();
        panes.dedup();
        panes
    }

    /// Finds its rows again after they were read back.
    pub fn reindex(&mut self) {
        self.domains.reindex(|d| d.hash);
        self.pairs.reindex(|p| pair_hash(p.domain, p.client));
    }

    /// Contacts that are released and not counted: the work before it.
    pub fn load(&self) -> usize {
        self.released - self.next
    }

    /// Bytes of state, in entries × size.
    pub fn bytes(&self) -> usize {
        self.domains.bytes() + self.pairs.bytes() + self.heap
    }

    /// What is known of a domain.
    pub fn domain_of(&self, hash: u64) -> Option<&Domain> {
        self.domains.find(hash, |d| d.hash == hash).map(|row| self.domains.get(row))
    }

    /// Domains known.
    pub fn domains(&self) -> u64 {
        self.domains.len() as u64
    }

    /// Pairs known.
    pub fn pairs(&self) -> u64 {
        self.pairs.len() as u64
    }
}
