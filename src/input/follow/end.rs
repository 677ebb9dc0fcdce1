//! The end of a file: when it is over, what is left of it, and the next.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::Chunk;
use super::super::codec::Fault;
use super::content::Content;
use super::files::{Open, Stat};
use super::happening::Happening;
use super::mark::Generation;
use super::reader::{Finish, Reader};
use super::search::{Candidates, cause};
use super::stream::Stream;
use super::turn::Turn;

impl Stream {
    /// Whether the file being read, which gives no more at the moment, is over.
    pub(super) fn is_over(&mut self, turn: &mut Turn<'_>) -> bool {
        let silent = turn.now.saturating_sub(self.silent_since);
        let Some(reader) = &mut self.reader else { return false };
        if reader.attached {
            return false;
        }
        if reader.content.is_archive() {
            return self.archive_is_over(turn);
        }
        if self.queue.is_empty() {
            return self.has_waited(turn) && (self.retired || silent >= turn.settings.delete_wait);
        }
        // While the next is empty the writer may not have gone there yet.
        let is_empty = |file: &Arc<dyn Open>| file.stat().is_ok_and(|stat| stat.len == 0);
        (self.has_waited(turn) || self.can_leave(turn))
            && !self.queue.iter().all(|next| next.file.as_ref().is_some_and(is_empty))
    }

    /// Whether the file being read was silent for so long that nobody writes to it any more.
    fn has_waited(&self, turn: &Turn<'_>) -> bool {
        self.settled || turn.now.saturating_sub(self.silent_since) >= turn.settings.rotate_wait
    }

    /// An archive at its end, or where it is damaged: one still being written is tried again.
    fn archive_is_over(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(reader) = &mut self.reader else { return false };
        if let Some(Fault::Truncated) = reader.content.fault() {
            if reader.has_grown() {
                self.silent_since = turn.now;
                return false;
            }
            if turn.now.saturating_sub(self.silent_since) < turn.settings.rotate_wait {
                return false;
            }
        }
        if let Some(fault) = reader.content.fault() {
            turn.damaged(self.id, &self.path, fault);
        }
        true
    }

    /// The file is over: what is left of it, then the next.
    pub(super) fn finish(&mut self, turn: &mut Turn<'_>) {
        let has_waited = self.has_waited(turn);
        let Some(reader) = &mut self.reader else { return };
        if !has_waited && !reader.content.is_archive() {
            return self.leave(turn);
        }
        match reader.finish(&turn.settings.key) {
            Ok(Finish::NotYet) => return,
            Ok(Finish::Over(rest)) => self.give_rest(turn, rest),
            Err(cause) => return self.broken(turn, cause),
        }
        if let Some(reader) = self.reader.take() {
            self.remember(reader.generation, true);
        }
        if self.queue.is_empty() {
            self.parked = Some(turn.now);
        }
    }

    /// Hands out what was left at the end of a file.
    pub(super) fn give_rest(&self, turn: &mut Turn<'_>, rest: Option<Chunk>) {
        let Some(rest) = rest else { return };
        let unfinished = !rest.bytes.is_empty();
        self.give(turn, rest);
        if unfinished {
            turn.note(self, Happening::UnfinishedLine);
        }
    }

    /// Begins the next file; whether there is one.
    pub(super) fn next(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(next) = self.queue.pop_front() else { return false };
        let Some(file) = next.file.or_else(|| self.look_for(turn, &next.stat)) else {
            turn.note(self, Happening::DeletedUnread { bytes: next.stat.len });
            return true;
        };
        let mut content = match if next.live { Ok(Content::live(file)) } else { Content::told(file) } {
            Ok(content) => content,
            Err(fault) => {
                turn.failed(Some(self.id), &self.path, cause(fault));
                return true;
            }
        };
        if let Some(at) = self.closing.iter().position(|left| left.reader.generation.is_inode(&next.stat)) {
            // It was away for less than `rotate_wait` and is back.
            let mut reader = self.closing.remove(at).reader;
            reader.generation.number = self.number;
            return self.begins(turn, reader, next.stat, next.live);
        }
        let left = self.past.iter().position(|past| {
            past.is_inode(&next.stat) && past.is_in(&turn.settings.key, &mut content).unwrap_or(false)
        });
        let reader = match left.map(|at| self.past.remove(at)) {
            // It was away and is back.
            Some(past) => {
                Reader::resumed(content, Generation { number: self.number, whole: false, ..past }, &next.stat)
            }
            None => Reader::new(content, Generation::new(self.number, &next.stat)),
        };
        self.begins(turn, reader, next.stat, next.live)
    }

    /// Begins to read this one. `true`, as there is one.
    fn begins(&mut self, turn: &mut Turn<'_>, mut reader: Reader, stat: Stat, live: bool) -> bool {
        reader.attached = live && self.queue.is_empty();
        self.reader = Some(reader);
        self.settled = false;
        self.silent_since = turn.now;
        // The same file from its beginning was told of when it was found cut or rewritten.
        if self.past.last().is_none_or(|past| past.id() != stat.id()) {
            turn.note(self, Happening::Rotated);
        }
        self.moved(turn);
        true
    }

    /// A file that was not held open, under the name it has now.
    fn look_for(&self, turn: &Turn<'_>, stat: &Stat) -> Option<Arc<dyn Open>> {
        let is_taken = |path: &Path| path != self.path && turn.is_live(path);
        let found = Candidates::of(turn.files, &self.path, &self.targets, &is_taken);
        let names = found.paths().chain([self.path.as_path()]);
        names
            .filter_map(|path| turn.files.open(path).ok())
            .find(|file| file.stat().is_ok_and(|now| now.id() == stat.id() && now.born == stat.born))
    }

    /// It was a rotated file of another stream: what it holds is still read.
    pub(super) fn retire(&mut self, now: Duration) {
        self.retired = true;
        self.detach(now);
        if self.reader.is_none() {
            self.parked = Some(now);
        }
    }

    /// Whether the file being read has no name any more.
    pub(super) fn is_deleted(&self) -> bool {
        let links = self.reader.as_ref().and_then(|reader| reader.stat().ok()).map_or(1, |stat| stat.links);
        !self.is_attached() && links == 0
    }

    /// Gives up a file: too many deleted ones are held, or it is another's and has changed.
    pub(super) fn abandon(&mut self, turn: &mut Turn<'_>) {
        let bytes = self.reader.as_ref().map_or(0, Reader::pending);
        if bytes > 0 {
            turn.note(self, Happening::DeletedUnread { bytes });
        }
        if let Some(reader) = self.reader.take() {
            self.remember(reader.generation, false);
        }
        if self.queue.is_empty() {
            self.parked = Some(turn.now);
        }
    }
}
