//! The feed: many inputs, read in the order of their times, with bounded read-ahead.
//!
//! Inputs are looked into once, to tell their format and their first time; each is opened for good when the others have
//! come so far. What is handed over per round does not matter to the result, only to memory and speed.

use crate::engine::{Engine, INPUTS};
use crate::event::Millis;
use crate::input::{Chunk, InputError, Lines, ReadAhead, STDIN, Source, Warning};
use crate::parse::{self, DETECT_LINES, DetectError, Detected, Parser};
use crate::settings::Format;
use crate::window::LATENESS;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Decoded bytes in a chunk that is looked into.
const HEAD: usize = 64 * 1024;
/// Lines of which the earliest time bounds what an input begins with.
const FIRST_LINES: usize = 15;
/// Chunks looked into for a format and a first time, where garbage stands before them: 4 MiB.
const HEADS: usize = 64;
/// What lies this far from most first times is not when the input begins, ms: 31 days.
const FAR: Millis = 31 * 86_400_000;
/// Inputs this close behind the slowest are read in the same round, ms.
const TOGETHER: Millis = 60_000;

/// Refuses more files than one run can read, before any of them is opened.
///
/// # Errors
///
/// There are too many.
pub fn check_count(files: usize) -> Result<(), TooMany> {
    if files > INPUTS { Err(TooMany(files)) } else { Ok(()) }
}

/// More files than one run can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} files are more than the {INPUTS} that one run can read: join those of one proxy, oldest first (`cat` joins gzip and zstd too), or run once for each directory"
)]
pub struct TooMany(usize);

/// One input after the first look.
pub struct Looked {
    /// Path as given or found.
    pub path: PathBuf,
    /// Name of the format.
    pub format: String,
    /// How sure, per cent, if it was told by the lines.
    pub confidence: Option<u8>,
    /// Reads its lines.
    pub parser: Arc<dyn Parser>,
    /// Earliest of the first times; `None` if no line has one.
    pub first: Option<Millis>,
    /// Size on disk.
    pub size: Option<u64>,
    /// What cannot be opened twice: a pipe, with the chunks that were looked at.
    kept: Option<(Source, Vec<Chunk>)>,
}

impl Looked {
    /// Opens it for good: a source of chunks of about `chunk_size` bytes, and the chunks that were read of it already.
    ///
    /// # Errors
    ///
    /// It cannot be opened any more.
    pub fn open(&mut self, chunk_size: usize) -> Result<(Source, Vec<Chunk>), InputError> {
        match self.kept.take() {
            Some(kept) => Ok(kept),
            None => Ok((Source::open(&self.path, chunk_size)?, Vec::new())),
        }
    }
}

/// Looks into an input. `Ok(None)`: it is empty.
///
/// # Errors
///
/// It cannot be read, or no format fits any of its first lines (as the message of the second variant).
pub fn look(path: &Path, format: &Format) -> Result<Option<Looked>, LookError> {
    let mut head = Head { source: Source::open(path, HEAD)?, chunks: Vec::new() };
    if head.find(|_| Some(()))?.is_none() {
        return Ok(None);
    }
    let (format, confidence, parser) = match format {
        Format::Given(name, parser) => (name.clone(), None, Arc::clone(parser)),
        Format::Auto(zone) => {
            let found = head.detect(zone)?;
            (found.full_name(), Some(found.confidence), found.parser)
        }
    };
    // What a header says of a format that was given is known with its first line.
    let (mut opened, mut current) = (None, Arc::clone(&parser));
    let first = head.find(|chunk| {
        let mut times = Vec::new();
        let mut bytes = chunk.bytes.clone();
        current.simplify(&mut bytes);
        for (_, line) in Lines::new(0, &bytes) {
            if let Ok(Some(event)) = parse::read(&mut current, line) {
                opened.get_or_insert_with(|| Arc::clone(&current));
                times.push(event.end());
                if times.len() == FIRST_LINES {
                    break;
                }
            }
        }
        begins(times)
    })?;
    let parser = opened.unwrap_or(parser);
    let Head { source, chunks } = head;
    let size = source.size();
    let again = size.is_some() && path.as_os_str() != STDIN;
    let kept = (!again).then_some((source, chunks));
    Ok(Some(Looked { path: path.to_owned(), format, confidence, parser, first, size, kept }))
}

/// The beginning of an input, read as far as something was looked for.
struct Head {
    source: Source,
    chunks: Vec<Chunk>,
}

impl Head {
    /// What `look` finds in the first chunk that has it.
    fn find<T>(&mut self, mut look: impl FnMut(&Chunk) -> Option<T>) -> Result<Option<T>, InputError> {
        for at in 0..HEADS {
            if at == self.chunks.len() {
                let Some(chunk) = self.source.next_chunk(Vec::new())? else { break };
                self.chunks.push(chunk);
            }
            if let Some(found) = look(&self.chunks[at]) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The format of the first lines that are of any. If none are, what was wrong with the first that could have been.
    fn detect(&mut self, zone: &TimeZone) -> Result<Detected, LookError> {
        let mut wrong = DetectError::Empty;
        let mut before = 0;
        let found = self.find(|chunk| {
            let lines: Vec<&[u8]> = chunk.lines().map(|(_, line)| line).collect();
            lines.chunks(DETECT_LINES).find_map(|lines| {
                let found = parse::detect_in(lines.iter().copied(), zone).map_err(|mut error| {
                    if let DetectError::Unknown { line, .. } = &mut error {
                        *line += before;
                    }
                    if wrong == DetectError::Empty {
                        wrong = error;
                    }
                });
                before += lines.len();
                found.ok()
            })
        })?;
        found.ok_or(wrong.into())
    }
}

/// When an input begins: the earliest of its first times that is not far from most of them. One line from 1970 says
/// nothing of the others.
pub fn begins(mut times: Vec<Millis>) -> Option<Millis> {
    times.sort_unstable();
    let middle = *times.get(times.len().checked_sub(1)? / 2)?;
    times.into_iter().find(|&time| time >= middle - FAR)
}

/// Why an input cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// It cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// No format fits.
    #[error(transparent)]
    Format(#[from] DetectError),
}

/// All inputs.
pub struct Feed {
    inputs: Vec<Reading>,
    chunk_size: usize,
    ahead: usize,
}

struct Reading {
    path: PathBuf,
    first: Millis,
    kept: Option<(Source, Vec<Chunk>)>,
    reader: Option<ReadAhead>,
    position: Arc<AtomicU64>,
    over: bool,
}

/// What a round is made of.
#[derive(Default)]
pub struct Round {
    /// Chunks by input, in order.
    pub chunks: Vec<(u16, Chunk)>,
    /// Inputs that have ended.
    pub ended: Vec<u16>,
    /// What went wrong, by input; the good part has been handed over.
    pub errors: Vec<(u16, InputError)>,
    /// What was odd but harmless, by input.
    pub warnings: Vec<(u16, Warning)>,
}

impl Feed {
    /// Adds all inputs, as many as [`check_count`] allows, to the engine. Chunks are of about `chunk_size` bytes; `ahead` of them are read ahead in all.
    pub fn new(looked: Vec<Looked>, engine: &mut Engine, chunk_size: usize, ahead: usize) -> Feed {
        // An input without a single time in its head begins with the others.
        let earliest = looked.iter().filter_map(|look| look.first).min().unwrap_or(0);
        let inputs = looked
            .into_iter()
            .map(|look| {
                let first = look.first.unwrap_or(earliest);
                engine.add_input(&look.path.to_string_lossy(), &look.format, look.parser, first);
                Reading { path: look.path, first, kept: look.kept, reader: None, position: Arc::default(), over: false }
            })
            .collect();
        Feed { inputs, chunk_size, ahead }
    }

    /// Bytes read so far, as they are on disk.
    pub fn position(&self) -> u64 {
        self.inputs.iter().map(|i| i.position.load(Ordering::Relaxed)).sum()
    }

    /// The next chunks: of the inputs that are furthest behind, as many as are ready, at least one. `None`: all is read.
    pub fn round(&mut self, engine: &Engine) -> Option<Round> {
        let at = |i: usize, input: &Reading| match input.reader {
            Some(_) => engine.frontier(i as u16).unwrap_or(Millis::MAX),
            None => input.first - LATENESS,
        };
        let live = || self.inputs.iter().enumerate().filter(|(_, input)| !input.over);
        let slowest = live().map(|(i, input)| at(i, input)).min()?;
        let due: Vec<usize> = live().filter(|(i, input)| at(*i, input) <= slowest + TOGETHER).map(|(i, _)| i).collect();
        let share = (self.ahead / 2 / due.len()).max(1);
        let mut round = Round::default();
        for number in due {
            self.read(number, share, &mut round);
        }
        Some(round)
    }

    fn read(&mut self, number: usize, share: usize, round: &mut Round) {
        let input = &mut self.inputs[number];
        let id = number as u16;
        if input.reader.is_none() {
            let opened = match input.kept.take() {
                Some((source, chunks)) => {
                    round.chunks.extend(chunks.into_iter().map(|chunk| (id, chunk)));
                    Ok(source)
                }
                None => Source::open(&input.path, self.chunk_size),
            };
            let reader = opened.and_then(|source| {
                input.position = source.compressed_position();
                ReadAhead::spawn(source, self.ahead.min(share * 2))
            });
            match reader {
                Ok(reader) => input.reader = Some(reader),
                Err(error) => {
                    round.errors.push((id, error));
                    input.over = true;
                    round.ended.push(id);
                    return;
                }
            }
        }
        let Some(reader) = &mut input.reader else { return };
        for i in 0..share {
            // Wait for one; take what else is there already.
            let next = if i == 0 { reader.next() } else { reader.ready() };
            match next {
                Some(Ok(chunk)) => round.chunks.push((id, chunk)),
                Some(Err(error)) => round.errors.push((id, error)),
                None if i > 0 && !reader.is_over() => break,
                None => {
                    round.warnings.extend(reader.warnings().iter().map(|w| (id, *w)));
                    input.over = true;
                    round.ended.push(id);
                    break;
                }
            }
        }
    }

    /// Gives buffers back to the readers.
    pub fn recycle(&self, buffers: Vec<Vec<u8>>) {
        let open = || self.inputs.iter().filter(|i| !i.over).filter_map(|i| i.reader.as_ref());
        for (buffer, reader) in buffers.into_iter().zip(open().cycle()) {
            reader.recycle(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_numbers_do_not_wrap() {
        assert_eq!(check_count(usize::from(u16::MAX) + 1), Ok(()));
        let refused = check_count(70_000).unwrap_err().to_string();
        assert!(refused.starts_with("70000 files are more than the 65536"), "{refused}");
    }
}
