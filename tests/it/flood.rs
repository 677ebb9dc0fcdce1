//! Floods of names (F63): memory stays under its limit, what goes is counted, and what is known stays known.

use crate::lab::{DAY, HOUR, Outcome, beacon, line, lines, merged, run, threads};
use deguchi::alert::RecordKind;
use deguchi::engine::EngineSettings;
use deguchi::event::Millis;

/// Lines of a flood.
const FLOOD: i64 = 250_000;
/// The least `--memory`.
const LEAST: usize = 32 << 20;

/// Twelve hours: a beacon from the first minute to the last, and `FLOOD` requests that `name` gives client and URL.
fn flood(name: impl Fn(u64) -> (String, String)) -> Vec<u8> {
    let request = |i: i64| {
        let time = DAY + i * 12 * HOUR / FLOOD;
        let (client, url) = name((i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        (time, line(time, &client, &url))
    };
    let known = beacon(DAY, 60_000, 720, "10.0.0.1", "evil.example");
    merged([known, also(), (0..FLOOD).map(request).collect()])
}

/// A second client of the known domain.
fn also() -> Vec<(Millis, String)> {
    beacon(DAY + 7_000, 3_600_000, 12, "10.0.0.2", "evil.example")
}

fn limited(n: usize) -> EngineSettings {
    EngineSettings { memory: LEAST, ..threads(n) }
}

/// What holds of every flood.
#[track_caller]
fn survived(log: &[u8]) -> Outcome {
    let outcome = run(log, limited(1), || 100_000);
    let s = &outcome.summary;
    assert!(s.state_bytes <= LEAST as u64, "{} bytes of state", s.state_bytes);
    assert_eq!((s.events, s.late), (s.lines, 0));
    let ours = |r: &&deguchi::alert::Record| r.client == "10.0.0.1" && r.domain == "evil.example";
    let end = outcome.records.iter().rfind(ours).expect("the beacon is found while the flood goes on");
    assert_eq!((end.requests, &*end.first_seen, end.domain_stats.clients), (720, "2026-05-04T23:59:59Z", 2));
    assert_eq!(end.domain_stats.first_seen, end.first_seen);
    for (n, size) in [(2, 20_000), (7, 300_000)] {
        let other = run(log, limited(n), || size);
        assert!(other.alerts == outcome.alerts, "{n} threads");
        let counts = |o: &Outcome| (o.summary.evicted_pairs, o.summary.evicted_domains, o.summary.evicted_clients);
        assert_eq!((counts(&other), other.summary.state_bytes), (counts(&outcome), outcome.summary.state_bytes));
    }
    outcome
}

#[test]
fn of_subdomains() {
    let outcome = survived(&flood(|n| (format!("10.1.0.{}", n % 200), format!("http://{n:x}.flood.example/"))));
    let s = &outcome.summary;
    assert_eq!((s.domains, s.evicted_pairs), (2, 0), "they are one domain");
    let hosts = outcome.records.iter().filter(|r| r.domain == "flood.example").map(|r| r.domain_stats.hosts).max();
    if let Some(hosts) = hosts {
        assert!((hosts as i64 - FLOOD).abs() < FLOOD / 5, "{hosts} hosts");
    }
}

#[test]
fn of_registrable_domains() {
    let outcome = survived(&flood(|n| (format!("10.1.0.{}", n % 200), format!("http://{n:x}.com/"))));
    let s = &outcome.summary;
    assert!(s.evicted_pairs > 50_000 && s.evicted_domains > 50_000, "{s:?}");
    assert_eq!(s.evicted_domains + s.domains, FLOOD as u64 + 1);
}

#[test]
fn of_clients() {
    let client = |n: u64| format!("10.{}.{}.{}", n >> 56, n >> 48 & 255, n >> 40 & 255);
    let outcome = survived(&flood(|n| (client(n), format!("http://www.site{}.example/", n >> 20 & 31))));
    let s = &outcome.summary;
    assert!(s.evicted_clients > 10_000 && s.evicted_pairs > 10_000, "{s:?}");
}

#[test]
fn of_alerts() {
    // Every pair is worth an alert, and all of them together are more than the limit holds.
    let pairs = 10_000;
    let contacts = (0..pairs).flat_map(|pair: i64| {
        let name = (pair as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (0..24).map(move |i| {
            let time = DAY + i * HOUR / 2 + pair * 100;
            (time, line(time, &format!("10.3.{}.{}", pair / 250, pair % 250), &format!("http://{name:x}.example/")))
        })
    });
    let mut lines_: Vec<_> = contacts.collect();
    lines_.sort();
    let outcome = survived(&merged([beacon(DAY, 60_000, 720, "10.0.0.1", "evil.example"), also(), lines_]));
    let of = |kind| -> std::collections::BTreeSet<&str> {
        outcome.records.iter().filter(|r| r.record == kind).map(|r| &*r.episode).collect()
    };
    let (begun, ended) = (of(RecordKind::Alert), of(RecordKind::End));
    assert!(begun.len() > 5_000 && outcome.summary.evicted_pairs > 1_000, "{} {:?}", begun.len(), outcome.summary);
    assert!(begun == ended, "every episode has its end, evicted or not");
    assert_eq!(outcome.summary.alerts.iter().map(|(_, _, n)| n).sum::<u64>(), begun.len() as u64);
}

/// Names that share a hash bucket cost no more than others (F64): the hashes are keyed, so names chosen without the key
/// spread; and lines that are all the same, or all of one instant, are no dearer than others.
#[test]
fn of_one_instant() {
    let time = |pace: i64| {
        let lines_: Vec<(Millis, String)> =
            (0..100_000).map(|i| (DAY, line(DAY + i * pace, "10.0.0.1", "http://www.evil.example/a"))).collect();
        let log = merged([lines_]);
        assert_eq!(lines(&log).len(), 100_000);
        let begun = std::time::Instant::now();
        let outcome = run(&log, threads(1), || 100_000);
        assert_eq!(outcome.summary.events, 100_000);
        begun.elapsed()
    };
    let (spread, once) = (time(400), time(0));
    assert!(once < spread * 20 + std::time::Duration::from_secs(1), "{once:?} against {spread:?}");
}
