//! What happened to a log, for counters and the operator's log.

use std::path::PathBuf;

use super::super::error::ErrorReason;

/// What happened to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The stream, if there is one yet.
    pub stream: Option<u32>,
    /// The path of the live file, or of the one that could not be used. Chosen by others: escape it.
    pub path: PathBuf,
    /// What happened.
    pub what: Happening,
    /// For an error: the whole message, with what to do, safe for a terminal.
    pub message: Option<String>,
}

/// Kinds of what happens: a closed set, each a counter or a label. Bytes are *lower bounds* of what was written and
/// never read: what the follower saw of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Reading went on in the next file: rotated, or replaced by a longer copy of itself.
    Rotated,
    /// Cut, and nothing unread was seen before: what is written next is read.
    Truncated,
    /// Cut while there were bytes to read, and no copy of them was found.
    TruncatedUnread {
        /// Lost at least.
        bytes: u64,
    },
    /// The same file with other content, and no copy of the old was found; read from its beginning.
    Rewritten {
        /// Lost at least.
        bytes: u64,
    },
    /// Another file has the inode number of the one that was read; read from its beginning.
    InodeReused {
        /// Lost at least.
        bytes: u64,
    },
    /// Gone with bytes unread: deleted while nobody had it open, or given up because too many deleted files were open.
    DeletedUnread {
        /// Lost at least.
        bytes: u64,
    },
    /// A file was over and its last line had no end; the line was handed out as it was.
    UnfinishedLine,
    /// Something could not be read; it is tried again, ever less often.
    Failed(ErrorReason),
}

impl Happening {
    /// Bytes known to be lost.
    pub fn lost(self) -> u64 {
        match self {
            Self::TruncatedUnread { bytes }
            | Self::Rewritten { bytes }
            | Self::InodeReused { bytes }
            | Self::DeletedUnread { bytes } => bytes,
            _ => 0,
        }
    }

    /// The metric label, where the log is no longer continuous: `truncated`, `truncated_unread`, `rewritten`,
    /// `inode_reused`, `deleted_unread`.
    pub fn discontinuity(self) -> Option<&'static str> {
        match self {
            Self::Truncated => Some("truncated"),
            Self::TruncatedUnread { .. } => Some("truncated_unread"),
            Self::Rewritten { .. } => Some("rewritten"),
            Self::InodeReused { .. } => Some("inode_reused"),
            Self::DeletedUnread { .. } => Some("deleted_unread"),
            _ => None,
        }
    }
}
