//! One log: its live file, the files before it, and the way from one to the next.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::super::Chunk;
use super::backoff::Backoff;
use super::closing::Closing;
use super::content::Content;
use super::files::{Open, Stat};
use super::happening::Happening;
use super::mark::Generation;
use super::position::Position;
use super::reader::{Pull, Reader};
use super::turn::Turn;
use super::{From, Step};

/// How many files that are over are remembered, to know them when they turn up again.
const PAST: usize = 8;
/// Rounds in one poll, whatever happens in them.
const ROUNDS: usize = 4096;

/// A file whose turn comes.
pub(super) struct Next {
    pub(super) stat: Stat,
    /// `None`: too many were open; it is looked for when its turn comes.
    pub(super) file: Option<Arc<dyn Open>>,
    /// Seen at the live path: no archive.
    pub(super) live: bool,
}

/// One log.
pub(super) struct Stream {
    pub(super) id: u32,
    pub(super) path: PathBuf,
    /// Where to begin in its first file.
    pub(super) from: From,
    /// It came after this, while nobody followed: all its files changed since are to be read, ns since 1970.
    pub(super) since: Option<u64>,
    /// Where the path leads, links followed; and where it led when the position was stored.
    pub(super) targets: Vec<PathBuf>,
    pub(super) reader: Option<Reader>,
    /// Nobody writes to it any more, for all we know: no need to wait.
    pub(super) settled: bool,
    /// When it was detached, or gave something, last.
    pub(super) silent_since: Duration,
    pub(super) queue: VecDeque<Next>,
    /// Left for the next, and perhaps still written to.
    pub(super) closing: Vec<Closing>,
    /// In the order of their numbers.
    pub(super) past: Vec<Generation>,
    /// A stored place not yet found.
    pub(super) resume: Option<Generation>,
    /// The same of files that were left.
    pub(super) unclosed: Vec<Generation>,
    pub(super) number: u64,
    pub(super) looking: Backoff,
    reading: Backoff,
    /// Proved to be a rotated file of another stream: read to its end and then dropped.
    pub(super) retired: bool,
    /// Nothing at the path, nothing to read.
    pub(super) parked: Option<Duration>,
}

impl Stream {
    pub(super) fn new(id: u32, path: PathBuf, from: From) -> Self {
        Self {
            id,
            path,
            from,
            since: None,
            targets: Vec::new(),
            reader: None,
            settled: false,
            silent_since: Duration::ZERO,
            queue: VecDeque::new(),
            closing: Vec::new(),
            past: Vec::new(),
            resume: None,
            unclosed: Vec::new(),
            number: 0,
            looking: Backoff::default(),
            reading: Backoff::default(),
            retired: false,
            parked: None,
        }
    }

    pub(super) fn resumed(id: u32, position: &Position) -> Self {
        Self {
            targets: vec![position.target()],
            past: position.past.clone(),
            number: position.generation.number,
            resume: Some(position.generation.clone()),
            unclosed: position.closing.clone(),
            ..Self::new(id, position.path(), From::Start)
        }
    }

    /// Looks at the path, then reads what there is.
    pub(super) fn poll(&mut self, turn: &mut Turn<'_>) {
        if !self.retired && self.looking.is_due(turn.now) {
            self.notice(turn);
        }
        self.attend(turn);
        if self.reading.is_due(turn.now) {
            self.read(turn);
        }
    }

    /// Its files, in reading or waiting.
    pub(super) fn ids(&self) -> impl Iterator<Item = (u64, u64)> {
        let read = self.reader.as_ref().map(|reader| reader.generation.id());
        let waiting = self.queue.iter().map(|next| next.stat.id());
        let left = self.closing.iter().map(|left| left.reader.generation.id());
        let stored = self.resume.iter().chain(&self.unclosed).map(Generation::id);
        read.into_iter().chain(waiting).chain(left).chain(stored)
    }

    /// The files that were read before the present one, those of them that may still be written to last.
    pub(super) fn known(&self) -> impl Iterator<Item = &Generation> {
        self.past.iter().chain(self.left())
    }

    /// Those of them that may still be written to.
    fn left(&self) -> impl Iterator<Item = &Generation> {
        self.closing.iter().map(|left| &left.reader.generation).chain(&self.unclosed)
    }

    /// Whether a file was read before under another name.
    pub(super) fn has_read(&self, turn: &Turn<'_>, stat: &Stat, content: &mut Content) -> bool {
        self.known().any(|past| past.was(&turn.settings.key, stat, content).unwrap_or(false))
    }

    /// Whether a file of the past may be this one.
    pub(super) fn may_have_read(&self, id: (u64, u64)) -> bool {
        self.known().any(|past| past.id() == id)
    }

    /// Looks at the path: nothing new, nothing there, or another file.
    fn notice(&mut self, turn: &mut Turn<'_>) {
        match turn.files.stat(&self.path) {
            Ok(stat) if stat.is_file && self.resume.is_none() && self.newest() == Some(stat.id()) => {
                if let Some(reader) = &mut self.reader {
                    reader.attached = self.queue.is_empty();
                }
                self.looking.worked();
            }
            // Never opened: a pipe would wait for somebody to write.
            Ok(stat) if !stat.is_file => self.failed(turn, io::Error::other("is not a regular file")),
            Err(e)
                if e.kind() == io::ErrorKind::NotFound && self.resume.is_none() && !turn.files.is_link(&self.path) =>
            {
                self.detach(turn.now);
                self.looking.worked();
            }
            _ => {
                self.look(turn);
            }
        }
    }

    /// Opens what is at the path, and plans with it. Whether there is a plan.
    fn look(&mut self, turn: &mut Turn<'_>) -> bool {
        if self.retired || !self.looking.is_due(turn.now) {
            return false;
        }
        let live = match turn.files.open(&self.path).and_then(|file| Ok((file.stat()?, file))) {
            Ok((stat, _)) if !stat.is_file => {
                self.failed(turn, io::Error::other("is not a regular file"));
                return false;
            }
            Ok(live) => Some(live),
            Err(e) if e.kind() == io::ErrorKind::NotFound && !turn.files.is_link(&self.path) => None,
            Err(e) => {
                self.detach(turn.now);
                self.failed(turn, e);
                return false;
            }
        };
        self.plan(turn, live)
    }

    /// The file the path led to last.
    fn newest(&self) -> Option<(u64, u64)> {
        match self.queue.back() {
            Some(next) => Some(next.stat.id()),
            None => self.reader.as_ref().map(|reader| reader.generation.id()),
        }
    }

    /// Whether the live file is read, and no other waits.
    pub(super) fn is_attached(&self) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.attached)
    }

    pub(super) fn detach(&mut self, now: Duration) {
        if let Some(reader) = &mut self.reader
            && std::mem::replace(&mut reader.attached, false)
        {
            self.silent_since = now;
        }
    }

    pub(super) fn failed(&mut self, turn: &mut Turn<'_>, cause: io::Error) {
        self.looking.failed(turn.now);
        turn.failed(Some(self.id), &self.path, cause);
    }

    /// Keeps what a file that is over is known by; `whole`: it was read to its end.
    pub(super) fn remember(&mut self, generation: Generation, whole: bool) {
        self.number = self.number.max(generation.number + 1);
        if generation.offset > 0 {
            let at = self.past.partition_point(|past| past.number <= generation.number);
            self.past.insert(at, generation.remembered(whole));
        }
        let surplus = self.past.len().saturating_sub(PAST);
        self.past.drain(..surplus);
    }

    /// Says where reading stands, without lines.
    pub(super) fn moved(&self, turn: &mut Turn<'_>) {
        if let Some(position) = self.position() {
            turn.steps.push(Step::Moved { stream: self.id, position });
        }
    }

    fn position(&self) -> Option<Position> {
        let target = self.targets.last().map_or(Path::new(""), PathBuf::as_path);
        let mut closing: Vec<_> = self.left().cloned().collect();
        let generation = match &self.reader {
            Some(reader) => reader.generation.clone(),
            // There was a next one, and it is gone.
            None => closing.pop()?,
        };
        Some(Position::new(&self.path, target, generation, closing, self.past.clone()))
    }

    pub(super) fn give(&self, turn: &mut Turn<'_>, chunk: Chunk) {
        turn.budget = turn.budget.saturating_sub(chunk.bytes.len().max(1));
        if let Some(position) = self.position() {
            turn.steps.push(Step::Lines { stream: self.id, chunk, position });
        }
    }

    fn read(&mut self, turn: &mut Turn<'_>) {
        for _ in 0..ROUNDS {
            if turn.budget == 0 {
                break;
            }
            let Some(reader) = &mut self.reader else {
                if self.next(turn) {
                    continue;
                }
                return;
            };
            match reader.pull(&turn.settings.key, turn.settings.chunk) {
                Ok(Pull::Lines(chunk)) => {
                    self.reading.worked();
                    self.silent_since = turn.now;
                    self.give(turn, chunk);
                }
                Ok(Pull::Again) => turn.budget = turn.budget.saturating_sub(turn.settings.chunk),
                Ok(Pull::Dry) => {
                    if !self.is_over(turn) {
                        return;
                    }
                    self.finish(turn);
                }
                Ok(Pull::Lost) if self.retired => self.abandon(turn),
                Ok(Pull::Lost | Pull::Unsure) => {
                    if !self.look(turn) {
                        return;
                    }
                }
                Ok(Pull::Cut { bytes }) => {
                    turn.note(self, Happening::TruncatedUnread { bytes });
                    // Told once: the size is stored.
                    self.moved(turn);
                }
                Err(cause) => return self.broken(turn, cause),
            }
        }
        turn.more = true;
    }

    /// Reading failed. A handle the server has forgotten is given up: the place is looked for again.
    pub(super) fn broken(&mut self, turn: &mut Turn<'_>, cause: io::Error) {
        self.reading.failed(turn.now);
        if super::turn::is_stale(&cause)
            && let Some(reader) = self.reader.take()
        {
            self.resume = Some(reader.generation);
        }
        let at = self.resume.as_ref().or(self.reader.as_ref().map(|reader| &reader.generation)).map_or(0, |g| g.offset);
        turn.broke_off(self.id, &self.path, at, cause);
    }

    /// How many files are open that are no longer live.
    pub(super) fn held(&self) -> usize {
        let waiting = self.queue.iter().filter(|next| next.file.is_some()).count();
        waiting + self.closing.len() + usize::from(self.reader.is_some() && !self.is_attached())
    }

    /// Bytes seen and not yet read.
    pub(super) fn pending(&self) -> u64 {
        let waiting: u64 = self.queue.iter().map(|next| next.stat.len).sum();
        let left = self.closing.iter().map(|left| left.reader.pending());
        waiting + left.chain(self.reader.as_ref().map(Reader::pending)).sum::<u64>()
    }
}
