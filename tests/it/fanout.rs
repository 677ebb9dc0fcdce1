//! Many new domains by one client: told once, whatever threads and files do; and what only looks like it is not.

use crate::lab::{DAY, Files, HOUR, Outcome, gzip, line, lines, merged, reading, replay, run, run_all, threads};
use deguchi::alert::{Record, RecordKind, Severity};
use deguchi::event::Millis;
use std::io::Read;

type Requests = Vec<(Millis, String)>;

/// A request that reached nobody.
fn failing(time: Millis, client: &str, host: &str) -> (Millis, String) {
    let (seconds, ms) = (time.div_euclid(1000), time.rem_euclid(1000));
    let url = format!("http://{host}/gate");
    (time, format!("{seconds}.{ms:03}     12 {client} TCP_MISS/503 3900 GET {url} - HIER_NONE/- text/html\n"))
}

/// Names as an algorithm makes them.
fn made_up(n: u64) -> String {
    let mut z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut letter = || {
        z = z.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + ((z >> 40) % 26) as u8)
    };
    (0..13).map(|_| letter()).chain(".net".chars()).collect()
}

/// `n` names, one every `period` ms.
fn algorithm(from: Millis, period: Millis, n: i64, client: &str) -> Requests {
    (0..n).map(|i| failing(from + i * period, client, &made_up(i as u64))).collect()
}

/// A working day of six people.
fn people() -> impl Iterator<Item = Requests> {
    (1..7).map(|c| reading(DAY, DAY + 10 * HOUR, 2_000, &format!("10.0.0.{c}")))
}

fn told(outcome: &Outcome) -> Vec<&Record> {
    outcome.records.iter().filter(|r| r.detector == "fanout").collect()
}

fn judged(parts: impl IntoIterator<Item = Requests>) -> Outcome {
    run(&merged(people().chain(parts)), threads(1), || 256 * 1024)
}

#[test]
fn names_that_an_algorithm_makes_are_told_once_for_the_client() {
    let outcome = judged([algorithm(DAY + 8 * HOUR, 90_000, 60, "10.0.0.3")]);
    let told = told(&outcome);
    let alerts: Vec<_> = told.iter().filter(|r| r.record == RecordKind::Alert).collect();
    assert_eq!(alerts.len(), 1);
    assert!(told.iter().all(|r| r.client == "10.0.0.3" && r.domain == made_up(0) && r.episode == told[0].episode));
    assert_eq!(alerts[0].first_seen, "2026-05-05T07:59:59Z", "the request took 12 ms");
    assert!(alerts[0].time.as_str() < "2026-05-05T08:20", "{}", alerts[0].time);
    let end = told.iter().find(|r| r.record == RecordKind::End).expect("an end");
    let wanted: Vec<String> = (0..60).map(made_up).collect();
    assert_eq!((end.domains.as_ref(), end.requests), (Some(&wanted), 60));
    assert!(alerts[0].severity >= Severity::Medium && end.severity >= Severity::High, "{}", end.score);
    assert!(told.iter().all(|r| r.evidence.iter().map(|e| e.points).sum::<i32>() == i32::from(r.score)));
}

#[test]
fn at_most_a_hundred_are_named_and_all_are_counted() {
    let outcome = judged([algorithm(DAY + 8 * HOUR, 10_000, 400, "10.0.0.3")]);
    let end = told(&outcome).into_iter().find(|r| r.record == RecordKind::End).expect("an end");
    assert_eq!((end.domains.as_ref().map(Vec::len), end.requests), (Some(100), 400));
}

#[test]
fn a_line_that_is_down_is_no_algorithm() {
    let client = "10.0.0.3";
    let from = DAY + 8 * HOUR;
    // What it used before fails first, then what else it tries.
    let known = (0..20).flat_map(|i| {
        let retries =
            (0..6).map(move |n| failing(from + i * 500 + n * 240_000, client, &format!("www.site{i}.example")));
        retries.collect::<Requests>()
    });
    let log = [known.collect(), algorithm(from + 60_000, 60_000, 25, client)];
    assert!(told(&judged(log)).is_empty());
    assert!(!told(&judged([algorithm(from + 60_000, 60_000, 25, client)])).is_empty());
}

#[test]
fn a_log_that_begins_while_the_line_is_down_is_quiet() {
    let client = |c: i64| -> Requests {
        let name = format!("10.0.0.{c}");
        let host = |i: i64| format!("www.portal{}.example", (i * 7 + c) % 40);
        (0..60).map(|i| failing(DAY + c * 300 + i * 20_000, &name, &host(i))).collect()
    };
    let outcome = run(&merged((1..20).map(client)), threads(1), || 1 << 20);
    assert_eq!(told(&outcome).len(), 0);
}

#[test]
fn names_asked_for_before_are_not_new() {
    let dead = (0..40u64).map(|i| made_up(1000 + i)).collect::<Vec<_>>();
    let ask = |from: Millis, client: &str| -> Requests {
        (0..).zip(&dead).map(|(i, host)| failing(from + i * 60_000, client, host)).collect()
    };
    let days = |client: &str| reading(DAY, DAY + 50 * HOUR, 3_000, client);
    let log = merged([days("10.0.0.1"), days("10.0.0.2"), ask(DAY, "10.0.0.1"), ask(DAY + 48 * HOUR, "10.0.0.2")]);
    let outcome = run(&log, threads(1), || 1 << 20);
    assert!(told(&outcome).iter().all(|r| r.client == "10.0.0.1"));
}

#[test]
fn a_portal_is_a_page_with_many_others_on_it() {
    // Sixty third parties at once, three of them gone; then three more such pages.
    let visit = |page: i64| {
        (0..60).map(move |i| {
            let (time, host) = (DAY + 8 * HOUR + page * 700_000 + i * 40, format!("cdn.tracker{page}x{i}media.com"));
            match i % 20 {
                0 => failing(time, "10.0.0.3", &host),
                _ => (time, line(time, "10.0.0.3", &format!("http://{host}/pixel.gif?id={i}"))),
            }
        })
    };
    assert!(told(&judged([(0..4).flat_map(visit).collect()])).is_empty());
}

#[test]
fn host_names_without_a_dot_are_left_out() {
    // Browsers look whether the line answers for names that cannot be.
    let probe = |i: i64| failing(DAY + 8 * HOUR + i * 60_000, "10.0.0.3", made_up(i as u64).trim_end_matches(".net"));
    assert!(told(&judged([(0..60).map(probe).collect()])).is_empty());
}

#[test]
fn threads_chunks_and_files_do_not_matter() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-logs/scenarios/fanout/attack.log.gz");
    let mut log = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(sample).unwrap()).read_to_end(&mut log).unwrap();
    let wanted = run(&log, threads(1), || 1 << 20);
    assert!(told(&wanted).len() >= 2);
    for (n, size) in [(1, 1), (2, 900), (7, 20_000), (7, 1)] {
        assert_eq!(wanted.alerts, run(&log, threads(n), || size).alerts, "{n} threads, chunks of {size}");
    }
    let mut parts = [vec![], vec![], vec![]];
    lines(&log).iter().enumerate().for_each(|(i, line)| parts[i * i % 7 % 3].extend_from_slice(line));
    let [a, b, c] = &parts;
    for order in [[&a[..], b, c], [c, a, b]] {
        assert_eq!(wanted.alerts, run_all(&order, threads(2), || 5_000).alerts);
    }
    let files = Files::new([("x.gz", &gzip(a)[..]), ("b", b), ("c", c)]);
    assert_eq!(wanted.alerts, replay(&files.paths(&["c", "x.gz", "b"]), threads(3), 7_000).alerts);
}
