//! A destination on this machine, a file or a stream: it takes a record at once, or fails at once.

use super::deliver::{Entry, OUTBOX, oldest};
use crate::alert::Severity;
use crate::metrics::{Delivery, Live};
use crate::run::log::{self, Part};
use crate::settings::SinkSettings;
use crate::sink::{Appended, RecordFormat, Sink, SinkError};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Records go to it in order, each once.
pub(super) struct Local {
    name: String,
    /// The least severity that it is told of.
    least: Severity,
    sink: Option<Box<dyn Sink>>,
    /// A file that can be opened again; `None`: a stream, which is gone once it fails.
    path: Option<PathBuf>,
    format: RecordFormat,
    again: bool,
    waiting: VecDeque<Entry>,
    /// Number of the last record that is not to be delivered any more.
    done: u64,
    failed: Option<Instant>,
}

impl Local {
    /// A stream: what fails once is gone.
    pub(super) fn stream(name: &str, sink: Box<dyn Sink>) -> Local {
        Local {
            name: name.to_owned(),
            least: Severity::Low,
            sink: Some(sink),
            path: None,
            format: RecordFormat::Json,
            again: false,
            waiting: VecDeque::new(),
            done: 0,
            failed: None,
        }
    }

    /// Lines appended to a file; `again`: an earlier run may have written some of them without saying so.
    ///
    /// # Errors
    ///
    /// It cannot be opened now.
    pub(super) fn file(settings: &SinkSettings, path: &Path, again: bool) -> Result<Local, SinkError> {
        let (least, format) = (settings.least, settings.format);
        let sink = Box::new(Appended::open(path, format, again)?);
        Ok(Local { least, path: Some(path.to_owned()), format, again, ..Local::stream(&settings.name, sink) })
    }

    /// Its name in metrics.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Number of the last record that it has, or that was dropped.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Goes on behind record `done` with those that an earlier run had decided.
    pub(super) fn resume(&mut self, done: u64, records: &[Entry], live: &Live) {
        self.done = done;
        self.waiting = records.iter().filter(|entry| entry.number > done).cloned().collect();
        self.go(live);
    }

    /// Takes a record, and delivers what waits.
    pub(super) fn take(&mut self, entry: &Entry, live: &Live) {
        if self.sink.is_none() && self.path.is_none() {
            self.done = entry.number;
            live.delivered(&self.name, Delivery::Dropped);
            return;
        }
        if self.waiting.len() == OUTBOX
            && let Some(dropped) = self.waiting.pop_front()
        {
            self.done = dropped.number;
            live.delivered(&self.name, Delivery::Dropped);
        }
        self.waiting.push_back(entry.clone());
        self.go(live);
    }

    /// Delivers what waits, unless the last try was a moment ago.
    pub(super) fn go(&mut self, live: &Live) {
        if self.waiting.is_empty() || self.failed.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        if let Err(error) = self.deliver(live) {
            // Said once for each time that it breaks.
            if self.failed.is_none() && !error.is_broken_pipe() {
                log::error(Part::Sink, &format!("{error}; {} records wait and are tried again", self.waiting.len()));
            }
            self.failed = Some(Instant::now());
            self.sink = None;
            if self.path.is_none() {
                self.waiting.clear();
            }
            live.delivered(&self.name, Delivery::Retry);
        }
        live.waits(&self.name, self.waiting.len(), oldest(&self.waiting));
    }

    fn deliver(&mut self, live: &Live) -> Result<(), SinkError> {
        if let (None, Some(path)) = (&self.sink, &self.path) {
            self.sink = Some(Box::new(Appended::open(path, self.format, self.again)?));
        }
        while let Some(entry) = self.waiting.front() {
            let Some(sink) = &mut self.sink else { return Ok(()) };
            let (number, wanted) = (entry.number, entry.record.severity >= self.least);
            if wanted {
                sink.deliver(&entry.record)?;
            }
            self.done = number;
            self.waiting.pop_front();
            if !wanted {
                continue;
            }
            if self.failed.take().is_some() {
                log::info(Part::Sink, &format!("{}: written again", self.name));
            }
            live.delivered(&self.name, Delivery::Ok);
        }
        Ok(())
    }

    /// A file is opened again at the next record: its name was given to another.
    pub(super) fn reopen(&mut self) {
        if self.path.is_some() {
            self.sink = None;
        }
    }

    /// The last try. How many records could not be delivered.
    pub(super) fn finish(&mut self, live: &Live) -> usize {
        self.failed = None;
        self.go(live);
        if let Some(mut sink) = self.sink.take() {
            // What is flushed here was counted as delivered already; a reader that went away is no failure.
            let _ = sink.finish();
        }
        self.waiting.len()
    }
}
