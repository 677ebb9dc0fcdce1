//! Alerts for people as they come: one entry an alert or update, with its evidence; nothing of ends.

use super::entry::single;
use super::period::moment;
use super::{Output, Sink, SinkError, TableOptions};
use crate::alert::{Record, RecordKind};

/// Writes an entry a record.
#[derive(Debug)]
pub struct Ticker {
    output: Output,
    options: TableOptions,
}

impl Ticker {
    /// Writes to `output`. Of the options, `top` says nothing here: all entries have their evidence.
    pub fn new(output: Output, options: TableOptions) -> Self {
        Ticker { output, options }
    }
}

impl Sink for Ticker {
    fn deliver(&mut self, record: &Record) -> Result<(), SinkError> {
        let word = match record.record {
            RecordKind::Alert => "new",
            RecordKind::Update => "worse",
            RecordKind::End | RecordKind::Merge => return Ok(()),
        };
        let what = format!("{} {word}", moment(&record.time, &self.options.zone));
        self.output.line(single(record, &what, &self.options).as_bytes())
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        self.output.finish()
    }
}
