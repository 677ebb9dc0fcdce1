//! FINDINGS → ALERTS. Score card, episodes, records.

mod record;

pub use record::{DomainStats, EvidenceRecord, IntervalBin, Record, RecordKind, SeriesPoint, Severity};
