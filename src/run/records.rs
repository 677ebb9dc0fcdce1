//! Reads back the records that `--alerts` wrote: plain, gzip or zstd, one or several files.

use crate::alert::{Dossiers, Record};
use crate::input::{InputError, Source};
use std::path::{Path, PathBuf};

/// Bytes read at a time; the longest line fits.
const CHUNK: usize = 1 << 20;

/// Why a file of records cannot be used. The text names file and line and says what would do.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// It cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A line is no record.
    #[error("{}, line {line}: {what}; give what `replay --alerts FILE` or `watch --alerts FILE` wrote, in the form json", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counts from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

/// The incidents that the records in these files tell of; `-` is standard input. A record that several files hold counts
/// once. A last line that has no end is being written just now, and is left out.
///
/// # Errors
///
/// The first file that cannot be read to its end, or line that is no record.
pub fn read(paths: &[PathBuf]) -> Result<Dossiers, RecordsError> {
    let mut dossiers = Dossiers::default();
    for path in paths {
        read_one(path, &mut dossiers)?;
    }
    Ok(dossiers)
}

fn read_one(path: &Path, dossiers: &mut Dossiers) -> Result<(), RecordsError> {
    let mut source = Source::open(path, CHUNK)?;
    let (mut buffer, mut line) = (Vec::new(), 0);
    while let Some(chunk) = source.next_chunk(std::mem::take(&mut buffer))? {
        for text in chunk.bytes.split_inclusive(|&byte| byte == b'\n') {
            line += 1;
            if text.trim_ascii().is_empty() {
                continue;
            }
            match record(text) {
                Ok(record) => dossiers.take(record),
                Err(_) if !text.ends_with(b"\n") => {}
                Err(what) => return Err(RecordsError::Line { path: path.to_owned(), line, what }),
            }
        }
        buffer = chunk.bytes;
    }
    Ok(())
}

fn record(line: &[u8]) -> Result<Record, String> {
    let record: Record = serde_json::from_slice(line).map_err(|error| format!("is no record: {error}"))?;
    match record.schema.as_str() {
        "deguchi/1" => Ok(record),
        _ => Err("is a record of another version of deguchi".to_owned()),
    }
}
