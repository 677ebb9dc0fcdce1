//! BYTES → LINES. Opens files, tells plain from gzip and zstd by their first bytes, and hands out chunks of whole lines.
//!
//! Positions are in the *decoded* stream. A line longer than [`LINE_MAX`] is cut: its first `LINE_MAX` bytes stay, the
//! rest is skipped in constant memory, the next line is intact.

/// The longest line handed on, in bytes without its line end. Squid cuts records near 8 KiB itself.
pub const LINE_MAX: usize = 64 * 1024;

/// Whole lines from one input: ends with LF, except that the last line of an input may lack it.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Offset of the first byte in the decoded stream.
    pub at: u64,
    /// The bytes. A line of exactly [`LINE_MAX`] bytes may have been cut.
    pub bytes: Vec<u8>,
    /// Bytes of overlong lines that were skipped while this chunk was read.
    pub skipped: u64,
}
