//! `deguchi state info | verify | compact | export DIR`: looks into what survives a restart, and looks after it. The watch
//! that keeps it must be stopped.

use crate::run::{Ending, terminal};
use crate::state::{State, StateError};
use bytesize::ByteSize;
use std::fmt::Write as _;
use std::path::Path;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Says how large it is, and what is in it.
    Info,
    /// Reads all of it.
    Verify,
    /// Gives back what is unused.
    Compact,
    /// The journal as JSON lines.
    Export,
}

/// What is to be printed.
///
/// # Errors
///
/// The state cannot be read or written; that was printed.
pub fn run(care: Care, dir: &Path) -> Result<Vec<u8>, Ending> {
    text(care, dir).map_err(|error| {
        terminal::say(&error.to_string());
        Ending::Output
    })
}

fn text(care: Care, dir: &Path) -> Result<Vec<u8>, StateError> {
    let mut state = State::existing(dir)?;
    let mut text = String::new();
    // A string takes every write.
    let _ = match care {
        Care::Info => info(&mut state, &mut text)?,
        Care::Verify => {
            state.verify()?;
            writeln!(text, "{}: every page and record can be read", state.file().display())
        }
        Care::Compact => {
            let before = state.size()?.file;
            state.compact()?;
            let after = state.size()?.file;
            writeln!(text, "{}: {} before, {} now", state.file().display(), ByteSize(before), ByteSize(after))
        }
        Care::Export => {
            let records = state.kept()?.journal;
            return Ok(records.into_iter().flat_map(|decided| [decided.record, b"\n".to_vec()].concat()).collect());
        }
    };
    Ok(text.into_bytes())
}

fn info(state: &mut State, text: &mut String) -> Result<std::fmt::Result, StateError> {
    let (size, kept) = (state.size()?, state.kept()?);
    let in_memory: u64 = kept.snapshot.values().map(|part| part.len() as u64).sum();
    let mut write = || {
        writeln!(text, "file       {}", state.file().display())?;
        writeln!(text, "size       {}, of it {} unused", ByteSize(size.file), ByteSize(size.fragmented))?;
        let (parts, stored) = (kept.snapshot.len(), ByteSize(size.snapshot));
        writeln!(text, "snapshot   {parts} parts, {stored} ({} unpacked)", ByteSize(in_memory))?;
        writeln!(text, "journal    {} records", size.journal)?;
        kept.delivered.iter().try_for_each(|(sink, last)| writeln!(text, "sink       {sink}: has record {last}"))
    };
    Ok(write())
}
