//! All streams behind one pattern.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::super::Chunk;
use super::backoff::Backoff;
use super::content::Content;
use super::files::{Files, Stat};
use super::happening::Note;
use super::pattern::Pattern;
use super::position::{Checkpoint, CheckpointError, Position};
use super::settings::{FollowSettings, From};
use super::siblings::age;
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
    pattern: Pattern,
    settings: FollowSettings,
    streams: Vec<Stream>,
    names: BTreeMap<u32, PathBuf>,
    ids: u32,
    first: bool,
    /// When an earlier run looked for these logs last: those it has not read came later.
    since: Option<u64>,
    /// Which stream is served first, so that none starves.
    turn: usize,
    /// Paths that could not be looked at.
    failing: BTreeMap<PathBuf, Backoff>,
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

    fn name(&mut self, path: &Path) -> u32 {
        let id = self.ids;
        self.ids += 1;
        self.names.insert(id, path.to_path_buf());
        id
    }

    /// Makes streams of the paths that match and are neither rotated files nor second names of known ones.
    fn discover(&mut self, turn: &mut Turn<'_>) {
        let (paths, failed) = self.pattern.paths(turn.files);
        for (path, cause) in failed {
            self.fail(turn, &path, cause);
        }
        let known: BTreeSet<PathBuf> = self.streams.iter().map(|s| s.path.clone()).chain(paths.clone()).collect();
        for path in &paths {
            if turn.is_live(path) {
                continue;
            }
            if self.failing.get(path).is_some_and(|backoff| !backoff.is_due(turn.now)) {
                continue;
            }
            let is_retired = self.streams.iter().any(|s| s.path == *path);
            if is_retired || known.iter().any(|live| live != path && is_rotated(live, path)) {
                continue;
            }
            match turn.files.stat(path) {
                Ok(stat) if stat.is_file => {
                    self.failing.remove(path);
                    if !self.is_known(turn, path, &stat) {
                        self.add(path, turn.now);
                    }
                }
                Ok(_) if paths.len() > 1 => {}
                Ok(_) => self.fail(turn, path, io::Error::other("is not a regular file")),
                Err(e) if e.kind() == io::ErrorKind::NotFound && !turn.files.is_link(path) => {}
                Err(e) => self.fail(turn, path, e),
            }
        }
    }

    fn fail(&mut self, turn: &mut Turn<'_>, path: &Path, cause: io::Error) {
        let backoff = self.failing.entry(path.to_path_buf()).or_default();
        if backoff.is_due(turn.now) {
            backoff.failed(turn.now);
            turn.failed(None, path, cause);
        }
    }

    /// Whether a file is one that another stream reads, will read next, or has read: a hard link, a bind mount, a link.
    fn is_known(&self, turn: &Turn<'_>, path: &Path, stat: &Stat) -> bool {
        let holds = |stream: &Stream| {
            stream.holds(stat.id()) || turn.files.stat(&stream.path).is_ok_and(|other| other.id() == stat.id())
        };
        if self.streams.iter().any(holds) {
            return true;
        }
        let mut readers = self.streams.iter().filter(|stream| stream.may_have_read(stat.id())).peekable();
        if readers.peek().is_none() {
            return false;
        }
        let Ok(file) = turn.files.open(path) else { return false };
        readers.any(|stream| stream.has_read(turn, stat, &mut Content::live(Arc::clone(&file))))
    }

    fn add(&mut self, path: &Path, now: Duration) {
        let from = match self.settings.from {
            From::End if !self.first => From::Start,
            from => from,
        };
        for stream in self.streams.iter_mut().filter(|stream| is_rotated(path, &stream.path)) {
            stream.retire(now);
        }
        let id = self.name(path);
        let mut stream = Stream::new(id, path.to_path_buf(), from);
        stream.since = self.since.filter(|_| self.first);
        self.streams.push(stream);
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
            let over = stream.parked.is_some_and(|since| stream.retired || limit.is_some_and(|limit| since <= limit));
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

/// Whether `path` is a name that rotation gives to the file at `live`.
fn is_rotated(live: &Path, path: &Path) -> bool {
    live.parent() == path.parent()
        && live.file_name().zip(path.file_name()).is_some_and(|(live, name)| age(live, name).is_some())
}
