//! Why a state cannot be used.

use std::io;
use std::path::PathBuf;

/// A state that cannot be opened, read or written. The text names the file and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It can be no directory of a state.
    #[error("{}: {source}; name a directory that you may write to with --state", path.display())]
    Directory {
        /// What was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else has it.
    #[error("{}: another process is using this state; give each its own --state", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// It was written by another version.
    #[error("{}: written with layout {found}, this deguchi reads {known}; use the version that wrote it, or move the file away to begin anew: every domain is new then", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: u32,
        /// The layout of this version.
        known: u32,
    },
    /// It was written with another key.
    #[error("{}: written with another hash-key; restore that key, or move the file away to begin anew: every domain is new then", path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// It is not what was written.
    #[error("{}: damaged ({what}); restore a copy, or move the file away to begin anew: every domain is new then", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl StateError {
    /// Of the store, while it is opened.
    pub(super) fn open(path: PathBuf, source: redb::DatabaseError) -> StateError {
        match source {
            redb::DatabaseError::DatabaseAlreadyOpen => StateError::Taken { path },
            other => StateError::of(path, other.into()),
        }
    }

    /// Of the store.
    pub(super) fn of(path: PathBuf, source: redb::Error) -> StateError {
        match source {
            redb::Error::Io(source) if source.kind() != io::ErrorKind::InvalidData => StateError::Io { path, source },
            other => StateError::Damaged { path, what: other.to_string() },
        }
    }

    /// Whether there is no room for it.
    pub fn is_full(&self) -> bool {
        matches!(self, StateError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull)
    }
}
