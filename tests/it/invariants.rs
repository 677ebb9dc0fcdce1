//! What holds of any log, however odd: random small ones from a tiny alphabet, where everything collides.

use crate::lab::{self, DAY, Outcome, run, run_all, threads};
use deguchi::alert::RecordKind;
use deguchi::engine::{Engine, Found, INPUTS};
use deguchi::input::Chunk;
use deguchi::parse::{Parser, by_name};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One line: mostly near the others in time, sometimes anywhere; now and then no line at all.
fn line() -> impl Strategy<Value = (i64, String)> {
    let time = prop_oneof![
        60 => (0i64..6 * 3_600_000).prop_map(|ms| DAY + ms),
        // On the beat, where rhythms arise and lines tie.
        60 => (0i64..360).prop_map(|minute| DAY + minute * 60_000),
        2 => 0i64..1 << 42,
        1 => Just(253_402_300_799_999),
        1 => Just(0),
    ];
    let client = prop_oneof![Just("10.0.0.1"), Just("10.0.0.2"), Just("-"), Just("2001:db8::1")];
    let status = prop_oneof![Just("TCP_MISS/200"), Just("TCP_DENIED/403"), Just("NONE/000"), Just("X/y")];
    let method = prop_oneof![Just("GET"), Just("POST"), Just("CONNECT"), Just("PURGE"), Just("-")];
    let url = prop_oneof![
        4 => Just("http://www.evil.example/a"),
        3 => Just("http://www.evil.example/b"),
        2 => Just("http://b.evil.example/a?q=1"),
        2 => Just("http://c.example.co.jp/"),
        1 => Just("evil.example:443"),
        1 => Just("192.0.2.1:8443"),
        1 => Just("http://[::1]/x"),
        1 => Just("error:invalid-request"),
        1 => Just("http:///"),
        1 => Just("-"),
    ];
    let size = prop_oneof![Just(0u64), Just(512), 0u64..1 << 20, Just(u64::MAX), Just(1 << 62)];
    let duration = prop_oneof![4 => Just(0u64), 4 => 0u64..3_000, 1 => 0u64..1 << 40, 1 => Just(u64::MAX)];
    (time, client, status, method, url, size, duration).prop_map(|(time, client, status, method, url, size, took)| {
        let (s, ms) = (time / 1000, time % 1000);
        (time, format!("{s}.{ms:03} {took} {client} {status} {size} {method} {url} - HIER_NONE/- text/html\n"))
    })
}

/// A log, mostly in order.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let junk =
        prop_oneof![9 => Just(""), 1 => Just("\n"), 1 => Just("# x\n"), 1 => Just("junk\n"), 1 => Just("\u{0}\u{0}\n")];
    let lines = prop::collection::vec((line(), junk, prop::bool::weighted(0.03)), 1..400);
    lines.prop_map(|mut lines| {
        lines.sort_by_key(|((time, _), _, astray)| if *astray { time.wrapping_mul(0x9E37_79B9) } else { *time });
        lines.into_iter().flat_map(|((_, line), junk, _)| [line.into_bytes(), junk.into()].concat()).collect()
    })
}

/// Chunks of random sizes.
fn cutter(seed: u64, most: usize) -> impl FnMut() -> usize {
    let mut dice = seed | 1;
    move || {
        dice = dice.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        (dice >> 33) as usize % most + 1
    }
}

fn check(outcome: &Outcome) -> Result<(), TestCaseError> {
    outcome.check_sum();
    let mut ids = BTreeSet::new();
    for record in &outcome.records {
        prop_assert!(ids.insert(&record.id), "the id of {record:?} is not its own");
        let points: i32 = record.evidence.iter().map(|e| e.points).sum();
        prop_assert_eq!(points, i32::from(record.score), "{:?}", record.evidence);
        prop_assert!(record.score >= 40 || record.record == RecordKind::End);
        prop_assert!(record.first_seen <= record.last_seen, "{} > {}", record.first_seen, record.last_seen);
        let methods: u64 = record.methods.values().sum();
        prop_assert_eq!(methods, record.requests);
        prop_assert!(record.denied <= record.requests && record.requests <= record.domain_stats.requests);
    }
    let open = outcome.records.iter().filter(|r| r.record == RecordKind::Alert).count();
    prop_assert_eq!(open, outcome.records.iter().filter(|r| r.record == RecordKind::End).count(), "every episode ends");
    let order: Vec<_> = outcome.records.iter().map(|r| &r.time).collect();
    prop_assert!(order.is_sorted(), "records come in the order of time");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_log(log in log(), seed in any::<u64>()) {
        let wanted = run(&log, threads(1), || 1 << 20);
        check(&wanted)?;
        for most in [300, 20_000] {
            let outcome = run(&log, threads(3), cutter(seed, most));
            prop_assert_eq!(&outcome.alerts, &wanted.alerts);
            prop_assert_eq!(outcome.summary.events, wanted.summary.events);
            prop_assert_eq!(outcome.summary.late, wanted.summary.late);
        }
    }

    #[test]
    fn any_two_logs(a in log(), b in log(), seed in any::<u64>()) {
        let wanted = run_all(&[&a, &b], threads(1), || 1 << 20);
        check(&wanted)?;
        let outcome = run_all(&[&b, &a], threads(3), cutter(seed, 5_000));
        prop_assert_eq!(&outcome.alerts, &wanted.alerts);
        prop_assert_eq!(outcome.summary.duplicates, wanted.summary.duplicates);
    }

    #[test]
    fn any_bytes(log in prop::collection::vec(any::<u8>(), 0..3_000), seed in any::<u64>()) {
        let outcome = run(&log, threads(1), cutter(seed, 100));
        prop_assert_eq!(outcome.summary.bytes, log.len() as u64);
    }
}

/// Senders over the network come and go for years, each a new input: none is given the number of one that goes on.
#[test]
fn numbers_of_inputs_that_have_ended_are_used_again() {
    let parser: Arc<dyn Parser> = Arc::from(by_name("squid").unwrap());
    let mut engine = Engine::new(threads(1)).unwrap();
    let add = |engine: &mut Engine| engine.add_input("a", "squid", Arc::clone(&parser), DAY);
    (0..INPUTS).for_each(|n| assert_eq!(usize::from(add(&mut engine)), n));
    let mut found = Found::default();
    engine.round(Vec::new(), &[9, 7], &mut found);
    let numbers = [add(&mut engine), add(&mut engine)];
    assert_eq!(numbers, [7, 9]);
    let bytes = lab::line(DAY, "10.0.0.1", "http://one.example/").into_bytes();
    engine.round(vec![(7, Chunk { bytes, ..Chunk::default() })], &[7], &mut found);
    assert_eq!((engine.summary().lines, engine.summary().events, add(&mut engine)), (1, 1, 7));
}
