//! The ledger: what the organisation knows of each domain and of each client, from one run to the next.
//!
//! Almost all of it is sets, extremes and days, so it may be learned again without a change. Only sums are not: for them the
//! ledger remembers which spans of which input it covers, and what lies in one adds nothing to a sum. An input is known by
//! what it holds, its first contact, never by its name: archives are renamed, compressed and grow.

mod crowd;
mod days;
mod entry;
mod error;
mod file;
mod learning;
mod spans;

pub use crowd::Crowd;
pub use days::Days;
pub use entry::{ClientEntry, DomainEntry, Incident, Past, Volumes};
pub use error::LedgerError;
pub use learning::{DomainLearning, Learning};
pub use spans::{Span, Spans};

use crate::event::Millis;
use crate::window::Merge;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Domains kept at most: about 500 MB.
pub const DOMAINS: usize = 1 << 20;
/// Clients kept at most.
pub const CLIENTS: usize = 1 << 18;
/// Inputs of which the covered spans are kept at most.
pub const INPUTS: usize = 1 << 16;

/// What the organisation knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Stands for the key of the hashes in it; sets made with different keys cannot be joined.
    pub key: String,
    /// First start and last end of all that was learned, ms UTC.
    pub span: Option<Span>,
    /// Days with any contact.
    pub days: Days,
    /// By registrable domain, IP literal or single label.
    pub domains: BTreeMap<String, DomainEntry>,
    /// By name or address, as logged.
    pub clients: BTreeMap<String, ClientEntry>,
    /// What of which input is in the sums, by the input's key.
    pub inputs: BTreeMap<u64, Spans>,
}

/// How much a ledger has seen: what "new" and "few" are measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    /// First contact, ms UTC.
    pub from: Millis,
    /// Days with any contact.
    pub days: u32,
    /// Clients.
    pub clients: u64,
}

/// What did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Domains.
    pub domains: u64,
    /// Clients.
    pub clients: u64,
}

impl Ledger {
    /// An empty ledger for hashes of one key.
    pub fn new(key: String) -> Ledger {
        Ledger { key, ..Ledger::default() }
    }

    /// How much it has seen; `None`: nothing.
    pub fn learned(&self) -> Option<Learned> {
        let Span { from, .. } = self.span?;
        Some(Learned { from, days: self.days.count(), clients: self.clients.len() as u64 })
    }

    /// Bytes it takes in memory, in entries × size.
    pub fn bytes(&self) -> usize {
        let domains: usize = self.domains.iter().map(|(name, entry)| entry.row_bytes(name.len())).sum();
        let clients: usize = self.clients.keys().map(|name| ClientEntry::row_bytes(name.len())).sum();
        let inputs: usize = self.inputs.values().map(Spans::row_bytes).sum();
        domains + clients + inputs
    }

    /// Takes in what was seen of a domain.
    pub fn add_domain(&mut self, name: &str, seen: &DomainEntry) {
        self.span = Span::join(self.span, Some(Span { from: seen.first, to: seen.last }));
        self.days.merge(&seen.days);
        match self.domains.get_mut(name) {
            Some(known) => known.merge(seen),
            None => drop(self.domains.insert(name.to_owned(), seen.clone())),
        }
    }

    /// Takes in what was seen of a client.
    pub fn add_client(&mut self, name: &str, seen: &ClientEntry) {
        match self.clients.get_mut(name) {
            Some(known) => known.merge(seen),
            None => drop(self.clients.insert(name.to_owned(), seen.clone())),
        }
    }

    /// Drops what is worth least until no more is left than is kept: domains met in a single minute by one client first,
    /// then what was seen longest ago; names decide last. What an incident is known of stays longest.
    pub fn bound(&mut self) -> LeftOut {
        let domains = trim(&mut self.domains, DOMAINS, |d| (d.weight(), d.last));
        let clients = trim(&mut self.clients, CLIENTS, |c| (0, c.last));
        trim(&mut self.inputs, INPUTS, |spans| (0, spans.last()));
        LeftOut { domains, clients }
    }
}

/// Keeps the `most` entries of greatest worth; how many went.
fn trim<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, most: usize, worth: impl Fn(&V) -> (u8, Millis)) -> u64 {
    let excess = map.len().saturating_sub(most);
    if excess > 0 {
        let mut order: Vec<((u8, Millis), K)> = map.iter().map(|(key, value)| (worth(value), key.clone())).collect();
        order.select_nth_unstable(excess - 1);
        order[..excess].iter().for_each(|(_, key)| drop(map.remove(key)));
    }
    excess as u64
}

impl Merge for Ledger {
    /// Sums are added: `later` must have been learned beside what `self` covers.
    fn merge(&mut self, later: &Self) {
        self.span = Span::join(self.span, later.span);
        self.days.merge(&later.days);
        later.domains.iter().for_each(|(name, seen)| self.add_domain(name, seen));
        later.clients.iter().for_each(|(name, seen)| self.add_client(name, seen));
        for (&input, spans) in &later.inputs {
            self.inputs.entry(input).or_default().merge(spans);
        }
    }
}

#[cfg(test)]
mod tests;
