//! One input, as the engine sees it: its parser, its clock, and what its clock holds back.

use crate::engine::batch::Batch;
use crate::engine::tally::Tally;
use crate::engine::waiting::Waiting;
use crate::event::{Contact, Millis};
use crate::parse::Parser;
use crate::window::{Clock, Tick, pane_of};
use std::ops::Range;
use std::sync::Arc;

/// One input.
pub struct Input {
    /// Its name for people.
    pub name: String,
    parser: Arc<dyn Parser>,
    clock: Clock,
    /// Contacts far ahead of all others, until the clock decides: (number by the clock, where it stands, contact).
    held: Vec<(u64, Waiting, Contact)>,
    /// Lines read from it.
    pub lines: u64,
    open: bool,
}

impl Input {
    /// An input that begins at about `first`.
    pub fn new(name: &str, parser: Arc<dyn Parser>, first: Millis) -> Input {
        let clock = Clock::starting_at(first);
        Input { name: name.into(), parser, clock, held: Vec::new(), lines: 0, open: true }
    }

    /// What its lines are read with.
    pub fn parser(&self) -> &Arc<dyn Parser> {
        &self.parser
    }

    /// No contact before this is to come; `None` at the end.
    pub fn frontier(&self) -> Option<Millis> {
        self.open.then(|| self.clock.frontier())
    }

    /// Batches of contacts held back: their texts are still needed.
    pub fn held_batches(&self) -> impl Iterator<Item = u32> + '_ {
        self.held.iter().map(|(_, waiting, _)| waiting.batch)
    }

    /// Walks the clock over a batch, in the order of its lines: marks what is late and gives it a pane that is open; holds
    /// back what is ahead. What the clock settles meanwhile is added to `settled`.
    /// What lies outside of `span` moves the clock and is left out.
    pub fn walk(
        &mut self,
        batch: &mut Batch,
        number: u32,
        span: Range<Millis>,
        tally: &mut Tally,
        settled: &mut Vec<Waiting>,
    ) {
        for i in 0..batch.contacts.len() {
            let contact = &mut batch.contacts[i];
            let end = contact.end;
            let mut pane = pane_of(end);
            let tick = self.clock.tick(end);
            if !span.contains(&end) {
                tally.outside += 1;
                tally.undirected -= u64::from(contact.domain == 0);
                batch.move_to(i, Waiting::NEVER);
                continue;
            }
            match tick {
                // Not before the frontier, so its pane is open.
                Tick::Now => {}
                Tick::Late => {
                    contact.late = true;
                    pane = pane_of(self.clock.frontier());
                    tally.late += 1;
                    batch.move_to(i, pane);
                }
                Tick::Ahead => {
                    let waiting = Waiting::new(pane, contact, i as u32).of_batch(number);
                    self.held.push((self.clock.line() - 1, waiting, *contact));
                    batch.move_to(i, Waiting::NEVER);
                }
            }
            if tick != Tick::Ahead {
                batch.until = batch.until.max(pane);
                tally.span(end);
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
        for line in decided.accepted {
            if let Some(at) = self.held.iter().position(|(held, ..)| *held == line) {
                let (_, waiting, contact) = self.held.remove(at);
                tally.span(contact.end);
                settled.push(waiting);
            }
        }
        for line in decided.rejected {
            if let Some(at) = self.held.iter().position(|(held, ..)| *held == line) {
                let (.., contact) = self.held.remove(at);
                tally.future(&self.name, &contact);
            }
        }
    }
}
