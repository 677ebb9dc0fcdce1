//! Which episodes are alerting, from their records.

use crate::alert::{Record, RecordKind, Severity};
use std::collections::BTreeMap;

/// What a record changes in one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Index of (detector, severity).
    pub series: usize,
    /// Episodes that newly reached this severity.
    pub alerts: u32,
    /// Alerting episodes more or fewer.
    pub active: i32,
}

/// Open episodes and the series each counts in. As large as the number of open episodes, which `alert` bounds.
#[derive(Debug)]
pub(super) struct Active {
    detectors: Vec<&'static str>,
    open: BTreeMap<String, usize>,
}

impl Active {
    pub(super) fn new(detectors: &[&'static str]) -> Self {
        Active { detectors: detectors.to_vec(), open: BTreeMap::new() }
    }

    /// Every (detector, severity), in the order of their index.
    pub(super) fn series(&self) -> impl Iterator<Item = (&'static str, Severity)> {
        self.detectors.iter().flat_map(|&detector| Severity::ALL.map(|severity| (detector, severity)))
    }

    /// The labels of a series.
    pub(super) fn labels(&self, series: usize) -> (&'static str, Severity) {
        (self.detectors[series / Severity::ALL.len()], Severity::ALL[series % Severity::ALL.len()])
    }

    /// Episodes that are alerting, each with its series.
    pub(super) fn open(&self) -> Vec<(&str, &'static str, Severity)> {
        let open = self.open.iter().map(|(episode, &series)| {
            let (detector, severity) = self.labels(series);
            (episode.as_str(), detector, severity)
        });
        open.collect()
    }

    /// An episode is alerting already; whether its detector is known.
    pub(super) fn begin(&mut self, episode: String, detector: &str, severity: Severity) -> bool {
        let Some(detector) = self.detectors.iter().position(|d| *d == detector) else { return false };
        self.open.insert(episode, detector * Severity::ALL.len() + severity as usize);
        true
    }

    /// What the record changes; nothing for a detector that is not known.
    pub(super) fn apply(&mut self, record: &Record) -> [Option<Change>; 2] {
        let Some(detector) = self.detectors.iter().position(|d| *d == record.detector) else {
            return [None; 2];
        };
        let series = detector * Severity::ALL.len() + record.severity as usize;
        let (left, entered) = match record.record {
            RecordKind::End => (self.open.remove(&record.episode), None),
            // It tells of incidents, not of an episode.
            RecordKind::Merge => (None, None),
            _ => (self.open.insert(record.episode.clone(), series), Some(Change { series, alerts: 1, active: 1 })),
        };
        [left.map(|series| Change { series, alerts: 0, active: -1 }), entered]
    }
}
