//! A share of all programs: counted, judged, told of, forgotten.

use super::told::{Names, Told, hidden_by};
use super::{Mail, RARE, hash_of};
use crate::alert::{Episode, RecordKind, Severity, Verdict};
use crate::detect::Rotation;
use crate::engine::batch::shard_of;
use crate::engine::exchange::{self, Outcome};
use crate::engine::pane::Pane;
use crate::engine::shard::Shard;
use crate::engine::waiting::Waiting;
use crate::engine::why::{At, Said};
use crate::event::{Method, Millis};
use crate::lock::lock;
use crate::window::{Domain, Program, Table, pane_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Contacts below which there is nothing to judge.
const FEWEST: u32 = 6;
/// A finding at this score makes a program a candidate.
const CANDIDATE: u8 = 25;

/// Programs of a share of all client and method.
#[derive(Default, Serialize, Deserialize)]
pub struct Share {
    table: Table<Program>,
    /// What was found in this pane.
    #[serde(skip)]
    due: Vec<Due>,
    told: BTreeMap<(u64, Method), Told>,
    heap: usize,
    #[serde(skip)]
    outcome: Outcome,
}

/// A rotation that was found, to be judged.
struct Due {
    row: u32,
    /// A contact of this pane, to read texts from.
    contact: Waiting,
    rotation: Rotation,
    /// All its domains as one.
    domain: Domain,
    names: Names,
}

impl exchange::Share for Share {
    type Mail = Mail;

    fn row_of(mail: &Mail) -> u64 {
        hash_of(mail.client, mail.method)
    }

    fn arrange(mail: &mut [Mail], pane: &Pane<'_>) {
        // Those that differ in what is at hand are not looked up.
        let key = |mail: &Mail| (mail.client, mail.method, mail.contact.start());
        mail.sort_unstable_by(|a, b| {
            key(a).cmp(&key(b)).then_with(|| {
                let (x, y) = (pane.contact(a.contact), pane.contact(b.contact));
                let order = x.order(y).then_with(|| x.domain.cmp(&y.domain));
                order.then_with(|| pane.line(a.contact).cmp(pane.line(b.contact)))
            })
        });
    }

    fn is_same(a: &Mail, b: &Mail) -> bool {
        (a.client, a.method) == (b.client, b.method)
    }

    fn bytes(&self) -> usize {
        self.table.bytes() + self.heap
    }

    fn reindex(&mut self) {
        self.table.reindex(|p| hash_of(p.client, p.method));
    }

    fn outcome(&mut self) -> &mut Outcome {
        &mut self.outcome
    }

    fn count(&mut self, pane: &Pane<'_>, mail: &[Mail], shards: &[Mutex<Shard>]) {
        let Mail { client, method, contact, .. } = mail[0];
        let hash = hash_of(client, method);
        let row = self.table.find(hash, |p| p.client == client && p.method == method).unwrap_or_else(|| {
            self.table.insert(hash, Program::new(pane.contact(contact)), |p| hash_of(p.client, p.method))
        });
        let program = self.table.get_mut(row);
        let before = program.heap_bytes();
        mail.iter().for_each(|mail| program.add(pane.contact(mail.contact), mail.first, mail.online));
        self.heap += program.heap_bytes().saturating_sub(before);
        if program.places.len() < 2 || program.seen < program.judge_at.max(FEWEST) {
            return;
        }
        // Looked at again after an eighth more; of what looks like nothing, after half as many contacts more.
        let found = find(program, shards);
        program.judge_at = program.seen + (program.seen / if found.is_some() { 8 } else { 2 }).max(1);
        self.due.extend(found.map(|(rotation, domain, names)| Due { row, contact, rotation, domain, names }));
    }

    fn judge(&mut self, pane: &Pane<'_>) {
        std::mem::take(&mut self.due).into_iter().for_each(|due| self.judge_one(pane, due));
    }

    fn end_where(&mut self, pane: &Pane<'_>, is_over: impl Fn(Millis) -> bool) {
        let find = |table: &Table<Program>, key: &(u64, Method)| {
            table.find(hash_of(key.0, key.1), |p| (p.client, p.method) == *key)
        };
        let is_over = |key: &(u64, Method)| find(&self.table, key).is_none_or(|row| is_over(self.table.get(row).last));
        let over: Vec<(u64, Method)> = self.told.keys().copied().filter(is_over).collect();
        for key in over {
            let Some(told) = self.told.remove(&key) else { continue };
            self.heap -= told.bytes();
            let Some(row) = find(&self.table, &key) else { continue };
            if !told.episode.hidden {
                let record = told.record(pane, self.table.get(row), RecordKind::End);
                self.outcome.records.extend(record);
            }
            // What comes next is a new story.
            let program = self.table.get_mut(row);
            self.heap -= program.heap_bytes();
            program.forget();
            self.heap += program.heap_bytes();
        }
    }

    fn ages(&self) -> Vec<u32> {
        self.table.rows().map(|p| pane_of(p.last)).collect()
    }

    fn clients_told(&self) -> Vec<u64> {
        self.told.keys().map(|key| key.0).collect()
    }

    fn drop_until(&mut self, pane: &Pane<'_>, cut: u32) {
        self.end_where(pane, |last| pane_of(last) <= cut);
        self.table.retain(|p| pane_of(p.last) > cut, |p| hash_of(p.client, p.method));
        self.heap = self.table.rows().map(Program::heap_bytes).sum::<usize>()
            + self.told.values().map(Told::bytes).sum::<usize>();
    }
}

impl Share {
    /// What is said of a program, by client and method, if `domain` is one of several with one clock.
    pub fn why(
        &self,
        (client, method): (u64, Method),
        domain: u64,
        at: &At<'_>,
        shards: &[Mutex<Shard>],
    ) -> Option<Said> {
        let row = self.table.find(hash_of(client, method), |p| p.client == client && p.method == method)?;
        let program = self.table.get(row);
        let (rotation, all, names) = find(program, shards)?;
        names.iter().find(|(hash, _)| *hash == domain)?;
        let pane = at(pane_of(program.last));
        let pair = rotation.pooled(program);
        let finding =
            pane.clients.with(client, |client| rotation.judge(&pane.seen(&pair, &all, client, (true, true))))??;
        let domains = names.iter().map(|(_, name)| String::from_utf8_lossy(name).into_owned()).collect();
        Some(Said { domains, ..Said::now(finding) })
    }

    fn judge_one(&mut self, pane: &Pane<'_>, due: Due) {
        let Due { row, contact, rotation, domain, names } = due;
        let program = self.table.get_mut(row);
        let pair = rotation.pooled(program);
        let Some(Some(finding)) =
            pane.clients.with(pair.client, |client| rotation.judge(&pane.seen(&pair, &domain, client, (true, true))))
        else {
            return;
        };
        if finding.card.score() < CANDIDATE {
            return;
        }
        let before = program.heap_bytes();
        let watched = program.watched.get_or_insert_default();
        pane.sample(contact, watched);
        self.heap += program.heap_bytes().saturating_sub(before);
        let Some(severity) = Severity::of(finding.card.score()) else { return };
        let key = (program.client, program.method);
        let before = self.told.get(&key);
        let rule = hidden_by(pane, &pair, &names, finding.detector);
        let open = before.map(|told| &told.episode);
        let Some(Verdict { kind, hidden, counted }) = Verdict::new(open, severity, rule) else { return };
        let input = pane.batch(contact).input;
        self.outcome.hidden.extend(counted.map(|rule| (rule, finding.detector)));
        let episode = Episode { finding, severity, input, hidden };
        let mut told = Told { episode, rotation, domain, names, first: pair.first };
        if let Some(before) = before {
            told.keep(before);
        }
        self.heap += told.bytes();
        self.heap -= before.map_or(0, Told::bytes);
        if !hidden {
            let record = told.record(pane, self.table.get(row), kind);
            self.outcome.records.extend(record);
        }
        self.told.insert(key, told);
    }
}

/// The clock that several rare domains of a program share, what is known of them as one, and their names.
fn find(program: &Program, shards: &[Mutex<Shard>]) -> Option<(Rotation, Domain, Names)> {
    let rotation = Rotation::find(program, |_| true)?;
    let (wide, _, _) = gather(program, &(0..program.places.len() as u8).collect::<Vec<_>>(), shards);
    // What others found by now, or what is forgotten, is no longer rare.
    let rotation = match rotation.places.iter().all(|p| wide.contains(p)) {
        true => rotation,
        false => Rotation::find(program, |p| wide.contains(&p))?,
    };
    let (_, domain, names) = gather(program, &rotation.places, shards);
    Some((rotation, domain?, names))
}

/// Of these places those that are rare, what is known of their domains as one, and the names, earliest first.
fn gather(program: &Program, places: &[u8], shards: &[Mutex<Shard>]) -> (Vec<u8>, Option<Domain>, Names) {
    let mut order: Vec<u8> = places.to_vec();
    let place = |p: u8| &program.places[usize::from(p)];
    order.sort_by_key(|&p| (place(p).first, place(p).domain));
    let (mut rare, mut names, mut all) = (Vec::new(), Vec::new(), None::<Domain>);
    for p in order {
        let hash = place(p).domain;
        let shard = lock(&shards[shard_of(hash)]);
        let Some(domain) = shard.domain_of(hash).filter(|d| d.clients.clone().refresh() <= RARE) else { continue };
        rare.push(p);
        names.push((hash, domain.name.clone()));
        match &mut all {
            None => all = Some(domain.alone()),
            Some(all) => all.join(domain),
        }
    }
    (rare, all, names)
}
