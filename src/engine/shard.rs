//! One shard: the domains and pairs of a share of all names, counted pane by pane.

use crate::alert::{Episode, QUIET, Record, RecordKind, Severity, Telling};
use crate::detect::{DETECTORS, Finding, Seen};
use crate::engine::batch::Batch;
use crate::engine::clients::Clients;
use crate::engine::duplicates;
use crate::engine::names::HashKey;
use crate::engine::waiting::Waiting;
use crate::event::{Action, Contact, Event, Fields, Method, Millis, Normalizer, Target};
use crate::window::{Client, ClientDelta, Domain, PANE, Pair, Sent, Table, Usual};
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
    fn event(&self, waiting: Waiting) -> Option<Event<'_>> {
        self.batch(waiting).event(self.contact(waiting))
    }
}

/// Tier of a pair in an open episode.
const TOLD: u8 = 2;
/// Tier of a domain that has no pair left: known from more than one client, so it goes last.
const EMPTY_DOMAIN: u8 = 3;

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
    /// Contacts of a pair in their order, duplicates left out.
    scratch: Vec<Waiting>,
}

/// Sent in a minute, this is looked at even if the pair is not due by its count, bytes.
const MUCH: u64 = 256 * 1024;

/// Whether a pair is to be judged at the end of a minute in which it had contacts, and if so, whether for their count.
fn due(pair: &Pair, minute: u32) -> Option<bool> {
    let detail = pair.detail.as_ref()?;
    let much = |sent: Sent| sent.bytes >= MUCH || sent.posts > 0;
    let by_count = pair.requests >= detail.judge_at;
    (by_count || detail.sent.as_ref().is_some_and(|sent| much(sent.minutes(minute, 1)))).then_some(by_count)
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
        released.sort_unstable_by_key(|w| w.key());
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
        let mut released = std::mem::take(&mut self.released);
        let here = &mut released[self.next..];
        let length = here.partition_point(|w| w.pane() <= pane.minute);
        let here = &mut here[..length];
        self.next += length;
        self.locate(pane, here);
        let mut denied = 0;
        let mut counted = 0;
        let mut scratch = std::mem::take(&mut self.scratch);
        for (group, located) in here.chunk_by_mut(|a, b| a.key() == b.key()).zip(0..) {
            if group.len() > 1 {
                // What counts the same may read differently, and a sample is shown of it: the text decides last.
                group.sort_unstable_by(|&a, &b| {
                    let (x, y) = (pane.contact(a), pane.contact(b));
                    let pair = (x.domain, x.client).cmp(&(y.domain, y.client));
                    pair.then_with(|| x.order(y)).then_with(|| pane.line(a).cmp(pane.line(b)))
                });
            }
            scratch.clear();
            scratch.extend_from_slice(group);
            if group.len() > 1 && !pane.keep_duplicates && pane.formats.len() > 1 {
                self.duplicates += duplicates::drop_from(&mut scratch, pane);
            }
            let same = |a: &Waiting, b: &Waiting| {
                let (a, b) = (pane.contact(*a), pane.contact(*b));
                (a.domain, a.client) == (b.domain, b.client)
            };
            for pair in scratch.chunk_by(same) {
                counted += pair.len() as u64;
                denied += self.count_pair(pane, pair, self.located[located]);
            }
        }
        self.scratch = scratch;
        self.released = released;
        (counted, denied)
    }

    /// Finds the rows of all pairs of a pane before any is touched: look-ups that do not wait for each other overlap, and
    /// nearly all of them miss the cache.
    fn locate(&mut self, pane: &Pane<'_>, here: &[Waiting]) {
        // Read once what is needed soon: the loads overlap here and would wait for each other later.
        self.warm = here.iter().map(|w| u64::from(pane.contact(*w).line)).fold(0, u64::wrapping_add);
        self.located.clear();
        let mut before = None;
        for group in here.chunk_by(|a, b| a.key() == b.key()) {
            let contact = pane.contact(group[0]);
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
        self.warm ^=
            self.located.iter().flatten().map(|&(_, row)| self.pairs.get(row).warm()).fold(0, u64::wrapping_add);
    }

    /// Counts the contacts of one pair in one pane, in order; how many of them the proxy refused.
    fn count_pair(&mut self, pane: &Pane<'_>, contacts: &[Waiting], located: Option<(u32, u32)>) -> u64 {
        let index = contacts[0];
        let first = *pane.contact(index);
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
            let domain = located.map_or_else(|| self.domain(pane, index), |(domain, _)| domain);
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
            // What is sent has its own memory, far away: not asked for where nothing is.
            let sends = contacts.iter().any(|&i| pane.contact(i).method != Method::Get);
            let bytes = |pair: &Pair| if sends { pair.heap_bytes() } else { pair.timing_bytes() };
            let before = bytes(pair) + place.hosts.heap_bytes();
            let client = |look: &dyn Fn(&Client) -> bool| pane.clients.with(first.client, look);
            let hour = pair.sent().and_then(|s| s.by_hour().next_back());
            for &i in rest {
                pair.add(pane.contact(i), client);
            }
            for &i in contacts {
                place.add(pane.contact(i));
            }
            if let Some((hour, sent)) = hour.filter(|(hour, _)| *hour < pane.minute / 60) {
                let over = pair.sent().and_then(|s| s.by_hour().next_back()).is_some_and(|(h, _)| h > hour);
                if over {
                    place.usual.get_or_insert_with(|| Box::new(Usual::default())).add(sent.amount());
                }
            }
            self.heap += (bytes(pair) + place.hosts.heap_bytes()).saturating_sub(before);
            if let Some(by_count) = due(pair, pane.minute) {
                self.due.push((row, index, by_count));
            }
        }
        let mut denied = 0;
        for contact in contacts.iter().map(|&i| pane.contact(i)) {
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
        self.deltas.push((delta, index));
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
        let domain = Domain::new(contact.domain, name, kind, contact);
        self.heap += domain.heap_bytes();
        self.domains.insert(contact.domain, domain, |d| d.hash)
    }

    /// Tells the client table what this pane changed.
    pub fn tell_clients(&self, pane: &Pane<'_>) {
        for (delta, waiting) in &self.deltas {
            pane.clients.add(delta, || {
                let event = pane.event(*waiting);
                event.and_then(|e| e.client.or(e.user.map(|u| u.raw))).unwrap_or(b"-").into()
            });
        }
    }

    /// Judges the pairs of this pane that are due.
    pub fn judge(&mut self, pane: &Pane<'_>) {
        let due = std::mem::take(&mut self.due);
        let mut found = Vec::new();
        for &(row, contact, by_count) in &due {
            let pair = self.pairs.get(row);
            self.domains.get_mut(pair.domain).clients.refresh();
            found.clear();
            self.look(pane, row, (by_count, false), |seen| {
                DETECTORS.iter().for_each(|detector| detector.build.judge(&seen, &mut found));
            });
            self.follow_up(pane, row, contact, by_count, &found);
        }
        self.due = due;
    }

    /// Runs `look` with everything known of a pair; `due` and `words` are those of [`Seen`].
    fn look<T>(
        &self,
        pane: &Pane<'_>,
        row: u32,
        (due, words): (bool, bool),
        look: impl FnOnce(Seen<'_>) -> T,
    ) -> Option<T> {
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
                due,
                words,
            })
        })
    }

    /// What a judgement leads to: closer watching, a record, and when to judge next.
    fn follow_up(&mut self, pane: &Pane<'_>, row: u32, contact: Waiting, by_count: bool, found: &[Finding]) {
        let best = found.iter().map(|f| f.card.score()).max().unwrap_or(0);
        let pair = self.pairs.get_mut(row);
        let before = pair.heap_bytes();
        let requests = pair.requests;
        if best >= CANDIDATE || pair.detail.is_some() {
            let detail = pair.detail_mut();
            if by_count {
                // What looks like nothing is looked at again after half as many contacts more, else after an eighth.
                let share = if best >= CANDIDATE { 8 } else { 2 };
                detail.judge_at = requests + (requests / share).max(1);
            }
            if best >= CANDIDATE {
                let watched = detail.watched.get_or_insert_default();
                let mut normalizer = Normalizer::default();
                if let Some(event) = pane.event(contact) {
                    let user = event.user.map(|u| u.decode().into_owned());
                    let destination = Target::of(&event).and_then(|t| normalizer.destination(t.authority));
                    let host = destination.map(|d| d.host.to_vec()).unwrap_or_default();
                    watched.sample(event.target, &host, user.as_deref());
                }
            }
        }
        self.heap += pair.heap_bytes().saturating_sub(before);
        let key = (self.domains.get(pair.domain).hash, pair.client);
        let input = pane.batch(contact).input;
        for finding in found {
            let Some(severity) = Severity::of(finding.card.score()) else { continue };
            let number = DETECTORS.iter().position(|d| d.name == finding.detector).unwrap_or(0) as u8;
            let kind = match self.episodes.get(&(key.0, key.1, number)) {
                None => RecordKind::Alert,
                Some(open) if severity > open.severity => RecordKind::Update,
                Some(_) => continue,
            };
            let mut told = Vec::new();
            self.look(pane, row, (true, true), |seen| DETECTORS[usize::from(number)].build.judge(&seen, &mut told));
            let Some(finding) = told.pop() else { continue };
            let episode = Episode { finding, severity, input };
            self.domains.get_mut(self.pairs.get(row).domain).refresh();
            let record = self.tell(pane, row, kind, &episode);
            self.records.extend(record);
            self.heap += episode.bytes();
            let before = self.episodes.insert((key.0, key.1, number), episode);
            self.heap -= before.map_or(0, |episode| episode.bytes());
        }
    }

    fn tell(&self, pane: &Pane<'_>, row: u32, kind: RecordKind, episode: &Episode) -> Option<Record> {
        let nothing = crate::window::Watched::default();
        let watched = self.pairs.get(row).detail.as_ref().and_then(|d| d.watched.as_deref()).unwrap_or(&nothing);
        let format = pane.formats.get(episode.input as usize).map_or("", |f| f);
        let id = |fields: &[&[u8]]| pane.key.id(fields);
        self.look(pane, row, (true, true), |seen| {
            Telling { seen, watched, format, source: "log", id: &id }.record(kind, &episode.finding, episode.severity)
        })
    }

    /// Ends episodes that have been quiet for long, or `all` of them.
    pub fn end_episodes(&mut self, pane: &Pane<'_>, all: bool) {
        self.end_where(pane, |pair| all || pane.end() - pair.hand.last >= QUIET);
    }

    /// Ends the episodes of pairs that `is_over` names.
    fn end_where(&mut self, pane: &Pane<'_>, is_over: impl Fn(&Pair) -> bool) {
        let mut over = Vec::new();
        for &key in self.episodes.keys() {
            let Some(domain) = self.domains.find(key.0, |d| d.hash == key.0) else { continue };
            let found = self.pairs.find(pair_hash(domain, key.1), |p| p.client == key.1 && p.domain == domain);
            let Some(row) = found else { continue };
            if is_over(self.pairs.get(row)) {
                over.push((key, domain, row));
            }
        }
        for &(key, domain, row) in &over {
            let Some(episode) = self.episodes.remove(&key) else { continue };
            self.heap -= episode.bytes();
            self.domains.get_mut(domain).refresh();
            let record = self.tell(pane, row, RecordKind::End, &episode);
            self.records.extend(record);
        }
        // Only now: a pair may be in the episodes of several detectors.
        for (_, _, row) in over {
            self.pairs.get_mut(row).begin_anew();
        }
    }

    /// Clients with an open episode.
    pub fn clients_told(&self) -> impl Iterator<Item = u64> {
        self.episodes.keys().map(|&(_, client, _)| client)
    }

    /// Bytes of state, in entries × size.
    pub fn bytes(&self) -> usize {
        self.domains.bytes() + self.pairs.bytes() + self.heap
    }

    /// Domains known.
    pub fn domains(&self) -> u64 {
        self.domains.len() as u64
    }

    /// Pairs known.
    pub fn pairs(&self) -> u64 {
        self.pairs.len() as u64
    }

    /// Bytes of pairs by (tier, pane of the last contact): what an eviction chooses by.
    pub fn ages(&self, into: &mut BTreeMap<(u8, u32), usize>) {
        for domain in self.domains.rows().filter(|d| d.pairs == 0) {
            let bytes = size_of::<Domain>() + 8 + domain.heap_bytes();
            *into.entry((EMPTY_DOMAIN, crate::window::pane_of(domain.last))).or_default() += bytes;
        }
        for pair in self.pairs.rows() {
            let told: usize = self.told(pair).map(Episode::bytes).sum();
            let bytes = size_of::<Pair>() + 8 + pair.heap_bytes() + told;
            *into.entry((self.tier(pair), crate::window::pane_of(pair.hand.last))).or_default() += bytes;
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
    fn told(&self, pair: &Pair) -> impl Iterator<Item = &Episode> {
        let (domain, client) = (self.domains.get(pair.domain).hash, pair.client);
        self.episodes.range((domain, client, 0)..=(domain, client, u8::MAX)).map(|(_, episode)| episode)
    }

    /// Drops pairs up to `cut` in the order of [`Shard::ages`], and domains that have none left and were seen by one
    /// client only: a flood of new names does not evict what is known. What is told of a pair that goes ends with it. Returns
    /// (pairs, domains) dropped.
    pub fn evict(&mut self, pane: &Pane<'_>, cut: (u8, u32)) -> (u64, u64) {
        if cut.0 >= TOLD {
            self.end_where(pane, |pair| (TOLD, crate::window::pane_of(pair.hand.last)) <= cut);
        }
        let keep: Vec<bool> =
            self.pairs.rows().map(|p| (self.tier(p), crate::window::pane_of(p.hand.last)) > cut).collect();
        let (domains_before, pairs_before) = (self.domains.len(), self.pairs.len());
        for (pair, keep) in self.pairs.rows().zip(&keep) {
            if !keep {
                self.domains.get_mut(pair.domain).pairs -= 1;
            }
        }
        self.domains.rows_mut().for_each(Domain::refresh);
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
        self.heap = self.pairs.rows().map(Pair::heap_bytes).sum::<usize>()
            + self.domains.rows().map(Domain::heap_bytes).sum::<usize>()
            + self.episodes.values().map(Episode::bytes).sum::<usize>();
        ((pairs_before - self.pairs.len()) as u64, (domains_before - self.domains.len()) as u64)
    }
}
