//! Files that were left for the next one while somebody may still write to them.
//!
//! Who writes alone has left a file when the next has content. Several that share a log (the workers of one server) do not
//! all open the next at the same moment: what the last of them still write is read from the old file, beside the next.

use std::io;
use std::time::Duration;

use super::happening::Happening;
use super::mark::Generation;
use super::reader::{Finish, Pull, Reader};
use super::stream::Stream;
use super::turn::Turn;

/// How many of one log at once. With more, a file is left when it was silent for `rotate_wait`, as one with half a line.
const CLOSING: usize = 8;

/// A file that was read to its end, while the next has content.
pub(super) struct Closing {
    pub(super) reader: Reader,
    /// When it was left, or gave something, last.
    silent_since: Duration,
}

impl Closing {
    pub(super) fn new(mut reader: Reader, now: Duration) -> Self {
        reader.attached = false;
        reader.generation = Generation { skip: reader.generation.skip, ..reader.generation.remembered(false) };
        Self { reader, silent_since: now }
    }
}

impl Stream {
    /// Whether the file being read can be left at once: it ends with a line, and all of it was read.
    pub(super) fn can_leave(&self, turn: &Turn<'_>) -> bool {
        self.closing.len() < CLOSING
            && turn.held <= turn.settings.max_open
            && self.reader.as_ref().is_some_and(Reader::is_at_end)
    }

    /// Leaves the file being read for the next, if nothing was written to it since the next was seen to have content.
    pub(super) fn leave(&mut self, turn: &Turn<'_>) {
        let ends = |reader: &mut Reader| reader.stat().is_ok_and(|stat| stat.len == reader.generation.offset);
        if let Some(reader) = self.reader.take_if(ends) {
            self.number = self.number.max(reader.generation.number + 1);
            self.closing.push(Closing::new(reader, turn.now));
        }
    }

    /// Reads what is still written to files that were left; those that were silent long enough are over.
    pub(super) fn attend(&mut self, turn: &mut Turn<'_>) {
        let mut at = 0;
        while let Some(closing) = self.closing.get_mut(at) {
            if turn.budget == 0 {
                turn.more = true;
                return;
            }
            match closing.reader.pull(&turn.settings.key, turn.settings.chunk) {
                Ok(Pull::Lines(chunk)) => {
                    closing.silent_since = turn.now;
                    self.give(turn, chunk);
                }
                Ok(Pull::Again) => turn.budget = turn.budget.saturating_sub(turn.settings.chunk),
                Ok(Pull::Dry) if turn.now.saturating_sub(closing.silent_since) < turn.settings.rotate_wait => at += 1,
                Ok(Pull::Dry) => self.close(turn, at),
                Ok(Pull::Cut { bytes }) => turn.note(self, Happening::TruncatedUnread { bytes }),
                // Nobody goes on with a log in a rotated file that was cut or rewritten.
                Ok(Pull::Lost | Pull::Unsure) => self.forget(turn, at, false),
                Err(cause) => self.give_up_closing(turn, at, cause),
            }
        }
    }

    /// It was silent long enough: what is left of it.
    fn close(&mut self, turn: &mut Turn<'_>, at: usize) {
        match self.closing[at].reader.finish(&turn.settings.key) {
            Ok(Finish::NotYet) => {}
            Ok(Finish::Over(rest)) => {
                self.give_rest(turn, rest);
                self.forget(turn, at, true);
            }
            Err(cause) => self.give_up_closing(turn, at, cause),
        }
    }

    fn give_up_closing(&mut self, turn: &mut Turn<'_>, at: usize, cause: io::Error) {
        turn.broke_off(self.id, &self.path, self.closing[at].reader.generation.offset, cause);
        self.forget(turn, at, false);
    }

    fn forget(&mut self, turn: &mut Turn<'_>, at: usize, whole: bool) {
        let over = self.closing.remove(at);
        let bytes = over.reader.pending();
        if !whole && bytes > 0 {
            turn.note(self, Happening::DeletedUnread { bytes });
        }
        self.remember(over.reader.generation, whole);
        self.moved(turn);
    }
}
