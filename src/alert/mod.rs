//! FINDINGS → ALERTS. Episodes, and the records that tell of them; what is not to be told of; where clients are.

mod allow;
mod crowd;
mod episode;
mod file;
mod incident;
mod record;
mod site;

pub use allow::{AllowReport, AllowRule, AllowRules};
pub use crowd::Crowd;
pub use episode::{Episode, QUIET, Telling, Verdict};
pub(crate) use episode::{rfc3339, sample, text};
pub use file::FileError;
pub use incident::{Incident, Incidents};
pub use record::{DomainStats, EvidenceRecord, IntervalBin, Record, RecordKind, SeriesPoint, Severity};
pub use site::{SITE_LIMIT, Sites};
