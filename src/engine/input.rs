//! One input, as the engine sees it: its parser, its clock, and what its clock holds back.

use crate::engine::batch::Batch;
use crate::engine::summary::Rejected;
use crate::engine::tally::Tally;
use crate::engine::waiting::Waiting;
use crate::event::{Contact, Fields, Millis, Signs};
use crate::input::Lines;
use crate::parse::{self, Parser, Reason};
use crate::window::ledger::Span;
use crate::window::{Clock, Tick, pane_of};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// One input.
pub struct Input {
    /// Its name for people.
    pub name: String,
    /// What its next line is read with.
    parser: Arc<dyn Parser>,
    /// What its first header, or its format, can know.
    pub carries: Fields,
    clock: Clock,
    /// Far ahead of all others, until the clock decides; about as many as the clock lets vote.
    held: Vec<Held>,
    /// Lines read from it.
    pub lines: u64,
    /// Of them, those that were read in another format than its own.
    pub foreign: u64,
    /// First and last time of what counts.
    pub counted: Option<Span>,
    open: bool,
    /// It says nothing while others do: they do not wait for it.
    idle: bool,
}

/// The fields of an input, of its parser the header.
pub type Memory = (String, Clock, Vec<Held>, [u64; 2], Option<Span>, bool, bool, Fields, Vec<u8>);

/// A contact that its clock holds back.
#[derive(Serialize, Deserialize)]
pub struct Held {
    /// Its number by the clock, which counts contacts.
    number: u64,
    /// What is told of its line if it is rejected.
    place: Rejected,
    waiting: Waiting,
    contact: Contact,
}

/// Passes over the next whole lines of an input, following headers: `parser` becomes what the line after them is read
/// with. Returns what the first of them is read with.
pub fn pass(parser: &mut Arc<dyn Parser>, lines: &[u8]) -> Arc<dyn Parser> {
    let first = Arc::clone(parser);
    let Some(mark) = first.mark() else { return first };
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&lines[at..], mark) {
        let start = memchr::memrchr(b'\n', &lines[at..at + found]).map_or(at, |end| at + end + 1);
        let end = memchr::memchr(b'\n', &lines[start..]).map_or(lines.len(), |end| start + end + 1);
        for (_, line) in Lines::new(0, &lines[start..end]) {
            if let Some(next) = parser.after(line) {
                *parser = next;
            }
        }
        at = end;
    }
    first
}

impl Input {
    /// An input that begins at about `first`.
    pub fn new(name: &str, parser: Arc<dyn Parser>, first: Millis) -> Input {
        let clock = Clock::starting_at(first);
        let carries = parser.carries();
        Input {
            name: name.into(),
            parser,
            carries,
            clock,
            held: Vec::new(),
            lines: 0,
            foreign: 0,
            counted: None,
            open: true,
            idle: false,
        }
    }

    /// All of it, to write it down.
    pub fn memory(&self) -> impl Serialize + '_ {
        let header = self.parser.header();
        let lines = [self.lines, self.foreign];
        (&self.name, &self.clock, &self.held, lines, self.counted, self.open, self.idle, self.carries, header)
    }

    /// What [`Input::memory`] wrote down. `parser` is one that has read no header.
    pub fn remember(memory: Memory, parser: Arc<dyn Parser>) -> Input {
        let (name, clock, held, [lines, foreign], counted, open, idle, carries, header) = memory;
        let parser = parse::resume(parser, &header);
        Input { name, parser, carries, clock, held, lines, foreign, counted, open, idle }
    }

    /// Passes over the next whole lines, following headers; what the first of them is read with.
    pub fn pass(&mut self, lines: &[u8]) -> Arc<dyn Parser> {
        pass(&mut self.parser, lines)
    }

    /// No contact before this is to come; `None` at the end.
    pub fn frontier(&self) -> Option<Millis> {
        self.open.then(|| self.clock.frontier())
    }

    /// Whether it has ended, and nothing of it is held back.
    pub fn is_over(&self) -> bool {
        !self.open && self.held.is_empty()
    }

    /// Up to where all of these have come; `None` if all have ended. What is idle holds nobody back, and if all are, time
    /// stays where it is.
    pub fn frontier_of(inputs: &[Input]) -> Option<Millis> {
        let busy = inputs.iter().filter(|input| !input.idle).filter_map(Input::frontier).min();
        busy.or_else(|| inputs.iter().filter_map(Input::frontier).max())
    }

    /// Whether the others are to wait for it; it is waited for again when it says something.
    pub fn set_idle(&mut self) {
        self.idle = true;
    }

    /// Batches of contacts held back: their texts are still needed.
    pub fn held_batches(&self) -> impl Iterator<Item = u32> + '_ {
        self.held.iter().map(|held| held.waiting.batch)
    }

    /// Walks the clock over a batch, in the order of its lines: marks what is late and gives it a pane that is open; holds
    /// back what is ahead. What the clock settles meanwhile is added to `settled`.
    /// What lies outside of `span` moves the clock and is left out; panes before `open` are closed. The lines of the batch
    /// are among [`Input::lines`].
    pub fn walk(
        &mut self,
        batch: &mut Batch,
        number: u32,
        (span, open): (Range<Millis>, u32),
        tally: &mut Tally,
        settled: &mut Vec<Waiting>,
    ) {
        self.idle = false;
        // Bytes of the batch before which line ends are counted, and the number of the line that begins there.
        let (mut counted, mut line) = (0, self.lines - batch.lines + 1);
        for i in 0..batch.contacts.len() {
            let contact = &mut batch.contacts[i];
            let end = contact.end;
            let mut pane = pane_of(end);
            let tick = match self.clock.tick(end) {
                // In order here, but the others did not wait.
                Tick::Now if pane < open => Tick::Late,
                tick => tick,
            };
            if !span.contains(&end) {
                tally.outside += 1;
                tally.undirected -= u64::from(contact.domain == 0);
                batch.move_to(i, Waiting::NEVER);
                continue;
            }
            match tick {
                Tick::Now => {}
                Tick::Late => {
                    contact.signs |= Signs::LATE;
                    pane = pane_of(self.clock.frontier()).max(open);
                    tally.late += 1;
                    batch.move_to(i, pane);
                }
                Tick::Ahead => {
                    let at = contact.line as usize;
                    line += memchr::memchr_iter(b'\n', &batch.bytes[counted..at]).count() as u64;
                    counted = at;
                    let text = Lines::new(0, &batch.bytes[at..]).next().map_or(&[][..], |(_, line)| line);
                    let place = Rejected::new(Reason::Future, &self.name, line, 0, text);
                    let waiting = Waiting::new(pane, contact, i as u32).of_batch(number);
                    self.held.push(Held { number: self.clock.line() - 1, place, waiting, contact: *contact });
                    batch.move_to(i, Waiting::NEVER);
                }
            }
            if tick != Tick::Ahead {
                batch.until = batch.until.max(pane);
                tally.span(end);
                self.counted = Span::join(self.counted, Some(Span { from: end, to: end }));
            }
            if self.clock.holds() {
                self.settle(false, tally, settled);
            }
        }
    }

    /// The input is over: what is held back is decided.
    pub fn end(&mut self, tally: &mut Tally, settled: &mut Vec<Waiting>) {
        self.settle(true, tally, settled);
        self.open = false;
    }

    fn settle(&mut self, end: bool, tally: &mut Tally, settled: &mut Vec<Waiting>) {
        let decided = self.clock.settle(end);
        for number in decided.accepted {
            if let Some(Held { waiting, contact, .. }) = self.release(number) {
                tally.span(contact.end);
                self.counted = Span::join(self.counted, Some(Span { from: contact.end, to: contact.end }));
                settled.push(waiting);
            }
        }
        for number in decided.rejected {
            if let Some(Held { place, contact, .. }) = self.release(number) {
                tally.future(place, &contact);
            }
        }
    }

    /// Takes out a contact held back, by its number.
    fn release(&mut self, number: u64) -> Option<Held> {
        let at = self.held.iter().position(|held| held.number == number)?;
        Some(self.held.remove(at))
    }
}
