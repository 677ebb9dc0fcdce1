//! The panes of a round, one after the other: counted, judged, told.

use crate::alert::{Record, RecordKind};
use crate::engine::desk::Desk;
use crate::engine::pane::Pane;
use crate::engine::{Engine, Found, PaneCount, SHARDS, lock};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

impl Engine {
    /// Counts and judges panes, and closes them.
    pub(super) fn close(&mut self, mut panes: &[u32], found: &mut Found) {
        while !panes.is_empty() {
            let (closed, over) = self.close_some(panes, found);
            panes = &panes[closed..];
            // Only here: where a round ends says nothing of the data.
            if over {
                self.evict();
            }
            self.collect(found);
        }
    }

    /// Counts and judges panes until the state is over its limit; how many, and whether it is.
    fn close_some(&mut self, panes: &[u32], found: &mut Found) -> (usize, bool) {
        // What has most to do goes first: a domain may hold a quarter of all.
        let mut order: Vec<usize> = (0..SHARDS).collect();
        order.sort_by_cached_key(|&i| std::cmp::Reverse(lock(&self.shards[i]).load()));
        let (shares, barrier) = (self.team.share(order.into_iter()), self.team.barrier());
        let counts: Vec<[AtomicU64; 2]> = panes.iter().map(|_| Default::default()).collect();
        let states: Vec<AtomicUsize> = panes.iter().map(|_| AtomicUsize::new(0)).collect();
        let (closed, peak, over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        self.team.together(|worker| {
            let (mut section, mut last, mut events) = (0, self.last_pane, self.events);
            let (mut before, mut desk) = (None, Desk::default());
            for (i, &minute) in panes.iter().enumerate() {
                let pane = self.pane(minute, events);
                shares.go(worker, section, |i_shard| {
                    let mut shard = lock(&self.shards[i_shard]);
                    if let Some(before) = &before {
                        shard.judge(before);
                        self.programs.judge(i_shard, before);
                        self.fans.judge(i_shard, before);
                    }
                    if minute / 60 > last / 60 {
                        let before = self.pane(minute - 1, events);
                        shard.end_episodes(&before, false);
                        self.programs.end_episodes(i_shard, &before, false);
                        self.fans.end_episodes(i_shard, &before, false);
                    }
                    let (events, denied) = shard.count(&pane, &mut desk);
                    self.programs.send(desk.out.mail.drain(..));
                    self.fans.send(desk.out.met.drain(..));
                    counts[i][0].fetch_add(events, Ordering::Relaxed);
                    counts[i][1].fetch_add(denied, Ordering::Relaxed);
                });
                barrier.wait();
                desk.out.tell_clients(&pane);
                shares.go(worker, section + 1, |i_shard| {
                    // Programs look into all shards: none may be held.
                    let bytes = lock(&self.shards[i_shard]).bytes();
                    let bytes = bytes + self.programs.count(i_shard, &pane, &self.shards);
                    let bytes = bytes + self.fans.count(i_shard, &pane, &self.shards);
                    states[i].fetch_add(bytes, Ordering::Relaxed);
                });
                barrier.wait();
                (section, last) = (section + 2, minute);
                events += counts[i][0].load(Ordering::Relaxed);
                before = Some(pane);
                closed.store(i + 1, Ordering::Relaxed);
                // All see the same sums here, so all stop or none.
                let bytes = states[i].load(Ordering::Relaxed);
                peak.fetch_max(bytes + self.clients.bytes(), Ordering::Relaxed);
                if self.is_over(bytes) {
                    over.store(true, Ordering::Relaxed);
                    break;
                }
            }
            if let Some(before) = &before {
                shares.go(worker, section, |i_shard| {
                    lock(&self.shards[i_shard]).judge(before);
                    self.programs.judge(i_shard, before);
                    self.fans.judge(i_shard, before);
                });
            }
        });
        let closed = closed.into_inner();
        for (&minute, [events, denied]) in panes[..closed].iter().zip(&counts) {
            let (events, denied) = (events.load(Ordering::Relaxed), denied.load(Ordering::Relaxed));
            found.panes.push(PaneCount { end: self.pane(minute, self.events).end(), events, denied });
            self.events += events;
            (self.last_pane, self.open_pane) = (minute, minute + 1);
        }
        self.tally.peak = self.tally.peak.max(peak.into_inner() as u64);
        (closed, over.into_inner())
    }

    /// A pane as it is counted; `before`: events of those before it.
    pub(super) fn pane(&self, minute: u32, before: u64) -> Pane<'_> {
        Pane {
            minute,
            batches: &self.batches,
            clients: &self.clients,
            formats: &self.formats,
            carries: self.carries,
            begun: self.begun,
            before,
            keep_duplicates: self.settings.keep_duplicates,
            key: self.settings.key,
            lists: &self.lists,
            knowledge: &self.knowledge,
        }
    }

    /// Takes the records of all shards: by time, in a pane those of judgements before those of episodes that ended by
    /// then, each by id. So it is the same order however many panes are closed at once.
    pub(super) fn collect(&mut self, found: &mut Found) {
        let (mut new, mut hidden): (Vec<Record>, Vec<(usize, &'static str)>) = Default::default();
        for shard in &self.shards {
            let mut shard = lock(shard);
            new.append(&mut shard.records);
            hidden.append(&mut shard.hidden);
        }
        self.programs.take_records(&mut new, &mut hidden);
        self.fans.take_records(&mut new, &mut hidden);
        hidden.into_iter().for_each(|(rule, detector)| self.tally.hidden.hid(rule, detector));
        let ends = |r: &Record| r.record == RecordKind::End;
        new.sort_by(|a, b| (&a.time, ends(a), &a.id).cmp(&(&b.time, ends(b), &b.id)));
        for mut record in new {
            self.tally.record(&record);
            let id = |fields: &[&[u8]]| self.settings.key.id(fields);
            let merge = self.incidents.take(&mut record, self.clients.count(), &self.lists.sites, id);
            found.records.push(record);
            found.records.extend(merge);
        }
    }
}
