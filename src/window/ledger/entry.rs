//! What the ledger holds of one domain and of one client.

use super::{Crowd, Days};
use crate::event::{Action, Contact, Millis};
use crate::window::{Merge, Usual, pane_of};
use serde::{Deserialize, Serialize};

/// Rows for which there is room in the map, for each that is there: its nodes are half full when it is filled in order.
pub(super) const NODE: usize = 2;
/// What the allocator adds to a name, bytes.
const NAME: usize = 16;

/// An own incident: the worst that was told of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// When it was told, ms UTC.
    pub time: Millis,
    /// Score, 80–100.
    pub score: u8,
}

impl Incident {
    /// The worse of two; of equal ones the earlier.
    fn worse(one: Option<Incident>, other: Option<Incident>) -> Option<Incident> {
        one.into_iter().chain(other).max_by_key(|i| (i.score, std::cmp::Reverse(i.time)))
    }
}

/// Sums over all contacts with a domain: what learning twice would double.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volumes {
    /// Contacts.
    pub requests: u64,
    /// Refused by the proxy.
    pub denied: u64,
    /// Bytes from clients; `None` where never logged.
    pub up: Option<u64>,
    /// Bytes to clients; `None` where never logged.
    pub down: Option<u64>,
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    }
}

impl Merge for Volumes {
    fn merge(&mut self, later: &Self) {
        self.requests = self.requests.saturating_add(later.requests);
        self.denied = self.denied.saturating_add(later.denied);
        self.up = sum(self.up, later.up);
        self.down = sum(self.down, later.down);
    }
}

/// One registrable domain, IP literal or single label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DomainEntry {
    /// First start of any client, ms UTC.
    pub first: Millis,
    /// Last end, ms UTC.
    pub last: Millis,
    /// Days with a contact.
    pub days: Days,
    /// Its clients.
    pub clients: Crowd,
    /// What it took.
    pub volumes: Volumes,
    /// What one client sends it in an hour in which it sends; only where any does.
    pub sent: Option<Box<Usual>>,
    /// The worst own incident.
    pub incident: Option<Incident>,
    /// The highest score, if 80 or more, that it had while learning: nobody was told, so it is no incident, but nothing to
    /// get used to either. 0: none.
    pub doubt: u8,
}

impl Default for DomainEntry {
    fn default() -> Self {
        DomainEntry {
            first: Millis::MAX,
            last: 0,
            days: Days::default(),
            clients: Crowd::default(),
            volumes: Volumes::default(),
            sent: None,
            incident: None,
            doubt: 0,
        }
    }
}

impl DomainEntry {
    /// Takes in a contact; what is `covered` is in the sums already.
    pub fn add(&mut self, contact: &Contact, covered: bool) {
        self.first = self.first.min(contact.start());
        self.last = self.last.max(contact.end);
        self.days.add(contact.end);
        if !covered {
            self.volumes.merge(&Volumes {
                requests: 1,
                denied: u64::from(contact.action == Action::Denied),
                up: contact.bytes_up(),
                down: contact.bytes_down(),
            });
        }
    }

    /// What was told of it, with a score of 80 or more.
    pub fn told(&mut self, incident: Incident) {
        self.incident = Incident::worse(self.incident, Some(incident));
    }

    /// What a judgement asks.
    pub fn past(&self) -> Past {
        Past {
            first: self.first,
            last: self.last,
            days: self.days.count(),
            clients: self.clients.count(),
            sent: self.sent.clone(),
            incident: self.incident,
            doubt: self.doubt,
        }
    }

    /// Bytes it takes in a ledger under a name of so many bytes.
    pub fn row_bytes(&self, name: usize) -> usize {
        NODE * (size_of::<String>() + size_of::<DomainEntry>()) + NAME + name + self.heap_bytes()
    }

    /// What it is worth to keep it: least if one client met it in a single minute, most if an incident is known.
    pub fn weight(&self) -> u8 {
        match () {
            () if self.incident.is_some() || self.doubt > 0 => 2,
            () if self.clients.is_single() && pane_of(self.first) == pane_of(self.last) => 0,
            () => 1,
        }
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        let sent = self.sent.as_ref().map_or(0, |_| size_of::<Usual>());
        self.days.heap_bytes() + self.clients.heap_bytes() + sent
    }
}

impl Merge for DomainEntry {
    fn merge(&mut self, later: &Self) {
        self.first = self.first.min(later.first);
        self.last = self.last.max(later.last);
        self.days.merge(&later.days);
        self.clients.merge(&later.clients);
        self.volumes.merge(&later.volumes);
        if let Some(sent) = &later.sent {
            self.sent.get_or_insert_default().merge(sent);
        }
        self.incident = Incident::worse(self.incident, later.incident);
        self.doubt = self.doubt.max(later.doubt);
    }
}

impl Past {
    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        self.sent.as_ref().map_or(0, |_| size_of::<Usual>())
    }
}

/// What a judgement asks of a domain that the ledger knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// First start of any client, ms UTC.
    pub first: Millis,
    /// Last end, ms UTC.
    pub last: Millis,
    /// Days with a contact.
    pub days: u32,
    /// Distinct clients.
    pub clients: u64,
    /// See [`DomainEntry::sent`].
    pub sent: Option<Box<Usual>>,
    /// The worst own incident.
    pub incident: Option<Incident>,
    /// See [`DomainEntry::doubt`].
    pub doubt: u8,
}

/// One client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClientEntry {
    /// Last end, ms UTC.
    pub last: Millis,
    /// What it sends in an hour in which it sends.
    pub sent: Usual,
    /// Domains it meets for the first time on a day on which it meets any.
    pub met: Usual,
}

impl ClientEntry {
    /// Bytes it takes in a ledger under a name of so many bytes.
    pub fn row_bytes(name: usize) -> usize {
        NODE * (size_of::<String>() + size_of::<ClientEntry>()) + NAME + name
    }
}

impl Merge for ClientEntry {
    fn merge(&mut self, later: &Self) {
        self.last = self.last.max(later.last);
        self.sent.merge(&later.sent);
        self.met.merge(&later.met);
    }
}
