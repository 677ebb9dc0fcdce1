//! One input, as the engine sees it: its parser, its clock, and what its clock holds back.

use crate::engine::batch::Batch;
use crate::engine::tally::Tally;
use crate::event::{Contact, Millis};
use crate::parse::Parser;
use crate::window::{Clock, PANE, Tick, pane_of};
use std::ops::Range;
use std::sync::Arc;

/// One input.
pub struct Input {
    /// Its name for people.
    pub name: String,
    parser: Arc<dyn Parser>,
    clock: Clock,
    /// Contacts far ahead of all others, until the clock decides: (number by the clock, contact).
    held: Vec<(u64, Contact)>,
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
        self.held.iter().map(|(_, contact)| contact.batch)
    }

    /// Walks the clock over a batch, in the order of its lines: gives each contact its pane, marks what is late, holds
    /// back what is ahead. What the clock settles meanwhile is added to `settled`.
    /// What lies outside of `span` moves the clock and is left out.
    pub fn walk(
        &mut self,
        batch: &mut Batch,
        number: u32,
        span: Range<Millis>,
        tally: &mut Tally,
        settled: &mut Vec<Contact>,
    ) {
        for contact in &mut batch.contacts {
            contact.batch = number;
            match self.clock.tick(contact.end) {
                Tick::Now => contact.pane = pane_of(contact.end),
                Tick::Late => {
                    contact.late = true;
                    contact.pane = pane_of(self.clock.frontier());
                    tally.late += 1;
                }
                Tick::Ahead if span.contains(&contact.end) => {
                    self.held.push((self.clock.line() - 1, *contact));
                    contact.pane = Contact::HELD;
                }
                Tick::Ahead => {}
            }
            if !span.contains(&contact.end) {
                contact.pane = Contact::HELD;
                tally.outside += 1;
                tally.undirected -= u64::from(contact.domain == 0);
                tally.late -= u64::from(contact.late);
                continue;
            }
            if contact.pane != Contact::HELD {
                // What is late waits for a pane after its own time.
                batch.until = batch.until.max(contact.end).max(Millis::from(contact.pane) * PANE);
                tally.span(contact.end);
            }
            if self.clock.holds() {
                self.settle(false, tally, settled);
            }
        }
    }

    /// The input is over: what is held back is decided.
    pub fn end(&mut self, tally: &mut Tally, settled: &mut Vec<Contact>) {
        self.settle(true, tally, settled);
        self.open = false;
    }

    fn settle(&mut self, end: bool, tally: &mut Tally, settled: &mut Vec<Contact>) {
        let decided = self.clock.settle(end);
        for line in decided.accepted {
            if let Some(at) = self.held.iter().position(|(held, _)| *held == line) {
                let (_, mut contact) = self.held.remove(at);
                contact.pane = pane_of(contact.end);
                tally.span(contact.end);
                settled.push(contact);
            }
        }
        for line in decided.rejected {
            if let Some(at) = self.held.iter().position(|(held, _)| *held == line) {
                let (_, contact) = self.held.remove(at);
                tally.future(&self.name, &contact);
            }
        }
    }
}
