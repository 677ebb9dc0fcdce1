//! The closing summary as people see it, and hostile text in every field (F32).

use crate::metrics::summary;
use crate::sink::HOSTILE;
use deguchi::alert::AllowRules;
use deguchi::engine::{InputSummary, Rejected, Summary};
use deguchi::event::Fields;
use deguchi::parse::Reason;
use deguchi::run::summary::{SummaryOptions, closing};
use deguchi::sink::{Paint, width};
use jiff::tz::TimeZone;
use std::time::Duration;

fn options(width: usize) -> SummaryOptions {
    SummaryOptions {
        width,
        paint: Paint::default(),
        allow: AllowRules::default(),
        without_alerts: false,
        zone: TimeZone::fixed(jiff::tz::offset(9)),
    }
}

fn squid(file: &str) -> InputSummary {
    let carries =
        Fields { bytes_down: true, duration: true, action: true, user: true, subsecond: true, ..Fields::default() };
    InputSummary {
        file: file.into(),
        format: "squid".into(),
        confidence: Some(100),
        carries,
        lines: 9,
        ..Default::default()
    }
}

#[test]
fn a_good_day() {
    let all = Fields {
        bytes_up: true,
        bytes_down: true,
        duration: true,
        agent: true,
        referer: true,
        action: true,
        user: true,
        subsecond: true,
    };
    let summary = Summary {
        inputs: vec![InputSummary { carries: all, ..squid("access.log") }],
        bytes: 1_530_000_000,
        lines: 10_000_000,
        events: 10_000_000,
        clients: 5_000,
        domains: 39_944,
        pairs: 1_210_322,
        span: Some((1_767_538_800_000, 1_767_625_200_000)),
        ..Summary::default()
    };
    insta::assert_snapshot!(closing(&summary, Duration::from_millis(2_310), &options(120)));
}

#[test]
fn a_bad_day() {
    let summary = Summary {
        inputs: vec![
            InputSummary {
                error: Some("access.log.1.gz: the archive ends too early".into()),
                ..squid("access.log.1.gz")
            },
            InputSummary {
                warning: Some("17 bytes after the end of the archive".into()),
                foreign: 1_204,
                ..squid("access.log.2.gz")
            },
            InputSummary { format: "combined".into(), confidence: None, ..squid("httpd.log") },
        ],
        queries_stripped: true,
        ..summary()
    };
    let shown = closing(&summary, Duration::from_secs(312), &options(80));
    assert!(shown.lines().all(|line| width(line) <= 80));
    insta::assert_snapshot!(shown);
    let paint = Paint { on: true };
    let coloured = closing(&summary, Duration::from_secs(312), &SummaryOptions { paint, ..options(80) });
    let bare =
        ["\x1b[0m", "\x1b[1;35m", "\x1b[31m", "\x1b[33m", "\x1b[2m"].iter().fold(coloured, |t, c| t.replace(c, ""));
    assert_eq!(bare, shown);
}

#[test]
fn of_nothing() {
    insta::assert_snapshot!(closing(&Summary::default(), Duration::ZERO, &options(80)));
}

#[test]
fn hostile_text_is_disarmed() {
    for text in HOSTILE {
        let mut sample = text.as_bytes().to_vec();
        sample.extend(b"\xff\xfe\x1b[2J");
        let t = || (*text).to_owned();
        let input = InputSummary { format: t(), error: Some(t()), warning: Some(t()), ..squid(text) };
        let rejected = Rejected { reason: Reason::Time, lines: 1, file: t(), line: 1, at: 0, sample };
        let summary = Summary { inputs: vec![input; 12], rejected: vec![rejected], lines: 1, ..Summary::default() };
        let shown = closing(&summary, Duration::from_secs(1), &options(80));
        assert!(!shown.chars().any(|c| c != '\n' && crate::sink::steers(c)), "{shown:?}");
    }
}
