//! What the engine knows from the ledger, and what it is to learn for the next.

use crate::engine::batch::Batch;
use crate::engine::names::HashKey;
use crate::event::{Action, Contact, Method, Millis, Signs};
use crate::window::ledger::{DomainEntry, Incident, Learned, Ledger, Span, Spans};
use crate::window::{Client, Domain, Learnable, Merge, Sent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Share of the memory limit that what was evicted may take while it waits for the ledger.
const SHARE: usize = 16;
/// What an entry takes, about, bytes.
const ENTRY: usize = 320;

/// What is done with what a run sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lesson {
    /// Nothing: no ledger is written.
    #[default]
    None,
    /// It is learned, and what is told are own incidents.
    Learn,
    /// It is learned, and nobody is told.
    Silent,
}

/// What the ledger says, and what is learned.
#[derive(Debug, Default)]
pub struct Knowledge {
    ledger: Option<Arc<Ledger>>,
    /// Bytes of the ledger.
    pub bytes: usize,
    /// Last contact of the ledger, ms UTC.
    pub until: Option<Millis>,
    /// How much the ledger has seen.
    pub learned: Option<Learned>,
    lesson: Lesson,
    inputs: Vec<Known>,
}

/// What is known of one input.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Known {
    /// What its first contact says it is.
    key: Option<u64>,
    /// What the ledger covers of it.
    covered: Spans,
}

/// What of domains was evicted and is still to be learned.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Gone {
    domains: BTreeMap<String, DomainEntry>,
    left_out: u64,
}

impl Gone {
    /// Adds what was kept; how many were not.
    pub fn teach(&self, ledger: &mut Ledger) -> u64 {
        self.domains.iter().for_each(|(name, entry)| ledger.add_domain(name, entry));
        self.left_out
    }

    /// Keeps what is learned of a domain that is forgotten, while there is room: half of it for those that one client met
    /// in a single minute, or a flood of names would take it all.
    pub fn keep(&mut self, domain: &Domain, room: usize) {
        let Some(learned) = &domain.learned else { return };
        let entry = learned.whole();
        let name = String::from_utf8_lossy(&domain.name);
        if let Some(known) = self.domains.get_mut(&*name) {
            return known.merge(&entry);
        }
        let room = if entry.weight() == 0 { room / 2 } else { room };
        if self.domains.len() < room {
            self.domains.insert(name.into_owned(), entry);
        } else {
            self.left_out += 1;
        }
    }
}

impl Knowledge {
    /// Whether anything is learned.
    pub fn learns(&self) -> bool {
        self.lesson != Lesson::None
    }

    /// Begins with what a ledger says.
    pub fn know(&mut self, ledger: Arc<Ledger>) {
        self.learned = ledger.learned();
        self.bytes = ledger.bytes();
        self.until = ledger.span.map(|span| span.to);
        self.ledger = Some(ledger);
    }

    /// What is known of each input, to write it down.
    pub fn memory(&self) -> &[Known] {
        &self.inputs
    }

    /// What [`Knowledge::memory`] wrote down.
    pub fn remember(&mut self, inputs: Vec<Known>) {
        self.inputs = inputs;
    }

    /// Begins to learn.
    pub fn learn(&mut self, lesson: Lesson) {
        self.lesson = lesson;
    }

    /// An input is known by its first contact: its line and its time.
    pub fn identify(&mut self, batch: &Batch, key: HashKey) {
        let input = usize::from(batch.input);
        if self.inputs.len() <= input {
            self.inputs.resize_with(input + 1, Known::default);
        }
        let known = &mut self.inputs[input];
        if let Some(first) = batch.contacts.first().filter(|_| known.key.is_none() && self.lesson != Lesson::None) {
            let id = key.name(batch.line(first)) ^ (first.end as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            known.key = Some(id);
            known.covered = self.ledger.as_ref().and_then(|l| l.inputs.get(&id)).cloned().unwrap_or_default();
        }
    }

    /// Whether the ledger's sums hold what an input has at a time.
    pub fn covers(&self, input: u16, time: Millis) -> bool {
        self.inputs.get(usize::from(input)).is_some_and(|known| known.covered.hold(time))
    }

    /// Gives a new domain what is known of it.
    pub fn introduce_domain(&self, domain: &mut Domain) {
        if let Some(ledger) = &self.ledger {
            let known = ledger.domains.get(&*String::from_utf8_lossy(&domain.name));
            domain.past = known.map(|entry| Box::new(entry.past()));
        }
        domain.learned = self.learns().then(Box::default);
    }

    /// Gives a new client what is known of it.
    pub fn introduce_client(&self, client: &mut Client) {
        if let Some(ledger) = &self.ledger {
            client.past = ledger.clients.get(&*String::from_utf8_lossy(&client.name)).cloned().map(Box::new);
        }
        client.learning = self.learns().then(Box::default);
    }

    /// Takes in the contacts of a pair in a pane, each with its input, and says what its client is to learn. `begins`: it is their
    /// first, as far as is remembered.
    pub fn take<'a>(
        &self,
        domain: &mut Domain,
        minute: u32,
        contacts: impl Iterator<Item = (&'a Contact, u16)>,
        mut begins: bool,
    ) -> Learnable {
        let Some(learned) = &mut domain.learned else { return Learnable::default() };
        let ledger = self.ledger.as_ref().filter(|_| begins);
        let known = ledger.and_then(|l| l.domains.get(&*String::from_utf8_lossy(&domain.name)));
        let mut learnable = Learnable { sent: Sent::default(), met: begins };
        let (mut whose, entry) = (0, &mut learned.entry);
        for (contact, input) in contacts {
            whose = contact.client;
            let covered = self.covers(input, contact.end);
            learnable.met &= !covered && known.is_none_or(|known| !known.clients.may_hold(contact.client));
            entry.add(contact, covered);
            if !covered && contact.method != Method::Get && contact.action != Action::Denied && !contact.is(Signs::LATE)
            {
                learnable.sent.bytes = learnable.sent.bytes.saturating_add(contact.bytes_up().unwrap_or(0));
                learnable.sent.posts += u32::from(contact.method == Method::Post);
            }
            // Of a pair that was evicted, the domain may still know.
            if std::mem::take(&mut begins) {
                learnable.met &= !entry.clients.may_hold(contact.client);
                entry.clients.insert(contact.client);
            }
        }
        learned.send(whose, minute, learnable.sent);
        learnable
    }

    /// Something was told of a domain, of which a contact of an input was the occasion.
    pub fn told(&self, domain: &mut Domain, incident: Incident, (contact, input): (&Contact, u16)) {
        // What is covered was told when it was learned.
        let Some(learned) = domain.learned.as_mut().filter(|_| !self.covers(input, contact.end)) else { return };
        let entry = &mut learned.entry;
        match self.lesson {
            Lesson::Silent => entry.doubt = entry.doubt.max(incident.score),
            _ => entry.told(incident),
        }
    }

    /// What was known, to be joined with what was learned. It is known no more: two of them may not fit.
    pub fn take_known(&mut self, key: HashKey) -> Ledger {
        self.ledger.take().map_or_else(|| Ledger::new(key.fingerprint()), Arc::unwrap_or_clone)
    }

    /// Adds what of each input was counted.
    pub fn cover(&self, counted: impl Iterator<Item = Option<Span>>, ledger: &mut Ledger) {
        for (known, span) in self.inputs.iter().zip(counted) {
            if let (Some(key), Some(span)) = (known.key, span) {
                ledger.inputs.entry(key).or_default().add(span);
            }
        }
    }
}

/// Domains that may wait in one of `shards` for the ledger, of a memory limit in bytes.
pub fn room(memory: usize, shards: usize) -> usize {
    (memory / SHARE / ENTRY / shards).max(8)
}

/// Clients that may wait for the ledger.
pub fn client_room(memory: usize) -> usize {
    memory / SHARE / ENTRY
}
