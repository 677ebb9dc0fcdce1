//! All stages joined: the exchange (order) and the shards (state). No I/O, no wall clock, no async.
//!
//! # How a round goes
//!
//! 1. The driver hands over chunks of any inputs, in any number: [`Engine::round`].
//! 2. Chunks are parsed in parallel. The clock of each input then walks over its contacts in the order of the lines and
//!    says which are late, ahead or in order.
//! 3. Contacts go to shards by **domain**. What lies before the slowest input's frontier is released, pane by pane.
//! 4. In a pane, shards count in parallel; then the client table takes what they changed; then shards judge in parallel,
//!    each before it counts the next pane.
//!
//! Inside a pane the contacts of a pair are sorted by start and content, between panes there is a barrier: so neither
//! threads nor chunks nor the order of files can reach a result. The exchange is by domain and not by client because then
//! "first seen" and "distinct clients" of a domain are exact without a second exchange.

mod agents;
mod batch;
mod budget;
mod clients;
mod close;
mod desk;
mod duplicates;
mod exchange;
mod fans;
mod freeze;
mod frozen;
mod input;
mod knowledge;
mod learn;
mod lists;
mod met;
mod names;
mod pane;
mod programs;
mod shard;
mod summary;
mod tally;
mod team;
mod waiting;
mod why;

pub use batch::{Batch, Cutter, SHARDS};
pub use freeze::ThawError;
pub use frozen::Frozen;
pub(crate) use input::pass;
pub use knowledge::Lesson;
pub use learn::LEDGER_SHARE;
pub use lists::Lists;
pub(crate) use met::{Hashes, Met};
pub use names::HashKey;
pub use summary::{InputSummary, LedgerSummary, Rejected, Summary};
pub use why::{Said, Why};

use crate::alert::{Incidents, Record};
use crate::event::{Fields, Millis};
use crate::input::Chunk;
use crate::lock::lock;
use crate::parse::Parser;
use crate::window::pane_of;
use clients::Clients;
use fans::Fans;
use input::Input;
use knowledge::Knowledge;
use programs::Programs;
use shard::Shard;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tally::Tally;
use team::Team;
use waiting::Waiting;

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

/// Inputs that one run can read at a time: their numbers have 16 bits, since every contact carries one.
pub const INPUTS: usize = 1 << 16;

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
    lists: Lists,
    incidents: Incidents,
    team: Team,
    cutters: Vec<Mutex<Cutter>>,
    inputs: Vec<Input>,
    formats: Vec<String>,
    carries: Fields,
    shards: Vec<Mutex<Shard>>,
    clients: Clients,
    programs: Programs,
    fans: Fans,
    batches: Vec<Option<Batch>>,
    free: Vec<u32>,
    spare: Vec<batch::Spare>,
    /// First pane that is not closed.
    open_pane: u32,
    /// Last pane that held anything; episodes end at the first one of an hour. It follows from the panes that were closed,
    /// never from how far a round went: rounds are as large as chunks are.
    last_pane: u32,
    /// First event of all inputs.
    begun: Millis,
    /// Events counted in the panes that are closed.
    events: u64,
    tally: Tally,
    knowledge: Knowledge,
}

impl Engine {
    /// An empty engine that knows nothing.
    ///
    /// # Errors
    ///
    /// The system refuses the threads.
    pub fn new(settings: EngineSettings) -> Result<Engine, rayon::ThreadPoolBuildError> {
        Engine::with_lists(settings, Lists::default())
    }

    /// An empty engine that is told lists, rules and sites.
    ///
    /// # Errors
    ///
    /// The system refuses the threads.
    pub fn with_lists(settings: EngineSettings, lists: Lists) -> Result<Engine, rayon::ThreadPoolBuildError> {
        let team = Team::new(settings.threads)?;
        Ok(Engine {
            settings,
            lists,
            incidents: Incidents::default(),
            cutters: (0..team.size()).map(|_| Mutex::new(Cutter::new(settings.key))).collect(),
            team,
            inputs: Vec::new(),
            formats: Vec::new(),
            carries: Fields::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            clients: Clients::default(),
            programs: Programs::default(),
            fans: Fans::default(),
            batches: Vec::new(),
            free: Vec::new(),
            spare: Vec::new(),
            open_pane: 0,
            last_pane: 0,
            begun: Millis::MAX,
            events: 0,
            tally: Tally::default(),
            knowledge: Knowledge::default(),
        })
    }

    /// Adds an input whose earliest time is about `first`; its number. Inputs of a replay must be added before the first
    /// round: what they carry together, and when the log begins, is part of every judgement. One that is added to a live
    /// run later changes the judgements from then on. Past [`INPUTS`] one that has ended gives its number away, as senders
    /// over the network come and go.
    pub fn add_input(&mut self, name: &str, format: &str, parser: Arc<dyn Parser>, first: Millis) -> u16 {
        self.carries = batch::join(self.carries, parser.carries());
        // What --since leaves out is no past either.
        self.begun = self.begun.min(first.max(self.settings.since));
        let input = Input::new(name, parser, first);
        if self.inputs.len() == INPUTS
            && let Some(number) = self.inputs.iter().position(Input::is_over)
        {
            self.formats[number] = format.into();
            self.inputs[number] = input;
            return number as u16;
        }
        self.formats.push(format.into());
        self.inputs.push(input);
        (self.inputs.len() - 1) as u16
    }

    /// How far an input has come; `None` when it has ended. The one that is furthest behind should be read next.
    pub fn frontier(&self, input: u16) -> Option<Millis> {
        self.inputs[input as usize].frontier()
    }

    /// An input says nothing while others do: from now on they do not wait for it, until it says something. What it says
    /// then of panes that are closed counts as late.
    pub fn idle(&mut self, input: u16) {
        self.inputs[input as usize].set_idle();
    }

    /// Event time up to which everything is judged, ms UTC; `None` before the first event.
    pub fn watermark(&self) -> Option<Millis> {
        (self.events > 0).then(|| self.pane(self.last_pane, self.events).end())
    }

    /// Takes chunks of inputs, in the order they stand in each input, and inputs that have ended; counts and judges what
    /// is complete. Gives buffers back for reading.
    pub fn round(&mut self, chunks: Vec<(u16, Chunk)>, ended: &[u16], found: &mut Found) -> Vec<Vec<u8>> {
        let mut new = Vec::with_capacity(chunks.len());
        let mut settled = Vec::new();
        for mut batch in self.parse(chunks) {
            let number = self.free.pop().unwrap_or_else(|| {
                self.batches.push(None);
                (self.batches.len() - 1) as u32
            });
            let input = &mut self.inputs[batch.input as usize];
            self.tally.batch(&batch, input);
            self.knowledge.identify(&batch, self.settings.key);
            let span = (self.settings.since..self.settings.until, self.open_pane);
            input.walk(&mut batch, number, span, &mut self.tally, &mut settled);
            self.batches[number as usize] = Some(batch);
            new.push(number);
        }
        for &input in ended {
            self.inputs[input as usize].end(&mut self.tally, &mut settled);
        }
        for waiting in &mut settled {
            // Where others did not wait.
            waiting.move_to(waiting.pane().max(self.open_pane));
            if let Some(batch) = &mut self.batches[waiting.batch as usize] {
                batch.until = batch.until.max(waiting.pane());
            }
        }
        let frontier = Input::frontier_of(&self.inputs);
        let until = frontier.map_or(u32::MAX, pane_of);
        let panes = self.release(&new, &settled, until);
        self.close(&panes, found);
        if frontier.is_some() {
            self.open_pane = self.open_pane.max(until);
        }
        self.recycle()
    }

    /// Ends all episodes. Call after the round in which the last input ended.
    pub fn finish(&mut self, found: &mut Found) {
        let pane = self.pane(self.last_pane, self.events);
        self.shards.iter().for_each(|shard| lock(shard).end_episodes(&pane, true));
        (0..SHARDS).for_each(|i| self.programs.end_episodes(i, &pane, true));
        (0..SHARDS).for_each(|i| self.fans.end_episodes(i, &pane, true));
        self.collect(found);
    }

    /// Lines read so far.
    pub fn lines(&self) -> u64 {
        self.tally.lines
    }

    /// What was read and found so far.
    pub fn summary(&self) -> Summary {
        let sum = |of: fn(&Shard) -> u64| self.shards.iter().map(|shard| of(&lock(shard))).sum();
        let (domains, pairs, duplicates) = (sum(Shard::domains), sum(Shard::pairs), sum(|shard| shard.duplicates));
        let counts = [self.clients.count(), domains, pairs, duplicates];
        let mut summary = self.tally.summary(&self.inputs, &self.formats, counts);
        summary.incidents = self.incidents.all();
        summary.ledger_bytes = self.knowledge.bytes as u64;
        summary.ledger_until = self.knowledge.until;
        let known = self.knowledge.learned.map(|learned| learned.from);
        summary.known_from = known.into_iter().chain(summary.known_from).min();
        summary
    }

    /// Cuts chunks into contacts, in parallel, order kept.
    fn parse(&mut self, chunks: Vec<(u16, Chunk)>) -> Vec<Batch> {
        // Headers are followed in the order of the lines first; what stands between them is cut in any order.
        let prepare = |(input, chunk): (u16, Chunk)| {
            let parser = self.inputs[input as usize].pass(&chunk.bytes);
            (input, chunk, parser, self.spare.pop().unwrap_or_default())
        };
        let chunks = chunks.into_iter().map(prepare).collect();
        self.team.map(chunks, |worker, (input, chunk, parser, spare)| {
            lock(&self.cutters[worker]).cut(chunk, input, parser, spare)
        })
    }

    /// Distributes new contacts, and releases what lies before `until`; the panes of that, ascending.
    fn release(&self, new: &[u32], settled: &[Waiting], until: u32) -> Vec<u32> {
        let panes = Mutex::new(BTreeSet::new());
        let shares = self.team.share(0..SHARDS);
        self.team.together(|worker| {
            shares.go(worker, 0, |i| {
                let mut shard = lock(&self.shards[i]);
                for &number in new {
                    if let Some(batch) = &self.batches[number as usize] {
                        shard.take(number, batch.of_shard(i));
                    }
                }
                for waiting in settled {
                    let batch = self.batches[waiting.batch as usize].as_ref();
                    if batch.is_some_and(|b| batch::shard_of(b.contacts[waiting.index as usize].domain) == i) {
                        shard.take(waiting.batch, &[*waiting]);
                    }
                }
                lock(&panes).extend(shard.release(until));
            });
        });
        panes.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
    }

    /// Frees batches of which every contact is counted.
    fn recycle(&mut self) -> Vec<Vec<u8>> {
        let held: Vec<u32> = self.inputs.iter().flat_map(Input::held_batches).collect();
        let mut buffers = Vec::new();
        for (number, place) in self.batches.iter_mut().enumerate() {
            let number = number as u32;
            if let Some(batch) = place.take_if(|b| b.until < self.open_pane && !held.contains(&number)) {
                self.free.push(number);
                let (bytes, spare) = batch.into_parts();
                buffers.push(bytes);
                self.spare.push(spare);
            }
        }
        buffers
    }
}
