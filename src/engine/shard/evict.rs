//! What a shard forgets when the state is over its limit.

use super::{Shard, pair_hash};
use crate::alert::Episode;
use crate::engine::pane::Pane;
use crate::window::ledger::Ledger;
use crate::window::{Domain, Pair, pane_of};
use std::collections::BTreeMap;

/// Tier of a pair in an open episode.
const TOLD: u8 = 2;
/// Tier of a domain that has no pair left: known from more than one client, so it goes last.
const EMPTY_DOMAIN: u8 = 3;

impl Shard {
    /// Adds what was learned of domains; how many were lost.
    pub fn teach(&self, ledger: &mut Ledger) -> u64 {
        for domain in self.domains.rows() {
            if let Some(learned) = &domain.learned {
                ledger.add_domain(&String::from_utf8_lossy(&domain.name), &learned.whole());
            }
        }
        self.gone.teach(ledger)
    }

    /// Bytes of pairs by (tier, pane of the last contact): what an eviction chooses by.
    pub fn ages(&self, into: &mut BTreeMap<(u8, u32), usize>) {
        for domain in self.domains.rows().filter(|d| d.pairs == 0) {
            let bytes = size_of::<Domain>() + 8 + domain.heap_bytes();
            *into.entry((EMPTY_DOMAIN, pane_of(domain.last))).or_default() += bytes;
        }
        for pair in self.pairs.rows() {
            let told: usize = self.told(pair).map(Episode::bytes).sum();
            let bytes = size_of::<Pair>() + 8 + pair.heap_bytes() + told;
            *into.entry((self.tier(pair), pane_of(pair.hand.last))).or_default() += bytes;
        }
    }

    /// What goes first: pairs seen in one visit, then those that came back, last those in an episode.
    fn tier(&self, pair: &Pair) -> u8 {
        match &pair.detail {
            None => 0,
            Some(_) if self.told(pair).next().is_some() => TOLD,
            Some(_) => 1,
        }
    }

    /// The open episodes of a pair.
    pub(super) fn told(&self, pair: &Pair) -> impl Iterator<Item = &Episode> {
        let (domain, client) = (self.domains.get(pair.domain).hash, pair.client);
        self.episodes.range((domain, client, 0)..=(domain, client, u8::MAX)).map(|(_, episode)| episode)
    }

    /// Drops pairs up to `cut` in the order of [`Shard::ages`], and domains that have none left and were seen by one
    /// client only: a flood of new names does not evict what is known. What is told of a pair that goes ends with it. Returns
    /// (pairs, domains) dropped.
    pub fn evict(&mut self, pane: &Pane<'_>, cut: (u8, u32), room: usize) -> (u64, u64) {
        if cut.0 >= TOLD {
            self.end_where(pane, |pair| (TOLD, pane_of(pair.hand.last)) <= cut);
        }
        let keep: Vec<bool> = self.pairs.rows().map(|p| (self.tier(p), pane_of(p.hand.last)) > cut).collect();
        let (domains_before, pairs_before) = (self.domains.len(), self.pairs.len());
        for (pair, keep) in self.pairs.rows().zip(&keep) {
            if !keep {
                let domain = self.domains.get_mut(pair.domain);
                domain.pairs -= 1;
                domain.judged.forget(pair.standing(), pair.client);
            }
        }
        self.domains.rows_mut().for_each(Domain::refresh);
        let known = |d: &Domain| d.clients.count() > 1 && (EMPTY_DOMAIN, pane_of(d.last)) > cut;
        for domain in self.domains.rows().filter(|d| d.learned.is_some() && d.pairs == 0 && !known(d)) {
            self.gone.keep(domain, room);
        }
        let moved = self.domains.retain(|d| d.pairs > 0 || known(d), |d| d.hash);
        let row = std::cell::Cell::new(0);
        for pair in self.pairs.rows_mut() {
            pair.domain = moved[pair.domain as usize].unwrap_or(u32::MAX);
        }
        self.pairs.retain(
            |_| {
                let i = row.replace(row.get() + 1);
                keep[i]
            },
            |p| pair_hash(p.domain, p.client),
        );
        self.heap = self.pairs.rows().map(Pair::heap_bytes).sum::<usize>()
            + self.domains.rows().map(Domain::heap_bytes).sum::<usize>()
            + self.episodes.values().map(Episode::bytes).sum::<usize>();
        ((pairs_before - self.pairs.len()) as u64, (domains_before - self.domains.len()) as u64)
    }
}
