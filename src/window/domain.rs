//! One registrable domain: what the whole organisation has with it.

use crate::event::{Contact, HostKind, Millis};
use crate::window::{Distinct, Usual};

/// What is remembered of a domain.
#[derive(Debug)]
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
        }
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
    }
}
