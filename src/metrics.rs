//! Every Prometheus family, named in this one place. Stages return plain counts; only this module and `run` know
//! Prometheus.
//!
//! Labels are closed sets: the configured name of an input (never a path), a detector, a severity, a reason. No client,
//! domain, user, URL or error text is ever a label: they are unbounded, and chosen by attackers. Every combination is
//! there from the start with 0, since `increase()` does not see a series appear. An unknown time is NaN, never 0.

mod active;
mod history;
mod incidents;
mod live;
mod reload;
mod store;
mod varint;

pub use history::History;
pub use incidents::IncidentInfo;
pub use live::{Delivery, Discontinuity, Dropped, Live};
pub use reload::Reload;
pub use store::{CommitFailure, Store, Written};

use crate::alert::{Record, RecordKind, Severity};
use crate::engine::{PaneCount, Summary};
use crate::input::ErrorReason;
use crate::parse::Reason;
use active::Active;
use prometheus::{GaugeVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder, core::Collector};

/// Name, help and labels of a family.
struct Family(&'static str, &'static str, &'static [&'static str]);

const BUILD: Family =
    Family("deguchi_build_info", "Version this is built from; always 1.", &["version", "revision", "rustc"]);
const BYTES: Family = Family("deguchi_input_read_bytes_total", "Bytes read, after decompression.", &["input"]);
const LINES: Family = Family("deguchi_input_lines_total", "Lines read.", &["input"]);
const EVENTS: Family = Family("deguchi_input_events_total", "Lines that became events.", &["input"]);
const IGNORED: Family = Family("deguchi_input_ignored_lines_total", "Headers, comments and blank lines.", &["input"]);
const DUPLICATES: Family =
    Family("deguchi_input_duplicate_lines_total", "Lines that several files hold, counted once.", &["input"]);
const REJECTED: Family = Family(
    "deguchi_input_rejected_lines_total",
    "Lines that are not of the format, by what was missing.",
    &["input", "reason"],
);
const OUTSIDE: Family =
    Family("deguchi_input_outside_lines_total", "Lines outside of --since and --until.", &["input"]);
const TRUNCATED: Family =
    Family("deguchi_input_truncated_lines_total", "Lines cut at the line guard of 64 KiB.", &["input"]);
const ERRORS: Family =
    Family("deguchi_input_errors_total", "Files that could not be opened or read to their end.", &["input", "reason"]);
const UNDIRECTED: Family = Family(
    "deguchi_undirected_events_total",
    "Events without a destination: malformed requests, probes of the proxy.",
    &["input"],
);
const LATE: Family = Family("deguchi_late_events_total", "Events older than the watermark when they came.", &["input"]);
const FUTURE: Family = Family(
    "deguchi_future_events_total",
    "Lines set aside because their time is far ahead of the lines around them.",
    &["input"],
);
const DENIED: Family = Family("deguchi_denied_events_total", "Requests the proxy refused by policy.", &["input"]);
const LAST_EVENT: Family = Family(
    "deguchi_input_last_event_timestamp_seconds",
    "Time of the latest event, by the log's clock; NaN before the first.",
    &["input"],
);
const WATERMARK: Family = Family(
    "deguchi_watermark_timestamp_seconds",
    "Event time up to which everything is judged; NaN before the first event.",
    &[],
);
const ALERTS: Family = Family("deguchi_alerts_total", "Episodes that crossed a severity.", &["detector", "severity"]);
const SUPPRESSED: Family = Family(
    "deguchi_alerts_suppressed_total",
    "Alerts that nobody was told of: an allow rule hid them, or they were learned over.",
    &["detector", "reason"],
);
const ACTIVE: Family = Family(
    "deguchi_active_alerts",
    "Episodes that are alerting now, by the severity they have reached.",
    &["detector", "severity"],
);
const LEDGER_AGE: Family = Family(
    "deguchi_ledger_age_seconds",
    "From the last contact the ledger knew at the start to the latest event, by the log's clock; NaN without a ledger.",
    &[],
);
const LEARNED: Family = Family(
    "deguchi_learning_complete",
    "Whether a week or more is known, by the ledger or this log; with less, more looks new than is.",
    &[],
);
const IOC: Family = Family("deguchi_ioc_entries", "Entries of the lists of known bad that can be used.", &["list"]);
const CLIENTS: Family = Family("deguchi_state_clients", "Distinct clients.", &[]);
const DOMAINS: Family = Family("deguchi_state_domains", "Distinct domains.", &[]);
const PAIRS: Family = Family("deguchi_state_pairs", "Pairs of client and domain.", &[]);
const MEMORY: Family =
    Family("deguchi_state_memory_bytes", "State in entries times their size, at its greatest.", &["component"]);
const LIMIT: Family =
    Family("deguchi_state_memory_limit_bytes", "What state may take, in entries times their size.", &["component"]);
const EVICTIONS: Family =
    Family("deguchi_state_evictions_total", "Entries dropped to stay within the memory limit.", &["table", "reason"]);

/// Name of all lists of known bad together: they have no names of their own, and a path is no label.
const LIST: &str = "ioc";

/// So much must be known until learning is complete, ms: what is done on one day of the week has been done then.
const WEEK: f64 = 7.0 * 86_400_000.0;

/// Why nobody was told of an alert. A closed set: it is a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppressed {
    /// A rule hid it.
    Allow,
    /// It was learned over.
    Learning,
}

impl Suppressed {
    /// Every reason.
    pub const ALL: [Suppressed; 2] = [Suppressed::Allow, Suppressed::Learning];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Suppressed::Allow => "allow",
            Suppressed::Learning => "learning",
        }
    }
}

/// The families of one process, in a registry of their own.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    per_input: [IntCounterVec; 10],
    denied: IntCounterVec,
    rejected: IntCounterVec,
    errors: IntCounterVec,
    last_event: GaugeVec,
    watermark: GaugeVec,
    alerts: IntCounterVec,
    suppressed: IntCounterVec,
    ledger_age: GaugeVec,
    learned: IntGaugeVec,
    ioc: IntGaugeVec,
    active_alerts: IntGaugeVec,
    sizes: [IntGaugeVec; 3],
    memory: IntGaugeVec,
    limit: IntGaugeVec,
    evictions: IntCounterVec,
    active: Active,
    /// What an earlier run had counted.
    before: Option<Box<Metrics>>,
}

impl Metrics {
    /// All families, every combination of these detectors and inputs (configured names, `log` by default) at 0.
    pub fn new(detectors: &[&'static str], inputs: &[&str]) -> Self {
        let registry = Registry::new();
        let new = Metrics {
            per_input: [BYTES, LINES, EVENTS, IGNORED, DUPLICATES, OUTSIDE, TRUNCATED, UNDIRECTED, LATE, FUTURE]
                .map(|family| counter(&registry, &family)),
            denied: counter(&registry, &DENIED),
            rejected: counter(&registry, &REJECTED),
            errors: counter(&registry, &ERRORS),
            last_event: gauge_f64(&registry, &LAST_EVENT),
            watermark: gauge_f64(&registry, &WATERMARK),
            alerts: counter(&registry, &ALERTS),
            suppressed: counter(&registry, &SUPPRESSED),
            ledger_age: gauge_f64(&registry, &LEDGER_AGE),
            learned: gauge(&registry, &LEARNED),
            ioc: gauge(&registry, &IOC),
            active_alerts: gauge(&registry, &ACTIVE),
            sizes: [CLIENTS, DOMAINS, PAIRS].map(|family| gauge(&registry, &family)),
            memory: gauge(&registry, &MEMORY),
            limit: gauge(&registry, &LIMIT),
            evictions: counter(&registry, &EVICTIONS),
            active: Active::new(detectors),
            before: None,
            registry,
        };
        let build = [
            env!("CARGO_PKG_VERSION"),
            option_env!("DEGUCHI_REVISION").unwrap_or("unknown"),
            option_env!("DEGUCHI_RUSTC").unwrap_or("unknown"),
        ];
        gauge(&new.registry, &BUILD).with_label_values(&build).set(1);
        for input in inputs {
            for family in &new.per_input {
                family.with_label_values(&[input]);
            }
            new.denied.with_label_values(&[input]);
            for reason in Reason::ALL {
                new.rejected.with_label_values(&[*input, reason.as_str()]);
            }
            for reason in ErrorReason::ALL {
                new.errors.with_label_values(&[*input, reason.as_str()]);
            }
            new.last_event.with_label_values(&[input]).set(f64::NAN);
        }
        new.watermark.with_label_values(&[] as &[&str]).set(f64::NAN);
        for (detector, severity) in new.active.series() {
            new.alerts.with_label_values(&[detector, severity.as_str()]);
            new.active_alerts.with_label_values(&[detector, severity.as_str()]);
        }
        for detector in detectors {
            for reason in Suppressed::ALL {
                new.suppressed.with_label_values(&[*detector, reason.as_str()]);
            }
        }
        new.ledger_age.with_label_values(&[] as &[&str]).set(f64::NAN);
        new.learned.with_label_values(&[] as &[&str]);
        new.ioc.with_label_values(&[LIST]);
        for family in &new.sizes {
            family.with_label_values(&[] as &[&str]);
        }
        for component in ["windows", "ledger"] {
            new.memory.with_label_values(&[component]);
        }
        for table in ["client", "domain", "pair"] {
            for reason in ["cap", "ttl", "flood"] {
                new.evictions.with_label_values(&[table, reason]);
            }
        }
        new
    }

    /// Takes over the counts of one input. They are totals since the start: giving the same again changes nothing.
    ///
    /// Errors of inputs that [`Metrics::input_error`] was not told about are counted under `read`.
    pub fn summary(&mut self, input: &str, summary: &Summary) {
        let s = summary;
        let future = s.rejected.iter().filter(|r| r.reason == Reason::Future).map(|r| r.lines).sum();
        let counts =
            [s.bytes, s.lines, s.events, s.ignored, s.duplicates, s.outside, s.truncated, s.undirected, s.late, future];
        for (at, count) in counts.into_iter().enumerate() {
            self.raise(|m| &m.per_input[at], &[input], count);
        }
        for reason in Reason::ALL {
            let lines = s.rejected.iter().filter(|r| r.reason == reason).map(|r| r.lines).sum();
            self.raise(|m| &m.rejected, &[input, reason.as_str()], lines);
        }
        let failed = s.inputs.iter().filter(|i| i.error.is_some()).count() as u64;
        let known: u64 =
            ErrorReason::ALL.iter().map(|r| self.errors.with_label_values(&[input, r.as_str()]).get()).sum();
        self.errors.with_label_values(&[input, ErrorReason::Read.as_str()]).inc_by(failed.saturating_sub(known));
        if let Some((_, last)) = s.span {
            self.last_event.with_label_values(&[input]).set(last as f64 / 1000.0);
            self.watermark.with_label_values(&[] as &[&str]).set(last as f64 / 1000.0);
        }
        if let (Some((_, last)), Some(until)) = (s.span, s.ledger_until) {
            self.ledger_age.with_label_values(&[] as &[&str]).set((last - until).max(0) as f64 / 1000.0);
        }
        let known = s.span.zip(s.known_from).map_or(0.0, |((_, last), from)| (last - from) as f64);
        self.learned.with_label_values(&[] as &[&str]).set(i64::from(known >= WEEK));
        for (detector, count) in s.hidden.by_detector() {
            self.raise(|m| &m.suppressed, &[detector, Suppressed::Allow.as_str()], count);
        }
        for (family, count) in self.sizes.iter().zip([s.clients, s.domains, s.pairs]) {
            family.with_label_values(&[] as &[&str]).set(signed(count));
        }
        self.memory.with_label_values(&["windows"]).set(signed(s.state_bytes));
        self.memory.with_label_values(&["ledger"]).set(signed(s.ledger_bytes));
        for (table, count) in [("client", s.evicted_clients), ("domain", s.evicted_domains), ("pair", s.evicted_pairs)]
        {
            self.raise(|m| &m.evictions, &[table, "cap"], count);
        }
    }

    /// Adds a closed pane of one input. Call it once for each.
    pub fn pane(&mut self, input: &str, pane: &PaneCount) {
        self.denied.with_label_values(&[input]).inc_by(pane.denied);
    }

    /// Counts a file that could not be read to its end. Call it before [`Metrics::summary`].
    pub fn input_error(&mut self, input: &str, reason: ErrorReason) {
        self.errors.with_label_values(&[input, reason.as_str()]).inc();
    }

    /// Sets the memory limit, bytes.
    pub fn memory_limit(&mut self, bytes: u64) {
        self.limit.with_label_values(&["windows"]).set(signed(bytes));
    }

    /// Sets how many entries the lists of known bad have.
    pub fn ioc_entries(&mut self, entries: u64) {
        self.ioc.with_label_values(&[LIST]).set(signed(entries));
    }

    /// Counts an alert that was learned over.
    pub fn learned_over(&mut self, record: &Record) {
        if record.record == RecordKind::Alert {
            self.suppressed.with_label_values(&[&*record.detector, Suppressed::Learning.as_str()]).inc();
        }
    }

    /// Counts alerts, and follows which episodes are alerting. Call it for every record, in order.
    pub fn record(&mut self, record: &Record) {
        for change in self.follow(record) {
            let (detector, severity) = self.active.labels(change.series);
            self.alerts.with_label_values(&[detector, severity.as_str()]).inc_by(change.alerts.into());
        }
    }

    /// Counts from here: what an earlier run had counted until `summary` is not counted again, as counters begin at 0 with
    /// each process.
    pub fn begin_behind(&mut self, input: &str, summary: &Summary) {
        let mut before = Metrics::new(&[], &[input]);
        before.summary(input, summary);
        self.before = Some(Box::new(before));
    }

    /// Follows which episodes are alerting by a record that an earlier run has told: its alert is not counted again.
    pub fn told_before(&mut self, record: &Record) {
        self.follow(record);
    }

    fn follow(&mut self, record: &Record) -> Vec<active::Change> {
        let changes: Vec<_> = self.active.apply(record).into_iter().flatten().collect();
        for change in &changes {
            let (detector, severity) = self.active.labels(change.series);
            self.active_alerts.with_label_values(&[detector, severity.as_str()]).add(change.active.into());
        }
        changes
    }

    /// Which episodes are alerting, for a later run. As JSON.
    pub fn memory(&self) -> Vec<u8> {
        serde_json::to_vec(&self.active.open()).expect("strings can be written")
    }

    /// Goes on from what [`Metrics::memory`] gave.
    ///
    /// # Errors
    ///
    /// It is not what was given.
    pub fn remember(&mut self, memory: &[u8]) -> Result<(), serde_json::Error> {
        let open: Vec<(String, String, Severity)> = serde_json::from_slice(memory)?;
        for (episode, detector, severity) in open {
            if self.active.begin(episode, &detector, severity) {
                self.active_alerts.with_label_values(&[&*detector, severity.as_str()]).inc();
            }
        }
        Ok(())
    }

    /// Brings a counter to a total, less what an earlier run had counted; a lower one changes nothing.
    fn raise(&self, family: impl Fn(&Metrics) -> &IntCounterVec, labels: &[&str], total: u64) {
        let counter = family(self).with_label_values(labels);
        let before = self.before.as_ref().map_or(0, |before| family(before).with_label_values(labels).get());
        counter.inc_by(total.saturating_sub(before).saturating_sub(counter.get()));
    }

    /// The exposition in Prometheus text format, families by name.
    pub fn text(&self) -> String {
        TextEncoder::new().encode_to_string(&self.registry.gather()).expect("no family is empty or without a type")
    }
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn register<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    let family = made.expect("names and labels are constant and valid");
    registry.register(Box::new(family.clone())).expect("each family is registered once");
    family
}

fn counter(registry: &Registry, family: &Family) -> IntCounterVec {
    register(registry, IntCounterVec::new(Opts::new(family.0, family.1), family.2))
}

fn gauge(registry: &Registry, family: &Family) -> IntGaugeVec {
    register(registry, IntGaugeVec::new(Opts::new(family.0, family.1), family.2))
}

fn gauge_f64(registry: &Registry, family: &Family) -> GaugeVec {
    register(registry, GaugeVec::new(Opts::new(family.0, family.1), family.2))
}
