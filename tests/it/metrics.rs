//! The metrics as Prometheus reads them: `promtool` judges.

use crate::sink::beacon;
use deguchi::alert::{AllowReport, Record, RecordKind, Severity};
use deguchi::engine::PaneCount;
use deguchi::engine::{InputSummary, Rejected, Summary};
use deguchi::input::ErrorReason;
use deguchi::metrics::{History, Metrics};
use deguchi::parse::Reason;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const DETECTORS: &[&str] = &["beacon", "denied_beacon", "post_burst"];

/// `promtool`, or `None` where it is not installed and need not be.
fn promtool() -> Option<Command> {
    if Command::new("promtool").arg("--version").output().is_ok() {
        return Some(Command::new("promtool"));
    }
    assert!(std::env::var_os("CI").is_none(), "promtool is not installed, and CI must not skip this");
    eprintln!("skipped: promtool is not installed (Debian: apt-get install prometheus)");
    None
}

pub(crate) fn summary() -> Summary {
    let rejected = |reason, lines, line, at, sample: &[u8]| Rejected {
        reason,
        lines,
        file: "access.log".into(),
        line,
        at,
        sample: sample.into(),
    };
    Summary {
        inputs: vec![
            InputSummary { file: "access.log".into(), format: "squid".into(), lines: 9_999_000, ..Default::default() },
            InputSummary { error: Some("cut off".into()), ..Default::default() },
        ],
        bytes: 1_530_000_000,
        lines: 10_000_000,
        events: 9_999_980,
        rejected: vec![
            rejected(Reason::Client, 2, 17, 24, b"1431049803.123    200 \xff TCP_MISS/200"),
            rejected(Reason::Future, 1, 99, 0, b"99999999999.000"),
        ],
        ignored: 7,
        duplicates: 10,
        truncated: 1,
        undirected: 5,
        late: 3,
        clients: 5_000,
        domains: 39_944,
        pairs: 1_210_322,
        evicted_pairs: 12,
        state_bytes: 64_000_000,
        span: Some((1_431_049_803_123, 1_431_136_203_123)),
        alerts: vec![("beacon", Severity::High, 2), ("post_burst", Severity::Critical, 1)],
        ..Summary::default()
    }
}

fn metrics() -> Metrics {
    let mut metrics = Metrics::new(DETECTORS, &["log"]);
    metrics.memory_limit(1 << 30);
    metrics.ioc_entries(12);
    metrics.learned_over(&beacon());
    metrics.input_error("log", ErrorReason::TruncatedArchive);
    let rose = Record { record: RecordKind::Update, severity: Severity::Critical, ..beacon() };
    let other = Record { episode: "other".into(), ..beacon() };
    let ended = Record { record: RecordKind::End, ..other.clone() };
    for record in [beacon(), other, rose, ended] {
        metrics.record(&record);
    }
    let mut hidden = AllowReport::default();
    hidden.hid(0, "post_burst");
    let (ledger_until, known_from) = (Some(1_431_049_802_123), Some(1_430_000_000_000));
    let summary = Summary { ledger_bytes: 4_000_000, ledger_until, known_from, hidden, ..summary() };
    metrics.summary("log", &summary);
    metrics.summary("log", &summary); // totals, not differences
    metrics.pane("log", &PaneCount { end: MINUTE, events: 10, denied: 4 });
    metrics.pane("log", &PaneCount { end: 2 * MINUTE, events: 10, denied: 0 });
    metrics
}

#[test]
fn text_has_every_family() {
    insta::assert_snapshot!(metrics().text().replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn every_combination_is_there_before_anything_happened() {
    let text = Metrics::new(DETECTORS, &["log"]).text();
    let count = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!(count("deguchi_alerts_total{"), DETECTORS.len() * Severity::ALL.len());
    assert_eq!(count("deguchi_alerts_suppressed_total{"), DETECTORS.len() * 2);
    assert_eq!(count("deguchi_active_alerts{"), DETECTORS.len() * Severity::ALL.len());
    assert_eq!(count("deguchi_input_rejected_lines_total{"), Reason::ALL.len());
    assert_eq!(count("deguchi_input_errors_total{"), ErrorReason::ALL.len());
    let values = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("deguchi_build_info"));
    assert!(values.map(|line| line.rsplit(' ').next().unwrap()).all(|value| value == "0" || value == "NaN"));
}

#[test]
fn promtool_finds_nothing_to_blame() {
    let Some(mut promtool) = promtool() else { return };
    // An input's name is the one label a person chooses.
    for text in [metrics().text(), Metrics::new(DETECTORS, &["log", "a\"b\\c\nd{}"]).text()] {
        let mut child = promtool
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let said = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&said.stderr) + String::from_utf8_lossy(&said.stdout);
        assert!(said.status.success() && words.trim().is_empty(), "{words}");
        promtool = Command::new("promtool");
    }
}

const MINUTE: i64 = 60_000;

fn write(history: &History) -> String {
    let mut text = String::new();
    let take = |block: &str| {
        text.push_str(block);
        Ok::<(), ()>(())
    };
    history.write(take).unwrap();
    text
}

#[test]
fn history_of_three_panes() {
    // 2015-05-08T01:58:00Z is the time of the alert.
    let start = 1_431_050_160_000;
    let mut history = History::new(&["beacon"], "log", MINUTE);
    history.pane(PaneCount { end: start, events: 10, denied: 0 });
    history.pane(PaneCount { end: start + 2 * MINUTE, events: 20, denied: 1 });
    history.record(&beacon());
    history.pane(PaneCount { end: start + 9 * MINUTE, events: 1, denied: 0 });
    history.record(&Record { record: RecordKind::End, time: "2015-05-08T02:06:00Z".into(), ..beacon() });
    insta::assert_snapshot!(write(&history));
}

#[test]
fn history_of_nothing_is_valid() {
    let text = write(&History::new(&["beacon"], "log", MINUTE));
    assert!(text.ends_with("# EOF\n"));
    backfill(&text);
}

#[test]
fn promtool_backfills_the_history() {
    let start = 1_431_050_160_000;
    let mut history = History::new(DETECTORS, "a\"b\\c", MINUTE);
    for n in 0..3 * 1_440 {
        if n % 500 < 400 {
            history.pane(PaneCount { end: start + n * MINUTE, events: 1_000, denied: 7 });
        }
        if n == 700 {
            history.record(&beacon());
        }
    }
    let text = write(&history);
    let said = backfill(&text);
    assert!(said.is_empty() || said.contains("NUM SAMPLES"), "{said}");
}

/// What `promtool` says of the blocks it makes, or nothing where it is not there.
fn backfill(text: &str) -> String {
    let Some(mut promtool) = promtool() else { return String::new() };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("history.om");
    std::fs::write(&file, text).unwrap();
    let said = promtool
        .args(["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=24h"])
        .args([file.as_path(), &dir.path().join("out")] as [&Path; 2])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{words}\n{}", &text[..text.len().min(4_000)]);
    words.into_owned()
}
