//! The engine's thread of a watch: polls the logs, feeds the engine, says what it found.

use crate::alert::RecordKind;
use crate::engine::{Engine, Found, Summary};
use crate::input::follow::{Checkpoint, CheckpointError, Disk, Follow, FollowSettings, From, Position, Step};
use crate::input::receive::Shelf;
use crate::input::{Chunk, ErrorReason};
use crate::metrics::{Live, Store};
use crate::run::log::{self, Part};
use crate::run::watch::INPUT;
use crate::run::watch::happened::happened;
use crate::run::watch::reload::Slot;
use crate::run::watch::room::Room;
use crate::run::watch::stream::{IDLE, PATIENCE, Stream};
use crate::settings::{Begin, Format, WatchSettings};
use crate::state::{Bytes, Parts};
use crate::window::LATENESS;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc::Sender;

/// Between two looks at logs that had nothing new.
const PAUSE: Duration = Duration::from_millis(250);
/// Between two summaries for the metrics.
const SUMMARY: Duration = Duration::from_secs(1);
/// Bytes of logs between two snapshots, at most.
const SNAPSHOT: u64 = 1 << 30;
/// Part of a snapshot: [`Places`].
pub(super) const PLACES: &str = "places";
/// Parts of a snapshot: the engine's, numbered.
pub(super) const ENGINE: &str = "engine/";

/// What the engine's thread says.
pub(super) enum Said {
    /// What a round found, and, about once a second, all that was read and found so far.
    Round(Found, Option<Box<Summary>>),
    /// A log could not be opened or read.
    Error(ErrorReason),
    /// The logs that are there are open.
    Ready,
    /// All that a later run needs to go on, as of now.
    /// The places in the logs that it covers come with it.
    Snapshot(Parts<Bytes>, Vec<Position>),
}

/// What an earlier run has left of its logs: where it stood in them, and the inputs they are by path.
#[derive(Serialize, Deserialize)]
pub(super) struct Places {
    places: Checkpoint,
    inputs: Vec<(Vec<u8>, u16)>,
}

/// All that the engine's thread has.
pub(super) struct Work {
    engine: Engine,
    format: Format,
    follow: Vec<Follow>,
    /// What is received is kept here.
    shelf: Option<Arc<Shelf>>,
    /// By follower and its number of the stream.
    streams: BTreeMap<(usize, u32), Stream>,
    live: Arc<Live>,
    /// How long the engine stands still for snapshots; `None`: nothing is kept.
    store: Option<Arc<Store>>,
    places: Checkpoint,
    /// Inputs of an earlier run that nothing was read of yet, by path.
    known: BTreeMap<Vec<u8>, u16>,
    /// Lists that are to be gone by from now on.
    relist: Slot,
    /// The last snapshot could not be written.
    again: Arc<AtomicBool>,
    /// When the last snapshot was taken, and the bytes read since.
    snapshot: Option<Duration>,
    room: Room,
    every: Duration,
    unsaved: u64,
    /// The paths and patterns that are followed, and when their logs were looked for last.
    paths: Vec<PathBuf>,
    looked: SystemTime,
    begun: Instant,
}

/// What is new in the logs.
#[derive(Default)]
struct News {
    chunks: Vec<(u16, Chunk)>,
    /// Inputs that are gone.
    ended: Vec<u16>,
    /// There is more to read at once.
    more: bool,
    said: Vec<Said>,
}

impl Work {
    /// Ready to poll.
    ///
    /// # Errors
    ///
    /// A place to resume at that is not of this installation.
    pub(super) fn new(
        engine: Engine,
        settings: &WatchSettings,
        places: Option<Places>,
        live: Arc<Live>,
        store: Option<Arc<Store>>,
        (relist, again): (Slot, Arc<AtomicBool>),
        shelf: Option<Arc<Shelf>>,
    ) -> Result<Work, CheckpointError> {
        let key = settings.common.engine.key.bytes();
        let from = match settings.from {
            Begin::Start | Begin::Checkpoint => From::Start,
            Begin::End => From::End,
        };
        let options = FollowSettings { from, key, ..FollowSettings::default() };
        // What was just read back need not be written at once; of a new state the places to begin at do.
        let snapshot = places.as_ref().map(|_| Duration::ZERO);
        let (mut places, mut known): (Checkpoint, BTreeMap<Vec<u8>, u16>) = match places {
            Some(left) => (left.places, left.inputs.into_iter().collect()),
            None => (Checkpoint::new(&key), BTreeMap::new()),
        };
        if let Some(shelf) = &shelf {
            places.rename(|path| shelf.moved(path));
            known = known.into_iter().map(|(path, input)| (moved(shelf, path), input)).collect();
            let gone = shelf.forget_silent(places.positions(), SystemTime::now());
            gone.iter().for_each(|path| places.forget(path));
        }
        let logs = settings.paths.iter().map(|path| (path.clone(), options));
        // Nobody but us writes there: a piece that is cut off is over at once.
        let all = FollowSettings { from: From::Oldest, rotate_wait: Duration::ZERO, ..options };
        let spool = shelf.iter().map(|shelf| (shelf.pattern(), all));
        let follow = logs.chain(spool).map(|(path, options)| Follow::new(&path, options, Some(&places)));
        Ok(Work {
            engine,
            format: settings.common.format.clone(),
            follow: follow.collect::<Result<_, _>>()?,
            shelf,
            streams: BTreeMap::new(),
            live,
            store,
            places,
            known,
            relist,
            again,
            snapshot,
            room: Room::default(),
            every: settings.snapshot,
            unsaved: 0,
            paths: settings.paths.clone(),
            looked: SystemTime::UNIX_EPOCH,
            begun: Instant::now(),
        })
    }

    /// Polls until it is told to stop. Then all logs have ended, and with them all episodes.
    pub(super) fn run(mut self, stop: &AtomicBool, said: &Sender<Said>) {
        // A closed channel means that the process ends.
        let tell = |what: Said| drop(said.blocking_send(what));
        let mut ready = false;
        let mut told = None;
        if self.engine.lines() > 0 {
            log::info(Part::State, &format!("goes on behind {}", self.so_far()));
        }
        while !stop.load(Ordering::Relaxed) {
            let now = self.begun.elapsed();
            let relist = self.relist.take();
            let relisted = relist.is_some();
            if let Some(lists) = relist {
                self.engine.relist(lists);
            }
            let news = self.poll(now);
            let pause = !news.more && news.chunks.is_empty();
            let mut found = Found::default();
            if !(news.chunks.is_empty() && news.ended.is_empty()) {
                let inputs: BTreeSet<u16> = news.chunks.iter().map(|(input, _)| *input).collect();
                self.engine.round(news.chunks, &news.ended, &mut found);
                self.measure(&inputs, &found);
            }
            news.said.into_iter().for_each(tell);
            if !std::mem::replace(&mut ready, true) {
                tell(Said::Ready);
            }
            let due = told.is_none_or(|told| now >= told + SUMMARY);
            if due {
                told = Some(now);
                self.tidy();
            }
            if due || !(found.records.is_empty() && found.panes.is_empty()) {
                tell(Said::Round(found, due.then(|| Box::new(self.engine.summary()))));
            }
            let filling = due && self.shelf.as_ref().is_some_and(|shelf| shelf.is_filling());
            let news = self.unsaved > 0 || self.again.load(Ordering::Relaxed);
            let old = self.snapshot.is_none_or(|at| now >= at + self.every && news);
            let old = old || self.unsaved >= SNAPSHOT || filling && self.unsaved > 0;
            // What was judged by the lists from before is not judged again by these.
            if self.store.is_some() && (relisted || old && self.room.is_ready(|| self.engine.sizes())) {
                self.save(now).into_iter().for_each(tell);
            }
            if pause {
                std::thread::sleep(PAUSE);
            }
        }
        if self.store.is_some() {
            // The episodes go on with the next run.
            let summary = Box::new(self.engine.summary());
            tell(Said::Round(Found::default(), Some(summary)));
            self.save(self.begun.elapsed()).into_iter().for_each(tell);
            return log::info(Part::Service, &format!("stopped behind {}", self.so_far()));
        }
        let mut found = Found::default();
        self.drain(&mut found);
        let mut chunks = Vec::new();
        let clock = Timestamp::now().as_millisecond();
        for log in self.streams.values_mut() {
            let word = log.end((&mut self.engine, &self.format, clock), &mut chunks);
            word.iter().for_each(|text| log::info(Part::Input, text));
        }
        let open: Vec<u16> = self.streams.values().filter_map(Stream::input).collect();
        self.engine.round(chunks, &open, &mut found);
        self.engine.finish(&mut found);
        tell(Said::Round(found, Some(Box::new(self.engine.summary()))));
        log::info(Part::Service, &format!("stopped behind {}", self.so_far()));
    }

    /// What was read, by this process and those before it, each line once.
    fn so_far(&self) -> String {
        let read = self.engine.summary();
        let until = self.engine.watermark().and_then(|at| Timestamp::from_millisecond(at).ok());
        let until = until.map_or_else(String::new, |at| format!(", judged up to {at:.0}"));
        format!("{} lines, {} of them events{until}", read.lines, read.events)
    }

    /// What was received goes with this run: reads what is left of it.
    fn drain(&mut self, found: &mut Found) {
        while self.shelf.is_some() {
            // Later than first lines are waited for.
            let news = self.poll(self.begun.elapsed() + 2 * PATIENCE);
            let over = news.chunks.is_empty() && !news.more;
            self.engine.round(news.chunks, &news.ended, found);
            if over {
                return;
            }
        }
    }

    /// Keeps the spool small.
    fn tidy(&mut self) {
        let Some(shelf) = &self.shelf else { return };
        if self.store.is_none() {
            // Without snapshots, what the engine has is covered.
            self.streams.values_mut().filter_map(Stream::covered).for_each(|place| self.places.cover(&place));
            shelf.clear(self.places.positions());
        }
        self.live.spooled(INPUT, shelf.bytes());
    }

    /// All that a later run needs.
    fn save(&mut self, now: Duration) -> Option<Said> {
        let rooms = self.room.take();
        let begun = Instant::now();
        self.snapshot = Some(now);
        self.unsaved = 0;
        self.again.store(false, Ordering::Relaxed);
        self.streams.values_mut().filter_map(Stream::covered).for_each(|place| self.places.cover(&place));
        self.places.looked(self.paths.iter().map(PathBuf::as_path), self.looked);
        let path = |&(which, stream): &(usize, u32)| self.follow[which].path(stream).map(|p| bytes(p).to_vec());
        let read = self.streams.iter().filter_map(|(key, log)| Some((path(key)?, log.input()?)));
        let inputs = read.chain(self.known.iter().map(|(path, &input)| (path.clone(), input))).collect();
        let places = Places { places: self.places.clone(), inputs };
        let parts = self.engine.freeze(rooms).and_then(|engine| Ok((engine, postcard::to_stdvec(&places)?)));
        let said = match parts {
            Ok((engine, places)) => {
                let mut parts: Parts<Bytes> = Parts::new();
                for (i, part) in engine.into_iter().enumerate() {
                    parts.insert(format!("{ENGINE}{i:02}"), Box::new(part));
                }
                parts.insert(PLACES.to_owned(), Box::new(places));
                Some(Said::Snapshot(parts, self.places.positions().to_vec()))
            }
            // Nothing in memory is of a kind that cannot be written.
            Err(error) => {
                log::error(Part::State, &format!("no snapshot could be taken: {error}"));
                None
            }
        };
        if let Some(store) = &self.store {
            store.paused(begun.elapsed());
        }
        said
    }

    /// Looks at all logs.
    fn poll(&mut self, now: Duration) -> News {
        let mut news = News::default();
        self.looked = SystemTime::now();
        let clock = Timestamp::now().as_millisecond();
        for (which, follow) in self.follow.iter_mut().enumerate() {
            let poll = follow.poll(&Disk, now);
            news.more |= poll.more;
            for step in poll.steps {
                match step {
                    Step::Lines { stream, chunk, position } => {
                        self.unsaved += chunk.bytes.len() as u64;
                        let log = self.streams.entry((which, stream)).or_insert_with(|| {
                            let path = position.path();
                            let name = path.to_string_lossy().into_owned();
                            let input = self.known.remove(bytes(&path));
                            input
                                .map_or_else(|| Stream::new(name.clone(), now), |i| Stream::known(name.clone(), i, now))
                        });
                        log.take(chunk, now, &mut news.chunks);
                        log.at(position);
                    }
                    Step::Moved { stream, position } => match self.streams.get_mut(&(which, stream)) {
                        Some(log) => log.at(position),
                        None => self.places.cover(&position),
                    },
                    Step::Happened(note) => happened(&note, &self.live, &mut news.said),
                    Step::Ended { stream, path } => {
                        self.places.forget(&path);
                        let Some(mut log) = self.streams.remove(&(which, stream)) else { continue };
                        let word = log.end((&mut self.engine, &self.format, clock), &mut news.chunks);
                        word.iter().for_each(|text| log::info(Part::Input, text));
                        news.ended.extend(log.input());
                    }
                }
            }
        }
        for log in self.streams.values_mut() {
            let word = log.begin((&mut self.engine, &self.format, now, clock), &mut news.chunks);
            word.iter().for_each(|text| log::info(Part::Input, text));
            if log.rest(&mut self.engine, now) {
                self.live.idled(INPUT);
            }
        }
        if now >= IDLE {
            // Nothing came of these since the start.
            for (_, input) in std::mem::take(&mut self.known) {
                self.engine.idle(input);
                self.live.idled(INPUT);
            }
        }
        let gauges = self.follow.iter().map(Follow::gauges);
        let (open, pending) = gauges.fold((0, 0), |(open, bytes), g| (open + g.open as u64, bytes + g.pending));
        self.live.files(INPUT, open, pending);
        news
    }

    /// How far behind the wall clock it is.
    fn measure(&self, inputs: &BTreeSet<u16>, found: &Found) {
        let now = Timestamp::now().as_millisecond();
        for newest in inputs.iter().filter_map(|&input| self.engine.frontier(input)) {
            self.live.read(INPUT, now, newest + LATENESS);
        }
        for record in found.records.iter().filter(|record| record.record == RecordKind::Alert) {
            if let Ok(last) = record.last_seen.parse::<Timestamp>() {
                self.live.told(record.severity, now, last.as_millisecond());
            }
        }
    }
}

/// The path of a log, if it is of the spool where that is now.
fn moved(shelf: &Shelf, path: Vec<u8>) -> Vec<u8> {
    let here = shelf.moved(Path::new(OsStr::from_bytes(&path)));
    here.map_or(path, |here| bytes(&here).to_vec())
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}
