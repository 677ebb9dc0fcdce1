//! What can go wrong at a destination.

use std::io;
use std::time::Duration;

/// A destination that cannot be written. The text names it and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The file, or its temporary sibling, cannot be made.
    #[error("cannot create {name}: {source}; name a file in a directory that exists and that you may write to")]
    Create {
        /// The destination as the user named it, escaped.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A write failed: a full disk, a closed pipe.
    #[error("cannot write {name}: {source}{}", advice(.source))]
    Write {
        /// The destination, escaped.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The finished file cannot take its name.
    #[error("cannot rename {partial} to {name}: {source}; the complete output is in {partial}")]
    Rename {
        /// The destination, escaped.
        name: String,
        /// The temporary sibling, escaped.
        partial: String,
        /// What the system said.
        source: io::Error,
    },
    /// Someone else replaced the temporary sibling.
    #[error("cannot finish {name}: another process writes it too; give each run a file of its own")]
    Contended {
        /// The destination, escaped.
        name: String,
    },
    /// The destination is a directory.
    #[error("cannot write {name}: it is a directory; name a file in it")]
    Directory {
        /// The destination, escaped.
        name: String,
    },
    /// A server is not there, or not able to take anything now: another try may help.
    #[error("cannot reach {name}: {reason}")]
    Unreachable {
        /// Its name in the settings.
        name: String,
        /// Why.
        reason: String,
        /// When it asks to be tried again.
        after: Option<Duration>,
    },
    /// A server does not take a record, and will not the next time.
    #[error("{name} refuses a record: {reason}")]
    Refused {
        /// Its name in the settings.
        name: String,
        /// What it says.
        reason: String,
    },
    /// The certificates that a server is to be known by cannot be read.
    #[error("{name}: {reason}; ca-file is a file of certificates in PEM")]
    Authorities {
        /// The file.
        name: String,
        /// Why.
        reason: String,
    },
    /// Written to after the end, or after an error that was ignored: a fault of the caller.
    #[error("cannot write {name}: it is already closed")]
    Closed {
        /// The destination, escaped.
        name: String,
    },
}

impl SinkError {
    /// Whether the reader went away (`deguchi … | head`): the end of the job, not a failure.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, SinkError::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; free space there or name a file on another disk",
        io::ErrorKind::QuotaExceeded => "; raise your quota or name a file on another disk",
        io::ErrorKind::FileTooLarge => "; lift the file size limit or name a file on another file system",
        _ => "",
    }
}
