//! The party: a client or a domain in an incident, and what all records tell of it.

use crate::alert::{DomainStats, Record};
use std::collections::{BTreeMap, BTreeSet};

/// A client or a domain in an incident.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Party {
    /// Site of a client.
    pub site: Option<String>,
    /// User of a client.
    pub user: Option<String>,
    /// Hosts of a domain, as far as they are named.
    pub hosts: BTreeSet<String>,
    /// The domains of a client, the clients of a domain.
    pub others: BTreeSet<String>,
    /// First contact, RFC 3339 UTC.
    pub first_seen: String,
    /// Last contact.
    pub last_seen: String,
    /// When an alert named it first.
    pub told: String,
    /// The times are its own, not those of others that a finding speaks of as well.
    own: bool,
    /// Highest score.
    pub score: u8,
    /// Requests of its own episodes and how many of them the proxy refused, by the other side. What is told only of several
    /// together is not among them.
    counts: BTreeMap<String, (u64, u64)>,
    /// Of a domain: what all clients of the organisation did with it.
    pub all: Option<DomainStats>,
}

impl Party {
    /// Is spoken of in a record, together with the other side of it; `pair`: alone, `own`: its times are those of the record.
    pub(super) fn meet<'a>(&mut self, record: &Record, others: impl Iterator<Item = &'a str>, pair: bool, own: bool) {
        if own && !self.own || self.first_seen.is_empty() {
            self.first_seen.clone_from(&record.first_seen);
            self.last_seen.clone_from(&record.last_seen);
            self.told.clone_from(&record.time);
        } else if own == self.own {
            let earlier = |held: &mut String, other: &String| *held = std::mem::take(held).min(other.clone());
            earlier(&mut self.first_seen, &record.first_seen);
            earlier(&mut self.told, &record.time);
            self.last_seen = std::mem::take(&mut self.last_seen).max(record.last_seen.clone());
        }
        self.own |= own;
        self.score = self.score.max(record.score);
        for other in others {
            self.others.insert(other.to_owned());
            if pair {
                // What several detectors tell of one pair are the same requests.
                let held = self.counts.entry(other.to_owned()).or_default();
                *held = (*held).max((record.requests, record.denied));
            }
        }
    }

    /// Requests of its own episodes; `None` where all that is told of it is told of several together.
    pub fn requests(&self) -> Option<u64> {
        (!self.counts.is_empty()).then(|| self.counts.values().map(|(requests, _)| requests).sum())
    }

    /// Of these refused by the proxy.
    pub fn denied(&self) -> u64 {
        self.counts.values().map(|(_, denied)| denied).sum()
    }

    /// Whether the proxy refused all of them, as far as is known.
    pub fn is_refused(&self) -> bool {
        self.requests() == Some(self.denied())
    }

    /// As a record knows a domain; counts only grow.
    pub(super) fn know(&mut self, stats: &DomainStats) {
        let all = self.all.get_or_insert_with(|| stats.clone());
        all.clients = all.clients.max(stats.clients);
        all.hosts = all.hosts.max(stats.hosts);
        all.requests = all.requests.max(stats.requests);
        if stats.first_seen < all.first_seen {
            all.first_seen.clone_from(&stats.first_seen);
        }
    }

    /// Clients beside those of the incident that go to a domain; `None` where no record says.
    pub fn other_clients(&self) -> Option<u64> {
        self.all.as_ref().map(|all| all.clients.saturating_sub(self.others.len() as u64))
    }
}
