//! F46, F49, F52: what the system does to a process that follows a log, and does not change what it tells.

use crate::lab::{DAY, HOUR, beacon, line, merged, reading};
use crate::servers::until;
use crate::watch::{Watch, replayed};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Hours of people and some clocks, and a last line that ends them.
fn log(people: i64, requests: u64) -> Vec<u8> {
    let visits = (1..=people).map(|c| reading(DAY, DAY + 4 * HOUR, requests, &format!("10.0.0.{c}")));
    let attacks = (0..6).map(|n| {
        let (client, domain) = (format!("10.0.0.{}", n % 5 + 1), format!("evil{n}.example"));
        beacon(DAY + n * HOUR / 5, 20_000 + n * 3_000, 300, &client, &domain)
    });
    let last = (DAY + 5 * HOUR, line(DAY + 5 * HOUR, "10.0.0.9", "http://last.example/"));
    merged(visits.chain(attacks).chain([vec![last]]))
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// Waits until the whole log is judged and all its alerts are told; then they are those of a replay. Episodes that are open
/// stay so with a state.
#[track_caller]
fn told_as_replayed(watch: Watch, log: &Path, alerts: &Path, keeps: bool) {
    let whole = replayed(log, log.parent().unwrap());
    let count = |text: &str, what: &str| text.matches(&format!("\"record\":\"{what}\"")).count();
    let told = || std::fs::read_to_string(alerts).unwrap_or_default();
    assert!(count(&whole, "alert") > 4);
    until("all alerts", Duration::from_secs(60), || (count(&told(), "alert") == count(&whole, "alert")).then_some(()));
    assert_eq!(watch.stop(), Some(0));
    let told = told();
    match keeps {
        true => assert!(whole.starts_with(&told) && !whole[told.len()..].contains("\"record\":\"alert\"")),
        false => assert!(told == whole, "the same bytes"),
    }
}

/// The wall clock steps back and forth while lines come; what is told is of the time in the lines.
#[test]
fn f46_a_wall_clock_that_steps() {
    let libraries = ["x86_64", "aarch64"].map(|of| format!("/usr/lib/{of}-linux-gnu/faketime/libfaketime.so.1"));
    let Some(library) = libraries.iter().find(|path| Path::new(path).exists()) else {
        assert!(std::env::var_os("CI").is_none(), "libfaketime is missing: apt-get install faketime");
        return eprintln!("skipped: libfaketime is not installed (Debian: apt-get install faketime)");
    };
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (path, alerts, clock) = (at("access.log"), at("alerts"), at("clock"));
    std::fs::write(&clock, "+0").unwrap();
    std::fs::write(&path, "").unwrap();
    let variables = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let watch = Watch::run(Some(&path), &alerts, &["--format", "squid"], &variables);
    let log = log(7, 500);
    let steps = ["-1h", "+1h", "-20y", "+10y", "+0"];
    for (piece, step) in log.chunks(log.len() / steps.len() + 1).zip(steps) {
        std::fs::write(&clock, step).unwrap();
        append(&path, piece);
        std::thread::sleep(Duration::from_millis(600));
    }
    let commit = watch.metric("process_start_time_seconds");
    assert!(commit.is_some(), "it serves metrics all along");
    told_as_replayed(watch, &path, &alerts, false);
}

/// Told to end, twice, or to reopen, while it has much to read: it ends within 5 s, and the next one goes on.
#[test]
fn f49_signals_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (path, alerts, state) = (at("access.log"), at("alerts"), at("state"));
    let log = log(40, 6_000);
    let flags = ["--state", state.to_str().unwrap()];
    let signals = [["HUP", "TERM"], ["INT", "INT"], ["TERM", "TERM"]];
    for (piece, signals) in log.chunks(log.len() / 3 + 1).zip(signals) {
        append(&path, piece);
        let watch = Watch::start_with(&path, &alerts, &flags);
        std::thread::sleep(Duration::from_millis(200));
        let begun = Instant::now();
        signals.iter().for_each(|signal| watch.signal(signal));
        assert_eq!(watch.ends(), Some(0));
        assert!(begun.elapsed() < Duration::from_secs(5), "{signals:?} took {:?}", begun.elapsed());
    }
    told_as_replayed(Watch::start_with(&path, &alerts, &flags), &path, &alerts, true);
}

/// A small file system of its own, gone when dropped.
struct Small(PathBuf);

impl Small {
    /// `None` where that is not allowed.
    fn new(path: PathBuf, size: &str) -> Option<Small> {
        std::fs::create_dir(&path).unwrap();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&path).output();
        let mounted = mount.is_ok_and(|mount| mount.status.success());
        if !mounted {
            eprintln!("skipped: no file system can be mounted here");
        }
        mounted.then_some(Small(path))
    }

    fn grow(&self, size: &str) {
        let remount = Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(&self.0).status();
        assert!(remount.unwrap().success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Both the disk of the state and that of the alerts fill up, and have room again.
#[test]
fn f52_disks_that_are_full_for_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (path, config) = (at("access.log"), at("deguchi.toml"));
    let Some(disk) = Small::new(at("disk"), "4m") else { return };
    let (dir_of_state, alerts, filler) = (disk.0.join("state"), disk.0.join("alerts"), disk.0.join("filler"));
    std::fs::write(&config, "snapshot-seconds = 1\n").unwrap();
    std::fs::write(&path, "").unwrap();
    let flags = ["--state", dir_of_state.to_str().unwrap(), "--config", config.to_str().unwrap()];
    let watch = Watch::start_with(&path, &alerts, &flags);
    // Many domains, so that the snapshot does not fit where the empty one was.
    let names = (0..60_000).map(|n| DAY - HOUR + n * 50).zip(0..);
    let names = names.map(|(time, n)| (time, line(time, "10.0.0.8", &format!("http://{n:x}.a{n}.example/"))));
    append(&path, &merged([names.collect()]));
    let log = log(12, 3_000);
    let _ = OpenOptions::new().create(true).append(true).open(&filler).unwrap().write_all(&[7; 8 << 20]);
    append(&path, &log[..log.len() / 2]);
    let failures = "deguchi_store_commit_failures_total{reason=\"nospace\"}";
    let full = |series: &str| until(series, Duration::from_secs(30), || watch.metric(series).filter(|n| *n > 0.0));
    full(failures);
    full("deguchi_sink_deliveries_total{result=\"retry\",sink=\"file\"}");
    full("deguchi_sink_outbox_records{sink=\"file\"}");
    // No line comes meanwhile: what failed is done again all the same.
    let commits = watch.metric("deguchi_store_commits_total").unwrap_or(0.0);
    std::fs::remove_file(&filler).unwrap();
    disk.grow("64m");
    until("a snapshot", Duration::from_secs(30), || {
        watch.metric("deguchi_store_commits_total").filter(|now| *now > commits + 1.0)
    });
    watch.wait("deguchi_sink_outbox_records{sink=\"file\"}", 0.0);
    append(&path, &log[log.len() / 2..]);
    watch.kill();
    told_as_replayed(Watch::start_with(&path, &alerts, &flags), &path, &alerts, true);
}
