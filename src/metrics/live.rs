//! Families that only a live run has: what happened to its inputs, how far behind it is, what it delivered; and those of
//! the process.

use super::{Family, Metrics, counter, gauge, gauge_f64, register};
use crate::alert::Severity;
use crate::event::Millis;
use prometheus::process_collector::ProcessCollector;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec};
use std::time::Duration;

const ROTATIONS: Family =
    Family("deguchi_input_rotations_total", "Log files that were over and followed by a new one.", &["input"]);
const DISCONTINUITIES: Family = Family(
    "deguchi_input_discontinuities_total",
    "Places where a log does not go on from where it was read to.",
    &["input", "reason"],
);
const LOST: Family = Family(
    "deguchi_input_lost_bytes_total",
    "Bytes that were written and gone before they could be read, as far as can be told.",
    &["input"],
);
const OPEN: Family = Family("deguchi_input_open_files", "Log files held open.", &["input"]);
const PENDING: Family = Family("deguchi_input_pending_bytes", "Bytes written and not read yet.", &["input"]);
const CONNECTIONS: Family = Family("deguchi_input_connections", "Connections that lines are received on.", &["input"]);
const REFUSED: Family = Family(
    "deguchi_input_connections_rejected_total",
    "Connections that were refused: of a network that may not send, or too many.",
    &["input"],
);
const DROPPED: Family = Family(
    "deguchi_input_dropped_messages_total",
    "Messages that came over the network and were not taken, by why.",
    &["input", "reason"],
);
const FORGOTTEN: Family = Family(
    "deguchi_input_senders_forgotten_total",
    "Senders over the network that were silent for long and made room for others; what they had sent was read.",
    &["input"],
);
const MISSING: Family = Family(
    "deguchi_input_missing_messages_total",
    "Messages that a sender numbered (syslog sequenceId) and that never came.",
    &["input"],
);
const SPOOL: Family =
    Family("deguchi_input_spool_bytes", "Received and kept on the disk until a snapshot covers it.", &["input"]);
const IDLE: Family = Family(
    "deguchi_idle_advances_total",
    "Times the other logs stopped waiting for one that said nothing.",
    &["input"],
);
const LAG: Family = Family(
    "deguchi_event_lag_seconds",
    "Wall clock less event time, of the newest line each time lines were read.",
    &["input"],
);
const DELAY: Family = Family(
    "deguchi_alert_detection_delay_seconds",
    "Wall clock at which an alert was told, less event time of the last contact it was told of.",
    &["severity"],
);
const DELIVERIES: Family =
    Family("deguchi_sink_deliveries_total", "Records given to a sink, by what became of them.", &["sink", "result"]);
const OUTBOX: Family = Family("deguchi_sink_outbox_records", "Records that wait for a sink.", &["sink"]);
const OLDEST: Family = Family(
    "deguchi_sink_outbox_oldest_timestamp_seconds",
    "When the record that waits longest for a sink was decided, by the wall clock; NaN while none waits.",
    &["sink"],
);
const REQUESTS: Family =
    Family("deguchi_sink_request_duration_seconds", "How long a sink over the network took for a record.", &["sink"]);

/// Bounds of the histograms of seconds: from one tenth to an hour.
const SECONDS: [f64; 12] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];

/// Why a log does not go on from where it was read to. A closed set: it is a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discontinuity {
    /// It was cut, and all of it had been read.
    Truncated,
    /// It was cut before all of it was read.
    TruncatedUnread,
    /// What had been read stands there no more.
    Rewritten,
    /// Another file has its number.
    InodeReused,
    /// It is gone, and not all of it was read.
    DeletedUnread,
    /// A connection ended, or took too long, inside a message.
    TcpGap,
    /// The next message had a number further on.
    SequenceGap,
}

impl Discontinuity {
    /// Every reason.
    pub const ALL: [Discontinuity; 7] = [
        Discontinuity::Truncated,
        Discontinuity::TruncatedUnread,
        Discontinuity::Rewritten,
        Discontinuity::InodeReused,
        Discontinuity::DeletedUnread,
        Discontinuity::TcpGap,
        Discontinuity::SequenceGap,
    ];

    /// The reason of that label.
    pub fn of(label: &str) -> Option<Self> {
        Discontinuity::ALL.into_iter().find(|reason| reason.as_str() == label)
    }

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Discontinuity::Truncated => "truncated",
            Discontinuity::TruncatedUnread => "truncated_unread",
            Discontinuity::Rewritten => "rewritten",
            Discontinuity::InodeReused => "inode_reused",
            Discontinuity::DeletedUnread => "deleted_unread",
            Discontinuity::TcpGap => "tcp_gap",
            Discontinuity::SequenceGap => "sequence_gap",
        }
    }
}

/// Why a message was not taken. A closed set: it is a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Its length was none.
    Framing,
    /// Its header alone is longer than a line may be.
    TooLong,
    /// It came from a network that may not send.
    Network,
    /// Too many senders.
    Peers,
    /// The spool is full, or the disk: only datagrams, connections wait.
    Full,
    /// The system had no room for a datagram: nobody knows how many lines were in it.
    System,
}

impl Dropped {
    /// Every reason.
    pub const ALL: [Dropped; 6] =
        [Dropped::Framing, Dropped::TooLong, Dropped::Network, Dropped::Peers, Dropped::Full, Dropped::System];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Dropped::Framing => "framing",
            Dropped::TooLong => "too_long",
            Dropped::Network => "network",
            Dropped::Peers => "peers",
            Dropped::Full => "full",
            Dropped::System => "system",
        }
    }
}

/// What became of a record that a sink was given. A closed set: it is a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is there.
    Ok,
    /// It waits for another try.
    Retry,
    /// Too many were waiting.
    Dropped,
}

impl Delivery {
    /// All.
    pub const ALL: [Delivery; 3] = [Delivery::Ok, Delivery::Retry, Delivery::Dropped];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Delivery::Ok => "ok",
            Delivery::Retry => "retry",
            Delivery::Dropped => "dropped",
        }
    }
}

/// The families of a live run.
#[derive(Debug)]
pub struct Live {
    rotations: IntCounterVec,
    discontinuities: IntCounterVec,
    lost: IntCounterVec,
    open: IntGaugeVec,
    pending: IntGaugeVec,
    idle: IntCounterVec,
    connections: IntGaugeVec,
    refused: IntCounterVec,
    dropped: IntCounterVec,
    forgotten: IntCounterVec,
    missing: IntCounterVec,
    spool: IntGaugeVec,
    lag: HistogramVec,
    delay: HistogramVec,
    deliveries: IntCounterVec,
    outbox: IntGaugeVec,
    oldest: GaugeVec,
    requests: HistogramVec,
}

impl Live {
    /// Adds them to those of a run; every combination of these inputs and sinks (configured names) is at 0.
    pub fn new(metrics: &Metrics, inputs: &[&str], sinks: &[&str]) -> Live {
        let registry = &metrics.registry;
        let histogram = |family: &Family| {
            let options = HistogramOpts::new(family.0, family.1).buckets(SECONDS.to_vec());
            register(registry, HistogramVec::new(options, family.2))
        };
        let live = Live {
            rotations: counter(registry, &ROTATIONS),
            discontinuities: counter(registry, &DISCONTINUITIES),
            lost: counter(registry, &LOST),
            open: gauge(registry, &OPEN),
            pending: gauge(registry, &PENDING),
            idle: counter(registry, &IDLE),
            connections: gauge(registry, &CONNECTIONS),
            refused: counter(registry, &REFUSED),
            dropped: counter(registry, &DROPPED),
            forgotten: counter(registry, &FORGOTTEN),
            missing: counter(registry, &MISSING),
            spool: gauge(registry, &SPOOL),
            lag: histogram(&LAG),
            delay: histogram(&DELAY),
            deliveries: counter(registry, &DELIVERIES),
            outbox: gauge(registry, &OUTBOX),
            oldest: gauge_f64(registry, &OLDEST),
            requests: histogram(&REQUESTS),
        };
        for input in inputs {
            for family in [&live.rotations, &live.lost, &live.idle, &live.refused, &live.missing, &live.forgotten] {
                family.with_label_values(&[input]);
            }
            for family in [&live.open, &live.pending, &live.connections, &live.spool] {
                family.with_label_values(&[input]);
            }
            for reason in Discontinuity::ALL {
                live.discontinuities.with_label_values(&[*input, reason.as_str()]);
            }
            for reason in Dropped::ALL {
                live.dropped.with_label_values(&[*input, reason.as_str()]);
            }
            live.lag.with_label_values(&[input]);
        }
        for severity in Severity::ALL {
            live.delay.with_label_values(&[severity.as_str()]);
        }
        for sink in sinks {
            for result in Delivery::ALL {
                live.deliveries.with_label_values(&[*sink, result.as_str()]);
            }
            live.outbox.with_label_values(&[sink]);
            live.oldest.with_label_values(&[sink]).set(f64::NAN);
            live.requests.with_label_values(&[sink]);
        }
        // Refused only if it is there already.
        let _ = registry.register(Box::new(ProcessCollector::for_self()));
        live
    }

    /// A file was over and another follows it.
    pub fn rotated(&self, input: &str) {
        self.rotations.with_label_values(&[input]).inc();
    }

    /// A log does not go on from where it was read to; `bytes` were lost.
    pub fn broke(&self, input: &str, reason: Discontinuity, bytes: u64) {
        self.discontinuities.with_label_values(&[input, reason.as_str()]).inc();
        self.lost.with_label_values(&[input]).inc_by(bytes);
    }

    /// Bytes that belong to no line came over the network, or could not be kept.
    pub fn lost(&self, input: &str, bytes: u64) {
        self.lost.with_label_values(&[input]).inc_by(bytes);
    }

    /// How many files are open, and how many bytes of them are not read yet.
    pub fn files(&self, input: &str, open: u64, pending: u64) {
        self.open.with_label_values(&[input]).set(super::signed(open));
        self.pending.with_label_values(&[input]).set(super::signed(pending));
    }

    /// A connection began, or ended.
    pub fn connected(&self, input: &str, began: bool) {
        self.connections.with_label_values(&[input]).add(if began { 1 } else { -1 });
    }

    /// A connection was refused.
    pub fn refused(&self, input: &str) {
        self.refused.with_label_values(&[input]).inc();
    }

    /// So many messages were not taken.
    pub fn dropped(&self, input: &str, reason: Dropped, messages: u64) {
        self.dropped.with_label_values(&[input, reason.as_str()]).inc_by(messages);
    }

    /// So many senders made room for others.
    pub fn forgot(&self, input: &str, senders: u64) {
        self.forgotten.with_label_values(&[input]).inc_by(senders);
    }

    /// So many messages in a row never came.
    pub fn missed(&self, input: &str, messages: u32) {
        self.missing.with_label_values(&[input]).inc_by(messages.into());
        self.broke(input, Discontinuity::SequenceGap, 0);
    }

    /// How much was received and is kept.
    pub fn spooled(&self, input: &str, bytes: u64) {
        self.spool.with_label_values(&[input]).set(super::signed(bytes));
    }

    /// The others stopped waiting for a log.
    pub fn idled(&self, input: &str) {
        self.idle.with_label_values(&[input]).inc();
    }

    /// Lines were read at `now`, the newest of them of `newest`.
    pub fn read(&self, input: &str, now: Millis, newest: Millis) {
        self.lag.with_label_values(&[input]).observe((now - newest).max(0) as f64 / 1000.0);
    }

    /// An alert was told at `now`, of contacts until `last`.
    pub fn told(&self, severity: Severity, now: Millis, last: Millis) {
        self.delay.with_label_values(&[severity.as_str()]).observe((now - last).max(0) as f64 / 1000.0);
    }

    /// What became of a record.
    pub fn delivered(&self, sink: &str, result: Delivery) {
        self.deliveries.with_label_values(&[sink, result.as_str()]).inc();
    }

    /// How many records wait for a sink, and when the first of them was decided, seconds since 1970.
    pub fn waits(&self, sink: &str, records: usize, oldest: Option<f64>) {
        self.outbox.with_label_values(&[sink]).set(super::signed(records as u64));
        self.oldest.with_label_values(&[sink]).set(oldest.unwrap_or(f64::NAN));
    }

    /// How long a sink over the network took.
    pub fn requested(&self, sink: &str, took: Duration) {
        self.requests.with_label_values(&[sink]).observe(took.as_secs_f64());
    }
}
