//! What is left of a state when the process or the power goes at any moment, or the disk fails once.
//!
//! The disk here is one in memory that knows what was synced. A process that is killed leaves all that it wrote; a loss of
//! power leaves what was synced and of the writes since any, in any order, each sector of 512 bytes for itself.

use crate::state::snapshot::packed;
use crate::state::{CACHE, Change, Decided, Kept, Meta, Parts, State, StateError, VERSION};
use redb::{Database, StorageBackend};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Bytes that a disk writes whole.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
struct Disk {
    /// As a process sees it.
    now: Vec<u8>,
    /// As it was synced last.
    synced: Vec<u8>,
    /// Writes since: where, and what.
    since: Vec<(usize, Vec<u8>)>,
    /// Operations that change anything so far.
    operations: u64,
    /// From this one on nothing is done any more.
    ends: Option<u64>,
    /// This one fails.
    fails: Option<u64>,
}

impl Disk {
    fn operation(&mut self) -> Result<(), io::Error> {
        self.operations += 1;
        if self.ends.is_some_and(|end| self.operations >= end) {
            return Err(io::Error::other("gone"));
        }
        match self.fails == Some(self.operations) {
            true => Err(io::Error::from_raw_os_error(5)),
            false => Ok(()),
        }
    }

    /// What the next process finds after a kill.
    fn killed(&self) -> Disk {
        Disk { now: self.now.clone(), synced: self.now.clone(), ..Disk::default() }
    }

    /// What the next process finds after a loss of power.
    fn without_power(&self, dice: &mut impl FnMut(u64) -> u64) -> Disk {
        let mut left = self.synced.clone();
        // The length is as before or as now.
        if dice(2) == 1 {
            left.resize(self.now.len(), 0);
        }
        let mut sectors: Vec<(usize, &[u8])> = Vec::new();
        for (at, bytes) in &self.since {
            let mut at = *at;
            let mut bytes = bytes.as_slice();
            while !bytes.is_empty() {
                let n = (SECTOR - at % SECTOR).min(bytes.len());
                sectors.push((at, &bytes[..n]));
                (at, bytes) = (at + n, &bytes[n..]);
            }
        }
        for i in (1..sectors.len()).rev() {
            sectors.swap(i, dice(i as u64 + 1) as usize);
        }
        let share = dice(11);
        for (at, bytes) in sectors.into_iter().filter(|_| dice(10) < share) {
            if let Some(place) = left.get_mut(at..at + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        }
        Disk { now: left.clone(), synced: left, ..Disk::default() }
    }
}

#[derive(Clone, Debug, Default)]
struct Shared(Arc<Mutex<Disk>>);

impl Shared {
    fn of(disk: Disk) -> Shared {
        Shared(Arc::new(Mutex::new(disk)))
    }

    fn disk(&self) -> std::sync::MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    /// The state on it, begun if there is none.
    fn open(&self) -> Result<State, redb::DatabaseError> {
        let db = Database::builder().set_cache_size(CACHE).create_with_backend(self.clone())?;
        Ok(State { db: Some(db), file: PathBuf::from("disk") })
    }
}

impl StorageBackend for Shared {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.disk().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let disk = self.disk();
        let found = disk.now.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(found.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        let mut disk = self.disk();
        disk.operation()?;
        disk.now.resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut disk = self.disk();
        disk.operation()?;
        disk.synced = disk.now.clone();
        disk.since.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut disk = self.disk();
        disk.operation()?;
        let at = offset as usize;
        disk.now[at..at + data.len()].copy_from_slice(data);
        disk.since.push((at, data.to_vec()));
        Ok(())
    }
}

fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |below| {
        dice = dice.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (dice >> 33) % below
    }
}

/// What a run does.
#[derive(Clone)]
enum Step {
    Change(Change),
    /// Begins a snapshot.
    Next,
    /// A part of the snapshot of this number.
    Part(u64, String, Vec<u8>),
    /// The snapshot of this number counts.
    InPlace(u64),
}

impl Step {
    fn go(&self, state: &mut State) -> Result<(), StateError> {
        match self {
            Step::Change(change) => state.commit(change),
            Step::Next => state.next_snapshot().map(drop),
            Step::Part(number, name, bytes) => state.stage(*number, name, &packed(bytes).unwrap()),
            Step::InPlace(number) => state.put_in_place(*number),
        }
    }
}

/// The steps of a run: records, what a sink has of them, and parts of snapshots in between; each second snapshot is left
/// unfinished.
fn steps() -> Vec<Step> {
    let mut steps = Vec::new();
    for n in 1..=12_u64 {
        let number = 1 + (n - 1) / 6;
        let bytes = |part: u64| (0..(n * 977 + part * 131) % 20_000).map(|i| (i * n) as u8).collect();
        steps.extend((n % 3 == 1).then_some(Step::Next));
        steps.extend((0..2).map(|part| Step::Part(number, format!("part{n}{part}"), bytes(part))));
        steps.extend((n % 6 == 0).then_some(Step::InPlace(number)));
        steps.push(Step::Change(Change {
            journal: vec![Decided { number: n, at: n, record: format!("record {n}").into_bytes() }],
            delivered: [("file".to_owned(), n / 2)].into(),
            forget: n / 4,
        }));
    }
    steps
}

/// What is kept after each number of steps.
fn wanted(steps: &[Step]) -> Vec<Kept> {
    let mut all = vec![Kept::default()];
    let mut staged = Parts::new();
    for step in steps {
        let mut kept = all.last().cloned().unwrap_or_default();
        match step {
            Step::Next => staged.clear(),
            Step::Part(_, name, bytes) => drop(staged.insert(name.clone(), bytes.clone())),
            Step::InPlace(_) => kept.snapshot = std::mem::take(&mut staged),
            Step::Change(change) => {
                kept.journal.extend(change.journal.clone());
                kept.journal.retain(|decided| decided.number > change.forget);
                kept.delivered.extend(change.delivered.clone());
            }
        }
        all.push(kept);
    }
    all
}

fn begin(state: &mut State) -> bool {
    state.begin(&Meta { version: VERSION, key: "key".into() }).is_ok()
}

/// A new state, and all steps until the disk ends: how many were acknowledged. `None`: it was not even begun, and has no
/// name yet.
fn run(disk: &Shared, steps: &[Step]) -> Option<usize> {
    let mut state = disk.open().ok()?;
    if !begin(&mut state) {
        return None;
    }
    let done = steps.iter().take_while(|step| state.db.is_some() && step.go(&mut state).is_ok()).count();
    // No goodbye: what is dropped writes nothing any more.
    disk.disk().ends.get_or_insert(0);
    Some(done)
}

/// That what is left holds all that was acknowledged, and nothing by half.
#[track_caller]
fn holds(left: Disk, done: Option<usize>, wanted: &[Kept], what: &str) {
    let Some(done) = done else { return };
    let disk = Shared::of(left);
    let mut state = disk.open().unwrap_or_else(|error| panic!("{what}: {error}"));
    let kept = state.kept().unwrap_or_else(|error| panic!("{what}: {error}"));
    let last = wanted.get(done + 1).unwrap_or(&wanted[done]);
    assert!(kept == wanted[done] || kept == *last, "{what}: not what is there after {done} steps, or the next");
    assert!(state.commit(&Change::default()).is_ok(), "{what}: it takes further changes");
    let number = state.next_snapshot().unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        state.put_in_place(number).is_ok() && state.kept().unwrap().snapshot.is_empty(),
        "{what}: nothing unfinished"
    );
}

/// Operations of a whole run.
fn operations(steps: &[Step]) -> u64 {
    let disk = Shared::default();
    assert_eq!(run(&disk, steps), Some(steps.len()));
    disk.disk().operations
}

#[test]
fn f48_a_kill_at_every_step_of_every_commit() {
    let steps = steps();
    let wanted = wanted(&steps);
    for end in 1..=operations(&steps) {
        let disk = Shared::of(Disk { ends: Some(end), ..Disk::default() });
        let done = run(&disk, &steps);
        let left = disk.disk().killed();
        holds(left, done, &wanted, &format!("killed at step {end}"));
    }
}

#[test]
fn f50_f51_power_that_goes_at_every_step_and_again_while_it_is_mended() {
    let steps = steps();
    let wanted = wanted(&steps);
    for end in 1..=operations(&steps) {
        for seed in 0..3 {
            let mut dice = dice(end * 10 + seed);
            let what = format!("no power from step {end}, seed {seed}");
            let disk = Shared::of(Disk { ends: Some(end), ..Disk::default() });
            let done = run(&disk, &steps);
            let left = disk.disk().without_power(&mut dice);
            let again = Shared::of(Disk {
                now: left.now.clone(),
                synced: left.synced.clone(),
                ends: Some(1 + dice(6)),
                ..Disk::default()
            });
            let opened = again.open().map(drop);
            drop(opened);
            let twice = again.disk().without_power(&mut dice);
            holds(left, done, &wanted, &what);
            holds(twice, done, &wanted, &format!("{what}, and again"));
        }
    }
}

#[test]
fn f53_a_disk_that_fails_once() {
    let steps = steps();
    let wanted = wanted(&steps);
    for fails in 1..=operations(&steps) {
        let what = format!("step {fails} fails");
        let disk = Shared::of(Disk { fails: Some(fails), ..Disk::default() });
        let mut state = disk.open().ok();
        if !state.as_mut().is_some_and(begin) {
            continue;
        }
        for (n, step) in steps.iter().enumerate() {
            let Some(open) = &mut state else { break };
            if step.go(open).is_ok() {
                continue;
            }
            assert!(open.db.is_none(), "{what}: nothing of the failure is trusted");
            drop(state.take());
            let mut anew = disk.open().unwrap_or_else(|error| panic!("{what}: {error}"));
            let kept = anew.kept().unwrap();
            assert!(kept == wanted[n] || kept == wanted[n + 1], "{what}");
            step.go(&mut anew).unwrap();
            assert!(anew.kept().unwrap() == wanted[n + 1], "{what}: the same step again");
            state = Some(anew);
        }
        if let Some(mut state) = state {
            assert!(state.kept().unwrap() == wanted[steps.len()], "{what}");
        }
    }
}
