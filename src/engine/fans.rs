//! The fans of all clients: what each is the first to ask for. Shards send what begins and is odd, which is little.

mod mail;
mod told;
mod why;

pub use mail::Mail;

use crate::alert::{Episode, RecordKind, Severity, Verdict};
use crate::detect::Finding;
use crate::detect::fanout::{FEWEST, SPANS, is_promising, judge};
use crate::engine::exchange::{self, Exchange, Outcome, join};
use crate::engine::pane::Pane;
use crate::engine::shard::Shard;
use crate::engine::waiting::Waiting;
use crate::event::Millis;
use crate::window::{Burst, Fan, MEETINGS, SAMPLES, Story, Table, pane_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Mutex;
use told::{Gathered, Told, gather, hidden_by, name_of, tell};

/// Fans of a share of all clients.
#[derive(Default, Serialize, Deserialize)]
pub struct Share {
    table: Table<Fan>,
    /// What is to be judged of this pane.
    #[serde(skip)]
    due: Vec<Due>,
    told: BTreeMap<u64, Told>,
    heap: usize,
    #[serde(skip)]
    outcome: Outcome,
}

/// A client to be judged.
struct Due {
    row: u32,
    /// Contacts of this pane, to read texts from.
    contacts: Vec<Waiting>,
    bursts: Vec<Gathered>,
}

/// All fans.
pub type Fans = Exchange<Share>;

impl exchange::Share for Share {
    type Mail = Mail;

    fn row_of(mail: &Mail) -> u64 {
        mail.client
    }

    fn arrange(mail: &mut [Mail], pane: &Pane<'_>) {
        // A pair has one of a pane: it is all that decides.
        mail.sort_unstable_by_key(|mail| {
            let contact = pane.contact(mail.contact);
            (mail.client, contact.start(), contact.domain)
        });
    }

    fn is_same(a: &Mail, b: &Mail) -> bool {
        a.client == b.client
    }

    fn bytes(&self) -> usize {
        self.table.bytes() + self.heap
    }

    fn reindex(&mut self) {
        self.table.reindex(|fan| fan.client);
    }

    fn outcome(&mut self) -> &mut Outcome {
        &mut self.outcome
    }

    fn ages(&self) -> Vec<u32> {
        self.table.rows().map(|fan| pane_of(fan.last)).collect()
    }

    fn clients_told(&self) -> Vec<u64> {
        self.told.keys().copied().collect()
    }

    fn count(&mut self, pane: &Pane<'_>, mail: &[Mail], shards: &[Mutex<Shard>]) {
        let client = mail[0].client;
        let found = self.table.find(client, |fan| fan.client == client);
        // Who met nothing is not remembered for what fails.
        if found.is_none() && mail.iter().all(|mail| mail.meeting.is_none()) {
            return;
        }
        let row = found.unwrap_or_else(|| self.table.insert(client, Fan::new(client), |fan| fan.client));
        let fan = self.table.get_mut(row);
        let before = fan.heap_bytes();
        let mut told = self.told.get_mut(&client);
        for mail in mail {
            let contact = pane.contact(mail.contact);
            let Some(meeting) = &mail.meeting else {
                fan.add_failing(contact.domain);
                continue;
            };
            fan.add(*meeting, contact);
            if let Some(told) = told.as_deref_mut().filter(|told| told.story.has(meeting)) {
                told.add(meeting, contact.start(), || name_of(meeting.domain, shards));
            }
        }
        self.heap += fan.heap_bytes();
        self.heap -= before;
        if fan.seen() < fan.judge_at.max(FEWEST) {
            return;
        }
        let bursts: Vec<Burst> = Story::ALL
            .into_iter()
            .flat_map(|story| SPANS.map(|span| fan.burst(story, span, pane.end())))
            .flatten()
            .filter(|burst| burst.count >= FEWEST && is_promising(burst))
            .collect();
        if bursts.is_empty() {
            return;
        }
        fan.judge_at = fan.seen() + (fan.seen() / 8).clamp(1, FEWEST);
        let contacts = mail.iter().filter(|mail| mail.meeting.is_some()).map(|mail| mail.contact);
        let contacts = contacts.take(SAMPLES).collect();
        let bursts = bursts.into_iter().filter_map(|burst| gather(fan, burst, pane, shards)).collect();
        self.due.push(Due { row, contacts, bursts });
    }

    fn judge(&mut self, pane: &Pane<'_>) {
        std::mem::take(&mut self.due).into_iter().for_each(|due| self.judge_one(pane, due));
    }

    fn end_where(&mut self, pane: &Pane<'_>, is_over: impl Fn(Millis) -> bool) {
        let find = |table: &Table<Fan>, client: u64| table.find(client, |fan| fan.client == client);
        let is_over = |client: &u64| find(&self.table, *client).is_none_or(|row| is_over(self.table.get(row).last));
        let over: Vec<u64> = self.told.keys().copied().filter(is_over).collect();
        for client in over {
            let Some(told) = self.told.remove(&client) else { continue };
            self.heap -= told.bytes();
            let Some(row) = find(&self.table, client) else { continue };
            if !told.episode.hidden {
                let record = tell(pane, self.table.get(row), &told, RecordKind::End);
                self.outcome.records.extend(record);
            }
            let fan = self.table.get_mut(row);
            self.heap -= fan.heap_bytes();
            fan.forget();
        }
    }

    fn drop_until(&mut self, pane: &Pane<'_>, cut: u32) {
        self.end_where(pane, |last| pane_of(last) <= cut);
        self.table.retain(|fan| pane_of(fan.last) > cut, |fan| fan.client);
        self.heap =
            self.table.rows().map(Fan::heap_bytes).sum::<usize>() + self.told.values().map(Told::bytes).sum::<usize>();
    }
}

impl Share {
    fn judge_one(&mut self, pane: &Pane<'_>, due: Due) {
        let fan = self.table.get_mut(due.row);
        let client = fan.client;
        let score = |burst: &Gathered| Some(say(pane, client, burst, false)?.card.score());
        let scored = due.bursts.into_iter().filter_map(|burst| Some((score(&burst)?, burst)));
        // Of equal ones the first: a strict order, whatever the threads do.
        let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let Some((score, gathered)) = best else { return };
        let Some(severity) = Severity::of(score) else { return };
        let rule = hidden_by(pane, client, &gathered.names);
        let open = self.told.get(&client).map(|told| &told.episode);
        let Some(Verdict { kind, hidden, counted }) = Verdict::new(open, severity, rule) else { return };
        let Some(finding) = say(pane, client, &gathered, true) else { return };
        let heap = fan.heap_bytes();
        let watched = fan.watched.get_or_insert_default();
        due.contacts.iter().for_each(|contact| pane.sample(*contact, watched));
        self.heap += fan.heap_bytes();
        self.heap -= heap;
        let input = pane.batch(due.contacts[0]).input;
        let Gathered { burst, pair, domain, names, .. } = gathered;
        self.outcome.hidden.extend(counted.map(|rule| (rule, finding.detector)));
        let episode = Episode { finding, severity, input, hidden };
        let old = self.told.remove(&client);
        self.heap -= old.as_ref().map_or(0, Told::bytes);
        let mut told = Told { episode, story: burst.story, pair, domain, names };
        if let Some(old) = old {
            // What the episode is known by, and all that was told.
            told.domain.name = old.domain.name;
            (told.pair, told.story) = (old.pair, old.story);
            join(&mut told.names, old.names, MEETINGS);
        }
        self.heap += told.bytes();
        if !hidden {
            let record = tell(pane, self.table.get(due.row), &told, kind);
            self.outcome.records.extend(record);
        }
        self.told.insert(client, told);
    }
}

/// Judges the burst of a client, with or without words. `None`: the client is forgotten.
fn say(pane: &Pane<'_>, client: u64, gathered: &Gathered, words: bool) -> Option<Finding> {
    let Gathered { burst, pair, domain, crowds, .. } = gathered;
    pane.clients.with(client, |client| judge(&pane.seen(pair, domain, client, (true, words)), burst, crowds))
}
