//! FINDINGS → ALERTS. Episodes, and the records that tell of them.

mod episode;
mod record;

pub use episode::{Episode, QUIET, Telling};
pub use record::{DomainStats, EvidenceRecord, IntervalBin, Record, RecordKind, SeriesPoint, Severity};
