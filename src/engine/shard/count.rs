//! What a shard counts in a pane, pair by pair.

use super::{Shard, pair_hash};
use crate::detect::is_shared;
use crate::engine::desk::{Desk, Here, Out, arrange, same_key, same_pair};
use crate::engine::duplicates;
use crate::engine::fans;
use crate::engine::pane::Pane;
use crate::engine::programs::{BACK, Mail, RARE};
use crate::engine::waiting::Waiting;
use crate::event::{Action, AgentKind, HostKind, Method, Normalizer, Signs, Target};
use crate::window::{Client, ClientDelta, Domain, Download, ListedAs, Pair, Sent, Urls, Usual};
use std::hint::black_box;

/// Sent in a minute, this is looked at even if the pair is not due by its count, bytes.
const MUCH: u64 = 256 * 1024;

/// Whether a pair is to be judged at the end of a minute in which it had contacts, and if so, whether for their count.
fn due(pair: &Pair, minute: u32) -> Option<bool> {
    let detail = pair.detail.as_ref()?;
    let much = |sent: Sent| sent.bytes >= MUCH || sent.posts > 0;
    let by_count = pair.requests >= detail.judge_at;
    let tunnel = detail.last_tunnel() == minute;
    (by_count || tunnel || detail.sent().is_some_and(|sent| much(sent.minutes(minute, 1)))).then_some(by_count)
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
    let Some(hit) = listed.and_then(|listed| listed.hit(to.host, port, &event.url())) else { return false };
    if hit.sibling && pair.listed().is_some() {
        return false;
    }
    let entry = hit.indicator.to_string();
    let watched = pair.detail_mut().watched.get_or_insert_default();
    watched.listed = Some(Box::new(ListedAs { exact: !hit.sibling, entry: entry.into() }));
    true
}

impl Shard {
    /// Counts the released contacts of a pane; how many, and how many of them the proxy refused. What it changes of
    /// clients and sends to programs is left on the desk.
    pub fn count(&mut self, pane: &Pane<'_>, desk: &mut Desk) -> (u64, u64) {
        self.due.clear();
        let here = &self.waiting[self.next..self.released];
        let here = &here[..here.partition_point(|w| w.pane() <= pane.minute)];
        self.next += here.len();
        let Desk { contacts, located, scratch, out } = desk;
        // All that is needed of them, side by side: the loads overlap here and would wait for each other later.
        contacts.clear();
        contacts.extend(here.iter().map(|&waiting| (*pane.contact(waiting), waiting)));
        self.locate(contacts, located);
        let (mut denied, mut counted) = (0, 0);
        for (mut group, &located) in contacts.chunk_by_mut(same_key).zip(&*located) {
            if group.len() > 1 {
                arrange(group, pane);
                if !pane.keep_duplicates && pane.formats.len() > 1 {
                    scratch.clear();
                    scratch.extend_from_slice(group);
                    self.duplicates += duplicates::drop_from(scratch, pane);
                    group = scratch;
                }
            }
            for pair in group.chunk_by(|(a, _), (b, _)| same_pair(a, b)) {
                counted += pair.len() as u64;
                denied += self.count_pair(pane, pair, located, out);
            }
        }
        if self.next == self.released {
            self.waiting.drain(..self.released);
            (self.released, self.next) = (0, 0);
        }
        (counted, denied)
    }

    /// Finds the rows of all pairs of a pane before any is touched: look-ups that do not wait for each other overlap, and
    /// nearly all of them miss the cache.
    fn locate(&self, here: &[Here], located: &mut Vec<Option<(u32, u32)>>) {
        located.clear();
        let mut before = None;
        for group in here.chunk_by(same_key) {
            let contact = &group[0].0;
            // Sorted by domain: most look-ups of it would find the one before.
            let domain = match before {
                Some((hash, row)) if hash == contact.domain => row,
                _ => self.domains.find(contact.domain, |d| d.hash == contact.domain),
            };
            before = Some((contact.domain, domain));
            located.push(domain.and_then(|domain| {
                let is_it = |p: &Pair| p.client == contact.client && p.domain == domain;
                Some((domain, self.pairs.find(pair_hash(domain, contact.client), is_it)?))
            }));
        }
        let rows = located.iter().flatten();
        black_box(rows.map(|&(_, row)| self.pairs.get(row).warm()).fold(0, u64::wrapping_add));
    }

    /// Counts the contacts of one pair in one pane, in order; how many of them the proxy refused.
    fn count_pair(&mut self, pane: &Pane<'_>, contacts: &[Here], located: Option<(u32, u32)>, out: &mut Out) -> u64 {
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
                delta.learned = pane.knowledge.take(place, pane.minute, seen, delta.new_domain);
                // An hour that is over gives its memory back.
                self.heap += place.learned.as_ref().map_or(0, |entry| entry.heap_bytes());
                self.heap -= before;
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
                out.mail.extend(contacts.iter().filter_map(|(contact, i)| {
                    let of_machine = !contact.signs.intersects(Signs::REFERER | Signs::LATE);
                    of_machine.then_some(Mail { client, first, method: contact.method, online, contact: *i })
                }));
            }
            out.met.extend(fans::Mail::of(pane, contacts, pair, place, delta.new_domain));
            if let Some((contact, _)) = contacts.iter().rfind(|(contact, _)| contact.is(Signs::DOWNLOAD))
                && (place.clients.refresh() <= RARE || is_shared(&place.name))
            {
                delta.download = Some(Box::new(Download { at: contact.start(), from: place.name.clone() }));
            }
            if let Some(by_count) = due(pair, pane.minute).or(known.then_some(false)) {
                self.due.push((row, *index, by_count));
            }
        }
        let mut denied = 0;
        for (contact, _) in contacts {
            denied += u64::from(contact.action == Action::Denied);
            if contact.is(Signs::REFERER) && contact.agent.kind() == AgentKind::Browser {
                delta.browsers |= contact.agent.bit();
            }
            delta.first = delta.first.min(contact.start());
            delta.last = delta.last.max(contact.end);
            if contact.method != Method::Get && contact.action != Action::Denied && !contact.is(Signs::LATE) {
                delta.sent = Sent {
                    bytes: delta.sent.bytes.saturating_add(contact.bytes_up().unwrap_or(0)),
                    posts: delta.sent.posts + u32::from(contact.method == Method::Post),
                };
            }
        }
        out.deltas.push((delta, *index));
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
        let (name, kind) = to.unwrap_or((b"?"[..].into(), HostKind::Label));
        let mut domain = Domain::new(contact.domain, name, kind, contact);
        domain.before = pane.before;
        domain.listed = pane.lists.indicators.under(&domain.name).is_some();
        pane.knowledge.introduce_domain(&mut domain);
        self.heap += domain.heap_bytes();
        self.domains.insert(contact.domain, domain, |d| d.hash)
    }
}
