//! What can go wrong with an input: where, and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why an input could not be read, in a word. A closed set: it is a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorReason {
    /// It could not be opened: a loop of links, a link to nothing, a directory, a device.
    Open,
    /// Reading broke off, or it is nothing that can be read.
    Read,
    /// Not allowed.
    Permission,
    /// An archive that ends too early.
    TruncatedArchive,
    /// A damaged archive.
    CorruptArchive,
    /// The server has forgotten the open file (NFS).
    StaleHandle,
    /// A limit was reached: open files, decompressed size, window.
    Limit,
}

impl ErrorReason {
    /// Every reason.
    pub const ALL: [ErrorReason; 7] = [
        ErrorReason::Open,
        ErrorReason::Read,
        ErrorReason::Permission,
        ErrorReason::TruncatedArchive,
        ErrorReason::CorruptArchive,
        ErrorReason::StaleHandle,
        ErrorReason::Limit,
    ];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorReason::Open => "open",
            ErrorReason::Read => "read",
            ErrorReason::Permission => "permission",
            ErrorReason::TruncatedArchive => "truncated_archive",
            ErrorReason::CorruptArchive => "corrupt_archive",
            ErrorReason::StaleHandle => "stale_handle",
            ErrorReason::Limit => "limit",
        }
    }
}

/// Why an input, or the rest of it, could not be read. The message is complete: file, offset, what to do.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The path cannot be used: missing, a directory, a device, too many open files, …
    #[error("{}: cannot open: {cause}; {advice}", Shown(.path))]
    Open {
        /// As the user named it, or as found in a directory.
        path: PathBuf,
        /// What the system or we object to.
        cause: io::Error,
        /// What to do.
        advice: &'static str,
    },
    /// Not allowed to read it.
    #[error("{}: permission denied; let the user who runs this read it (a group such as `proxy` or `adm`, or an ACL)", Shown(.path))]
    Permission {
        /// The path refused.
        path: PathBuf,
    },
    /// Reading broke off.
    #[error("{}: reading failed after byte {at}: {cause}; whole lines before it were read; check the disk or mount, then read the file again", Shown(.path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Offset in the decoded stream.
        at: u64,
        /// Bytes of an unfinished last line, which were dropped.
        dropped: u64,
        /// What the system said.
        cause: io::Error,
    },
    /// The archive ends in the middle.
    #[error("{}: the {archive} archive ends too early, {}; copy it again, or wait until it is complete", Shown(.path), .archive.place())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where.
        archive: Archive,
    },
    /// The archive is damaged.
    #[error("{}: the {archive} archive is damaged ({what}), {}; restore it from its source", Shown(.path), .archive.place())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Where.
        archive: Archive,
        /// What the decoder said.
        what: String,
    },
    /// Reading on would take more than we allow.
    #[error("{}: {what}, {}; {advice}", Shown(.path), .archive.place())]
    Limit {
        /// The file.
        path: PathBuf,
        /// Where.
        archive: Archive,
        /// The limit.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Bytes that are not a log we can read: UTF-16, an archive inside an archive, another compression.
    #[error("{}: {what}; {advice}", Shown(.path))]
    Content {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// The command that mends it.
        advice: &'static str,
    },
}

/// A place in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archive {
    /// `gzip` or `zstd`.
    pub kind: &'static str,
    /// Offset in the file, in bytes.
    pub compressed: u64,
    /// Bytes decoded up to there.
    pub decoded: u64,
    /// Bytes of an unfinished last line, which were dropped: half a URL is wrong evidence.
    pub dropped: u64,
}

impl Archive {
    fn place(&self) -> String {
        let dropped = match self.dropped {
            0 => String::new(),
            n => format!(", an unfinished line of {n} bytes was dropped"),
        };
        format!(
            "at byte {} of the file, after {} decoded bytes (whole lines before it were read{dropped})",
            self.compressed, self.decoded
        )
    }
}

impl fmt::Display for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)
    }
}

impl InputError {
    /// The same in a word.
    pub fn reason(&self) -> ErrorReason {
        match self {
            Self::Open { cause, .. } if is_file_limit(cause) => ErrorReason::Limit,
            Self::Open { .. } => ErrorReason::Open,
            Self::Permission { .. } => ErrorReason::Permission,
            Self::Read { .. } | Self::Content { .. } => ErrorReason::Read,
            Self::Truncated { .. } => ErrorReason::TruncatedArchive,
            Self::Corrupt { .. } => ErrorReason::CorruptArchive,
            Self::Limit { .. } => ErrorReason::Limit,
        }
    }

    /// The input it concerns.
    pub fn path(&self) -> &Path {
        match self {
            Self::Open { path, .. }
            | Self::Permission { path }
            | Self::Read { path, .. }
            | Self::Truncated { path, .. }
            | Self::Corrupt { path, .. }
            | Self::Limit { path, .. }
            | Self::Content { path, .. } => path,
        }
    }

    /// Decoded bytes that were read and not handed out: the unfinished line before the damage.
    pub fn dropped(&self) -> u64 {
        match self {
            Self::Read { dropped, .. } => *dropped,
            Self::Truncated { archive, .. } | Self::Corrupt { archive, .. } | Self::Limit { archive, .. } => {
                archive.dropped
            }
            _ => 0,
        }
    }

    /// An error of opening or looking at `path`, with the advice that fits it.
    pub(super) fn opening(path: &Path, cause: io::Error) -> Self {
        let path = path.to_path_buf();
        let advice = match cause.kind() {
            io::ErrorKind::PermissionDenied => return Self::Permission { path },
            io::ErrorKind::NotFound => "check the name; a pattern needs quotes against the shell only",
            _ if is_file_limit(&cause) => "raise the limit (`ulimit -n`) or name fewer files at once",
            _ => "check the file",
        };
        Self::Open { path, cause, advice }
    }

    /// A refusal of our own.
    pub(super) fn refused(path: &Path, what: &'static str, advice: &'static str) -> Self {
        Self::Open { path: path.to_path_buf(), cause: io::Error::other(what), advice }
    }
}

/// EMFILE or ENFILE.
fn is_file_limit(cause: &io::Error) -> bool {
    matches!(cause.raw_os_error(), Some(23 | 24))
}

/// A path for people: as it is when it is harmless text, quoted and escaped otherwise (a file name may hold anything).
pub(super) struct Shown<'a>(pub(super) &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_str() {
            Some("-") => f.write_str("standard input"),
            Some(text) if !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() || c.is_alphanumeric()) => {
                f.write_str(text)
            }
            _ => write!(f, "{:?}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_file_offset_and_remedy() {
        let archive = Archive { kind: "gzip", compressed: 812, decoded: 4096, dropped: 17 };
        let text = InputError::Truncated { path: "logs/a.gz".into(), archive }.to_string();
        for part in ["logs/a.gz", "gzip", "byte 812", "4096 decoded", "17 bytes was dropped", "copy it again"] {
            assert!(text.contains(part), "{part:?} is missing in {text:?}");
        }
    }

    #[test]
    fn a_hostile_file_name_is_escaped() {
        assert_eq!(Shown(Path::new("a\x1b[31m\n.log")).to_string(), r#""a\u{1b}[31m\n.log""#);
        assert_eq!(Shown(Path::new("/var/log/出口.log")).to_string(), "/var/log/出口.log");
        assert_eq!(Shown(Path::new("-")).to_string(), "standard input");
    }

    #[test]
    fn a_reason_is_told_by_what_the_system_said() {
        for (cause, reason) in [
            (io::Error::from_raw_os_error(24), ErrorReason::Limit),
            (io::ErrorKind::NotFound.into(), ErrorReason::Open),
            (io::ErrorKind::PermissionDenied.into(), ErrorReason::Permission),
        ] {
            assert_eq!(InputError::opening(Path::new("x"), cause).reason(), reason);
        }
    }
}
