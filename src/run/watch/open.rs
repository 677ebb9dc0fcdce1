//! Alerts whose episodes are not over: what a destination that forgets is told again, also after a restart.

use crate::alert::{Record, RecordKind};
use std::collections::BTreeMap;

/// Episodes remembered; later ones of more are not, and end where they are not told again.
const MOST: usize = 10_000;

/// The latest alert or update of each, by episode.
#[derive(Default)]
pub(super) struct Open {
    /// Somebody is reminded; else nothing is remembered.
    wanted: bool,
    records: BTreeMap<String, Record>,
}

impl Open {
    /// As a snapshot remembers them.
    ///
    /// # Errors
    ///
    /// It is damaged.
    pub(super) fn remember(wanted: bool, part: Option<&Vec<u8>>) -> serde_json::Result<Open> {
        let records: Vec<Record> = match part {
            Some(part) if wanted => serde_json::from_slice(part)?,
            _ => Vec::new(),
        };
        let records = records.into_iter().map(|record| (record.episode.clone(), record)).collect();
        Ok(Open { wanted, records })
    }

    /// For a snapshot.
    pub(super) fn memory(&self) -> Vec<u8> {
        // A vector takes all that is written.
        serde_json::to_vec(&self.records.values().collect::<Vec<_>>()).unwrap_or_default()
    }

    /// Follows a record.
    pub(super) fn apply(&mut self, record: &Record) {
        match record.record {
            _ if !self.wanted => {}
            RecordKind::Alert | RecordKind::Update => {
                if self.records.len() < MOST || self.records.contains_key(&record.episode) {
                    self.records.insert(record.episode.clone(), record.clone());
                }
            }
            RecordKind::End => drop(self.records.remove(&record.episode)),
            RecordKind::Merge => {}
        }
    }

    /// All of them.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }
}
