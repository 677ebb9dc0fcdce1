//! Lines behind what a file holds: a record that stands in it already is not written again, and a line that another
//! run left unfinished is completed. So a run that tells again what one before it told writes each line once.

use super::{Output, RecordFormat, Sink, SinkError};
use crate::alert::Record;
use std::collections::HashSet;
use std::path::Path;

/// Bytes at the end of a file in which records are looked for: some thousands. What is told again is what was told
/// since the last snapshot.
const TAIL: u64 = 16 << 20;

/// A file of lines that grows.
#[derive(Debug)]
pub struct Appended {
    output: Output,
    format: RecordFormat,
    /// Ids of records that stand at its end.
    there: HashSet<String>,
    /// Its last line, if that has no end.
    part: Vec<u8>,
    line: Vec<u8>,
}

impl Appended {
    /// Opens a file; `again`: records that it holds may be told again.
    ///
    /// # Errors
    /// As [`Output::append`].
    pub fn open(path: &Path, format: RecordFormat, again: bool) -> Result<Appended, SinkError> {
        let (output, tail) = Output::append(path, TAIL)?;
        let end = memchr::memrchr(b'\n', &tail).map_or(0, |at| at + 1);
        let whole = tail[..end].split(|&b| b == b'\n');
        let there = whole.filter_map(|line| format.id(line)).filter(|_| again).collect();
        Ok(Appended { output, format, there, part: tail[end..].to_vec(), line: Vec::new() })
    }
}

impl Sink for Appended {
    fn deliver(&mut self, record: &Record) -> Result<(), SinkError> {
        if self.there.remove(&record.id) {
            return Ok(());
        }
        self.line.clear();
        self.format.line(record, &mut self.line);
        let part = std::mem::take(&mut self.part);
        let rest = match self.line.strip_prefix(part.as_slice()) {
            Some(rest) => rest.to_vec(),
            // Somebody else's, or of a record that is not told again.
            None => [b"\n", self.line.as_slice()].concat(),
        };
        self.output.line(&rest)
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        self.output.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn record(id: &str) -> Record {
        Record { id: id.into(), ..crate::sink::table::tests::record(id, 80, "192.0.2.1", "evil.example") }
    }

    fn lines(format: RecordFormat, ids: &[&str]) -> Vec<u8> {
        let mut lines = Vec::new();
        ids.iter().for_each(|id| format.line(&record(id), &mut lines));
        lines
    }

    /// A run was killed after any byte of three records, behind anything; the next tells two of them and a new one.
    #[test]
    fn what_was_written_in_part_is_completed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        for format in RecordFormat::ALL {
            let lines = |ids: &[&str]| lines(format, ids);
            for before in [&b""[..], &lines(&["0"]), b"no record\n"] {
                // Lines of the others are long.
                let step = if format == RecordFormat::Json { 1 } else { 61 };
                for written in (0..=lines(&["1", "2", "3"]).len()).step_by(step) {
                    fs::write(&path, [before, &lines(&["1", "2", "3"])[..written]].concat()).unwrap();
                    let mut sink = Appended::open(&path, format, true).unwrap();
                    ["1", "2", "3", "4"].iter().for_each(|id| sink.deliver(&record(id)).unwrap());
                    let wanted = [before, &lines(&["1", "2", "3", "4"])].concat();
                    assert!(fs::read(&path).unwrap() == wanted, "{format:?}: {written}");
                }
            }
        }
    }

    #[test]
    fn a_line_of_something_else_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let line = lines(RecordFormat::Json, &["1"]);
        fs::write(&path, [&line[..], b"cut"].concat()).unwrap();
        let mut sink = Appended::open(&path, RecordFormat::Json, false).unwrap();
        sink.deliver(&record("1")).unwrap();
        assert!(fs::read(&path).unwrap() == [&line[..], b"cut\n", &line].concat());
    }
}
