//! One open input: decoded bytes → chunks of whole lines.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use memchr::memrchr;

use super::codec::{Codec, Fault, Kind, foreign};
use super::error::{Archive, InputError};
use super::overlong::{Portion, Skip};
use super::raw::{Raw, Warning};
use super::{Chunk, LINE_MAX, STDIN, paths};

/// How many decoded bytes are looked at to tell a BOM, UTF-16 and foreign archives.
const HEAD: usize = 16;
/// Room in a buffer beyond a chunk: for what is held back of most lines.
const SPARE: usize = 4 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// One open input. Memory: two buffers of chunk size plus a line, and the decoder (gzip 50 KiB, zstd at most 128 MiB).
pub struct Source {
    path: PathBuf,
    raw: Raw,
    kind: Kind,
    codec: Codec,
    chunk_size: usize,
    size: Option<u64>,
    /// Waiting for a full chunk would hold lines back: a pipe or a terminal.
    live: bool,
    started: bool,
    /// Nothing more to decode; why, if that is not the proper end.
    ended: bool,
    fault: Option<Fault>,
    /// Decoded bytes not handed out yet: `held[from..]`, the first of which stands at `at`.
    held: Vec<u8>,
    from: usize,
    at: u64,
    skip: Option<Skip>,
    skipped: u64,
}

impl Source {
    /// Opens a file, a named pipe or (`-`) standard input, and reads its first bytes to tell how it is stored.
    /// A chunk holds about `chunk_size` bytes, at least one line.
    ///
    /// # Errors
    /// The file is missing, not readable, a directory or a device.
    pub fn open(path: &Path, chunk_size: usize) -> Result<Self, InputError> {
        if path.as_os_str() == STDIN {
            return Self::from_reader(path, Box::new(io::stdin()), chunk_size);
        }
        let file = File::open(path).map_err(|e| InputError::opening(path, e))?;
        let metadata = file.metadata().map_err(|e| InputError::opening(path, e))?;
        paths::check(path, &metadata)?;
        let mut source = Self::from_reader(path, Box::new(file), chunk_size)?;
        if metadata.is_file() {
            source.size = Some(metadata.len());
            source.live = false;
        }
        Ok(source)
    }

    /// The same from any reader; `path` names it in messages.
    ///
    /// # Errors
    /// The first read failed.
    pub fn from_reader(path: &Path, input: Box<dyn Read + Send>, chunk_size: usize) -> Result<Self, InputError> {
        let mut raw = Raw::new(input);
        let failed = |cause| InputError::Read { path: path.to_path_buf(), at: 0, dropped: 0, cause };
        let kind = Kind::of(raw.peek(4).map_err(failed)?);
        Ok(Self {
            path: path.to_path_buf(),
            raw,
            kind,
            codec: Codec::new(kind),
            chunk_size: chunk_size.max(1),
            size: None,
            live: true,
            started: false,
            ended: false,
            fault: None,
            held: Vec::new(),
            from: 0,
            at: 0,
            skip: None,
            skipped: 0,
        })
    }

    /// What the user named it, `-` for standard input.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is stored, told by content.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is standard input.
    pub fn is_stdin(&self) -> bool {
        self.path.as_os_str() == STDIN
    }

    /// Bytes as stored, when that is known: a regular file.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Stored bytes read so far, for a progress bar; against [`Source::size`].
    pub fn compressed_position(&self) -> Arc<AtomicU64> {
        self.raw.position()
    }

    /// What was odd without costing data. Complete when the input has ended.
    pub fn warnings(&self) -> &[Warning] {
        self.raw.warnings()
    }

    /// The next whole lines. `recycled` is a used buffer to fill again, best handed back as it came (not cleared, so
    /// that nothing need be zeroed); `Vec::new()` will do. `Ok(None)`: the input has ended.
    ///
    /// # Errors
    /// After every whole line before the damage has been handed out, once; then `Ok(None)`.
    pub fn next_chunk(&mut self, mut recycled: Vec<u8>) -> Result<Option<Chunk>, InputError> {
        if !self.started {
            self.start()?;
        }
        loop {
            self.skip_on();
            let portion = Portion::of(&self.held[self.from..]);
            if portion != Portion::default() {
                if let Some(chunk) = self.serve_held(portion, &mut recycled) {
                    return Ok(Some(chunk));
                }
                continue;
            }
            if self.ended {
                return self.finish(recycled);
            }
            let filled = self.fill(&mut recycled);
            let portion = Portion::of(&recycled[..filled]);
            self.held.clear();
            self.from = 0;
            self.held.extend_from_slice(&recycled[portion.take + portion.drop..filled]);
            recycled.truncate(portion.take);
            if let Some(chunk) = self.hand_out(portion, &mut recycled) {
                return Ok(Some(chunk));
            }
        }
    }

    /// Looks at the first decoded bytes: passes over a UTF-8 BOM, refuses what is no log.
    fn start(&mut self) -> Result<(), InputError> {
        self.started = true;
        let mut head = [0; HEAD];
        let mut n = 0;
        while n < HEAD && !self.ended {
            n += self.decode(&mut head[n..]);
        }
        let head = &head[..n];
        if let Some((what, advice)) = foreign(self.kind, head) {
            self.ended = true;
            self.fault = None;
            return Err(InputError::Content { path: self.path.clone(), what, advice });
        }
        let head = head.strip_prefix(BOM).unwrap_or(head);
        self.at = (n - head.len()) as u64;
        self.held.extend_from_slice(head);
        Ok(())
    }

    /// Moves what is held to the front of `buffer` and decodes behind it, until the buffer holds a line and is full (or
    /// a live input has nothing more at the moment), or a line is overlong, or the input ends. Returns the bytes filled.
    fn fill(&mut self, buffer: &mut Vec<u8>) -> usize {
        let mut filled = self.held.len() - self.from;
        let room = filled + self.chunk_size;
        if buffer.capacity() < room {
            // A few bytes more than the last time, as what is held back differs: not twice the room for that.
            buffer.reserve_exact(room + SPARE - buffer.len());
        }
        buffer.resize(room, 0);
        buffer[..filled].copy_from_slice(&self.held[self.from..]);
        let mut has_line = false;
        while !self.ended {
            if filled == buffer.len() {
                if has_line {
                    break;
                }
                buffer.resize(filled + self.chunk_size, 0);
            }
            let n = self.decode(&mut buffer[filled..]);
            has_line = has_line || memrchr(b'\n', &buffer[filled..filled + n]).is_some();
            filled += n;
            if if has_line { self.live } else { filled > LINE_MAX } {
                break;
            }
        }
        filled
    }

    /// Hands out lines that were held back behind an overlong one.
    fn serve_held(&mut self, portion: Portion, buffer: &mut Vec<u8>) -> Option<Chunk> {
        buffer.clear();
        buffer.extend_from_slice(&self.held[self.from..self.from + portion.take]);
        self.from += portion.take + portion.drop;
        self.hand_out(portion, buffer)
    }

    /// Makes `buffer`, which holds what `portion` takes, a chunk. A skip always ends a chunk, so that offsets within
    /// one have no gaps.
    fn hand_out(&mut self, portion: Portion, buffer: &mut Vec<u8>) -> Option<Chunk> {
        let at = self.at;
        if portion.cut
            && let Some(last) = buffer.last_mut()
        {
            *last = b'\n';
        }
        self.at += (portion.take + portion.drop) as u64;
        self.skipped += portion.drop as u64 + u64::from(portion.cut);
        self.skip = portion.skip;
        let skipped = if portion.take > 0 { std::mem::take(&mut self.skipped) } else { 0 };
        (portion.take > 0).then(|| Chunk { at, bytes: std::mem::take(buffer), skipped })
    }

    /// Skips the rest of an overlong line or a hole, in constant memory.
    fn skip_on(&mut self) {
        while let Some(mut skip) = self.skip {
            if self.from == self.held.len() {
                if self.ended {
                    self.skip = None;
                    return;
                }
                let mut held = std::mem::take(&mut self.held);
                held.resize(self.chunk_size.max(LINE_MAX), 0);
                let n = self.decode(&mut held);
                held.truncate(n);
                self.held = held;
                self.from = 0;
            }
            let (n, done) = skip.pass(&self.held[self.from..]);
            self.from += n;
            self.at += n as u64;
            self.skipped += n as u64;
            self.skip = if done { None } else { Some(skip) };
        }
    }

    /// The unfinished last line, when the input has come to its proper end; the error, when it has not.
    fn finish(&mut self, mut buffer: Vec<u8>) -> Result<Option<Chunk>, InputError> {
        let (at, rest) = (self.at, self.held.len() - self.from);
        let skipped = std::mem::take(&mut self.skipped);
        let give = if self.fault.is_none() { rest } else { 0 };
        if give > 0 || skipped > 0 {
            buffer.clear();
            buffer.extend_from_slice(&self.held[self.from..self.from + give]);
            self.from += give;
            self.at += give as u64;
            return Ok(Some(Chunk { at, bytes: buffer, skipped }));
        }
        let Some(fault) = self.fault.take() else { return Ok(None) };
        self.from = self.held.len();
        Err(self.error(fault, rest as u64))
    }

    /// Decodes into `out`; 0 when the input has ended, properly or with `self.fault`.
    fn decode(&mut self, out: &mut [u8]) -> usize {
        let n = self.codec.read(&mut self.raw, out).unwrap_or_else(|fault| {
            self.fault = Some(fault);
            0
        });
        self.ended = n == 0;
        n
    }

    fn error(&self, fault: Fault, dropped: u64) -> InputError {
        let path = self.path.clone();
        let decoded = self.at + dropped;
        let archive = Archive { kind: self.kind.name(), compressed: self.raw.offset(), decoded, dropped };
        match fault {
            Fault::Io(cause) => InputError::Read { path, at: decoded, dropped, cause },
            Fault::Truncated => InputError::Truncated { path, archive },
            Fault::Corrupt(what) => InputError::Corrupt { path, archive, what },
            Fault::Window => InputError::Limit {
                path,
                archive,
                what: "a zstd frame wants a window of more than 128 MiB",
                advice: "if you trust it, pipe it: `zstd -dc --long=31 FILE | deguchi replay -`",
            },
            Fault::Dictionary => InputError::Content {
                path,
                what: "is zstd compressed with a dictionary, which is not in the file",
                advice: "pipe it: `zstd -dc -D DICTIONARY FILE | deguchi replay -`",
            },
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("path", &self.path).field("kind", &self.kind).field("at", &self.at).finish()
    }
}
