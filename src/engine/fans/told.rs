//! What is told of a fan: its domains as one, its meetings as one pair.

use crate::alert::{Episode, Record, RecordKind, Telling};
use crate::engine::batch::shard_of;
use crate::engine::pane::Pane;
use crate::engine::shard::Shard;
use crate::event::{Contact, Method, Millis};
use crate::lock::lock;
use crate::window::{Burst, Detail, Domain, Fan, Hand, MEETINGS, Meeting, Pair, Story, Watched};
use serde::{Deserialize, Serialize};
use std::sync::Mutex;

/// A burst, and what is known of its domains.
pub struct Gathered {
    /// Its counts.
    pub burst: Burst,
    /// All of it as one pair.
    pub pair: Pair,
    /// All its domains as one.
    pub domain: Domain,
    /// Their names.
    pub names: Names,
    /// Clients of each whose name is natural.
    pub crowds: Vec<u32>,
}

/// Names of domains, in the order of the meetings.
pub type Names = Vec<Box<[u8]>>;

/// What was told of a client.
#[derive(Serialize, Deserialize)]
pub struct Told {
    /// The worst finding.
    pub episode: Episode,
    /// What it was told of; what else the client meets is not counted.
    pub story: Story,
    /// All that was counted of it, by the first contact when it was told first.
    pub pair: Pair,
    /// Its domains as one, by the name of the first when it was told first.
    pub domain: Domain,
    /// Those met first, at most [`MEETINGS`].
    pub names: Names,
}

impl Told {
    /// Bytes, what is behind it included.
    pub fn bytes(&self) -> usize {
        // Room for all names: they come by and by.
        size_of::<Told>() + self.episode.bytes() + self.domain.heap_bytes() + size_of::<Detail>() + MEETINGS * 80
    }

    /// Adds a meeting that began at `start`; `name` is asked for while there is room.
    pub fn add(&mut self, meeting: &Meeting, start: Millis, name: impl FnOnce() -> Option<Box<[u8]>>) {
        add(&mut self.pair, meeting);
        self.pair.hand = Hand::at(self.pair.hand.last.max(start));
        if self.names.len() < MEETINGS
            && let Some(name) = name().filter(|name| !self.names.contains(name))
        {
            self.names.push(name);
        }
    }
}

/// Adds a meeting to the sums of a pair.
fn add(pair: &mut Pair, meeting: &Meeting) {
    pair.requests = pair.requests.saturating_add(meeting.requests.into());
    pair.denied = pair.denied.saturating_add(meeting.denied.into());
    if let Some(n) = pair.methods.get_mut(meeting.method as usize) {
        *n = n.saturating_add(meeting.requests.into());
    }
    pair.up = pair.up.saturating_add(meeting.up.into());
    pair.down = pair.down.saturating_add(meeting.down.into());
    pair.detail_mut().url_bytes += u64::from(meeting.url_bytes);
}

/// The name of a domain, if it is still known.
pub fn name_of(domain: u64, shards: &[Mutex<Shard>]) -> Option<Box<[u8]>> {
    lock(&shards[shard_of(domain)]).domain_of(domain).map(|domain| domain.name.clone())
}

/// What is known of the domains of a burst. `None` if all were forgotten meanwhile.
pub fn gather(fan: &Fan, burst: Burst, pane: &Pane<'_>, shards: &[Mutex<Shard>]) -> Option<Gathered> {
    let (mut names, mut crowds, mut all) = (Vec::new(), Vec::new(), None::<Domain>);
    let contact = Contact { client: fan.client, method: Method::Other, ..Contact::default() };
    let mut pair = Pair::new(&contact, 0, 0);
    pair.requests = 0;
    for meeting in fan.within(burst.story, burst.span, pane.end()) {
        add(&mut pair, meeting);
        let shard = lock(&shards[shard_of(meeting.domain)]);
        let Some(domain) = shard.domain_of(meeting.domain) else { continue };
        names.push(domain.name.clone());
        if !meeting.strange {
            crowds.push(u32::try_from(domain.clients.clone().refresh()).unwrap_or(u32::MAX));
        }
        match &mut all {
            None => all = Some(domain.alone()),
            Some(all) => all.join(domain),
        }
    }
    let mut domain = all?;
    domain.refresh();
    pair.first = fan.within(burst.story, burst.span, pane.end()).next().map_or(0, Meeting::start);
    pair.hand = Hand::at(fan.last);
    Some(Gathered { burst, pair, domain, names, crowds })
}

/// The rule that hides it: all of the domains must be allowed.
pub fn hidden_by(pane: &Pane<'_>, client: u64, names: &Names) -> Option<usize> {
    if pane.lists.allow.is_empty() {
        return None;
    }
    let client = pane.clients.with(client, |client| String::from_utf8_lossy(&client.name).into_owned())?;
    let covers = |name: &[u8]| pane.lists.allow.covers(&client, &String::from_utf8_lossy(name), "fanout", pane.end());
    let rules: Option<Vec<usize>> = names.iter().map(|name| covers(name)).collect();
    rules?.first().copied()
}

/// The record of what was told.
pub fn tell(pane: &Pane<'_>, fan: &Fan, told: &Told, kind: RecordKind) -> Option<Record> {
    let nothing = Watched::default();
    let watched = fan.watched.as_deref().unwrap_or(&nothing);
    let format = pane.formats.get(told.episode.input as usize).map_or("", |f| f);
    let id = |fields: &[&[u8]]| pane.key.id(fields);
    let names: Vec<&[u8]> = told.names.iter().map(|name| &**name).collect();
    pane.clients.with(fan.client, |client| {
        let seen = pane.seen(&told.pair, &told.domain, client, (true, true));
        let sites = &pane.lists.sites;
        Telling { seen, watched, crowd: None, domains: Some(&names), format, source: "log", sites, id: &id }.record(
            kind,
            &told.episode.finding,
            told.episode.severity,
        )
    })
}
