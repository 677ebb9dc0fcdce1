//! All streams behind one pattern.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::Chunk;
use super::backoff::Backoff;
use super::files::Files;
use super::happening::Note;
use super::pattern::Pattern;
use super::position::{Checkpoint, CheckpointError, Position};
use super::settings::FollowSettings;
use super::stream::Stream;
use super::turn::Turn;

/// How many logs that are gone are remembered.
const PARKED: usize = 256;

/// What one poll brings, in order.
#[derive(Debug)]
pub enum Step {
    /// Lines of a stream, and the place behind them.
    Lines {
        /// The stream: see [`Follow::path`].
        stream: u32,
        /// Whole lines; the last of a file that is over may lack its LF. [`Chunk::at`] counts within the
        /// [generation](Position::generation).
        chunk: Chunk,
        /// Where to resume once these lines, and all before them, are covered by what the caller stores.
        position: Position,
    },
    /// The place moved without lines: to the next file, to the end of one at the beginning. As good a place to store.
    Moved {
        /// The stream.
        stream: u32,
        /// Where to resume.
        position: Position,
    },
    /// Something happened to a log.
    Happened(Note),
    /// A log is gone and forgotten: drop its position.
    Ended {
        /// The stream. The number is not used again.
        stream: u32,
        /// What was its path.
        path: PathBuf,
    },
}

/// What one poll brings.
#[derive(Debug, Default)]
pub struct Poll {
    /// In order.
    pub steps: Vec<Step>,
    /// There is more: poll again as soon as these are dealt with. Otherwise after a second or less.
    pub more: bool,
}

/// How things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Logs.
    pub streams: usize,
    /// Files held open.
    pub open: usize,
    /// Of these, no longer live: rotated or deleted.
    pub detached: usize,
    /// Bytes seen and not yet read, in plain files.
    pub pending: u64,
}

/// Follows the logs behind one path or pattern.
pub struct Follow {
    pub(super) pattern: Pattern,
    pub(super) settings: FollowSettings,
    pub(super) streams: Vec<Stream>,
    names: BTreeMap<u32, PathBuf>,
    ids: u32,
    pub(super) first: bool,
    /// When an earlier run looked for these logs last: those it has not read came later.
    pub(super) since: Option<u64>,
    /// Which stream is served first, so that none starves.
    turn: usize,
    /// Paths that could not be looked at.
    pub(super) failing: BTreeMap<PathBuf, Backoff>,
}

impl Follow {
    /// Nothing is opened before the first poll. Streams in `checkpoint` that it matches are resumed where they were.
    ///
    /// # Errors
    /// The checkpoint is of another version or key.
    pub fn new(
        pattern: &Path,
        settings: FollowSettings,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Self, CheckpointError> {
        let mut follow = Self {
            pattern: Pattern::new(pattern),
            settings,
            streams: Vec::new(),
            names: BTreeMap::new(),
            ids: 0,
            first: true,
            since: None,
            turn: 0,
            failing: BTreeMap::new(),
        };
        if let Some(checkpoint) = checkpoint {
            checkpoint.check(&settings.key)?;
            follow.since = checkpoint.since(pattern);
            // The others are for those who follow them.
            for position in &checkpoint.streams {
                if !follow.pattern.has(&position.path()) {
                    continue;
                }
                let id = follow.name(&position.path());
                follow.streams.push(Stream::resumed(id, position));
            }
        }
        Ok(follow)
    }

    /// The path of a stream's live file: its name.
    pub fn path(&self, stream: u32) -> Option<&Path> {
        self.names.get(&stream).map(PathBuf::as_path)
    }

    /// How things stand after the last poll.
    pub fn gauges(&self) -> Gauges {
        let mut gauges = Gauges { streams: self.streams.len(), ..Gauges::default() };
        for stream in &self.streams {
            gauges.detached += stream.held();
            gauges.open += stream.held() + usize::from(stream.is_attached());
            gauges.pending += stream.pending();
        }
        gauges
    }

    /// Looks at the files and reads what there is, at most about [`FollowSettings::poll`] bytes. `now` is any time that
    /// only goes forward. Not polling is backpressure: nothing is lost by it while files can still be found.
    pub fn poll(&mut self, files: &impl Files, now: Duration) -> Poll {
        let live: BTreeSet<PathBuf> = self.streams.iter().filter(|s| !s.retired).map(|s| s.path.clone()).collect();
        let settings = self.settings;
        let mut turn = Turn {
            files,
            now,
            settings: &settings,
            live: &live,
            steps: Vec::new(),
            budget: settings.poll.max(1),
            more: false,
            held: self.streams.iter().map(Stream::held).sum(),
        };
        let count = self.streams.len();
        for at in 0..count {
            self.streams[(at + self.turn) % count].poll(&mut turn);
        }
        self.discover(&mut turn);
        for stream in &mut self.streams[count..] {
            stream.poll(&mut turn);
        }
        self.turn = self.turn.wrapping_add(1);
        self.first = false;
        self.give_up(&mut turn);
        self.end(&mut turn);
        Poll { steps: turn.steps, more: turn.more }
    }

    pub(super) fn name(&mut self, path: &Path) -> u32 {
        let id = self.ids;
        self.ids += 1;
        self.names.insert(id, path.to_path_buf());
        id
    }

    /// Lets go of deleted files when too many are held, those that were silent longest first.
    fn give_up(&mut self, turn: &mut Turn<'_>) {
        let mut held: usize = self.streams.iter().map(Stream::held).sum();
        while held > self.settings.max_open {
            let deleted = self.streams.iter_mut().filter(|stream| stream.is_deleted());
            let Some(stream) = deleted.min_by_key(|stream| stream.silent_since) else { return };
            stream.abandon(turn);
            held -= 1;
        }
    }

    /// Forgets streams that are over for good.
    fn end(&mut self, turn: &mut Turn<'_>) {
        let mut parked: Vec<Duration> = self.streams.iter().filter_map(|stream| stream.parked).collect();
        parked.sort();
        let limit = parked.len().checked_sub(PARKED + 1).map(|at| parked[at]);
        self.streams.retain(|stream| {
            let parked = stream.parked.filter(|_| stream.closing.is_empty());
            let over = parked.is_some_and(|since| stream.retired || limit.is_some_and(|limit| since <= limit));
            if over {
                turn.steps.push(Step::Ended { stream: stream.id, path: stream.path.clone() });
                self.names.remove(&stream.id);
            }
            !over
        });
    }
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follow").field("streams", &self.names).finish_non_exhaustive()
    }
}
