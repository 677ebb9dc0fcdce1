//! The bytes of an input as they are stored, before any decoding.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::codec::Kind;

/// Enough for a whole zstd block with its header, so that blocks are decoded without another copy.
const BUFFER: usize = 132 * 1024;

/// Something odd that costs no data. At most one of each kind a source: `bytes` adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What was found.
    pub kind: WarningKind,
    /// Offset in the file where it was first found.
    pub at: u64,
    /// How many bytes in all.
    pub bytes: u64,
}

/// Kinds of [`Warning`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    /// Zero bytes behind a member, as tapes and block devices leave them.
    ZeroPadding,
    /// Bytes behind the last member that are no member.
    TrailingGarbage,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            WarningKind::ZeroPadding => "zero bytes",
            WarningKind::TrailingGarbage => "bytes that are not part of the archive",
        };
        write!(f, "{} {what} at byte {} were ignored; the data before them is complete", self.bytes, self.at)
    }
}

/// What stands at the end of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another member.
    Member,
    /// Nothing more that could be decoded.
    End,
    /// The first bytes of a member and then nothing.
    Truncated,
}

/// An open input with a small buffer in front of it.
pub(super) struct Raw {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    position: Arc<AtomicU64>,
    taken: u64,
    warnings: Vec<Warning>,
}

impl Raw {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            ended: false,
            position: Arc::default(),
            taken: 0,
            warnings: Vec::new(),
        }
    }

    /// Bytes taken from the input so far, shared with whoever draws the progress bar.
    pub(super) fn position(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.position)
    }

    /// Offset in the file of the next byte to be used.
    pub(super) fn offset(&self) -> u64 {
        self.taken - (self.end - self.start) as u64
    }

    pub(super) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The buffered bytes; reads when there are none. Empty: the input has ended.
    pub(super) fn fill(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.more()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Marks `n` buffered bytes as used.
    pub(super) fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }

    /// At least `n` buffered bytes, unless the input ends before.
    pub(super) fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        while self.end - self.start < n && !self.ended {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            self.more()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Reads undecoded bytes: what is buffered first, then straight from the input. `Ok(0)`: the input has ended.
    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start < self.end {
            let n = (self.end - self.start).min(out.len());
            out[..n].copy_from_slice(&self.buffer[self.start..self.start + n]);
            self.start += n;
            if self.start == self.end {
                self.buffer = Vec::new();
                self.start = 0;
                self.end = 0;
            }
            return Ok(n);
        }
        self.pull(out)
    }

    /// Looks behind a member of `kind`: passes over zero padding and, with a warning, over everything that is no member.
    pub(super) fn boundary(&mut self, kind: Kind) -> io::Result<Next> {
        loop {
            let head = self.peek(4)?;
            if head.is_empty() {
                return Ok(Next::End);
            }
            if kind.begins(head) {
                return Ok(Next::Member);
            }
            if kind.is_cut_short(head) {
                let n = head.len();
                self.consume(n);
                return Ok(Next::Truncated);
            }
            let padding = head[0] == 0;
            let n = if padding { head.iter().take_while(|&&b| b == 0).count() } else { head.len() };
            self.warn(if padding { WarningKind::ZeroPadding } else { WarningKind::TrailingGarbage }, n as u64);
            self.consume(n);
            if !padding {
                return self.discard();
            }
        }
    }

    fn discard(&mut self) -> io::Result<Next> {
        loop {
            let n = self.fill()?.len();
            if n == 0 {
                return Ok(Next::End);
            }
            self.warn(WarningKind::TrailingGarbage, n as u64);
            self.consume(n);
        }
    }

    fn warn(&mut self, kind: WarningKind, bytes: u64) {
        let at = self.offset();
        match self.warnings.iter_mut().find(|w| w.kind == kind) {
            Some(warning) => warning.bytes += bytes,
            None => self.warnings.push(Warning { kind, at, bytes }),
        }
    }

    fn more(&mut self) -> io::Result<()> {
        if self.buffer.len() < BUFFER {
            self.buffer.resize(BUFFER, 0);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.pull(&mut buffer[self.end..]);
        self.buffer = buffer;
        self.end += result?;
        Ok(())
    }

    fn pull(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ended || out.is_empty() {
            return Ok(0);
        }
        loop {
            match self.input.read(out) {
                Ok(n) => {
                    self.ended = n == 0;
                    self.taken += n as u64;
                    self.position.store(self.taken, Ordering::Relaxed);
                    return Ok(n);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(bytes: &'static [u8]) -> Raw {
        Raw::new(Box::new(bytes))
    }

    #[test]
    fn reading_serves_the_peeked_bytes_first_and_knows_its_place() {
        let mut raw = raw(b"abcdef");
        assert_eq!(raw.peek(2).unwrap(), b"abcdef");
        assert_eq!(raw.offset(), 0);
        let mut out = [0; 4];
        assert_eq!(raw.read(&mut out).unwrap(), 4);
        assert_eq!(&out, b"abcd");
        assert_eq!(raw.offset(), 4);
        assert_eq!(raw.read(&mut out).unwrap(), 2);
        assert_eq!(raw.read(&mut out).unwrap(), 0);
        assert_eq!(raw.position().load(Ordering::Relaxed), 6);
    }

    #[test]
    fn padding_is_passed_and_garbage_ends_the_archive() {
        let mut padded = raw(b"\0\0\0\0\0\x1f\x8b\x08\0");
        assert_eq!(padded.boundary(Kind::Gzip).unwrap(), Next::Member);
        assert_eq!(padded.offset(), 5);
        assert_eq!(padded.warnings(), [Warning { kind: WarningKind::ZeroPadding, at: 0, bytes: 5 }]);

        let mut garbage = raw(b"\0\0junk\x1f\x8b\x08");
        assert_eq!(garbage.boundary(Kind::Gzip).unwrap(), Next::End);
        assert_eq!(garbage.warnings()[1], Warning { kind: WarningKind::TrailingGarbage, at: 2, bytes: 7 });

        assert_eq!(raw(b"").boundary(Kind::Gzip).unwrap(), Next::End);
        assert_eq!(raw(b"\x1f").boundary(Kind::Gzip).unwrap(), Next::Truncated);
        assert_eq!(raw(b"\x28\xb5").boundary(Kind::Zstd).unwrap(), Next::Truncated);
    }
}
