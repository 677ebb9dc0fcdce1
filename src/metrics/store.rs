//! Families of what survives a restart: commits, how long they take, how large the store is.

use super::{Family, Metrics, counter, gauge, gauge_f64, register};
use prometheus::{GaugeVec, Histogram, HistogramOpts, IntCounterVec, IntGaugeVec};
use std::time::Duration;

const COMMITS: Family = Family("deguchi_store_commits_total", "Changes of the state that are on the disk.", &[]);
const FAILURES: Family =
    Family("deguchi_store_commit_failures_total", "Changes of the state that could not be written.", &["reason"]);
const LAST: Family = Family(
    "deguchi_store_last_commit_timestamp_seconds",
    "When the state was written last, by the wall clock; NaN before the first time.",
    &[],
);
const SIZE: Family = Family("deguchi_store_size_bytes", "Size of the file that holds the state.", &[]);
const RECOVERY: Family =
    Family("deguchi_store_recovery_duration_seconds", "How long it took to read the state at the start.", &[]);

/// Bounds of the histograms of seconds: 1 ms to 10 s.
const SECONDS: [f64; 10] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Why a commit failed. A closed set: it is a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitFailure {
    /// The disk is full.
    NoSpace,
    /// The disk fails.
    Io,
    /// Anything else.
    Other,
}

impl CommitFailure {
    /// Every reason.
    pub const ALL: [CommitFailure; 3] = [CommitFailure::NoSpace, CommitFailure::Io, CommitFailure::Other];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            CommitFailure::NoSpace => "nospace",
            CommitFailure::Io => "io",
            CommitFailure::Other => "other",
        }
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Records, and what sinks have of them.
    Records,
    /// The memory of the engine.
    Snapshot,
}

/// The families of a run that keeps a state.
#[derive(Debug)]
pub struct Store {
    commits: IntCounterVec,
    failures: IntCounterVec,
    last: GaugeVec,
    size: IntGaugeVec,
    recovery: GaugeVec,
    duration: Histogram,
    snapshot: Histogram,
    pause: Histogram,
}

impl Store {
    /// Adds them to those of a run.
    pub fn new(metrics: &Metrics) -> Store {
        let registry = &metrics.registry;
        let histogram = |name: &str, help: &str| {
            // The options are constants of this file.
            let made = Histogram::with_opts(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()));
            register(registry, made)
        };
        let store = Store {
            commits: counter(registry, &COMMITS),
            failures: counter(registry, &FAILURES),
            last: gauge_f64(registry, &LAST),
            size: gauge(registry, &SIZE),
            recovery: gauge_f64(registry, &RECOVERY),
            duration: histogram(
                "deguchi_store_commit_duration_seconds",
                "How long it takes until what was decided or delivered is on the disk.",
            ),
            snapshot: histogram(
                "deguchi_store_snapshot_duration_seconds",
                "How long a snapshot takes to be on the disk. Detection and records do not wait for it.",
            ),
            pause: histogram(
                "deguchi_store_snapshot_pause_seconds",
                "How long the engine stands still while its memory is written down.",
            ),
        };
        store.commits.with_label_values(&[] as &[&str]);
        for reason in CommitFailure::ALL {
            store.failures.with_label_values(&[reason.as_str()]);
        }
        store.last.with_label_values(&[] as &[&str]).set(f64::NAN);
        store.size.with_label_values(&[] as &[&str]);
        store.recovery.with_label_values(&[] as &[&str]).set(0.0);
        store
    }

    /// Something was written at `now`, seconds since 1970, in `took`; the file is `size` bytes large.
    pub fn written(&self, what: Written, now: f64, took: Duration, size: u64) {
        self.commits.with_label_values(&[] as &[&str]).inc();
        self.last.with_label_values(&[] as &[&str]).set(now);
        self.size.with_label_values(&[] as &[&str]).set(super::signed(size));
        match what {
            Written::Records => self.duration.observe(took.as_secs_f64()),
            Written::Snapshot => self.snapshot.observe(took.as_secs_f64()),
        }
    }

    /// A commit that failed.
    pub fn failed(&self, reason: CommitFailure) {
        self.failures.with_label_values(&[reason.as_str()]).inc();
    }

    /// The engine stood still for a snapshot.
    pub fn paused(&self, took: Duration) {
        self.pause.observe(took.as_secs_f64());
    }

    /// The state was read.
    pub fn recovered(&self, took: Duration) {
        self.recovery.with_label_values(&[] as &[&str]).set(took.as_secs_f64());
    }
}
