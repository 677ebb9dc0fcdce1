//! A thread that reads one source ahead.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};

use super::codec::Kind;
use super::error::InputError;
use super::raw::Warning;
use super::source::Source;
use super::{Chunk, STDIN};

/// Chunks of one [`Source`], decoded by a thread of its own into a bounded channel. At most `depth + 2` chunks are in
/// memory: those waiting, one being decoded, one at the receiver. Dropping it ends the thread at its next chunk; the
/// thread is not waited for, since a read from a pipe may never return.
#[derive(Debug)]
pub struct ReadAhead {
    chunks: Receiver<Result<Chunk, InputError>>,
    used: SyncSender<Vec<u8>>,
    reader: Option<JoinHandle<Vec<Warning>>>,
    warnings: Vec<Warning>,
    path: PathBuf,
    kind: Kind,
    size: Option<u64>,
    position: Arc<AtomicU64>,
}

impl ReadAhead {
    /// Starts reading. `depth`: chunks to hold ready, at least one.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn spawn(mut source: Source, depth: usize) -> Result<Self, InputError> {
        let depth = depth.max(1);
        let (ready, chunks) = sync_channel(depth);
        let (used, recycled) = sync_channel(depth + 2);
        let (path, kind, size) = (source.path().to_path_buf(), source.kind(), source.size());
        let position = source.compressed_position();
        let reader = thread::Builder::new()
            .name("read-ahead".into())
            .spawn(move || {
                while let Some(next) = source.next_chunk(recycled.try_recv().unwrap_or_default()).transpose() {
                    if ready.send(next).is_err() {
                        break;
                    }
                }
                source.warnings().to_vec()
            })
            .map_err(|e| InputError::opening(&path, e))?;
        Ok(Self { chunks, used, reader: Some(reader), warnings: Vec::new(), path, kind, size, position })
    }

    /// The next chunk, in order; an error comes once, after the chunks before it. `None`: the input has ended.
    #[allow(clippy::should_implement_trait)] // an iterator would tempt to collect()
    pub fn next(&mut self) -> Option<Result<Chunk, InputError>> {
        if let Ok(next) = self.chunks.recv() {
            return Some(next);
        }
        match self.reader.take()?.join() {
            Ok(warnings) => {
                self.warnings = warnings;
                None
            }
            Err(_) => {
                let cause = io::Error::other("the reading thread panicked; please report this as a bug");
                Some(Err(InputError::Read { path: self.path.clone(), at: 0, dropped: 0, cause }))
            }
        }
    }

    /// The next chunk if it is there already. `None` says that none is ready, or, if [`ReadAhead::is_over`], that the
    /// input has ended.
    pub fn ready(&mut self) -> Option<Result<Chunk, InputError>> {
        match self.chunks.try_recv() {
            Ok(next) => Some(next),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => self.next(),
        }
    }

    /// Whether the end has been handed out.
    pub fn is_over(&self) -> bool {
        self.reader.is_none()
    }

    /// Hands a used buffer back, best as it came (not cleared).
    pub fn recycle(&self, buffer: Vec<u8>) {
        // Full or closed: the buffer is simply freed.
        let _ = self.used.try_send(buffer);
    }

    /// What was odd without costing data; empty until [`ReadAhead::next`] has returned `None`.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// See [`Source::path`].
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// See [`Source::kind`].
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// See [`Source::is_stdin`].
    pub fn is_stdin(&self) -> bool {
        self.path.as_os_str() == STDIN
    }

    /// See [`Source::size`].
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// See [`Source::compressed_position`]; runs ahead of what was handed out by at most the read-ahead.
    pub fn compressed_position(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn source(text: &str, chunk_size: usize) -> Source {
        Source::from_reader(Path::new("test"), Box::new(io::Cursor::new(text.as_bytes().to_vec())), chunk_size).unwrap()
    }

    #[test]
    fn chunks_come_in_order_and_then_none() {
        let text: String = (0..1000).map(|i| format!("{i}\n")).collect();
        let mut ahead = ReadAhead::spawn(source(&text, 64), 3).unwrap();
        let mut seen = Vec::new();
        while let Some(chunk) = ahead.next() {
            let chunk = chunk.unwrap();
            seen.extend_from_slice(&chunk.bytes);
            ahead.recycle(chunk.bytes);
        }
        assert_eq!(seen, text.as_bytes());
        assert!(ahead.next().is_none());
    }

    #[test]
    fn the_thread_ends_when_the_receiver_is_dropped() {
        let mut ahead = ReadAhead::spawn(source(&"line\n".repeat(100_000), 16), 1).unwrap();
        assert!(ahead.next().is_some());
        let reader = ahead.reader.take().unwrap();
        drop(ahead);
        reader.join().unwrap();
    }

    #[test]
    fn an_error_comes_after_the_chunks_before_it_and_once() {
        struct Broken(usize);
        impl io::Read for Broken {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                match self.0 {
                    1 => {
                        out[..9].copy_from_slice(b"one\ntwo\nt");
                        Ok(9)
                    }
                    _ => Err(io::Error::other("broken disk")),
                }
            }
        }
        let source = Source::from_reader(Path::new("x.log"), Box::new(Broken(0)), 4096).unwrap();
        let mut ahead = ReadAhead::spawn(source, 2).unwrap();
        let mut lines = Vec::new();
        let error = loop {
            match ahead.next().unwrap() {
                Ok(chunk) => lines.extend_from_slice(&chunk.bytes),
                Err(error) => break error,
            }
        };
        assert_eq!(lines, b"one\ntwo\n");
        assert_eq!((error.reason().as_str(), error.dropped()), ("read", 1));
        assert!(ahead.next().is_none());
    }
}
