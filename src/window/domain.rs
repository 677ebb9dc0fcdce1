//! One registrable domain: what the whole organisation has with it.

use crate::event::{Contact, HostKind, Millis};
use crate::window::ledger::{DomainLearning, Past};
use crate::window::{Distinct, Majority, Merge, Standing, Usual};
use serde::{Deserialize, Serialize};

/// What is remembered of a domain.
#[derive(Debug, Serialize, Deserialize)]
pub struct Domain {
    /// Keyed hash of the name.
    pub hash: u64,
    /// Registrable domain, IP literal or single label.
    pub name: Box<[u8]>,
    /// What it is.
    pub kind: HostKind,
    /// First start of any client.
    pub first: Millis,
    /// Last end.
    pub last: Millis,
    /// Contacts of all clients.
    pub requests: u64,
    /// Refused by the proxy.
    pub denied: u64,
    /// Distinct clients.
    pub clients: Distinct,
    /// Distinct hosts under it.
    pub hosts: Distinct,
    /// Hosts met last, by their low bits: most repeat, and only others are told to the set.
    recent_hosts: [u32; 8],
    /// Pairs alive in this shard.
    pub pairs: u32,
    /// Sent per client and active hour, of past hours.
    pub usual: Option<Box<Usual>>,
    /// Events of the whole input before its first contact: how much past there was in which nobody asked for it.
    pub before: u64,
    /// What judgements have found of its clients.
    pub judged: Judged,
    /// Whether something below it is listed as known bad.
    pub listed: bool,
    /// The worst that was told of it: pane and score.
    pub incident: Option<(u32, u8)>,
    /// What the ledger knows of it.
    pub past: Option<Box<Past>>,
    /// What the ledger is to learn of it.
    pub learned: Option<Box<DomainLearning>>,
}

/// What judgements have found of the clients of a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Clients that came back often enough to show a rhythm, if they have one.
    pub clients: u32,
    /// Those that do, by the clock.
    pub clocks: u32,
    /// Those of them that began it while they had been on: it came to them.
    pub reached: u32,
    /// The first of those; 0 if there is none.
    pub zero: u64,
    /// What their requests have in common.
    pub shape: Majority,
}

impl Judged {
    /// A pair of `client` rises from one standing to another.
    pub fn rise(&mut self, from: Standing, to: Standing, client: u64, shape: u32) {
        let crosses = |at: Standing| u32::from(from < at && to >= at);
        self.clients += crosses(Standing::Irregular);
        self.clocks += crosses(Standing::Clock);
        if crosses(Standing::Reached) > 0 {
            self.reached += 1;
            self.shape.add(shape);
            if self.zero == 0 {
                self.zero = client;
            }
        }
    }

    /// A pair goes.
    pub fn forget(&mut self, standing: Standing, client: u64) {
        self.clients -= u32::from(standing >= Standing::Irregular);
        self.clocks -= u32::from(standing >= Standing::Clock);
        self.reached -= u32::from(standing >= Standing::Reached);
        if self.zero == client {
            self.zero = 0;
        }
    }
}

impl Domain {
    /// A domain at its first contact.
    pub fn new(hash: u64, name: Box<[u8]>, kind: HostKind, contact: &Contact) -> Domain {
        Domain {
            hash,
            name,
            kind,
            first: contact.start(),
            last: contact.end,
            requests: 0,
            denied: 0,
            clients: Distinct::default(),
            hosts: Distinct::default(),
            // No place holds a host with its own low bits yet.
            recent_hosts: [1, 0, 0, 0, 0, 0, 0, 0],
            pairs: 0,
            usual: None,
            before: 0,
            judged: Judged::default(),
            listed: false,
            incident: None,
            past: None,
            learned: None,
        }
    }

    /// A copy without what was judged and sent: to be joined with others.
    pub fn alone(&self) -> Domain {
        Domain {
            name: self.name.clone(),
            clients: self.clients.clone(),
            hosts: self.hosts.clone(),
            usual: None,
            judged: Judged::default(),
            past: self.past.clone(),
            learned: None,
            ..*self
        }
    }

    /// Takes in another domain, as if both were one.
    pub fn join(&mut self, other: &Domain) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.requests += other.requests;
        self.denied += other.denied;
        self.clients.merge(&other.clients);
        self.hosts.merge(&other.hosts);
        self.before = self.before.min(other.before);
    }

    /// Counts a contact of any client.
    #[inline]
    pub fn add(&mut self, contact: &Contact) {
        self.first = self.first.min(contact.start());
        self.last = self.last.max(contact.end);
        self.requests += 1;
        self.denied += u64::from(contact.action == crate::event::Action::Denied);
        let recent = &mut self.recent_hosts[contact.host as usize % 8];
        if *recent != contact.host {
            *recent = contact.host;
            // The low half is a good hash on its own; spread it, since the sketch reads from the top.
            self.hosts.insert(u64::from(contact.host).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
    }

    /// Brings the estimates of distinct clients and hosts up to date, before they are told.
    pub fn refresh(&mut self) {
        self.clients.refresh();
        self.hosts.refresh();
    }

    /// Heap bytes behind the row.
    pub fn heap_bytes(&self) -> usize {
        self.name.len()
            + self.clients.heap_bytes()
            + self.hosts.heap_bytes()
            + self.usual.as_ref().map_or(0, |_| size_of::<Usual>())
            + self.past.as_ref().map_or(0, |past| size_of::<Past>() + past.heap_bytes())
            + self.learned.as_ref().map_or(0, |entry| size_of::<DomainLearning>() + entry.heap_bytes())
    }
}
