//! Time: slice by slice, actors act and rows come out in the order a proxy would have logged them.
//!
//! A wheel holds, for each slice of time to come, who acts in it and which transactions end in it. Only what is under
//! way is in memory: its size follows the number of clients and open tunnels, not the length of the log.

use std::collections::VecDeque;

use super::person::Person;
use super::routine::Routine;
use super::row::Row;
use super::world::World;

/// Milliseconds of a slice: at ten million lines a day one holds some thousand rows, which fit the cache.
const SLICE: i64 = 20_000;

/// Who acts: people first, then routines.
#[derive(Clone, Debug, Default)]
pub(super) struct Actors {
    /// People.
    pub(super) people: Vec<Person>,
    /// Routines and when their life begins.
    pub(super) routines: Vec<(Routine, i64)>,
}

#[derive(Debug, Default)]
struct Slot {
    actors: Vec<u32>,
    rows: Vec<Row>,
}

/// The wheel and what turns it.
#[derive(Debug)]
pub(super) struct Stream<'w> {
    world: &'w World,
    people: Vec<Person>,
    routines: Vec<(Routine, i64)>,
    due: Vec<i64>,
    wheel: VecDeque<Slot>,
    /// Start of the slice at the front of the wheel.
    now: i64,
    /// Nothing is planned beyond.
    horizon: i64,
    order: Vec<u64>,
    scratch: Vec<Row>,
    /// Emptied vectors of past slices, for those that fill next.
    spare: Vec<Vec<Row>>,
    /// Rows people and routines have caused, in this order.
    pub(super) caused: [u64; 2],
    /// How fast people go about their work, 1 being their own pace.
    pub(super) tempo: f64,
}

impl<'w> Stream<'w> {
    /// Starts `actors` at `from`; nothing is planned beyond `horizon`.
    pub(super) fn new(world: &'w World, actors: Actors, from: i64, horizon: i64) -> Self {
        let Actors { people, routines } = actors;
        let mut stream = Stream {
            world,
            due: vec![0; people.len() + routines.len()],
            people,
            routines,
            wheel: VecDeque::new(),
            now: from,
            horizon,
            order: Vec::new(),
            scratch: Vec::new(),
            spare: Vec::new(),
            caused: [0; 2],
            tempo: 1.0,
        };
        for actor in 0..stream.due.len() {
            let split = stream.people.len();
            let due = if actor < split {
                stream.people[actor].first(world, from)
            } else {
                let (routine, birth) = &mut stream.routines[actor - split];
                routine.first(world, from.max(*birth))
            };
            stream.plan(actor as u32, due);
        }
        stream
    }

    /// Start of the slice that comes next.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    fn slot(&mut self, time: i64) -> &mut Slot {
        let index = ((time - self.now).max(0) / SLICE) as usize;
        if index >= self.wheel.len() {
            self.wheel.resize_with(index + 1, Slot::default);
        }
        &mut self.wheel[index]
    }

    fn plan(&mut self, actor: u32, due: i64) {
        self.due[actor as usize] = due;
        if due < self.horizon {
            self.slot(due).actors.push(actor);
        }
    }

    /// Turns the wheel by one slice and hands its rows to `each` in order of their end, until that says stop. False at
    /// the horizon or when stopped.
    pub(super) fn turn(&mut self, mut each: impl FnMut(&Row) -> bool) -> bool {
        if self.now >= self.horizon {
            return false;
        }
        self.slot(self.now);
        let end = self.now + SLICE;
        let actors = std::mem::take(&mut self.wheel[0].actors);
        for actor in actors {
            self.act(actor, end);
        }
        let mut slot = self.wheel.pop_front().unwrap_or_default();
        self.order.clear();
        let base = self.now;
        // End first, then the order of happening: one word, so the sort moves nothing else.
        self.order.extend(slot.rows.iter().enumerate().map(|(i, row)| ((row.end - base) as u64) << 32 | i as u64));
        self.order.sort_unstable();
        self.now = end;
        for key in &self.order {
            let row = &slot.rows[(key & 0xffff_ffff) as usize];
            if row.end >= self.horizon || !each(row) {
                return false;
            }
        }
        slot.rows.clear();
        self.spare.push(slot.rows);
        self.spare.truncate(4);
        true
    }

    fn keep(&mut self, row: &Row) {
        let soon = row.end < self.now + 2 * SLICE;
        let spare = if soon && self.slot(row.end).rows.capacity() == 0 { self.spare.pop() } else { None };
        let rows = &mut self.slot(row.end).rows;
        if let Some(spare) = spare {
            *rows = spare;
        }
        rows.push(*row);
    }

    /// Lets an actor act as often as it is due before `end`.
    fn act(&mut self, actor: u32, end: i64) {
        let split = self.people.len();
        let index = actor as usize;
        let mut rows = std::mem::take(&mut self.scratch);
        let mut due = self.due[index];
        while due < end {
            rows.clear();
            if index < split {
                due = self.people[index].step(self.world, due, self.tempo, &mut rows);
                self.caused[0] += rows.len() as u64;
            } else {
                due = self.routines[index - split].0.step(self.world, due, &mut rows);
                self.caused[1] += rows.len() as u64;
            }
            for row in &rows {
                if row.end < self.horizon {
                    self.keep(row);
                }
            }
        }
        self.scratch = rows;
        self.plan(actor, due);
    }
}
