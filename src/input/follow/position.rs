//! Where reading stands, to be stored: with each chunk the place behind it, and all streams' together.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize};

use super::files::Stat;
use super::mark::{Generation, Key, Sum, sum};

/// Layout of what is stored.
const VERSION: u32 = 3;
/// Times of change may be this much behind the clock: the file system takes them from its last tick.
const TICK: Duration = Duration::from_secs(1);
/// Hashed to tell whether a checkpoint was written under the same key.
const KEY_CHECK: &[u8] = b"deguchi/follow";

/// The place in one stream behind a chunk. A line begins there; who resumes there gets every line once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The live file's path, as bytes: names need not be text.
    name: Vec<u8>,
    /// Where the live file was, links followed.
    pub(super) target: Vec<u8>,
    /// The file being read.
    pub(super) generation: Generation,
    /// Those before it that may still be written to.
    pub(super) closing: Vec<Generation>,
    /// The last ones before them, for the day they turn up under another name.
    pub(super) past: Vec<Generation>,
}

impl Position {
    pub(super) fn new(
        path: &Path,
        target: &Path,
        generation: Generation,
        closing: Vec<Generation>,
        past: Vec<Generation>,
    ) -> Self {
        Self { name: bytes(path), target: bytes(target), generation, closing, past }
    }

    /// The stream: the path of its live file.
    pub fn path(&self) -> PathBuf {
        path(&self.name)
    }

    pub(super) fn target(&self) -> PathBuf {
        path(&self.target)
    }

    /// Counts the files of the stream, from 0: with [`super::super::Chunk::at`] the order within a stream.
    pub fn generation(&self) -> u64 {
        self.generation.number
    }

    /// Whether `stat` is that file, as far as its numbers tell.
    pub fn is_in(&self, stat: &Stat) -> bool {
        self.generation.is_inode(stat)
    }

    /// The place in the decoded bytes of that file.
    pub fn offset(&self) -> u64 {
        self.generation.offset
    }
}

/// The places in all streams. Starts empty; the caller puts in the [`Position`]s its own state covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    version: u32,
    key: Sum,
    /// In the order of their names, once each.
    #[serde(deserialize_with = "sorted")]
    pub(super) streams: Vec<Position>,
    /// Paths and patterns as they were followed, as bytes.
    followed: Vec<Vec<u8>>,
    /// When their logs were looked for last, as a time of change of files: ns since 1970.
    looked: u64,
}

impl Checkpoint {
    /// With no stream in it. `key` as in [`super::FollowSettings`].
    pub fn new(key: &Key) -> Self {
        Self { version: VERSION, key: sum(key, KEY_CHECK), streams: Vec::new(), followed: Vec::new(), looked: 0 }
    }

    /// Replaces the place in a stream by a later one.
    pub fn cover(&mut self, position: &Position) {
        match self.find(&position.name) {
            Ok(at) => self.streams[at].clone_from(position),
            Err(at) => self.streams.insert(at, position.clone()),
        }
    }

    /// Drops a stream that has ended.
    pub fn forget(&mut self, stream: &Path) {
        if let Ok(at) = self.find(&bytes(stream)) {
            self.streams.remove(at);
        }
    }

    /// Where a stream is, or is to be.
    fn find(&self, name: &[u8]) -> Result<usize, usize> {
        self.streams.binary_search_by(|known| known.name.as_slice().cmp(name))
    }

    /// All logs behind these paths and patterns were looked for at this time. Of one that has no place here nothing was
    /// read by then: who resumes reads what has changed since in any of its files.
    pub fn looked<'a>(&mut self, followed: impl IntoIterator<Item = &'a Path>, at: SystemTime) {
        self.followed = followed.into_iter().map(bytes).collect();
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(TICK);
        self.looked = at.as_nanos().try_into().unwrap_or(u64::MAX);
    }

    /// Since when a log of this pattern that has no place here may have come; `None`: it was not followed.
    pub(super) fn since(&self, pattern: &Path) -> Option<u64> {
        self.followed.contains(&bytes(pattern)).then_some(self.looked)
    }

    /// Gives streams whose folder was moved the paths they have now.
    pub fn rename(&mut self, now: impl Fn(&Path) -> Option<PathBuf>) {
        for known in &mut self.streams {
            if let Some(path) = now(&known.path()) {
                known.name = bytes(&path);
                known.target = bytes(&path);
            }
        }
        sort(&mut self.streams);
    }

    /// The places in it.
    pub fn positions(&self) -> &[Position] {
        &self.streams
    }

    /// What is wrong with it, if anything.
    pub(super) fn check(&self, key: &Key) -> Result<(), CheckpointError> {
        if self.version != VERSION {
            return Err(CheckpointError::Version { found: self.version });
        }
        if self.key != sum(key, KEY_CHECK) {
            return Err(CheckpointError::Key);
        }
        Ok(())
    }
}

fn sort(streams: &mut Vec<Position>) {
    streams.sort_by(|a, b| a.name.cmp(&b.name));
    streams.dedup_by(|a, b| a.name == b.name);
}

/// What an earlier version wrote was in the order of coming.
fn sorted<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Position>, D::Error> {
    let mut streams = Vec::deserialize(from)?;
    sort(&mut streams);
    Ok(streams)
}

/// Why a checkpoint cannot be used. It is never put aside silently: that would read everything twice or skip it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Of another program version.
    #[error(
        "the stored read positions have layout {found}, this program knows {VERSION}; use the version that wrote them, or begin anew with `--from`"
    )]
    Version {
        /// The layout found.
        found: u32,
    },
    /// Written under another key: nothing in it would match.
    #[error(
        "the stored read positions were written under another `hash_key`; restore that key, or begin anew with `--from`"
    )]
    Key,
}

fn bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_vec()
}

#[cfg(unix)]
fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    Path::new(OsStr::from_bytes(bytes)).to_path_buf()
}

#[cfg(not(unix))]
fn path(bytes: &[u8]) -> PathBuf {
    Path::new(OsStr::new(&*String::from_utf8_lossy(bytes))).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_or_key_is_refused() {
        let key = [7; 16];
        let mut checkpoint = Checkpoint::new(&key);
        assert_eq!(checkpoint.check(&key), Ok(()));
        assert_eq!(checkpoint.check(&[8; 16]), Err(CheckpointError::Key));
        checkpoint.version = VERSION + 1;
        assert_eq!(checkpoint.check(&key), Err(CheckpointError::Version { found: VERSION + 1 }));
    }
}
