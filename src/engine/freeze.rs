//! The engine's memory as bytes, and back: a run that is written down and read back goes on as if it had not stopped.
//!
//! Between two rounds nothing is on its way, so all of memory is: what the stages count, what the clocks hold back, and
//! the chunks of which some contacts still wait for the watermark. What only saves time, and the settings, lists, ledger
//! and parsers that the driver has, are not written.

use crate::alert::Incidents;
use crate::engine::batch::{Batch, Memory as BatchMemory, SHARDS, join};
use crate::engine::clients::{Clients, Memory as ClientsMemory};
use crate::engine::frozen::Frozen;
use crate::engine::input::{Input, Memory as InputMemory};
use crate::engine::knowledge::Known;
use crate::engine::tally::Tally;
use crate::engine::{Engine, EngineSettings, Lists, lock};
use crate::event::Millis;
use crate::parse::Parser;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Memory that cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum ThawError {
    /// The system refuses the threads.
    #[error(transparent)]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// It holds lines of a format that is not known.
    #[error(
        "it holds lines of the format {0:?}, which this run does not have: start with the same --format or --logformat"
    )]
    Format(String),
    /// It is not what this version writes.
    #[error("part {part} of its memory is damaged or of another version: {source}")]
    Part {
        /// Which part, from 0.
        part: usize,
        /// What is wrong there.
        source: postcard::Error,
    },
}

/// What is not of one shard.
#[derive(Deserialize)]
struct Common {
    inputs: Vec<(String, InputMemory)>,
    incidents: Incidents,
    clients: ClientsMemory,
    known: Vec<Known>,
    tally: Tally,
    batches: Vec<Option<BatchMemory<Vec<u8>>>>,
    open_pane: u32,
    last_pane: u32,
    begun: Millis,
    events: u64,
}

impl Engine {
    /// All of memory between two rounds, in parts: what is common, then one for each shard. The same memory gives the same
    /// bytes. They are written to `rooms`, where there are any.
    ///
    /// # Errors
    ///
    /// The system gives no memory.
    pub fn freeze(&self, rooms: Vec<Frozen>) -> Result<Vec<Frozen>, postcard::Error> {
        let rooms = rooms.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        self.team
            .map(self.sizes().into_iter().zip(rooms).enumerate().collect(), |_, (part, (size, room))| {
                let room = room.map_or_else(|| Frozen::with_capacity(2 * size), Ok)?;
                let Some(i) = part.checked_sub(1) else { return self.common(room) };
                let (programs, fans) = (self.programs.share(i), self.fans.share(i));
                postcard::serialize_with_flavor(&(&*lock(&self.shards[i]), &*programs, &*fans), room)
            })
            .into_iter()
            .collect()
    }

    /// About what the parts come to, bytes: numbers are written in as many bytes as they need, in most half of those they
    /// have in memory.
    pub fn sizes(&self) -> Vec<usize> {
        let shards = self.shards.iter().map(|shard| lock(shard).bytes() * 9 / 16);
        std::iter::once(self.clients.bytes()).chain(shards).collect()
    }

    fn common(&self, room: Frozen) -> Result<Frozen, postcard::Error> {
        let inputs: Vec<_> = self.formats.iter().zip(self.inputs.iter().map(Input::memory)).collect();
        let batches: Vec<_> = self.batches.iter().map(|batch| batch.as_ref().map(Batch::memory)).collect();
        // In the order of the fields of `Common`.
        let common = (
            inputs,
            &self.incidents,
            self.clients.memory(),
            self.knowledge.memory(),
            &self.tally,
            batches,
            self.open_pane,
            self.last_pane,
            self.begun,
            self.events,
        );
        postcard::serialize_with_flavor(&common, room)
    }

    /// An engine with the memory that [`Engine::freeze`] wrote. `parser` gives the parser of a format by the name it was
    /// added with. A ledger has to be told again.
    ///
    /// # Errors
    ///
    /// The bytes are not of this version, or hold a format that is not there.
    pub fn thaw(
        settings: EngineSettings,
        lists: Lists,
        parts: &[&[u8]],
        parser: &dyn Fn(&str) -> Option<Arc<dyn Parser>>,
    ) -> Result<Engine, ThawError> {
        let mut engine = Engine::with_lists(settings, lists)?;
        let common: Common = read(parts, 0)?;
        let mut fresh = Vec::new();
        for (format, memory) in common.inputs {
            let parser = parser(&format).ok_or_else(|| ThawError::Format(format.clone()))?;
            engine.formats.push(format);
            fresh.push(Arc::clone(&parser));
            let input = Input::remember(memory, parser);
            engine.carries = join(engine.carries, input.carries);
            engine.inputs.push(input);
        }
        for (number, memory) in (0..).zip(common.batches) {
            let batch = memory.map(|memory| {
                let parser = fresh.get(usize::from(memory.0)).map(Arc::clone);
                let damaged = ThawError::Part { part: 0, source: postcard::Error::DeserializeBadEncoding };
                parser.map(|parser| lock(&engine.cutters[0]).remember(memory, parser)).ok_or(damaged)
            });
            if batch.is_none() {
                engine.free.push(number);
            }
            engine.batches.push(batch.transpose()?);
        }
        engine.incidents = common.incidents;
        engine.clients = Clients::remember(common.clients);
        engine.knowledge.remember(common.known);
        engine.tally = common.tally;
        (engine.open_pane, engine.last_pane) = (common.open_pane, common.last_pane);
        (engine.begun, engine.events) = (common.begun, common.events);
        let read = engine.team.map((0..SHARDS).collect(), |_, i| {
            let (mut shard, programs, fans): (crate::engine::Shard, _, _) = read(parts, i + 1)?;
            shard.reindex();
            *lock(&engine.shards[i]) = shard;
            engine.programs.put(i, programs);
            engine.fans.put(i, fans);
            Ok(())
        });
        read.into_iter().collect::<Result<(), ThawError>>()?;
        // They may be others than those of the run before.
        engine.relist(engine.lists.clone());
        Ok(engine)
    }
}

fn read<T: DeserializeOwned>(parts: &[&[u8]], part: usize) -> Result<T, ThawError> {
    let bytes = parts.get(part).copied().unwrap_or_default();
    postcard::from_bytes(bytes).map_err(|source| ThawError::Part { part, source })
}
