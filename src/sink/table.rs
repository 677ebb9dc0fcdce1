//! The ranked table for people: one entry an episode, the worst first.
//!
//! Own layout instead of a table crate: an entry is one row of columns with full-width lines below it, which grids of
//! cells cannot do.

use super::entry::render;
use super::{Output, Paint, Sink, SinkError};
use crate::alert::{Record, RecordKind, Story};
use jiff::tz::TimeZone;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Entries held at most; beyond, the lowest scores are only counted.
const KEPT: usize = 10_000;

/// How the table looks.
#[derive(Clone, Debug)]
pub struct TableOptions {
    /// Cells in a line; used between 60 and 120.
    pub width: usize,
    /// Colour or none.
    pub paint: Paint,
    /// Zone the times are shown in.
    pub zone: TimeZone,
    /// Entries shown with their evidence and sample URLs.
    pub top: usize,
}

impl Default for TableOptions {
    fn default() -> Self {
        TableOptions { width: 80, paint: Paint::default(), zone: TimeZone::UTC, top: 10 }
    }
}

/// Collects records and writes the table at the end.
#[derive(Debug)]
pub struct Table {
    output: Output,
    options: TableOptions,
    episodes: BTreeMap<String, Story>,
    dropped: u64,
}

impl Table {
    /// Writes to `output`.
    pub fn new(output: Output, options: TableOptions) -> Self {
        Table { output, options, episodes: BTreeMap::new(), dropped: 0 }
    }

    fn ranked(&mut self) -> Vec<Record> {
        let mut ranked: Vec<Record> =
            std::mem::take(&mut self.episodes).into_values().map(|story| story.record).collect();
        ranked.sort_by(|a, b| (Reverse(a.score), &a.time, &a.id).cmp(&(Reverse(b.score), &b.time, &b.id)));
        ranked
    }
}

impl Sink for Table {
    fn deliver(&mut self, record: &Record) -> Result<(), SinkError> {
        // It tells of incidents, not of an episode.
        if record.record == RecordKind::Merge {
            return Ok(());
        }
        let record = Record { series: None, interval_histogram: None, ..record.clone() };
        match self.episodes.get_mut(&record.episode) {
            Some(held) => held.take(record),
            None => {
                // An episode that is not held began with an alert that is: it was dropped, and comes back.
                self.dropped = self.dropped.saturating_sub(u64::from(record.record != RecordKind::Alert));
                self.episodes.insert(record.episode.clone(), Story::new(record));
            }
        }
        if self.episodes.len() >= 2 * KEPT {
            let mut ranked = self.ranked();
            self.dropped += ranked.split_off(KEPT).len() as u64;
            self.episodes = ranked.into_iter().map(|record| (record.episode.clone(), Story::new(record))).collect();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        let mut ranked = self.ranked();
        self.dropped += ranked.split_off(ranked.len().min(KEPT)).len() as u64;
        let text = render(&ranked, self.dropped, &self.options);
        self.output.line(text.as_bytes())?;
        self.output.finish()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::alert::Severity;
    use std::sync::{Arc, Mutex};

    pub(in crate::sink) use crate::alert::record;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn table(records: &[Record]) -> String {
        let shared = Shared::default();
        let mut table = Table::new(Output::stream("test", Box::new(shared.clone())), TableOptions::default());
        for record in records {
            table.deliver(record).unwrap();
        }
        table.finish().unwrap();
        String::from_utf8(std::mem::take(&mut shared.0.lock().unwrap())).unwrap()
    }

    #[test]
    fn one_entry_an_episode_with_its_highest_score_and_last_counts() {
        let alert = record("a", 65, "192.0.2.17", "evil.example");
        let update = Record { score: 86, severity: Severity::High, record: RecordKind::Update, ..alert.clone() };
        let end = Record { requests: 4_711, score: 70, record: RecordKind::End, ..alert.clone() };
        let shown = table(&[alert, update, end]);
        assert!(shown.contains(" 86 high") && shown.contains("4,711"), "{shown}");
        assert!(shown.ends_with("1 alert: 1 high\n"), "{shown}");
    }

    #[test]
    fn a_flood_is_counted_and_the_worst_stay() {
        let mut records: Vec<Record> =
            (0..2 * KEPT + 5).map(|n| record(&n.to_string(), 45, "192.0.2.17", "evil.example")).collect();
        records[3].score = 95;
        let sink = |records: &[Record]| {
            let mut table = Table::new(Output::stdout(), TableOptions::default());
            records.iter().for_each(|r| table.deliver(r).unwrap());
            table
        };
        let mut held = sink(&records);
        assert_eq!(held.episodes.len() as u64 + held.dropped, records.len() as u64);
        assert_eq!(held.ranked()[0].episode, "3");
    }
}
