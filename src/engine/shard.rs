//! One shard: the domains and pairs of a share of all names, counted pane by pane.

use crate::alert::{Episode, QUIET, Record, RecordKind, Severity, Telling};
use crate::detect::{DETECTORS, Finding, Seen};
use crate::engine::batch::Batch;
use crate::engine::clients::Clients;
use crate::engine::duplicates;
use crate::engine::names::HashKey;
use crate::event::{Action, Contact, Fields, Method, Millis, Normalizer, Target};
use crate::window::{ClientDelta, Domain, PANE, Pair, Sent, Table, Usual};
use std::collections::BTreeMap;

/// A finding at this score makes a pair a candidate: samples, hosts and hours are kept from here on.
const CANDIDATE: u8 = 25;

/// What all shards read while they work on a pane.
pub struct Pane<'a> {
    /// Minutes since 1970.
    pub minute: u32,
    /// Batches by number, for texts.
    pub batches: &'a [Option<Batch>],
    /// The client table.
    pub clients: &'a Clients,
    /// Name of the format of each input.
    pub formats: &'a [String],
    /// What the inputs can know.
    pub carries: Fields,
    /// First event of all.
    pub begun: Millis,
    /// Lines that several inputs hold are counted as often as they stand in all of them.
    pub keep_duplicates: bool,
    /// Key of ids.
    pub key: HashKey,
}

impl Pane<'_> {
    /// Its end, ms UTC.
    pub fn end(&self) -> Millis {
        (Millis::from(self.minute) + 1) * PANE
    }

    fn batch(&self, contact: &Contact) -> Option<&Batch> {
        self.batches.get(contact.batch as usize)?.as_ref()
    }
}

/// Tier of a domain that has no pair left: known from more than one client, so it goes last.
const EMPTY_DOMAIN: u8 = 3;

/// Key of an open episode: domain, client, detector.
type EpisodeKey = (u64, u64, u8);

/// The domains of a share of all names, and their pairs.
#[derive(Default)]
pub struct Shard {
    /// Contacts that wait for the watermark.
    pending: Vec<Contact>,
    /// Released contacts, sorted: pane, part of the pair's hash, index in one number; see [`Key`].
    released: Vec<u64>,
    key: Key,
    /// First released contact of the next pane.
    next: usize,
    domains: Table<Domain>,
    pairs: Table<Pair>,
    /// Pairs of this pane: row, and a contact of it to read texts from.
    touched: Vec<(u32, u32)>,
    deltas: Vec<ClientDelta>,
    episodes: BTreeMap<EpisodeKey, Episode>,
    /// Heap behind rows, bytes.
    heap: usize,
    /// Duplicates found.
    pub duplicates: u64,
    /// Records of this pane, unordered.
    pub records: Vec<Record>,
    /// Rows of domain and pair for each released pair of this pane, if they are there already.
    located: Vec<Option<(u32, u32)>>,
    /// Keeps the reads of [`Shard::locate`] from being optimised away.
    warm: u64,
    scratch: Vec<u32>,
}

/// How a released contact is written as one number, which sorts faster than three: pane since the first one, part of the
/// pair's hash, index. What the index does not need is the hash's, at least 20 bits for up to a million contacts.
#[derive(Clone, Copy, Default)]
struct Key {
    from: u32,
    index_bits: u32,
}

/// Bits of the pane in a [`Key`].
const PANE_BITS: u32 = 12;
/// Panes that may be released at once.
pub const PANES_AT_ONCE: u32 = 1 << PANE_BITS;

impl Key {
    fn of(self, contact: &Contact, index: usize) -> u64 {
        let pair = contact.domain ^ contact.client.rotate_left(20);
        u64::from(contact.pane - self.from) << (64 - PANE_BITS)
            | pair >> PANE_BITS >> self.index_bits << self.index_bits
            | index as u64
    }

    fn pane(self, key: u64) -> u32 {
        (key >> (64 - PANE_BITS)) as u32 + self.from
    }

    /// Pane and hash: equal for all contacts of a pair in a pane, rarely for others.
    fn pair(self, key: u64) -> u64 {
        key >> self.index_bits
    }

    fn index(self, key: u64) -> u32 {
        (key & ((1 << self.index_bits) - 1)) as u32
    }
}

/// Spreads the key of a pair.
fn pair_hash(domain: u32, client: u64) -> u64 {
    (client ^ u64::from(domain).wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

impl Shard {
    /// Takes contacts in.
    pub fn take<'a>(&mut self, contacts: impl Iterator<Item = &'a Contact>) {
        self.pending.extend(contacts.filter(|c| c.pane != Contact::HELD));
    }

    /// The first pane that waits.
    pub fn waits_for(&self) -> Option<u32> {
        self.pending.iter().map(|c| c.pane).min()
    }

    /// Sorts out what belongs to the panes from `from` to `until`, at most [`PANES_AT_ONCE`]; returns these panes,
    /// ascending. What is older counts in the first.
    pub fn release(&mut self, from: u32, until: u32) -> Vec<u32> {
        self.released.clear();
        self.next = 0;
        self.key = Key { from, index_bits: (self.pending.len() as u64).next_power_of_two().ilog2() };
        for (i, contact) in self.pending.iter_mut().enumerate() {
            // What comes for a pane that is closed is late: it is counted in the next one.
            if contact.pane < from {
                contact.pane = from;
                contact.late = true;
            }
            if contact.pane < until {
                self.released.push(self.key.of(contact, i));
            }
        }
        self.released.sort_unstable();
        let mut panes = Vec::new();
        for &key in &self.released {
            let pane = self.key.pane(key);
            if panes.last() != Some(&pane) {
                panes.push(pane);
            }
        }
        panes
    }

    /// Forgets what was released.
    pub fn compact(&mut self, until: u32) {
        self.pending.retain(|c| c.pane >= until);
    }

    /// Counts the released contacts of a pane; how many, and how many of them the proxy refused.
    pub fn count(&mut self, pane: &Pane<'_>) -> (u64, u64) {
        let mut counted = (0, 0);
        self.touched.clear();
        self.deltas.clear();
        self.locate(pane.minute);
        let mut group = 0;
        let mut scratch = std::mem::take(&mut self.scratch);
        while let Some(&first) = self.released.get(self.next)
            && self.key.pane(first) == pane.minute
        {
            scratch.clear();
            while let Some(&key) =
                self.released.get(self.next).filter(|&&key| self.key.pair(key) == self.key.pair(first))
            {
                scratch.push(self.key.index(key));
                self.next += 1;
            }
            let found = self.located[group];
            group += 1;
            if scratch.len() > 1 {
                let contacts = &self.pending;
                // What counts the same may read differently, and a sample is shown of it: the text decides last.
                let line = |contact| pane.batch(contact).map(|batch| batch.line(contact));
                scratch.sort_unstable_by(|&a, &b| {
                    let (a, b) = (&contacts[a as usize], &contacts[b as usize]);
                    let pair = (a.domain, a.client).cmp(&(b.domain, b.client));
                    pair.then_with(|| a.order(b)).then_with(|| line(a).cmp(&line(b)))
                });
                if !pane.keep_duplicates && pane.formats.len() > 1 {
                    self.duplicates += duplicates::drop_from(&mut scratch, &self.pending, pane.batches);
                }
            }
            let mut rest = &scratch[..];
            while let Some(&first) = rest.first() {
                let contact = self.pending[first as usize];
                let same = |&&i: &&u32| {
                    let other = &self.pending[i as usize];
                    (other.domain, other.client) == (contact.domain, contact.client)
                };
                let (pair, others) = rest.split_at(rest.iter().take_while(same).count());
                let denied = |&&i: &&u32| self.pending[i as usize].action == Action::Denied;
                counted = (counted.0 + pair.len() as u64, counted.1 + pair.iter().filter(denied).count() as u64);
                self.count_pair(pane, pair, found);
                rest = others;
            }
        }
        self.scratch = scratch;
        counted
    }

    /// Finds the rows of all pairs of a pane before any is touched: look-ups that do not wait for each other overlap, and
    /// nearly all of them miss the cache.
    fn locate(&mut self, minute: u32) {
        self.located.clear();
        let mut before = None;
        for &key in self.released[self.next..].iter().take_while(|&&key| self.key.pane(key) == minute) {
            let pair = self.key.pair(key);
            if before.replace(pair) == Some(pair) {
                continue;
            }
            let contact = &self.pending[self.key.index(key) as usize];
            let domain = self.domains.find(contact.domain, |d| d.hash == contact.domain);
            self.located.push(domain.and_then(|domain| {
                let is_it = |p: &Pair| p.client == contact.client && p.domain == domain;
                Some((domain, self.pairs.find(pair_hash(domain, contact.client), is_it)?))
            }));
        }
        // Read what will be written: the loads overlap here and would wait for each other later.
        self.warm =
            self.located.iter().flatten().map(|&(_, row)| self.pairs.get(row).warm()).fold(0, u64::wrapping_add);
    }

    /// Counts the contacts of one pair in one pane, in order.
    fn count_pair(&mut self, pane: &Pane<'_>, contacts: &[u32], located: Option<(u32, u32)>) {
        let index = contacts[0];
        let first = self.pending[index as usize];
        let mut delta = ClientDelta {
            client: first.client,
            minute: pane.minute,
            requests: contacts.len() as u32,
            undirected: first.domain == 0,
            first: first.start(),
            last: first.end,
            contact: index,
            ..ClientDelta::default()
        };
        if first.domain != 0 {
            let is_it = |&(domain, row): &(u32, u32)| {
                self.domains.get(domain).hash == first.domain && self.pairs.get(row).client == first.client
            };
            let located = located.filter(is_it);
            let domain = located.map_or_else(|| self.domain(pane, &first), |(domain, _)| domain);
            let hash = pair_hash(domain, first.client);
            let is_it = |p: &Pair| p.client == first.client && p.domain == domain;
            let found = located.map(|(_, row)| row).or_else(|| self.pairs.find(hash, is_it));
            let mut rest = contacts;
            let row = found.unwrap_or_else(|| {
                rest = &contacts[1..];
                delta.new_domain = true;
                let online = pane.clients.with(first.client, |c| c.online()).unwrap_or(0);
                let pair = Pair::new(&first, domain, online);
                self.heap += pair.heap_bytes();
                let row = self.pairs.insert(hash, pair, |p| pair_hash(p.domain, p.client));
                let domain = self.domains.get_mut(domain);
                domain.pairs += 1;
                let before = domain.clients.heap_bytes();
                domain.clients.insert(first.client);
                self.heap += domain.clients.heap_bytes() - before;
                row
            });
            let place = self.domains.get_mut(domain);
            let pair = self.pairs.get_mut(row);
            let before = pair.heap_bytes() + place.hosts.heap_bytes();
            let on_between = |a, b| pane.clients.with(first.client, |c| c.on_between(a, b)).unwrap_or(1.0);
            let hour = pair.sent().and_then(|s| s.by_hour().next_back());
            for &i in rest {
                pair.add(&self.pending[i as usize], on_between);
            }
            for &i in contacts {
                place.add(&self.pending[i as usize]);
            }
            if let Some((hour, sent)) = hour.filter(|(hour, _)| *hour < pane.minute / 60) {
                let over = pair.sent().and_then(|s| s.by_hour().next_back()).is_some_and(|(h, _)| h > hour);
                if over {
                    place.usual.get_or_insert_with(|| Box::new(Usual::default())).add(sent.amount());
                }
            }
            self.heap += (pair.heap_bytes() + place.hosts.heap_bytes()).saturating_sub(before);
            if pair.detail.is_some() {
                self.touched.push((row, index));
            }
        }
        for contact in contacts.iter().map(|&i| &self.pending[i as usize]) {
            delta.first = delta.first.min(contact.start());
            delta.last = delta.last.max(contact.end);
            if contact.method != Method::Get && contact.action != Action::Denied && !contact.late {
                delta.sent = Sent {
                    bytes: delta.sent.bytes.saturating_add(contact.bytes_up().unwrap_or(0)),
                    posts: delta.sent.posts + u32::from(contact.method == Method::Post),
                };
            }
        }
        self.deltas.push(delta);
    }

    /// Row of the domain of a contact; reads its name from the line if it is new.
    fn domain(&mut self, pane: &Pane<'_>, contact: &Contact) -> u32 {
        if let Some(row) = self.domains.find(contact.domain, |d| d.hash == contact.domain) {
            return row;
        }
        let mut normalizer = Normalizer::default();
        let event = pane.batch(contact).and_then(|b| b.event(contact));
        let target = event.as_ref().and_then(Target::of);
        let to = target.and_then(|t| normalizer.destination(t.authority)).map(|d| (d.domain.into(), d.kind));
        let (name, kind) = to.unwrap_or((b"?"[..].into(), crate::event::HostKind::Label));
        let domain = Domain::new(contact.domain, name, kind, contact);
        self.heap += domain.heap_bytes();
        self.domains.insert(contact.domain, domain, |d| d.hash)
    }

    /// Tells the client table what this pane changed.
    pub fn tell_clients(&self, pane: &Pane<'_>) {
        for delta in &self.deltas {
            let contact = &self.pending[delta.contact as usize];
            pane.clients.add(delta, || {
                let event = pane.batch(contact).and_then(|b| b.event(contact));
                event.and_then(|e| e.client.or(e.user.map(|u| u.raw))).unwrap_or(b"-").into()
            });
        }
    }

    /// Judges the pairs of this pane that are due.
    pub fn judge(&mut self, pane: &Pane<'_>) {
        let touched = std::mem::take(&mut self.touched);
        let mut found = Vec::new();
        for &(row, contact) in &touched {
            let pair = self.pairs.get(row);
            let minute = pane.minute;
            let due = pair.detail.as_ref().is_some_and(|d| pair.requests >= d.judge_at);
            let sent = pair.sent().map(|s| s.minutes(minute, 1)).unwrap_or_default();
            if !due && sent.bytes < 256 * 1024 && sent.posts == 0 {
                continue;
            }
            self.domains.get_mut(pair.domain).clients.refresh();
            found.clear();
            self.look(pane, row, false, |seen| {
                DETECTORS.iter().for_each(|detector| detector.build.judge(&seen, &mut found));
            });
            self.follow_up(pane, row, contact, &found);
        }
        self.touched = touched;
    }

    /// Runs `look` with everything known of a pair.
    fn look<T>(&self, pane: &Pane<'_>, row: u32, words: bool, look: impl FnOnce(Seen<'_>) -> T) -> Option<T> {
        let pair = self.pairs.get(row);
        let domain = self.domains.get(pair.domain);
        pane.clients.with(pair.client, |client| {
            look(Seen {
                pair,
                domain,
                client,
                clients: pane.clients.count(),
                begun: pane.begun,
                now: pane.end(),
                carries: pane.carries,
                words,
            })
        })
    }

    /// What a judgement leads to: closer watching, a record, and when to judge next.
    fn follow_up(&mut self, pane: &Pane<'_>, row: u32, contact: u32, found: &[Finding]) {
        let best = found.iter().map(|f| f.card.score()).max().unwrap_or(0);
        let pair = self.pairs.get_mut(row);
        let before = pair.heap_bytes();
        let requests = pair.requests;
        if best >= CANDIDATE || pair.detail.is_some() {
            let detail = pair.detail_mut();
            // What looks like nothing is looked at again after half as many contacts more, else after an eighth.
            let share = if best >= CANDIDATE { 8 } else { 2 };
            detail.judge_at = requests + (requests / share).max(1);
            if best >= CANDIDATE {
                let watched = detail.watched.get_or_insert_default();
                let contact = &self.pending[contact as usize];
                let mut normalizer = Normalizer::default();
                if let Some(event) = pane.batch(contact).and_then(|b| b.event(contact)) {
                    let user = event.user.map(|u| u.decode().into_owned());
                    let destination = Target::of(&event).and_then(|t| normalizer.destination(t.authority));
                    let host = destination.map(|d| d.host.to_vec()).unwrap_or_default();
                    watched.sample(event.target, &host, user.as_deref());
                }
            }
        }
        self.heap += pair.heap_bytes().saturating_sub(before);
        let key = (self.domains.get(pair.domain).hash, pair.client);
        let input = self.pending[contact as usize].input;
        for finding in found {
            let Some(severity) = Severity::of(finding.card.score()) else { continue };
            let number = DETECTORS.iter().position(|d| d.name == finding.detector).unwrap_or(0) as u8;
            let kind = match self.episodes.get(&(key.0, key.1, number)) {
                None => RecordKind::Alert,
                Some(open) if severity > open.severity => RecordKind::Update,
                Some(_) => continue,
            };
            let mut told = Vec::new();
            self.look(pane, row, true, |seen| DETECTORS[usize::from(number)].build.judge(&seen, &mut told));
            let Some(finding) = told.pop() else { continue };
            let episode = Episode { finding, severity, input };
            self.domains.get_mut(self.pairs.get(row).domain).refresh();
            let record = self.tell(pane, row, kind, &episode);
            self.records.extend(record);
            self.episodes.insert((key.0, key.1, number), episode);
        }
    }

    fn tell(&self, pane: &Pane<'_>, row: u32, kind: RecordKind, episode: &Episode) -> Option<Record> {
        let nothing = crate::window::Watched::default();
        let watched = self.pairs.get(row).detail.as_ref().and_then(|d| d.watched.as_deref()).unwrap_or(&nothing);
        let format = pane.formats.get(episode.input as usize).map_or("", |f| f);
        let id = |fields: &[&[u8]]| pane.key.id(fields);
        self.look(pane, row, true, |seen| {
            Telling { seen, watched, format, source: "log", id: &id }.record(kind, &episode.finding, episode.severity)
        })
    }

    /// Ends episodes that have been quiet for long, or `all` of them.
    pub fn end_episodes(&mut self, pane: &Pane<'_>, all: bool) {
        let mut over = Vec::new();
        for &key in self.episodes.keys() {
            let Some(domain) = self.domains.find(key.0, |d| d.hash == key.0) else { continue };
            let found = self.pairs.find(pair_hash(domain, key.1), |p| p.client == key.1 && p.domain == domain);
            let Some(row) = found else { continue };
            let quiet = pane.end() - self.pairs.get(row).hand.last;
            if all || quiet >= QUIET {
                over.push((key, domain, row));
            }
        }
        for &(key, domain, row) in &over {
            let Some(episode) = self.episodes.remove(&key) else { continue };
            self.domains.get_mut(domain).refresh();
            let record = self.tell(pane, row, RecordKind::End, &episode);
            self.records.extend(record);
        }
        // Only now: a pair may be in the episodes of several detectors.
        for (_, _, row) in over {
            self.pairs.get_mut(row).begin_anew();
        }
    }

    /// Bytes of state, in entries × size.
    pub fn bytes(&self) -> usize {
        self.domains.bytes() + self.pairs.bytes() + self.heap
    }

    /// Domains and pairs.
    pub fn sizes(&self) -> (u64, u64) {
        (self.domains.len() as u64, self.pairs.len() as u64)
    }

    /// Bytes of pairs by (tier, pane of the last contact): what an eviction chooses by.
    pub fn ages(&self, into: &mut BTreeMap<(u8, u32), usize>) {
        for domain in self.domains.rows().iter().filter(|d| d.pairs == 0) {
            let bytes = size_of::<Domain>() + 8 + domain.heap_bytes();
            *into.entry((EMPTY_DOMAIN, crate::window::pane_of(domain.last))).or_default() += bytes;
        }
        for pair in self.pairs.rows() {
            let bytes = size_of::<Pair>() + 8 + pair.heap_bytes();
            *into.entry((self.tier(pair), crate::window::pane_of(pair.hand.last))).or_default() += bytes;
        }
    }

    /// What goes first: pairs seen in one visit, then those that came back, last those in an episode.
    fn tier(&self, pair: &Pair) -> u8 {
        let key = (self.domains.get(pair.domain).hash, pair.client);
        let open = || self.episodes.range((key.0, key.1, 0)..=(key.0, key.1, u8::MAX)).next().is_some();
        match &pair.detail {
            None => 0,
            Some(_) if open() => 2,
            Some(_) => 1,
        }
    }

    /// Drops pairs up to `cut` in the order of [`Shard::ages`], and domains that have none left and were seen by one
    /// client only: a flood of new names does not evict what is known. Returns (pairs, domains) dropped.
    pub fn evict(&mut self, cut: (u8, u32)) -> (u64, u64) {
        let keep: Vec<bool> =
            self.pairs.rows().iter().map(|p| (self.tier(p), crate::window::pane_of(p.hand.last)) > cut).collect();
        let (domains_before, pairs_before) = self.sizes();
        for (pair, keep) in self.pairs.rows().iter().zip(&keep) {
            if !keep {
                self.domains.get_mut(pair.domain).pairs -= 1;
            }
        }
        let known = |d: &Domain| d.clients.count() > 1 && (EMPTY_DOMAIN, crate::window::pane_of(d.last)) > cut;
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
        self.heap = self.pairs.rows().iter().map(Pair::heap_bytes).sum::<usize>()
            + self.domains.rows().iter().map(Domain::heap_bytes).sum::<usize>();
        let (domains, pairs) = self.sizes();
        (pairs_before - pairs, domains_before - domains)
    }
}
