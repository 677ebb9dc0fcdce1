//! A snapshot on its way to the disk and back.

use crate::lock::lock;
use crate::state::{META, SNAPSHOT, State, StateError};
use redb::{ReadTransaction, ReadableDatabase};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Key in the table of versions: the number of the snapshot that counts.
const CURRENT: &str = "snapshot";
/// Level of zstd: a snapshot is written every minute, and read once.
const LEVEL: i32 = 1;

/// A snapshot: parts by name.
pub type Parts<P = Vec<u8>> = BTreeMap<String, P>;
/// A part on its way to the disk, wherever it lies.
pub type Bytes = Box<dyn AsRef<[u8]> + Send>;

/// Writes a snapshot in place of the one before; when this returns it is on the disk. Each part is packed while others may
/// use the state, and gone from memory as soon as it is written.
///
/// # Errors
///
/// The disk is full or fails. The snapshot before still counts.
pub fn replace(state: &Mutex<State>, parts: Parts<Bytes>) -> Result<(), StateError> {
    let number = lock(state).next_snapshot()?;
    for (name, part) in parts {
        let packed = packed((*part).as_ref()).map_err(|source| lock(state).failed(redb::Error::from(source)))?;
        drop(part);
        lock(state).stage(number, &name, &packed)?;
    }
    lock(state).put_in_place(number)
}

impl State {
    /// The number of the next snapshot; nothing is left of one that was not finished.
    pub(super) fn next_snapshot(&mut self) -> Result<u64, StateError> {
        let read = self.db()?.begin_read();
        let read = read.map_err(|e| self.failed(e))?;
        let counts = || -> Result<(u64, bool), redb::Error> {
            let current = current(&read)?;
            let table = read.open_table(SNAPSHOT)?;
            let unfinished = table.range((current + 1, "")..)?.next().is_some();
            Ok((current, unfinished))
        };
        let (current, unfinished) = counts().map_err(|e| self.failed(e))?;
        if unfinished {
            self.write(|write| Ok(write.open_table(SNAPSHOT)?.retain(|(number, _), _| number == current)?))?;
        }
        Ok(current + 1)
    }

    pub(super) fn stage(&mut self, number: u64, name: &str, packed: &[u8]) -> Result<(), StateError> {
        self.write(|write| {
            write.open_table(SNAPSHOT)?.insert((number, name), packed)?;
            Ok(())
        })
    }

    pub(super) fn put_in_place(&mut self, number: u64) -> Result<(), StateError> {
        self.write(|write| {
            write.open_table(META)?.insert(CURRENT, &number.to_le_bytes()[..])?;
            Ok(write.open_table(SNAPSHOT)?.retain(|(of, _), _| of == number)?)
        })
    }
}

/// The parts of the snapshot that counts; none: none was taken yet.
pub(super) fn parts(read: &ReadTransaction) -> Result<Parts, redb::Error> {
    let current = current(read)?;
    let table = read.open_table(SNAPSHOT)?;
    let mut parts = Parts::new();
    for row in table.range((current, "")..(current + 1, ""))? {
        let (key, bytes) = row?;
        parts.insert(key.value().1.to_owned(), zstd::decode_all(bytes.value())?);
    }
    Ok(parts)
}

fn current(read: &ReadTransaction) -> Result<u64, redb::Error> {
    let number = read.open_table(META)?.get(CURRENT)?;
    let number = number.and_then(|bytes| bytes.value().try_into().ok());
    Ok(number.map_or(0, u64::from_le_bytes))
}

pub(super) fn packed(part: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
    encoder.include_checksum(true)?;
    std::io::Write::write_all(&mut encoder, part)?;
    encoder.finish()
}
