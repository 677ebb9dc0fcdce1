//! Formats from end to end: archived and live, told by their lines, mixed, with a header that changes on the way.

use crate::lab::{DAY, Files, HOUR, Outcome, beacon, merged, reading, replay, threads, w3c};
use crate::watch::Watch;
use deguchi::parse::Reason;
use std::io::Write;
use std::path::Path;
use std::process::Command;

fn squid() -> Vec<u8> {
    let people = (1..8).map(|c| reading(DAY, DAY + 4 * HOUR, 500, &format!("10.0.0.{c}")));
    merged(people.chain([beacon(DAY + HOUR / 2, 60_000, 200, "10.0.0.1", "evil.example")]))
}

fn replayed(log: &Path, flags: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
    let output = command.args(["replay", "--tz", "UTC", "--alerts", "-"]).args(flags).arg(log).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

/// A live log whose fields change is followed by its header, also by a run that begins in the middle of it.
#[test]
fn a_live_log_with_headers_is_followed_through_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (path, alerts, state, config) = (at("access.log"), at("alerts"), at("state"), at("deguchi.toml"));
    std::fs::write(&config, "snapshot-seconds = 1\n").unwrap();
    let more = ["--state", state.to_str().unwrap(), "--config", config.to_str().unwrap()];
    let log = w3c(&squid(), 300);
    let rows = log.split(|&b| b == b'\n').filter(|row| !row.is_empty() && row[0] != b'#').count();
    let mut file = std::fs::File::create(&path).unwrap();
    let mut events = 0.0;
    for piece in log.chunks(log.len() / 5 + 1) {
        let watch = Watch::of(&path, &alerts, &more);
        file.write_all(piece).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(4000));
        events += watch.metric("deguchi_input_events_total{input=\"log\"}").unwrap();
        assert_eq!(watch.metric("deguchi_input_rejected_total{input=\"log\",reason=\"literal\"}"), None);
        assert_eq!(watch.stop(), Some(0));
    }
    assert_eq!(events as usize, rows, "each row once");
    let live = std::fs::read_to_string(&alerts).unwrap();
    let (whole, _) = replayed(&path, &[]);
    assert!(whole.contains("evil.example") && live.contains("evil.example"));
    let rest = whole.strip_prefix(&live).expect("the same bytes");
    assert!(rest.lines().all(|line| line.contains("\"record\":\"end\"")), "{rest}");
}

/// One that is read from its end has its header at its beginning.
#[test]
fn a_live_log_that_is_read_from_its_end_has_a_header() {
    let dir = tempfile::tempdir().unwrap();
    let (path, alerts) = (dir.path().join("access.log"), dir.path().join("alerts"));
    let log = w3c(&squid(), usize::MAX);
    let half = log.len() / 2;
    let half = half + log[half..].iter().position(|&b| b == b'\n').unwrap() + 1;
    std::fs::write(&path, &log[..half]).unwrap();
    let watch = Watch::of(&path, &alerts, &["--from", "end"]);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(&log[half..]).unwrap();
    let rows = log[half..].iter().filter(|&&b| b == b'\n').count();
    watch.wait("deguchi_input_events_total{input=\"log\"}", rows as f64);
    assert_eq!(watch.stop(), Some(0));
}

/// Files of several formats are one log; what is of none is counted, and stops nothing.
#[test]
fn mixed_formats_and_garbage() {
    let squid = squid();
    let half = squid.len() / 2;
    let half = half + squid[half..].iter().position(|&b| b == b'\n').unwrap() + 1;
    let mut extended = w3c(&squid[half..], 400);
    let garbage = b"\xff\xfe\x00 garbage\n\"never closed\n#Fields:\n# a remark\n";
    let middle = extended.len() / 3 + extended[extended.len() / 3..].iter().position(|&b| b == b'\n').unwrap() + 1;
    extended.splice(middle..middle, *garbage);
    let files = Files::new([("a.log", &squid[..half]), ("b.log", &extended)]);
    let outcome = replay(&files.paths(&["a.log", "b.log"]), threads(2), 5_000);
    let formats: Vec<&str> = outcome.summary.inputs.iter().map(|input| input.format.as_str()).collect();
    assert_eq!(formats, ["squid", "w3c"]);
    let rows = squid.iter().filter(|&&b| b == b'\n').count() as u64;
    assert_eq!(outcome.summary.events, rows);
    assert_eq!(outcome.summary.rejected.iter().map(|r| r.lines).sum::<u64>(), 2);
    assert_eq!(outcome.rejected(Reason::Literal) + outcome.rejected(Reason::Time), 2);
    let whole = replay(&[files.write("whole.log", &squid)], threads(1), 1 << 20);
    let found = |outcome: &Outcome| outcome.records.iter().filter(|r| r.domain == "evil.example").count();
    assert!(found(&whole) > 0 && found(&outcome) == found(&whole));
}

#[test]
fn a_page_says_what_mends_what_is_lacking() {
    let files = Files::new([("x.log", &w3c(&squid(), 1_000)[..])]);
    let (_, page) = replayed(&files.path("x.log"), &[]);
    assert!(page.contains("format: w3c (detected, 100 %)"), "{page}");
    assert!(page.contains("to see them, as `deguchi explain w3c` says"), "{page}");
    let (_, given) = replayed(&files.path("x.log"), &["--format", "w3c"]);
    assert!(given.contains("format: w3c (as given)"), "{given}");
}
