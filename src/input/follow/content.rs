//! The decoded bytes of an open file, read at any offset: as they are, or undone from gzip or zstd.

use std::io;
use std::sync::Arc;

use super::super::codec::{Codec, Fault, Kind, foreign};
use super::super::raw::Raw;
use super::files::{Open, Stream};
use super::mark::HEAD_MAX;

/// How much is decoded at a time.
const STEP: usize = 64 * 1024;

/// Bytes that can be asked for again; an archive answers cheaply only going forward.
pub(super) enum Content {
    Plain(Arc<dyn Open>),
    Archive(Box<Archive>),
}

impl Content {
    /// A live file: never an archive, whatever it begins with.
    pub(super) fn live(file: Arc<dyn Open>) -> Self {
        Self::Plain(file)
    }

    /// A file that is no longer live: its first bytes tell. What is compressed in a way we cannot read is a fault.
    pub(super) fn told(file: Arc<dyn Open>) -> Result<Self, Fault> {
        let mut head = [0; 16];
        let n = fill(|at, out| file.read_at(at, out), 0, &mut head)?;
        match Kind::of(&head[..n]) {
            Kind::Plain => match foreign(Kind::Plain, &head[..n]) {
                Some((what, _)) => Err(Fault::Io(io::Error::other(what))),
                None => Ok(Self::Plain(file)),
            },
            kind => Ok(Self::Archive(Box::new(Archive::new(file, kind)))),
        }
    }

    pub(super) fn file(&self) -> &Arc<dyn Open> {
        match self {
            Self::Plain(file) => file,
            Self::Archive(archive) => &archive.file,
        }
    }

    /// The same file once more, from its beginning.
    pub(super) fn another(&self) -> Result<Self, Fault> {
        match self {
            Self::Plain(file) => Ok(Self::Plain(Arc::clone(file))),
            Self::Archive(archive) => Self::told(Arc::clone(&archive.file)),
        }
    }

    /// The first bytes, at most [`HEAD_MAX`].
    pub(super) fn head(&mut self) -> io::Result<Vec<u8>> {
        let mut head = vec![0; HEAD_MAX];
        let n = self.read_at(0, &mut head)?;
        head.truncate(n);
        Ok(head)
    }

    pub(super) fn is_archive(&self) -> bool {
        matches!(self, Self::Archive(_))
    }

    /// Fills `out` from decoded offset `at`; less only at the end, or where an archive is damaged: see [`Self::fault`].
    pub(super) fn read_at(&mut self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => fill(|at, out| file.read_at(at, out), at, out),
            Self::Archive(archive) => Ok(archive.read_at(at, out)),
        }
    }

    /// Why the archive ended before its end, once reading has come there.
    pub(super) fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Plain(_) => None,
            Self::Archive(archive) => archive.fault.as_ref(),
        }
    }

    /// Begins to decode anew: the file has changed.
    pub(super) fn again(&mut self) {
        if let Self::Archive(archive) = self {
            archive.restart();
        }
    }
}

/// Reads until `out` is full or the file ends.
fn fill(mut read: impl FnMut(u64, &mut [u8]) -> io::Result<usize>, at: u64, out: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < out.len() {
        match read(at + n as u64, &mut out[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}

/// A decoder with a window on what it decoded last. Memory: what is asked for, the head, and the decoder.
pub(super) struct Archive {
    file: Arc<dyn Open>,
    kind: Kind,
    raw: Raw,
    codec: Codec,
    /// The first decoded bytes, kept: identity is asked for again and again.
    head: Vec<u8>,
    window: Vec<u8>,
    /// Decoded offset of the window.
    start: u64,
    ended: bool,
    fault: Option<Fault>,
}

impl Archive {
    fn new(file: Arc<dyn Open>, kind: Kind) -> Self {
        let raw = Raw::new(Box::new(Stream::new(Arc::clone(&file))));
        Self {
            file,
            kind,
            raw,
            codec: Codec::new(kind),
            head: Vec::new(),
            window: Vec::new(),
            start: 0,
            ended: false,
            fault: None,
        }
    }

    fn restart(&mut self) {
        *self = Self::new(Arc::clone(&self.file), self.kind);
    }

    fn read_at(&mut self, at: u64, out: &mut [u8]) -> usize {
        let end = at + out.len() as u64;
        let head_knows = end <= self.head.len() as u64 || (self.ended && self.start == 0);
        if at < self.start && !head_knows {
            self.restart();
        }
        while self.start + (self.window.len() as u64) < end && !self.ended && !head_knows {
            self.forget_before(at);
            self.decode();
        }
        let (from, bytes) = if head_knows && end <= self.head.len() as u64 {
            (at, self.head.as_slice())
        } else {
            (at.saturating_sub(self.start), self.window.as_slice())
        };
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
        let n = out.len().min(bytes.len() - from);
        out[..n].copy_from_slice(&bytes[from..from + n]);
        n
    }

    fn forget_before(&mut self, at: u64) {
        let past = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX).min(self.window.len());
        if past >= STEP || past == self.window.len() {
            self.window.drain(..past);
            self.start += past as u64;
        }
    }

    fn decode(&mut self) {
        let filled = self.window.len();
        self.window.resize(filled + STEP, 0);
        let n = match self.codec.read(&mut self.raw, &mut self.window[filled..]) {
            Ok(n) => n,
            Err(fault) => {
                self.fault = Some(fault);
                0
            }
        };
        self.ended = n == 0;
        self.window.truncate(filled + n);
        let place = self.start + filled as u64;
        if place == self.head.len() as u64 && self.head.len() < HEAD_MAX {
            let more = n.min(HEAD_MAX - self.head.len());
            self.head.extend_from_slice(&self.window[filled..filled + more]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::files::Stat;
    use super::*;

    struct Memory(Vec<u8>);

    impl Open for Memory {
        fn stat(&self) -> io::Result<Stat> {
            Ok(Stat { len: self.0.len() as u64, is_file: true, ..Stat::default() })
        }

        fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
            let from = (at as usize).min(self.0.len());
            let n = out.len().min(self.0.len() - from).min(1000);
            out[..n].copy_from_slice(&self.0[from..from + n]);
            Ok(n)
        }
    }

    #[test]
    fn an_archive_answers_at_any_offset() {
        let plain: Vec<u8> = (0..400_000u32).map(|i| (i * 31 % 251) as u8).collect();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&plain).unwrap();
        let Ok(mut content) = Content::told(Arc::new(Memory(encoder.finish().unwrap()))) else { panic!("an archive") };
        assert!(content.is_archive());
        for (at, wanted) in [
            (0, 10),
            (300_000, 256),
            (0, 4096),
            (300_100, 90_000),
            (5, 200_000),
            (399_990, 50),
            (7, 8000),
            (500_000, 9),
        ] {
            let mut out = vec![0; wanted];
            let n = content.read_at(at as u64, &mut out).unwrap();
            let from = at.min(plain.len());
            assert_eq!(out[..n], plain[from..plain.len().min(from + wanted)], "{at}");
        }
    }
}
