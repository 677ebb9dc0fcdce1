//! What a run read and found: plain counts, for the closing summary and the metrics.

use crate::event::{Fields, Millis};
use crate::parse::Reason;
use serde::{Deserialize, Serialize};

/// The first rejected line of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Why.
    pub reason: Reason,
    /// How many.
    pub lines: u64,
    /// File of the first one, for people; never a metric label.
    pub file: String,
    /// Line number of the first one in the decoded file, from 1.
    pub line: u64,
    /// Byte offset in that line where the format was left.
    pub at: usize,
    /// Start of that line, at most 160 bytes.
    pub sample: Vec<u8>,
}

impl Rejected {
    /// One line; of `text` the start is kept.
    pub fn new(reason: Reason, file: &str, line: u64, at: usize, text: &[u8]) -> Rejected {
        Rejected { reason, lines: 1, file: file.into(), line, at, sample: text[..text.len().min(160)].into() }
    }
}

/// What one input file gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputSummary {
    /// File as the user named it or as it was found, for people.
    pub file: String,
    /// Format it was read as: `squid`, `combined`, …
    pub format: String,
    /// Share of the first lines that were of that format, per cent; `None` if it was given, not detected.
    pub confidence: Option<u8>,
    /// What the format can know.
    pub carries: Fields,
    /// Lines read from it.
    pub lines: u64,
    /// Of them, those that were read in another format: the proxy was set up anew, or a relay mixed several logs.
    pub foreign: u64,
    /// What went wrong while reading it: truncated or corrupt archive, permission. The good part counts.
    pub error: Option<String>,
    /// What is odd but harmless: trailing garbage after a gzip member.
    pub warning: Option<String>,
}

/// What is known after a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerSummary {
    /// Domains.
    pub domains: u64,
    /// Of them, those that were not known before.
    pub new_domains: u64,
    /// Clients.
    pub clients: u64,
    /// Days with any contact.
    pub days: u32,
    /// Domains that did not fit.
    pub lost_domains: u64,
    /// Clients that did not fit.
    pub lost_clients: u64,
}

/// What a run read and found. Every line is in exactly one of `events`, `rejected`, `ignored`, `duplicates`,
/// `outside`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Inputs in the order of their names.
    pub inputs: Vec<InputSummary>,
    /// Decoded bytes read.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Lines that became events.
    pub events: u64,
    /// Rejected lines by reason, most first.
    pub rejected: Vec<Rejected>,
    /// Headers, comments, blank lines.
    pub ignored: u64,
    /// Lines that several inputs hold.
    pub duplicates: u64,
    /// Lines outside of the span asked for.
    pub outside: u64,
    /// Lines cut at the line guard. Also counted above as what they became.
    pub truncated: u64,
    /// Events without a destination: malformed requests, probes of the proxy. Part of `events`.
    pub undirected: u64,
    /// Events older than the watermark when they came. Part of `events`.
    pub late: u64,
    /// Distinct clients.
    pub clients: u64,
    /// Distinct registrable domains, IP literals and single labels.
    pub domains: u64,
    /// (client, domain) pairs.
    pub pairs: u64,
    /// Pairs dropped to stay within the memory limit.
    pub evicted_pairs: u64,
    /// Domains dropped to stay within the memory limit.
    pub evicted_domains: u64,
    /// Clients dropped to stay within the memory limit.
    pub evicted_clients: u64,
    /// State in entries × size at its greatest, bytes.
    pub state_bytes: u64,
    /// The ledger that was known from the start, likewise; 0 without one.
    pub ledger_bytes: u64,
    /// The last contact that the ledger knew of from the start, ms UTC.
    pub ledger_until: Option<Millis>,
    /// The first contact that is known, by the ledger or of this run, ms UTC.
    pub known_from: Option<Millis>,
    /// First and last event, ms UTC.
    pub span: Option<(Millis, Millis)>,
    /// Whether every query seen was empty: the proxy strips them (`strip_query_terms`), which blinds query evidence.
    pub queries_stripped: bool,
    /// Alerts that allow rules hid.
    pub hidden: crate::alert::AllowReport,
    /// Incidents, the worst first.
    pub incidents: Vec<crate::alert::Incident>,
    /// What is in the ledger that is saved, if one is.
    pub learned: Option<LedgerSummary>,
    /// Episodes by detector and the severity they reached.
    pub alerts: Vec<(&'static str, crate::alert::Severity, u64)>,
}
