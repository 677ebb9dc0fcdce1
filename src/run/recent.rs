//! The newest records of a live run: what its page shows and its API gives, also after a restart.

use crate::alert::{Dossier, Dossiers, Record};
use crate::sink::json_line;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// Bytes of records kept, as JSON lines: some thousands.
const KEPT: usize = 16 << 20;

/// The newest records, oldest first.
#[derive(Debug, Default)]
pub struct Recent {
    records: VecDeque<(Arc<Record>, usize)>,
    ids: HashSet<String>,
    bytes: usize,
    /// Grows with each record.
    version: u64,
}

/// Incidents as of some version.
#[derive(Debug, Default)]
pub struct Told {
    /// Of which version.
    pub version: u64,
    /// The worst and largest first.
    pub dossiers: Vec<Dossier>,
    /// Time of the last record, RFC 3339 UTC; empty without any.
    pub last: String,
}

impl Recent {
    /// As a snapshot remembers them.
    ///
    /// # Errors
    ///
    /// It is damaged.
    pub fn remember(part: Option<&Vec<u8>>) -> serde_json::Result<Recent> {
        let mut recent = Recent::default();
        for line in part.iter().flat_map(|part| part.split(|&byte| byte == b'\n')).filter(|line| !line.is_empty()) {
            recent.take(&serde_json::from_slice(line)?);
        }
        Ok(recent)
    }

    /// For a snapshot.
    pub fn memory(&self) -> Vec<u8> {
        let mut lines = Vec::with_capacity(self.bytes);
        self.records.iter().for_each(|(record, _)| json_line(record, &mut lines));
        lines
    }

    /// Takes a record, once.
    pub fn take(&mut self, record: &Record) {
        if !self.ids.insert(record.id.clone()) {
            return;
        }
        let mut line = Vec::new();
        json_line(record, &mut line);
        self.bytes += line.len();
        self.version += 1;
        self.records.push_back((Arc::new(record.clone()), line.len()));
        while self.bytes > KEPT {
            let Some((old, bytes)) = self.records.pop_front() else { break };
            self.ids.remove(&old.id);
            self.bytes -= bytes;
        }
    }

    /// All of them, oldest first.
    pub fn records(&self) -> Vec<Arc<Record>> {
        self.records.iter().map(|(record, _)| Arc::clone(record)).collect()
    }

    /// Changes with each record.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl Told {
    /// The incidents that these records tell of.
    pub fn of(version: u64, records: &[Arc<Record>]) -> Told {
        let mut dossiers = Dossiers::default();
        records.iter().for_each(|record| dossiers.take(Record::clone(record)));
        Told { version, last: dossiers.last().to_owned(), dossiers: dossiers.ranked() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: usize) -> Record {
        let text = include_str!("../../tests/it/snapshots/it__sink__json_lines.snap");
        let line = text.lines().find(|line| line.starts_with('{')).unwrap();
        let record: Record = serde_json::from_str(line).unwrap();
        Record { id: n.to_string(), samples: vec!["x".repeat(100_000)], ..record }
    }

    #[test]
    fn the_newest_stay_each_once_and_survive() {
        let mut recent = Recent::default();
        (0..400).chain(399..400).for_each(|n| recent.take(&record(n)));
        let ids = |recent: &Recent| recent.records().iter().map(|r| r.id.clone()).collect::<Vec<_>>();
        assert!(recent.bytes <= KEPT && recent.records.len() > 100 && recent.records.len() < 200);
        assert_eq!((recent.version(), &**ids(&recent).last().unwrap()), (400, "399"));
        let again = Recent::remember(Some(&recent.memory())).unwrap();
        assert_eq!((ids(&again), again.bytes), (ids(&recent), recent.bytes));
        assert!(Recent::remember(Some(&b"{".to_vec())).is_err() && Recent::remember(None).unwrap().records.is_empty());
    }
}
