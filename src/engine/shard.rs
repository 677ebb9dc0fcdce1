//! One shard: the domains and pairs of a share of all names, counted pane by pane. What it tells of them is in `judge.rs`,
//! what it forgets in `evict.rs`.

mod evict;
mod judge;

use crate::alert::{Episode, Record};
use crate::engine::batch::Batch;
use crate::engine::clients::Clients;
use crate::engine::duplicates;
use crate::engine::fans;
use crate::engine::knowledge::{Gone, Knowledge};
use crate::engine::lists::Lists;
use crate::engine::names::HashKey;
use crate::engine::programs::{BACK, Mail, RARE};
use crate::engine::waiting::Waiting;
use crate::event::{Action, Contact, Event, Fields, Method, Millis, Normalizer, Target};
use crate::window::{Client, ClientDelta, Domain, ListedAs, PANE, Pair, Sent, Table, Urls, Usual};
use std::collections::BTreeMap;
use std::hint::black_box;

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
    /// Events counted before it.
    pub before: u64,
    /// Lines that several inputs hold are counted as often as they stand in all of them.
    pub keep_duplicates: bool,
    /// Key of ids.
    pub key: HashKey,
    /// What a user said before the first line.
    pub lists: &'a Lists,
    /// What the ledger says, and whether one is learned.
    pub knowledge: &'a Knowledge,
}

impl Pane<'_> {
    /// Its end, ms UTC.
    pub fn end(&self) -> Millis {
        (Millis::from(self.minute) + 1) * PANE
    }

    /// The batch in which a contact stands. It is there: batches are dropped after their last pane.
    pub fn batch(&self, waiting: Waiting) -> &Batch {
        self.batches[waiting.batch as usize].as_ref().unwrap_or_else(|| unreachable!("a batch outlives its contacts"))
    }

    /// A contact.
    #[inline]
    pub fn contact(&self, waiting: Waiting) -> &Contact {
        &self.batch(waiting).contacts[waiting.index as usize]
    }

    /// The line of a contact.
    pub fn line(&self, waiting: Waiting) -> &[u8] {
        self.batch(waiting).line(self.contact(waiting))
    }

    /// The event of a contact, cut once more.
    pub fn event(&self, waiting: Waiting) -> Option<Event<'_>> {
        self.batch(waiting).event(self.contact(waiting))
    }
}

/// Key of an open episode: domain, client, detector.
type EpisodeKey = (u64, u64, u8);

/// The domains of a share of all names, and their pairs.
#[derive(Default)]
pub struct Shard {
    /// What waits for the watermark.
    pending: Vec<Waiting>,
    /// What is released, by pane and pair.
    released: Vec<Waiting>,
    /// First of it that is not counted.
    next: usize,
    domains: Table<Domain>,
    pairs: Table<Pair>,
    /// Pairs to judge in this pane: row, a contact of it to read texts from, and whether it is due by its count.
    due: Vec<(u32, Waiting, bool)>,
    /// What this pane changes of clients, and a contact of each to read its name from.
    deltas: Vec<(ClientDelta, Waiting)>,
    episodes: BTreeMap<EpisodeKey, Episode>,
    /// What this pane had with rare domains that were come back to.
    pub mail: Vec<Mail>,
    /// What this pane had with new domains, and with known ones that fail.
    pub met: Vec<fans::Mail>,
    /// Heap behind rows, bytes.
    heap: usize,
    /// Duplicates found.
    pub duplicates: u64,
    /// What was evicted and is still to be learned.
    gone: Gone,
    /// Records of this pane, unordered.
    pub records: Vec<Record>,
    /// Rules that hid an alert, one for each alert.
    pub hidden: Vec<usize>,
    /// Rows of domain and pair for each released pair of this pane, if they are there already.
    located: Vec<Option<(u32, u32)>>,
    /// The contacts of this pane.
    contacts: Vec<Here>,
    /// Those of a pair in their order, duplicates left out.
    scratch: Vec<Here>,
}

/// A contact of the pane that is counted, and where it stands.
pub type Here = (Contact, Waiting);

/// Whether two stand together in what is released: of one pair, or rarely of two.
fn same_key((_, a): &Here, (_, b): &Here) -> bool {
    a.key() == b.key()
}

/// Whether two are of one pair.
pub fn same_pair(a: &Contact, b: &Contact) -> bool {
    (a.domain, a.client) == (b.domain, b.client)
}

/// Puts contacts of one key, which stand by start, by pair and in the order in which they are counted.
fn arrange(here: &mut [Here], pane: &Pane<'_>) {
    if here.is_sorted_by(|(x, _), (y, _)| same_pair(x, y) && x.start() < y.start()) {
        return;
    }
    // What counts the same may read differently, and a sample is shown of it: the text decides last.
    here.sort_unstable_by(|(x, a), (y, b)| {
        let pair = (x.domain, x.client).cmp(&(y.domain, y.client));
        pair.then_with(|| x.order(y)).then_with(|| pane.line(*a).cmp(pane.line(*b)))
    });
}

/// Sent in a minute, this is looked at even if the pair is not due by its count, bytes.
const MUCH: u64 = 256 * 1024;

/// Whether a pair is to be judged at the end of a minute in which it had contacts, and if so, whether for their count.
fn due(pair: &Pair, minute: u32) -> Option<bool> {
    let detail = pair.detail.as_ref()?;
    let much = |sent: Sent| sent.bytes >= MUCH || sent.posts > 0;
    let by_count = pair.requests >= detail.judge_at;
    let tunnel = detail.tunnels.last == minute;
    (by_count || tunnel || detail.sent.as_ref().is_some_and(|sent| much(sent.minutes(minute, 1)))).then_some(by_count)
}

/// Cuts a line once more, for its path and query.
fn look_at_url(pane: &Pane<'_>, waiting: Waiting, urls: &mut Urls) {
    if let Some(target) = pane.event(waiting).as_ref().and_then(Target::of) {
        let query = target.query.unwrap_or_default();
        urls.add(target.path, query, pane.key.name(target.path) ^ pane.key.name(query).rotate_left(1));
    }
}

/// Looks a contact up in the lists, where something below its domain is listed; whether the pair has met something new.
fn look_up(pane: &Pane<'_>, waiting: Waiting, domain: &Domain, pair: &mut Pair) -> bool {
    if pair.listed().is_some_and(|listed| listed.exact) {
        return false;
    }
    let mut normalizer = Normalizer::default();
    let Some(event) = pane.event(waiting) else { return false };
    let Some(target) = Target::of(&event) else { return false };
    let Some(to) = normalizer.destination(target.authority) else { return false };
    let listed = pane.lists.indicators.under(&domain.name);
    let port = to.port.or(target.scheme_port);
    let Some(hit) = listed.and_then(|listed| listed.hit(to.host, port, event.target)) else { return false };
    if hit.sibling && pair.listed().is_some() {
        return false;
    }
    let entry = hit.indicator;
    let note = entry.description().map(|note| format!(" ({note})")).unwrap_or_default();
    let entry = format!("{} in {}, {}{note}", entry.value(), entry.file(), entry.place());
    let watched = pair.detail_mut().watched.get_or_insert_default();
    watched.listed = Some(Box::new(ListedAs { exact: !hit.sibling, entry: entry.into() }));
    true
}

/// Spreads the key of a pair.
fn pair_hash(domain: u32, client: u64) -> u64 {
    (client ^ u64::from(domain).wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

impl Shard {
    /// Takes in what a batch holds for it.
    pub fn take(&mut self, batch: u32, waiting: &[Waiting]) {
        let here = waiting.iter().filter(|w| w.pane() != Waiting::NEVER);
        self.pending.extend(here.map(|w| w.of_batch(batch)));
    }

    /// Sorts out what belongs to panes before `until`; returns these panes, ascending.
    pub fn release(&mut self, until: u32) -> Vec<u32> {
        self.next = 0;
        self.released.clear();
        let released = &mut self.released;
        self.pending.retain(|waiting| {
            let later = waiting.pane() >= until;
            if !later {
                released.push(*waiting);
            }
            later
        });
        released.sort_unstable_by_key(|w| w.order());
        let mut panes: Vec<u32> = released.iter().map(|w| w.pane()).collect();
        panes.dedup();
        panes
    }

    /// Contacts that are released and not counted: the work before it.
    pub fn load(&self) -> usize {
        self.released.len() - self.next
    }

    /// Counts the released contacts of a pane; how many, and how many of them the proxy refused.
    pub fn count(&mut self, pane: &Pane<'_>) -> (u64, u64) {
        self.due.clear();
        self.deltas.clear();
        let here = &self.released[self.next..];
        let here = &here[..here.partition_point(|w| w.pane() <= pane.minute)];
        self.next += here.len();
        // All that is needed of them, side by side: the loads overlap here and would wait for each other later.
        let mut contacts = std::mem::take(&mut self.contacts);
        contacts.clear();
        contacts.extend(here.iter().map(|&waiting| (*pane.contact(waiting), waiting)));
        self.locate(&contacts);
        let located = std::mem::take(&mut self.located);
        let mut scratch = std::mem::take(&mut self.scratch);
        let (mut denied, mut counted) = (0, 0);
        for (mut group, &located) in contacts.chunk_by_mut(same_key).zip(&located) {
            if group.len() > 1 {
                arrange(group, pane);
                if !pane.keep_duplicates && pane.formats.len() > 1 {
                    scratch.clear();
                    scratch.extend_from_slice(group);
                    self.duplicates += duplicates::drop_from(&mut scratch, pane);
                    group = &mut scratch;
                }
            }
            for pair in group.chunk_by(|(a, _), (b, _)| same_pair(a, b)) {
                counted += pair.len() as u64;
                denied += self.count_pair(pane, pair, located);
            }
        }
        self.located = located;
        self.scratch = scratch;
        self.contacts = contacts;
        (counted, denied)
    }

    /// Finds the rows of all pairs of a pane before any is touched: look-ups that do not wait for each other overlap, and
    /// nearly all of them miss the cache.
    fn locate(&mut self, here: &[Here]) {
        self.located.clear();
        let mut before = None;
        for group in here.chunk_by(same_key) {
            let contact = &group[0].0;
            // Sorted by domain: most look-ups of it would find the one before.
            let domain = match before {
                Some((hash, row)) if hash == contact.domain => row,
                _ => self.domains.find(contact.domain, |d| d.hash == contact.domain),
            };
            before = Some((contact.domain, domain));
            self.located.push(domain.and_then(|domain| {
                let is_it = |p: &Pair| p.client == contact.client && p.domain == domain;
                Some((domain, self.pairs.find(pair_hash(domain, contact.client), is_it)?))
            }));
        }
        let rows = self.located.iter().flatten();
        black_box(rows.map(|&(_, row)| self.pairs.get(row).warm()).fold(0, u64::wrapping_add));
    }

    /// Counts the contacts of one pair in one pane, in order; how many of them the proxy refused.
    fn count_pair(&mut self, pane: &Pane<'_>, contacts: &[Here], located: Option<(u32, u32)>) -> u64 {
        let (first, index) = &contacts[0];
        let mut delta = ClientDelta {
            client: first.client,
            minute: pane.minute,
            requests: contacts.len() as u32,
            undirected: first.domain == 0,
            first: first.start(),
            last: first.end,
            ..ClientDelta::default()
        };
        if first.domain != 0 {
            let is_it = |&(domain, row): &(u32, u32)| {
                self.domains.get(domain).hash == first.domain && self.pairs.get(row).client == first.client
            };
            let located = located.filter(is_it);
            let domain = located.map_or_else(|| self.domain(pane, *index), |(domain, _)| domain);
            let hash = pair_hash(domain, first.client);
            let is_it = |p: &Pair| p.client == first.client && p.domain == domain;
            let found = located.map(|(_, row)| row).or_else(|| self.pairs.find(hash, is_it));
            let mut rest = contacts;
            let row = found.unwrap_or_else(|| {
                rest = &contacts[1..];
                delta.new_domain = true;
                let online = pane.clients.with(first.client, |c| c.online()).unwrap_or(0);
                let pair = Pair::new(first, domain, online);
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
            // What is sent has its own memory, far away: not asked for where nothing is.
            let sends = contacts.iter().any(|(contact, _)| contact.method != Method::Get);
            let bytes = |pair: &Pair| if sends { pair.heap_bytes() } else { pair.timing_bytes() };
            let before = bytes(pair) + place.hosts.heap_bytes();
            let client = |look: &dyn Fn(&Client) -> bool| pane.clients.with(first.client, look);
            let hour = pair.sent().and_then(|s| s.by_hour().next_back());
            rest.iter().for_each(|(contact, _)| pair.add(contact, client));
            contacts.iter().for_each(|(contact, _)| place.add(contact));
            if pane.knowledge.learns() {
                let before = place.learned.as_ref().map_or(0, |entry| entry.heap_bytes());
                let seen = contacts.iter().map(|(contact, waiting)| (contact, pane.batch(*waiting).input));
                delta.learned = pane.knowledge.take(place, seen, delta.new_domain);
                self.heap += place.learned.as_ref().map_or(0, |entry| entry.heap_bytes()).saturating_sub(before);
            }
            if let Some(urls) = pair.urls_mut() {
                contacts.iter().for_each(|(_, i)| look_at_url(pane, *i, urls));
            }
            let told = place.incident.is_some() || place.past.as_ref().is_some_and(|past| past.incident.is_some());
            let new = delta.new_domain && told;
            let known = new || place.listed && contacts.iter().any(|(_, i)| look_up(pane, *i, place, pair));
            if let Some((hour, sent)) = hour.filter(|(hour, _)| *hour < pane.minute / 60) {
                let over = pair.sent().and_then(|s| s.by_hour().next_back()).is_some_and(|(h, _)| h > hour);
                if over {
                    place.usual.get_or_insert_with(|| Box::new(Usual::default())).add(sent.amount());
                }
            }
            self.heap += (bytes(pair) + place.hosts.heap_bytes()).saturating_sub(before);
            // Asked first whether it may be rare: the count is at most what a refresh makes it.
            if pair.hand.visits >= BACK && place.clients.count() <= RARE && place.clients.refresh() <= RARE {
                let (client, first, online) = (pair.client, pair.first, pair.online);
                self.mail.extend(contacts.iter().filter_map(|(contact, i)| {
                    let of_machine = !contact.referer && !contact.late;
                    of_machine.then_some(Mail { client, first, method: contact.method, online, contact: *i })
                }));
            }
            self.met.extend(fans::Mail::of(pane, contacts, pair, place, delta.new_domain));
            if let Some(by_count) = due(pair, pane.minute).or(known.then_some(false)) {
                self.due.push((row, *index, by_count));
            }
        }
        let mut denied = 0;
        for (contact, _) in contacts {
            denied += u64::from(contact.action == Action::Denied);
            delta.first = delta.first.min(contact.start());
            delta.last = delta.last.max(contact.end);
            if contact.method != Method::Get && contact.action != Action::Denied && !contact.late {
                delta.sent = Sent {
                    bytes: delta.sent.bytes.saturating_add(contact.bytes_up().unwrap_or(0)),
                    posts: delta.sent.posts + u32::from(contact.method == Method::Post),
                };
            }
        }
        self.deltas.push((delta, *index));
        denied
    }

    /// Row of the domain of a contact; reads its name from the line if it is new.
    fn domain(&mut self, pane: &Pane<'_>, waiting: Waiting) -> u32 {
        let contact = pane.contact(waiting);
        if let Some(row) = self.domains.find(contact.domain, |d| d.hash == contact.domain) {
            return row;
        }
        let mut normalizer = Normalizer::default();
        let event = pane.event(waiting);
        let target = event.as_ref().and_then(Target::of);
        let to = target.and_then(|t| normalizer.destination(t.authority)).map(|d| (d.domain.into(), d.kind));
        let (name, kind) = to.unwrap_or((b"?"[..].into(), crate::event::HostKind::Label));
        let mut domain = Domain::new(contact.domain, name, kind, contact);
        domain.before = pane.before;
        domain.listed = pane.lists.indicators.under(&domain.name).is_some();
        pane.knowledge.introduce_domain(&mut domain);
        self.heap += domain.heap_bytes();
        self.domains.insert(contact.domain, domain, |d| d.hash)
    }

    /// Tells the client table what this pane changed.
    pub fn tell_clients(&self, pane: &Pane<'_>) {
        for (delta, waiting) in &self.deltas {
            pane.clients.add(delta, pane.knowledge, || {
                let event = pane.event(*waiting);
                event.and_then(|e| e.client.or(e.user.map(|u| u.raw))).unwrap_or(b"-").into()
            });
        }
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
