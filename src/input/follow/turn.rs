//! One poll: what a stream needs of the outside, and what it has to say.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::codec::Fault;
use super::super::error::{ErrorReason, InputError};
use super::files::Files;
use super::happening::{Happening, Note};
use super::stream::Stream;
use super::{FollowSettings, Step};

/// ESTALE.
const STALE: i32 = 116;

/// One poll.
pub(super) struct Turn<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) now: Duration,
    pub(super) settings: &'a FollowSettings,
    /// The paths of all streams.
    pub(super) live: &'a BTreeSet<PathBuf>,
    pub(super) steps: Vec<Step>,
    /// Bytes that may still be handed out.
    pub(super) budget: usize,
    /// There is more to read at once.
    pub(super) more: bool,
    /// Files held open that are no longer live.
    pub(super) held: usize,
}

impl Turn<'_> {
    /// Whether one more file may be held open; it then is.
    pub(super) fn may_hold(&mut self) -> bool {
        let may = self.held < self.settings.max_open;
        self.held += usize::from(may);
        may
    }

    pub(super) fn is_live(&self, path: &Path) -> bool {
        self.live.contains(path)
    }

    pub(super) fn note(&mut self, stream: &Stream, what: Happening) {
        self.steps.push(Step::Happened(Note {
            stream: Some(stream.id),
            path: stream.path.clone(),
            what,
            message: None,
        }));
    }

    /// A file could not be opened or read.
    pub(super) fn failed(&mut self, stream: Option<u32>, path: &Path, cause: io::Error) {
        let stale = is_stale(&cause);
        let error = InputError::opening(path, cause);
        let trouble = if stale { ErrorReason::StaleHandle } else { error.reason() };
        self.trouble(stream, path, trouble, error.to_string());
    }

    /// Reading an open file broke off.
    pub(super) fn broke_off(&mut self, stream: u32, path: &Path, at: u64, cause: io::Error) {
        let trouble = if is_stale(&cause) { ErrorReason::StaleHandle } else { ErrorReason::Read };
        let error = InputError::Read { path: path.to_path_buf(), at, dropped: 0, cause };
        self.trouble(Some(stream), path, trouble, error.to_string());
    }

    /// A rotated file could not be decoded to its end.
    pub(super) fn damaged(&mut self, stream: u32, path: &Path, fault: &Fault) {
        let (trouble, what) = match fault {
            Fault::Io(cause) => (ErrorReason::Read, cause.to_string()),
            Fault::Truncated => (ErrorReason::TruncatedArchive, "it ends too early".to_string()),
            Fault::Corrupt(what) => (ErrorReason::CorruptArchive, what.clone()),
            Fault::Window => (ErrorReason::Limit, "it wants a window of more than 128 MiB".to_string()),
            Fault::Dictionary => (ErrorReason::Read, "it needs a dictionary".to_string()),
        };
        let shown = super::super::error::Shown(path);
        let message = format!(
            "{shown}: a compressed file rotated from it is damaged ({what}); whole lines before the damage were read; replay a good copy of it"
        );
        self.trouble(Some(stream), path, trouble, message);
    }

    fn trouble(&mut self, stream: Option<u32>, path: &Path, trouble: ErrorReason, message: String) {
        let path = path.to_path_buf();
        let what = Happening::Failed(trouble);
        self.steps.push(Step::Happened(Note { stream, path, what, message: Some(message) }));
    }
}

/// Whether the server has forgotten the file.
pub(super) fn is_stale(cause: &io::Error) -> bool {
    cause.raw_os_error() == Some(STALE)
}
