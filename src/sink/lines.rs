//! One record a line, to a file (complete or absent) or a stream (each line at once).

use super::{Output, RecordFormat, Sink, SinkError};
use crate::alert::Record;

/// Lines of records.
#[derive(Debug)]
pub struct Lines {
    output: Output,
    format: RecordFormat,
    line: Vec<u8>,
}

impl Lines {
    /// Writes to `output`.
    pub fn new(output: Output, format: RecordFormat) -> Self {
        Lines { output, format, line: Vec::new() }
    }
}

impl Sink for Lines {
    fn deliver(&mut self, record: &Record) -> Result<(), SinkError> {
        self.line.clear();
        self.format.line(record, &mut self.line);
        self.output.line(&self.line)
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        self.output.finish()
    }
}
