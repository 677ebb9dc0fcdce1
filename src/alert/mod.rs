//! FINDINGS → ALERTS. Episodes, and the records that tell of them; what is not to be told of; where clients are; and what records
//! tell when they are read back: [`Story`], [`Dossier`], [`BlockList`].

mod allow;
mod blocklist;
mod crowd;
mod dossier;
mod episode;
mod file;
mod incident;
mod left;
mod party;
mod record;
mod site;
mod story;

pub use allow::{AllowReport, AllowRule, AllowRules};
pub use blocklist::{Block, BlockList, Refusal};
pub use crowd::Crowd;
pub use dossier::{Dossier, Dossiers};
pub use episode::{Episode, QUIET, Telling, Verdict};
pub(crate) use episode::{rfc3339, sample, text};
pub use file::FileError;
pub use incident::{Incident, Incidents};
pub use left::Left;
pub use party::Party;
pub use record::{DomainStats, EvidenceRecord, IntervalBin, Record, RecordKind, SeriesPoint, Severity};
pub use site::{SITE_LIMIT, Sites};
pub use story::Story;
#[cfg(test)]
pub(crate) use story::tests::record;
