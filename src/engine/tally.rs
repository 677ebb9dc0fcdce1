//! What a run read and found, while it goes on.

use crate::alert::{AllowReport, Record, RecordKind, Severity};
use crate::detect::{DETECTORS, DetectorName};
use crate::engine::batch::Batch;
use crate::engine::input::Input;
use crate::engine::summary::{InputSummary, Rejected, Summary};
use crate::event::{Contact, Millis};
use crate::parse::Reason;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    bytes: u64,
    /// Lines read.
    pub lines: u64,
    contacts: u64,
    ignored: u64,
    truncated: u64,
    /// Contacts without a destination.
    pub undirected: u64,
    /// Contacts outside of the span asked for.
    pub outside: u64,
    queries: u64,
    /// Contacts that came late.
    pub late: u64,
    rejected: BTreeMap<Reason, Rejected>,
    span: Option<(Millis, Millis)>,
    /// Episodes that are over, by detector and the severity reached.
    episodes: BTreeMap<(DetectorName, Severity), u64>,
    /// Dropped to stay within the limit: pairs, domains, clients.
    pub evicted: [u64; 3],
    /// Alerts that allow rules hid.
    pub hidden: AllowReport,
    /// State at its greatest.
    pub peak: u64,
}

impl Tally {
    /// Counts the lines of a batch; `input` has read what stands before it.
    pub fn batch(&mut self, batch: &Batch, input: &mut Input) {
        for (reason, kind) in Reason::ALL.into_iter().zip(&batch.rejected).filter(|(_, kind)| kind.lines > 0) {
            let line = input.lines + kind.line + 1;
            let first = Rejected::new(reason, &input.name, line, kind.at, &kind.sample);
            self.reject(Rejected { lines: kind.lines, ..first });
        }
        input.lines += batch.lines;
        input.foreign += batch.foreign;
        self.bytes += batch.read;
        self.lines += batch.lines;
        self.contacts += batch.contacts.len() as u64;
        self.ignored += batch.ignored;
        self.truncated += batch.truncated;
        self.undirected += batch.undirected;
        self.queries += batch.queries;
    }

    /// A contact counts at this time.
    #[inline]
    pub fn span(&mut self, time: Millis) {
        let span = self.span.get_or_insert((time, time));
        *span = (span.0.min(time), span.1.max(time));
    }

    /// A contact is rejected: no other line agrees with its time. `place` tells of its line.
    pub fn future(&mut self, place: Rejected, contact: &Contact) {
        self.contacts -= 1;
        self.undirected -= u64::from(contact.domain == 0);
        self.reject(place);
    }

    /// Adds rejected lines to those of their kind. The first by name and line is shown, whichever was read first.
    fn reject(&mut self, mut new: Rejected) {
        if let Some(known) = self.rejected.remove(&new.reason) {
            let lines = known.lines + new.lines;
            if (&known.file, known.line) < (&new.file, new.line) {
                new = known;
            }
            new.lines = lines;
        }
        self.rejected.insert(new.reason, new);
    }

    /// A record goes out. Episodes are counted when they end, and every one does.
    pub fn record(&mut self, record: &Record) {
        if record.record == RecordKind::End
            && let Some(detector) = DETECTORS.iter().find(|d| d.name == record.detector)
        {
            *self.episodes.entry((DetectorName(detector.name), record.severity)).or_default() += 1;
        }
    }

    /// All of it, with what only the memory knows.
    pub fn summary(
        &self,
        inputs: &[Input],
        formats: &[String],
        [clients, domains, pairs, duplicates]: [u64; 4],
    ) -> Summary {
        let mut rejected: Vec<Rejected> = self.rejected.values().cloned().collect();
        rejected.sort_by_key(|r| std::cmp::Reverse(r.lines));
        Summary {
            inputs: inputs
                .iter()
                .zip(formats)
                .map(|(input, format)| InputSummary {
                    file: input.name.clone(),
                    format: format.clone(),
                    carries: input.carries,
                    lines: input.lines,
                    foreign: input.foreign,
                    ..InputSummary::default()
                })
                .collect(),
            bytes: self.bytes,
            lines: self.lines,
            events: self.contacts - duplicates - self.outside,
            outside: self.outside,
            rejected,
            ignored: self.ignored,
            duplicates,
            truncated: self.truncated,
            undirected: self.undirected,
            late: self.late,
            clients,
            domains,
            pairs,
            evicted_pairs: self.evicted[0],
            evicted_domains: self.evicted[1],
            evicted_clients: self.evicted[2],
            state_bytes: self.peak,
            ledger_bytes: 0,
            ledger_until: None,
            known_from: self.span.map(|(first, _)| first),
            hidden: self.hidden.clone(),
            span: self.span,
            queries_stripped: self.queries == 0 && self.contacts > 0,
            incidents: Vec::new(),
            learned: None,
            alerts: self
                .episodes
                .iter()
                .map(|(&(DetectorName(detector), severity), &n)| (detector, severity, n))
                .collect(),
        }
    }
}
