//! All stages joined: the exchange (order) and the shards (state). No I/O, no wall clock, no async.
//!
//! # How a round goes
//!
//! 1. The driver hands over chunks of any inputs, in any number: [`Engine::round`].
//! 2. Chunks are parsed in parallel. The clock of each input then walks over its contacts in the order of the lines and
//!    says which are late, ahead or in order.
//! 3. Contacts go to shards by **domain**. What lies before the slowest input's frontier is released, pane by pane.
//! 4. In a pane, shards count in parallel; then the client table takes what they changed; then shards judge in parallel.
//!
//! Inside a pane the contacts of a pair are sorted by start and content, between panes there is a barrier: so neither
//! threads nor chunks nor the order of files can reach a result. The exchange is by domain and not by client because then
//! "first seen" and "distinct clients" of a domain are exact without a second exchange.

mod batch;
mod budget;
mod clients;
mod duplicates;
mod input;
mod names;
mod shard;
mod summary;
mod tally;

pub use batch::{Batch, Cutter, SHARDS};
pub use names::HashKey;
pub use summary::{InputSummary, Rejected, Summary};

use crate::alert::Record;
use crate::event::{Contact, Fields, Millis};
use crate::input::Chunk;
use crate::parse::Parser;
use crate::window::pane_of;
use clients::Clients;
use input::Input;
use rayon::prelude::*;
use shard::{PANES_AT_ONCE, Pane, Shard};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tally::Tally;

/// What the engine needs to know.
#[derive(Clone, Copy, Debug)]
pub struct EngineSettings {
    /// Threads that parse and count; at least 1.
    pub threads: usize,
    /// Limit of state, bytes, counted in entries × size.
    pub memory: usize,
    /// Key of all hashes.
    pub key: HashKey,
    /// Lines that several inputs hold are counted as often as they stand in all of them.
    pub keep_duplicates: bool,
    /// Only events from this time on count, ms UTC.
    pub since: Millis,
    /// Only events before this time count, ms UTC.
    pub until: Millis,
}

impl Default for EngineSettings {
    fn default() -> Self {
        EngineSettings {
            threads: 1,
            memory: 1 << 30,
            key: HashKey::default(),
            keep_duplicates: false,
            since: 0,
            until: Millis::MAX,
        }
    }
}

/// What a round gave.
#[derive(Debug, Default)]
pub struct Found {
    /// Records, in their final order.
    pub records: Vec<Record>,
    /// Panes that were closed, in order; those without events are left out.
    pub panes: Vec<PaneCount>,
}

/// What a pane held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaneCount {
    /// Its end, ms UTC.
    pub end: Millis,
    /// Events, duplicates left out.
    pub events: u64,
    /// Of them refused by the proxy.
    pub denied: u64,
}

/// The whole of memory, and the way of a line through it.
pub struct Engine {
    settings: EngineSettings,
    pool: Option<Arc<rayon::ThreadPool>>,
    cutters: Vec<Mutex<Cutter>>,
    inputs: Vec<Input>,
    formats: Vec<String>,
    carries: Fields,
    shards: Vec<Shard>,
    clients: Clients,
    batches: Vec<Option<Batch>>,
    free: Vec<u32>,
    /// First pane that is not closed.
    open_pane: u32,
    /// Last pane that held anything.
    last_pane: u32,
    /// Hour at the start of which quiet episodes were ended last. Both follow from the panes that were closed, never from
    /// how far a round went: rounds are as large as chunks are.
    swept: u32,
    /// First event of all inputs.
    begun: Millis,
    tally: Tally,
}

impl Engine {
    /// An empty engine.
    ///
    /// # Errors
    ///
    /// The system refuses the threads.
    pub fn new(settings: EngineSettings) -> Result<Engine, rayon::ThreadPoolBuildError> {
        let pool = match settings.threads {
            0 | 1 => None,
            n => Some(Arc::new(rayon::ThreadPoolBuilder::new().num_threads(n).build()?)),
        };
        Ok(Engine {
            settings,
            pool,
            cutters: (0..settings.threads.max(1)).map(|_| Mutex::new(Cutter::new(settings.key))).collect(),
            inputs: Vec::new(),
            formats: Vec::new(),
            carries: Fields::default(),
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            clients: Clients::default(),
            batches: Vec::new(),
            free: Vec::new(),
            open_pane: 0,
            last_pane: 0,
            swept: 0,
            begun: Millis::MAX,
            tally: Tally::default(),
        })
    }

    /// Adds an input whose earliest time is about `first`; its number. All inputs must be added before the first round:
    /// what they carry together, and when the log begins, is part of every judgement.
    pub fn add_input(&mut self, name: &str, format: &str, parser: Arc<dyn Parser>, first: Millis) -> u16 {
        self.carries = batch::join(self.carries, parser.carries());
        self.formats.push(format.into());
        self.begun = self.begun.min(first);
        self.inputs.push(Input::new(name, parser, first));
        (self.inputs.len() - 1) as u16
    }

    /// How far an input has come; `None` when it has ended. The one that is furthest behind should be read next.
    pub fn frontier(&self, input: u16) -> Option<Millis> {
        self.inputs[input as usize].frontier()
    }

    /// Takes chunks of inputs, in the order they stand in each input, and inputs that have ended; counts and judges what
    /// is complete. Gives buffers back for reading.
    pub fn round(&mut self, chunks: Vec<(u16, Chunk)>, ended: &[u16], found: &mut Found) -> Vec<Vec<u8>> {
        match self.pool.clone() {
            None => self.go_round(chunks, ended, found),
            // Inside the pool as a whole: its sections are many and short, and to enter it costs a change of thread.
            Some(pool) => pool.install(|| self.go_round(chunks, ended, found)),
        }
    }

    fn go_round(&mut self, chunks: Vec<(u16, Chunk)>, ended: &[u16], found: &mut Found) -> Vec<Vec<u8>> {
        let mut new = Vec::with_capacity(chunks.len());
        let mut settled = Vec::new();
        for mut batch in self.parse(chunks) {
            let number = self.free.pop().unwrap_or_else(|| {
                self.batches.push(None);
                (self.batches.len() - 1) as u32
            });
            let input = &mut self.inputs[batch.input as usize];
            self.tally.batch(&batch, input);
            input.walk(&mut batch, number, self.settings.since..self.settings.until, &mut self.tally, &mut settled);
            self.batches[number as usize] = Some(batch);
            new.push(number);
        }
        for &input in ended {
            self.inputs[input as usize].end(&mut self.tally, &mut settled);
        }
        for contact in &settled {
            if let Some(batch) = &mut self.batches[contact.batch as usize] {
                batch.until = batch.until.max(contact.end);
            }
        }
        let frontier = self.inputs.iter().filter_map(Input::frontier).min();
        self.advance(&new, &settled, frontier.map_or(u32::MAX, pane_of), found);
        self.recycle()
    }

    /// Ends all episodes. Call after the round in which the last input ended.
    pub fn finish(&mut self, found: &mut Found) {
        let mut shards = std::mem::take(&mut self.shards);
        let pane = self.pane(self.last_pane);
        shards.iter_mut().for_each(|shard| shard.end_episodes(&pane, true));
        self.shards = shards;
        self.collect(found);
    }

    /// Lines read so far.
    pub fn lines(&self) -> u64 {
        self.tally.lines
    }

    /// What was read and found so far.
    pub fn summary(&self) -> Summary {
        let (domains, pairs) = self.shards.iter().map(Shard::sizes).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let duplicates = self.shards.iter().map(|s| s.duplicates).sum();
        self.tally.summary(&self.inputs, &self.formats, [self.clients.count(), domains, pairs, duplicates])
    }

    /// Cuts chunks into contacts, in parallel, order kept.
    fn parse(&self, chunks: Vec<(u16, Chunk)>) -> Vec<Batch> {
        let cut = |(input, chunk): (u16, Chunk)| {
            let thread = rayon::current_thread_index().unwrap_or(0);
            let mut cutter = self.cutters[thread].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            cutter.cut(chunk, input, self.inputs[input as usize].parser())
        };
        match &self.pool {
            None => chunks.into_iter().map(cut).collect(),
            Some(_) => chunks.into_par_iter().with_max_len(1).map(cut).collect(),
        }
    }

    /// Does `work` on every shard, in parallel; shards differ much in load, so each is a task of its own.
    fn each_shard<T: Send>(
        parallel: bool,
        shards: &mut [Shard],
        work: impl Fn(usize, &mut Shard) -> T + Sync + Send,
    ) -> Vec<T> {
        let work = |(i, shard): (usize, &mut Shard)| work(i, shard);
        match parallel {
            false => shards.iter_mut().enumerate().map(work).collect(),
            true => shards.par_iter_mut().enumerate().with_max_len(1).map(work).collect(),
        }
    }

    /// Distributes new contacts, and closes all panes before `until`.
    fn advance(&mut self, new: &[u32], settled: &[Contact], until: u32, found: &mut Found) {
        let mut shards = std::mem::take(&mut self.shards);
        let parallel = self.pool.is_some();
        Self::each_shard(parallel, &mut shards, |i, shard| {
            for &number in new {
                if let Some(batch) = &self.batches[number as usize] {
                    shard.take(batch.of_shard(i));
                }
            }
            shard.take(settled.iter().filter(|c| batch::shard_of(c.domain) == i));
        });
        self.shards = shards;
        while let Some(from) = self.shards.iter().filter_map(Shard::waits_for).min().filter(|&pane| pane < until) {
            let from = from.max(self.open_pane);
            self.close(from, until.min(from + PANES_AT_ONCE), found);
        }
        if until != u32::MAX {
            self.open_pane = self.open_pane.max(until);
        }
    }

    /// Counts and judges the panes from `from` to `until`, and closes them.
    fn close(&mut self, from: u32, until: u32, found: &mut Found) {
        let mut shards = std::mem::take(&mut self.shards);
        let parallel = self.pool.is_some();
        let panes: BTreeSet<u32> = Self::each_shard(parallel, &mut shards, |_, shard| shard.release(from, until))
            .into_iter()
            .flatten()
            .collect();
        for minute in panes {
            if minute / 60 > self.swept {
                self.swept = minute / 60;
                let before = self.pane(minute - 1);
                Self::each_shard(parallel, &mut shards, |_, shard| shard.end_episodes(&before, false));
            }
            let pane = self.pane(minute);
            let counted = Self::each_shard(parallel, &mut shards, |_, shard| shard.count(&pane));
            let (events, denied) = counted.into_iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            found.panes.push(PaneCount { end: pane.end(), events, denied });
            Self::each_shard(parallel, &mut shards, |_, shard| shard.tell_clients(&pane));
            Self::each_shard(parallel, &mut shards, |_, shard| shard.judge(&pane));
            self.open_pane = minute + 1;
            self.last_pane = minute;
            self.shards = shards;
            self.collect(found);
            self.enforce_budget();
            shards = std::mem::take(&mut self.shards);
        }
        Self::each_shard(parallel, &mut shards, |_, shard| shard.compact(until));
        self.shards = shards;
    }

    fn pane(&self, minute: u32) -> Pane<'_> {
        Pane {
            minute,
            batches: &self.batches,
            clients: &self.clients,
            formats: &self.formats,
            carries: self.carries,
            begun: self.begun,
            keep_duplicates: self.settings.keep_duplicates,
            key: self.settings.key,
        }
    }

    /// Takes the records of all shards, in the order of their ids.
    fn collect(&mut self, found: &mut Found) {
        let mut new: Vec<Record> = self.shards.iter_mut().flat_map(|shard| shard.records.drain(..)).collect();
        new.sort_by(|a, b| (&a.time, &a.id).cmp(&(&b.time, &b.id)));
        new.iter().for_each(|record| self.tally.record(record));
        found.records.append(&mut new);
    }

    /// Frees batches of which every contact is counted.
    fn recycle(&mut self) -> Vec<Vec<u8>> {
        let held: Vec<u32> = self.inputs.iter().flat_map(Input::held_batches).collect();
        let mut buffers = Vec::new();
        for (number, place) in self.batches.iter_mut().enumerate() {
            let number = number as u32;
            if let Some(batch) = place.take_if(|b| pane_of(b.until) < self.open_pane && !held.contains(&number)) {
                self.free.push(number);
                buffers.push(batch.into_bytes());
            }
        }
        buffers
    }
}
