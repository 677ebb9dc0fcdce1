//! What survives a restart: one file, of which every change is whole or not there at all.
//!
//! Two rhythms write it. When an alert is decided, its record, before anybody is told. Once a minute or so a snapshot: the
//! memory of the engine and the places in the logs behind the lines in it. The log is the write-ahead log: a run that is
//! killed goes on with the last snapshot, reads the lines since once more, and tells nothing of what is in the journal.
//!
//! A snapshot is large, a record is urgent: parts of the next snapshot are written one by one beside the last, with other
//! changes between them, and the last commit puts it in place.
//!
//! | table | from | to |
//! | --- | --- | --- |
//! | `meta` | `deguchi` | version of the layout, fingerprint of the hash key |
//! | `meta` | `snapshot` | number of the snapshot that counts; none yet: 0 |
//! | `snapshot` | number of a snapshot, name of a part | its bytes, zstd with a checksum |
//! | `journal` | number of a record, from 1 | the record, JSON |
//! | `decided` | number of a record | when it was decided, ms since 1970 by the wall clock |
//! | `delivered` | name of a sink | number of the last record that it has |
//!
//! The store is redb, with two-phase commits: a file that was torn by a loss of power opens as of the last commit that was
//! acknowledged. What cannot be read is refused and never put aside, since a memory that begins anew calls every domain new.

mod error;
mod snapshot;

pub use error::StateError;
pub use snapshot::{Bytes, Parts, replace};

use redb::backends::FileBackend;
use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageBackend, TableDefinition,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Name of the file in its directory.
const FILE: &str = "state.redb";
/// Name that a new one has until it is whole.
const NEW: &str = "state.redb.new";
/// Layout of what is stored: raised by every change of what a snapshot holds.
const VERSION: u32 = 3;
/// Pages kept in memory, bytes: a snapshot is written once and read once.
const CACHE: usize = 8 << 20;

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const SNAPSHOT: TableDefinition<'_, (u64, &str), &[u8]> = TableDefinition::new("snapshot");
/// Number → when it was decided, record.
const JOURNAL: TableDefinition<'_, u64, (u64, &[u8])> = TableDefinition::new("journal");
const DELIVERED: TableDefinition<'_, &str, u64> = TableDefinition::new("delivered");

/// What a state was written with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Meta {
    version: u32,
    key: String,
}

/// A record that was decided, and need not be delivered everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its number, from 1.
    pub number: u64,
    /// When that was, ms since 1970 by the wall clock.
    pub at: u64,
    /// The record, JSON.
    pub record: Vec<u8>,
}

/// What one commit changes, all of it or nothing.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Records that were decided.
    pub journal: Vec<Decided>,
    /// Sinks and the last record that each has.
    pub delivered: BTreeMap<String, u64>,
    /// Records up to this number are in a snapshot and delivered: they are forgotten.
    pub forget: u64,
}

/// What a state holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The last snapshot; empty: none was taken yet.
    pub snapshot: Parts,
    /// Records by number, ascending.
    pub journal: Vec<Decided>,
    /// The last record that each sink has.
    pub delivered: BTreeMap<String, u64>,
}

/// How large a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The file, bytes.
    pub file: u64,
    /// Of it used for what is stored, bytes.
    pub stored: u64,
    /// Of it unused between what is stored, bytes: `compact` gives it back.
    pub fragmented: u64,
    /// Of it used for the snapshot, bytes, with the parts of one that is not finished.
    pub snapshot: u64,
    /// Records in the journal.
    pub journal: u64,
}

/// An open state. Nobody else can open it meanwhile.
#[derive(Debug)]
pub struct State {
    /// `None` after a write that failed: what is in the file is looked at anew, nothing of the failure is trusted.
    db: Option<Database>,
    file: PathBuf,
}

impl State {
    /// Opens the state in a directory, or begins one. `key` stands for the hash key: what was hashed with another cannot
    /// be used.
    ///
    /// # Errors
    ///
    /// The directory or the file cannot be used, another process has it open, or it is damaged, newer, or of another key.
    pub fn open(dir: &Path, key: &str) -> Result<State, StateError> {
        let there = |source| StateError::Directory { path: dir.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(there)?;
        if !dir.join(FILE).exists()
            && let Some(state) = State::new(dir, &Meta { version: VERSION, key: key.into() })?
        {
            return Ok(state);
        }
        let mut state = State::of(dir.join(FILE))?;
        let meta = state.version()?;
        state.check(&meta, Some(key))?;
        Ok(state)
    }

    /// Opens the state in a directory to look after it, whatever its key.
    ///
    /// # Errors
    ///
    /// As [`State::open`]; there is none.
    pub fn existing(dir: &Path) -> Result<State, StateError> {
        let mut state = State::of(dir.join(FILE))?;
        let meta = state.version()?;
        state.check(&meta, None)?;
        Ok(state)
    }

    fn of(file: PathBuf) -> Result<State, StateError> {
        Ok(State { db: Some(database(&file)?), file })
    }

    /// Begins a state; `None`: somebody else has by now. It gets its name when it is whole: whoever is killed before leaves
    /// nothing that would be taken for a damaged one. The lock goes with the file.
    fn new(dir: &Path, meta: &Meta) -> Result<Option<State>, StateError> {
        let (new, file) = (dir.join(NEW), dir.join(FILE));
        let io = |source| StateError::Io { path: new.clone(), source };
        let backend = locked(&new, true)?;
        if file.exists() {
            return Ok(None);
        }
        backend.set_len(0).map_err(io)?;
        let db = Database::builder().set_cache_size(CACHE).create_with_backend(backend);
        let db = db.map_err(|source| StateError::open(new.clone(), source))?;
        let mut state = State { db: Some(db), file: new.clone() };
        state.begin(meta)?;
        std::fs::rename(&new, &file).and_then(|()| File::open(dir)?.sync_all()).map_err(io)?;
        state.file = file;
        Ok(Some(state))
    }

    /// The store, opened again if a write had failed.
    fn db(&mut self) -> Result<&mut Database, StateError> {
        let db = match self.db.take() {
            Some(db) => db,
            None => database(&self.file)?,
        };
        Ok(self.db.insert(db))
    }

    fn version(&mut self) -> Result<Meta, StateError> {
        let read = self.db()?.begin_read();
        let read = read.map_err(|e| self.failed(e))?;
        let table = read.open_table(META).map_err(|e| self.failed(e))?;
        let row = table.get("deguchi").map_err(|e| self.failed(e))?;
        let meta = row.and_then(|row| postcard::from_bytes(row.value()).ok());
        meta.ok_or_else(|| self.damaged("its version cannot be read"))
    }

    fn check(&self, meta: &Meta, key: Option<&str>) -> Result<(), StateError> {
        let path = self.file.clone();
        match meta.version {
            VERSION if key.is_none_or(|key| key == meta.key) => Ok(()),
            VERSION => Err(StateError::Key { path }),
            found => Err(StateError::Version { path, found, known: VERSION }),
        }
    }

    fn begin(&mut self, meta: &Meta) -> Result<(), StateError> {
        self.write(|write| {
            let meta = postcard::to_stdvec(meta).unwrap_or_default();
            write.open_table(META)?.insert("deguchi", &*meta)?;
            write.open_table(SNAPSHOT)?;
            write.open_table(JOURNAL)?;
            write.open_table(DELIVERED)?;
            Ok(())
        })
    }

    /// Makes a change; when this returns it is on the disk.
    ///
    /// # Errors
    ///
    /// The disk is full or fails. Nothing is changed then.
    pub fn commit(&mut self, change: &Change) -> Result<(), StateError> {
        self.write(|write| {
            let mut journal = write.open_table(JOURNAL)?;
            for Decided { number, at, record } in &change.journal {
                journal.insert(number, (*at, record.as_slice()))?;
            }
            journal.retain_in(..=change.forget, |_, _| false)?;
            let mut delivered = write.open_table(DELIVERED)?;
            for (sink, number) in &change.delivered {
                delivered.insert(sink.as_str(), number)?;
            }
            Ok(())
        })
    }

    fn write(
        &mut self,
        make: impl FnOnce(&redb::WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), StateError> {
        let db = self.db()?;
        let whole = || -> Result<(), redb::Error> {
            let mut write = db.begin_write()?;
            write.set_durability(Durability::Immediate)?;
            // Costs a tenth, and leaves nothing to repair after a crash or to be fooled by.
            write.set_two_phase_commit(true);
            write.set_quick_repair(true);
            make(&write)?;
            write.commit()?;
            Ok(())
        };
        let written = whole();
        if written.is_err() {
            self.db = None;
        }
        written.map_err(|e| self.failed(e))
    }

    /// All that is stored.
    ///
    /// # Errors
    ///
    /// A part is damaged.
    pub fn kept(&mut self) -> Result<Kept, StateError> {
        let db = self.db()?;
        let whole = || -> Result<Kept, redb::Error> {
            let read = db.begin_read()?;
            let mut kept = Kept { snapshot: snapshot::parts(&read)?, ..Kept::default() };
            for row in read.open_table(JOURNAL)?.iter()? {
                let (number, row) = row?;
                let (at, record) = row.value();
                kept.journal.push(Decided { number: number.value(), at, record: record.to_vec() });
            }
            for row in read.open_table(DELIVERED)?.iter()? {
                let (sink, number) = row?;
                kept.delivered.insert(sink.value().to_owned(), number.value());
            }
            Ok(kept)
        };
        whole().map_err(|e| self.failed(e))
    }

    /// How large it is.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn size(&mut self) -> Result<Size, StateError> {
        let file =
            std::fs::metadata(&self.file).map_err(|source| StateError::Io { path: self.file.clone(), source })?;
        let db = self.db()?;
        let whole = || -> Result<Size, redb::Error> {
            let stats = db.begin_write()?.stats()?;
            let read = db.begin_read()?;
            let journal = read.open_table(JOURNAL)?.len()?;
            let snapshot = read.open_table(SNAPSHOT)?.stats()?.stored_bytes();
            let (stored, fragmented) = (stats.stored_bytes(), stats.fragmented_bytes());
            Ok(Size { file: file.len(), stored, fragmented, snapshot, journal })
        };
        whole().map_err(|e| self.failed(e))
    }

    /// Checks every page of the file, and that every part and record can be read.
    ///
    /// # Errors
    ///
    /// What cannot.
    pub fn verify(&mut self) -> Result<(), StateError> {
        match self.db()?.check_integrity() {
            Ok(true) => {}
            Ok(false) => return Err(self.damaged("some of its pages had to be repaired")),
            Err(source) => return Err(StateError::open(self.file.clone(), source)),
        }
        self.kept().map(drop)
    }

    /// Gives back what is unused in the file; whether there was anything.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn compact(&mut self) -> Result<bool, StateError> {
        let compacted = self.db()?.compact();
        compacted.map_err(|source| self.failed(redb::Error::from(source)))
    }

    fn failed(&self, source: impl Into<redb::Error>) -> StateError {
        StateError::of(self.file.clone(), source.into())
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The error that something in it is not what was written.
    pub fn damaged(&self, what: &str) -> StateError {
        StateError::Damaged { path: self.file.clone(), what: what.into() }
    }
}

/// Opens a state that is there.
fn database(file: &Path) -> Result<Database, StateError> {
    let backend = locked(file, false)?;
    let empty = backend.len().map_err(|source| StateError::Io { path: file.to_owned(), source })? == 0;
    if empty {
        return Err(StateError::Damaged { path: file.to_owned(), what: "it is empty".into() });
    }
    let db = Database::builder().set_cache_size(CACHE).create_with_backend(backend);
    db.map_err(|source| StateError::open(file.to_owned(), source))
}

/// The file, open for nobody else.
fn locked(file: &Path, create: bool) -> Result<FileBackend, StateError> {
    let io = |source| StateError::Io { path: file.to_owned(), source };
    let opened = OpenOptions::new().read(true).write(true).create(create).truncate(false).mode(0o600).open(file);
    FileBackend::new(opened.map_err(io)?).map_err(|source| StateError::open(file.to_owned(), source))
}

#[cfg(test)]
mod tests;
