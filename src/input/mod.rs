//! BYTES → LINES. Opens files, tells plain from gzip and zstd by their first bytes, and hands out chunks of whole lines.
//!
//! | file | noun |
//! | --- | --- |
//! | `paths` | what the user named → the files to read, each once |
//! | `raw` | the bytes as stored, with a small buffer and the position for a progress bar |
//! | `codec` | plain, gzip or zstd, told by content; `gzip` and `zst` undo them member by member |
//! | `source` | one open input: decoded bytes → chunks of whole lines |
//! | `overlong` | what happens to a line longer than [`LINE_MAX`] and to holes of NULs |
//! | `ahead` | a thread that reads one source ahead |
//! | `lines` | the lines of a chunk |
//! | `follow` | live files: the same chunks, through rotation and restarts |
//! | `receive` | what comes over the network: messages, and the files they are kept in until they are read |
//! | `error` | what can go wrong, where, and what to do |
//!
//! Positions are in the *decoded* stream. Only LF ends a line. A line longer than [`LINE_MAX`] is cut: its first
//! `LINE_MAX` bytes stay, the rest is skipped in constant memory, the next line is intact. A run of more than `LINE_MAX`
//! NULs (the hole a writer leaves after copytruncate) is skipped the same way and what follows it begins a line.
//! Whatever breaks in the middle of an input, the whole lines before it are handed out first.

mod ahead;
mod codec;
mod error;
pub mod follow;
mod gzip;
mod lines;
mod overlong;
mod paths;
mod raw;
pub mod receive;
mod source;
mod zst;

pub use ahead::ReadAhead;
pub use codec::Kind;
pub use error::{Archive, ErrorReason, InputError};
pub use lines::{Lines, is_cut};
pub use paths::{Expanded, expand, survey};
pub use raw::{Warning, WarningKind};
pub use source::Source;

/// The longest line handed on, in bytes without its line end. Squid cuts records near 8 KiB itself.
pub const LINE_MAX: usize = 64 * 1024;

/// The name of standard input on the command line.
pub const STDIN: &str = "-";

/// Whole lines from one input: ends with LF, except that the last line of an input may lack it.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Offset of the first byte in the decoded stream. A chunk has no gaps: byte `i` of it stands at `at + i`.
    pub at: u64,
    /// The bytes. A line of exactly [`LINE_MAX`] bytes may have been cut. Empty only in a last chunk that carries
    /// nothing but `skipped`.
    pub bytes: Vec<u8>,
    /// Bytes of overlong lines that were skipped while this chunk was read.
    pub skipped: u64,
}
