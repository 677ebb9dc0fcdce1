//! Destinations of a live run: what one cannot take waits, and is tried again. None waits for another, and nothing waits
//! for them.

use super::local::Local;
use super::remote::Remote;
use crate::alert::Record;
use crate::metrics::Live;
use crate::settings::SinkSettings;
use crate::sink::{Sink, SinkError};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Records that wait for one destination; beyond, the oldest are dropped and counted. A record takes about 3 KB, and all
/// destinations share it.
pub(super) const OUTBOX: usize = 20_000;

/// A record on its way.
#[derive(Clone)]
pub(super) struct Entry {
    /// Its number among all that were decided.
    pub(super) number: u64,
    pub(super) record: Arc<Record>,
    /// When it was decided, seconds since 1970 by the wall clock.
    pub(super) since: f64,
}

impl Entry {
    /// A record that was decided then.
    pub(super) fn of(number: u64, record: Record, since: f64) -> Entry {
        Entry { number, record: Arc::new(record), since }
    }
}

/// When the first of those that wait was decided.
pub(super) fn oldest(waiting: &VecDeque<Entry>) -> Option<f64> {
    waiting.front().map(|entry| entry.since)
}

/// A destination by name.
pub(super) enum Outlet {
    /// A file or a stream.
    Local(Local),
    /// A server.
    Remote(Remote),
}

impl Outlet {
    /// A stream: what fails once is gone.
    pub(super) fn stream(name: &str, sink: Box<dyn Sink>) -> Outlet {
        Outlet::Local(Local::stream(name, sink))
    }

    /// Lines appended to a file; `again`: an earlier run may have written some of them without saying so.
    ///
    /// # Errors
    ///
    /// It cannot be opened now.
    pub(super) fn file(settings: &SinkSettings, path: &Path, again: bool) -> Result<Outlet, SinkError> {
        Local::file(settings, path, again).map(Outlet::Local)
    }

    /// Its name in metrics.
    pub(super) fn name(&self) -> &str {
        match self {
            Outlet::Local(local) => local.name(),
            Outlet::Remote(remote) => remote.name(),
        }
    }

    /// Number of the last record that it has, or that was dropped.
    pub(super) fn done(&self) -> u64 {
        match self {
            Outlet::Local(local) => local.done(),
            Outlet::Remote(remote) => remote.done(),
        }
    }

    /// Goes on behind record `done` with those that an earlier run had decided.
    pub(super) fn resume(&mut self, done: u64, records: &[Entry], live: &Live) {
        match self {
            Outlet::Local(local) => local.resume(done, records, live),
            Outlet::Remote(remote) => remote.resume(done, records),
        }
    }

    /// Takes a record.
    pub(super) fn take(&mut self, entry: &Entry, live: &Live) {
        match self {
            Outlet::Local(local) => local.take(entry, live),
            Outlet::Remote(remote) => remote.take(entry),
        }
    }

    /// Tries again what failed.
    pub(super) fn go(&mut self, live: &Live) {
        if let Outlet::Local(local) = self {
            local.go(live);
        }
    }

    /// A file is opened again at the next record: its name was given to another.
    pub(super) fn reopen(&mut self) {
        if let Outlet::Local(local) = self {
            local.reopen();
        }
    }

    /// No more records come.
    pub(super) fn stop(&mut self) {
        if let Outlet::Remote(remote) = self {
            remote.stop();
        }
    }

    /// The last try, at the latest at `until`. How many records could not be delivered.
    pub(super) fn finish(&mut self, live: &Live, until: Instant) -> usize {
        match self {
            Outlet::Local(local) => local.finish(live),
            Outlet::Remote(remote) => remote.finish(until),
        }
    }
}
