//! What of a live run survives it: records before anybody is told, and snapshots.

use super::deliver::{Entry, Outlet};
use crate::alert::Record;
use crate::lock::lock;
use crate::metrics::{CommitFailure, Store, Written};
use crate::run::clock;
use crate::run::log::{self, Part};
use crate::sink::json_line;
use crate::state::{self, Bytes, Change, Decided, Kept, Parts, State, StateError};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::{JoinHandle, spawn_blocking};

/// Between two commits of what sinks have.
const RHYTHM: Duration = Duration::from_secs(5);
/// Part of a snapshot: the number of the last record before it.
const TOLD: &str = "told";

/// The state of a run, if it keeps one.
pub(super) struct Keeper {
    place: Option<Place>,
    /// Number of the last record.
    number: u64,
    /// Records that an earlier run had decided after its last snapshot: they are decided again, and not told again.
    /// By id, with their numbers.
    known: HashMap<String, u64>,
    /// Records and what sinks have, not on the disk yet.
    due: Change,
    /// What was committed of sinks.
    delivered: BTreeMap<String, u64>,
    /// The last record before the snapshot that is on the disk, and before the one that is being written.
    covered: u64,
    covering: u64,
    committed: Instant,
    /// The last snapshot could not be written.
    failed: bool,
    /// The engine's thread is to take another one.
    again: Arc<AtomicBool>,
    writing: Option<JoinHandle<bool>>,
}

/// Where the state is.
#[derive(Clone)]
struct Place {
    state: Arc<Mutex<State>>,
    file: PathBuf,
    store: Arc<Store>,
}

/// What an earlier run left.
#[derive(Default)]
pub(super) struct Left {
    /// Its last snapshot; empty: none.
    pub(super) snapshot: Parts,
    /// What it had decided and not everybody has.
    pub(super) records: Vec<Entry>,
    /// The last record each sink has.
    pub(super) delivered: BTreeMap<String, u64>,
}

impl Keeper {
    /// Keeps nothing.
    pub(super) fn none() -> Keeper {
        Keeper {
            place: None,
            number: 0,
            known: HashMap::new(),
            due: Change::default(),
            delivered: BTreeMap::new(),
            covered: 0,
            covering: 0,
            committed: Instant::now(),
            failed: false,
            again: Arc::default(),
            writing: None,
        }
    }

    /// Keeps a state in a directory; with it, what is there.
    ///
    /// # Errors
    ///
    /// The state cannot be used.
    pub(super) fn open(dir: &Path, key: &str, store: Arc<Store>) -> Result<(Keeper, Left), StateError> {
        let begun = Instant::now();
        let mut state = State::open(dir, key)?;
        let Kept { snapshot, journal, delivered } = state.kept()?;
        let number = |bytes: &Vec<u8>| <[u8; 8]>::try_from(&bytes[..]).map(u64::from_le_bytes).ok();
        let covered = snapshot.get(TOLD).and_then(number).unwrap_or(0);
        let read = |decided: &Decided| {
            let since = decided.at as f64 / 1000.0;
            serde_json::from_slice(&decided.record).map(|record| Entry::of(decided.number, record, since))
        };
        let records: Result<Vec<Entry>, _> = journal.iter().map(read).collect();
        let records = records.map_err(|error| state.damaged(&format!("a record cannot be read: {error}")))?;
        let known =
            records.iter().filter(|entry| entry.number > covered).map(|entry| (entry.record.id.clone(), entry.number));
        let last = records.last().map_or(0, |entry| entry.number);
        let keeper = Keeper {
            number: delivered.values().copied().chain([covered, last]).max().unwrap_or(0),
            known: known.collect(),
            covered,
            delivered: delivered.clone(),
            place: Some(Place { file: state.file().to_owned(), state: Arc::new(Mutex::new(state)), store }),
            ..Keeper::none()
        };
        if let Some(place) = &keeper.place {
            place.store.recovered(begun.elapsed());
        }
        Ok((keeper, Left { snapshot, records, delivered }))
    }

    /// Whether anything is kept.
    pub(super) fn keeps(&self) -> bool {
        self.place.is_some()
    }

    /// Set when a snapshot could not be written: there may be room for the next one, whether or not lines have come.
    pub(super) fn again(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.again)
    }

    /// Number of the last record.
    pub(super) fn last(&self) -> u64 {
        self.number
    }

    /// Writes down all that is due; whether it is on the disk.
    pub(super) async fn end(&mut self, outlets: &[Outlet]) -> bool {
        self.finish().await;
        self.rest(outlets, true).await;
        self.due.journal.is_empty() && !self.failed
    }

    /// Whether an earlier run had decided a record.
    pub(super) fn knows(&self, record: &Record) -> bool {
        self.known.contains_key(&record.id)
    }

    /// Numbers the records that no earlier run had decided, and writes them down; when this returns they may be told.
    pub(super) async fn decide(&mut self, records: Vec<Record>) -> Vec<Entry> {
        let mut new = Vec::with_capacity(records.len());
        for record in records {
            if self.known.remove(&record.id).is_none() {
                self.number += 1;
                new.push(Entry::of(self.number, record, clock::seconds()));
            }
        }
        if self.place.is_some() && !new.is_empty() {
            for Entry { number, record, since } in &new {
                let mut line = Vec::new();
                json_line(record, &mut line);
                line.pop();
                let at = (since * 1000.0) as u64;
                self.due.journal.push(Decided { number: *number, at, record: line });
            }
            self.commit().await;
        }
        new
    }

    /// Begins to write a snapshot down, unless one is still being written; `then` is called when it is on the disk.
    pub(super) async fn snapshot(&mut self, mut parts: Parts<Bytes>, then: impl FnOnce() + Send + 'static) {
        if self.place.is_none() || self.writing.as_ref().is_some_and(|writing| !writing.is_finished()) {
            return;
        }
        // What is known and not decided again yet comes behind this snapshot.
        let number = self.known.values().min().map_or(self.number, |first| first - 1);
        parts.insert(TOLD.into(), Box::new(number.to_le_bytes()));
        self.finish().await;
        if let Some(place) = &self.place {
            let place = place.clone();
            self.writing = Some(spawn_blocking(move || {
                let written = place.write(Written::Snapshot, |state| state::replace(state, parts));
                if written {
                    then();
                }
                written
            }));
        }
        self.covering = number;
    }

    /// Waits for the snapshot that is being written.
    pub(super) async fn finish(&mut self) {
        if let Some(writing) = self.writing.take() {
            self.failed = !writing.await.unwrap_or(false);
            match self.failed {
                true => self.again.store(true, Ordering::Relaxed),
                false => self.covered = self.covering,
            }
        }
    }

    /// Every few seconds writes down what sinks have, and forgets what all have and a snapshot covers.
    pub(super) async fn rest(&mut self, outlets: &[Outlet], now: bool) {
        if self.writing.as_ref().is_some_and(JoinHandle::is_finished) {
            self.finish().await;
        }
        if self.place.is_none() || !now && self.committed.elapsed() < RHYTHM {
            return;
        }
        let delivered: BTreeMap<String, u64> = outlets.iter().map(|o| (o.name().to_owned(), o.done())).collect();
        if delivered != self.delivered || !self.due.journal.is_empty() {
            let all = delivered.values().copied().min().unwrap_or(self.number);
            self.due.forget = all.min(self.covered);
            self.due.delivered.clone_from(&delivered);
            self.commit().await;
            self.delivered = delivered;
        }
        self.committed = Instant::now();
    }

    /// Writes what is due. What cannot be written stays due: alerts go out all the same, and a run that is killed before
    /// it is written tells them once more.
    async fn commit(&mut self) {
        let Some(place) = &self.place else { return };
        let (place, change) = (place.clone(), std::mem::take(&mut self.due));
        let commit = move || (place.write(Written::Records, |state| lock(state).commit(&change)), change);
        let written = spawn_blocking(commit).await;
        if let Ok((false, change)) = written {
            self.due = change;
        }
        self.committed = Instant::now();
    }
}

impl Place {
    /// Makes a change on the disk, and counts it; whether it is there.
    fn write(&self, what: Written, change: impl FnOnce(&Mutex<State>) -> Result<(), StateError>) -> bool {
        let begun = Instant::now();
        match change(&self.state) {
            Ok(()) => {
                let size = std::fs::metadata(&self.file).map_or(0, |meta| meta.len());
                self.store.written(what, clock::seconds(), begun.elapsed(), size);
                true
            }
            Err(error) => {
                log::error(Part::State, &format!("{error}; detection goes on, what is decided is written down later"));
                self.store.failed(match &error {
                    error if error.is_full() => CommitFailure::NoSpace,
                    StateError::Io { .. } => CommitFailure::Io,
                    _ => CommitFailure::Other,
                });
                false
            }
        }
    }
}
