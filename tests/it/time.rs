//! Event time drives everything: disorder (F43), times that nobody else believes (F44), the ends of the calendar (F45).

use crate::lab::{DAY, HOUR, Outcome, beacon, line, lines, merged, reading, run, run_all, threads};
use deguchi::engine::{Engine, Found};
use deguchi::event::Millis;
use deguchi::input::Chunk;
use deguchi::parse::{Reason, by_name};
use std::sync::Arc;

/// Four hours of seven people and a beacon, and how it is told.
fn log() -> Vec<u8> {
    merged(people().chain([beacon(DAY + HOUR / 2, 60_000, 200, "10.0.0.1", "evil.example")]))
}

fn people() -> impl Iterator<Item = Vec<(Millis, String)>> {
    (1..8).map(|c| reading(DAY, DAY + 4 * HOUR, 500, &format!("10.0.0.{c}")))
}

#[track_caller]
fn found(outcome: &Outcome) {
    assert!(outcome.records.iter().any(|r| r.domain == "evil.example"), "the beacon is found");
}

/// Moves lines about within `reach` ms, by a dice with a seed.
fn disorder(log: &[u8], reach: u64, seed: u64) -> Vec<u8> {
    let mut dice = seed | 1;
    let mut keyed: Vec<(u64, &[u8])> = lines(log)
        .into_iter()
        .map(|line| {
            dice = dice.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(99);
            let seconds: f64 = std::str::from_utf8(line).unwrap().split(' ').next().unwrap().parse().unwrap();
            ((seconds * 1000.0) as u64 + (dice >> 33) % (reach + 1), line)
        })
        .collect();
    keyed.sort_by_key(|&(key, _)| key);
    keyed.into_iter().flat_map(|(_, line)| line.to_vec()).collect()
}

#[test]
fn f43_disorder_within_the_lateness_changes_nothing() {
    let log = log();
    let sorted = run(&log, threads(1), || 10_000);
    found(&sorted);
    for seed in 1..6 {
        let mixed = disorder(&log, 10_000, seed);
        assert_ne!(mixed, log);
        let outcome = run(&mixed, threads(2), || 3_000 * seed as usize);
        assert!(outcome.alerts == sorted.alerts, "seed {seed}");
        assert_eq!((outcome.summary.late, outcome.summary.events), (0, sorted.summary.events));
    }
}

/// A sparse log, where every other step is a jump.
#[test]
fn disorder_in_a_sparse_log_rejects_nothing() {
    let log = merged((1..4).map(|c| reading(DAY, DAY + 40 * HOUR, 300, &format!("10.0.0.{c}"))));
    for seed in 1..6 {
        let outcome = run(&disorder(&log, 10_000, seed), threads(1), || 1_000);
        assert_eq!((outcome.summary.events, outcome.summary.late), (900, 0), "seed {seed}");
    }
}

#[test]
fn f43_what_is_later_than_that_is_counted_as_late() {
    let log = log();
    let sorted = run(&log, threads(1), || 10_000);
    let mixed = disorder(&log, 60_000, 3);
    let late = run(&mixed, threads(1), || 1 << 20);
    assert!(late.summary.late > 100 && late.summary.late < late.summary.events / 2, "{}", late.summary.late);
    assert_eq!((late.summary.events, late.summary.pairs), (sorted.summary.events, sorted.summary.pairs));
    found(&late);
    for size in [1, 777, 20_000] {
        assert!(run(&mixed, threads(2), || size).alerts == late.alerts, "chunks of {size}");
    }
}

/// A whole file of late lines: their texts are read when their pane closes, long after their chunk was taken.
#[test]
fn names_of_late_lines_are_their_own() {
    let early: Vec<_> =
        (0..40).map(|i| line(DAY, &format!("10.9.9.{i}"), &format!("http://late{i}.example/"))).collect();
    let base = log();
    let all = lines(&base);
    let half = all.len() / 2;
    let mixed = [all[..half].concat(), early.concat().into_bytes(), all[half..].concat()].concat();
    let whole = run(&mixed, threads(1), || 1 << 20);
    assert_eq!((whole.summary.late, whole.summary.clients), (40, 47));
    for size in [1, 100, 5_000] {
        let outcome = run(&mixed, threads(1), || size);
        assert!(outcome.alerts == whole.alerts, "chunks of {size}");
        assert_eq!(outcome.summary.domains, whole.summary.domains);
    }
}

#[test]
fn f44_a_line_from_the_future_is_rejected_wherever_it_stands() {
    let log = log();
    let all = lines(&log);
    let wanted = run(&log, threads(1), || 10_000);
    found(&wanted);
    let year = 365 * 24 * HOUR;
    for ahead in [HOUR, 10 * year, 3_112 * year] {
        for at in [0, 1, 7, 14, 15, 16, all.len() / 2, all.len() - 16, all.len() - 7, all.len() - 1] {
            let (before, after) = all.split_at(at);
            let own = DAY + 2 * HOUR * at as Millis / (all.len() / 2) as Millis;
            let odd = line(own + ahead, "10.0.0.5", "http://www.site3.example/9.html");
            let mixed = [before.concat(), odd.into_bytes(), after.concat()].concat();
            for size in [1 << 20, 2_000] {
                let outcome = run(&mixed, threads(2), || size);
                assert_eq!(outcome.rejected(Reason::Future), 1, "{ahead} ms ahead, at line {at}");
                assert_eq!(outcome.summary.rejected[0].line, at as u64 + 1, "{ahead} ms ahead, chunks of {size}");
                assert!(outcome.alerts == wanted.alerts, "{ahead} ms ahead, at line {at}, chunks of {size}");
                assert_eq!(outcome.summary.span, wanted.summary.span);
            }
        }
    }
}

/// The first by file and line is told, as of every other kind, however the lines come in.
#[test]
fn f44_where_the_first_line_from_the_future_stands() {
    let log = log();
    let odd = |i: i64| line(DAY + (87_600 + i) * HOUR, "10.0.0.5", "http://www.site3.example/9.html");
    let nasty = |at: [usize; 2]| -> Vec<u8> {
        let mut mixed = b"# comment\n\nno log\n\0\0\n".to_vec();
        for (i, text) in lines(&log).into_iter().enumerate() {
            mixed.extend_from_slice(text);
            if at.contains(&i) {
                mixed.extend_from_slice(odd(i as i64).as_bytes());
            }
        }
        mixed
    };
    let (a, b) = (nasty([1_000, 2_500]), nasty([20, 900]));
    for size in [1 << 20, 4_000, 1] {
        let outcome = run_all(&[&a, &b], threads(2), || size);
        let future = outcome.summary.rejected.iter().find(|r| r.reason == Reason::Future).unwrap();
        assert_eq!((&*future.file, future.line, future.at, future.lines), ("log 0", 1_006, 0, 4), "chunks of {size}");
        assert_eq!(future.sample, odd(1_000).trim_end().as_bytes());
    }
}

/// A host whose clock is ten years ahead: one line in ten.
#[test]
fn f44_a_host_from_the_future() {
    let log = log();
    let wanted = run(&log, threads(1), || 10_000);
    let (mut mixed, mut odd) = (Vec::new(), 0);
    for (i, text) in lines(&log).into_iter().enumerate() {
        mixed.extend_from_slice(text);
        if i % 10 == 5 {
            odd += 1;
            let time = DAY + 87_600 * HOUR + i as Millis * 2_000;
            mixed.extend_from_slice(line(time, "10.0.0.5", "http://www.site3.example/9.html").as_bytes());
        }
    }
    let outcome = run(&mixed, threads(1), || 5_000);
    assert_eq!(outcome.rejected(Reason::Future), odd);
    assert!(outcome.alerts == wanted.alerts);
}

#[test]
fn f45_a_line_from_1970_says_nothing_of_the_others() {
    let log = log();
    let all = lines(&log);
    let wanted = run(&log, threads(1), || 10_000);
    for at in [0, 1, 14, 15, all.len() / 2, all.len()] {
        let odd = line(0, "10.0.0.5", "http://www.site3.example/9.html");
        let mixed = [all[..at].concat(), odd.into_bytes(), all[at..].concat()].concat();
        let outcome = run(&mixed, threads(1), || 4_000);
        assert_eq!((outcome.summary.late, outcome.summary.events), (1, wanted.summary.events + 1));
        assert!(outcome.alerts == wanted.alerts, "at line {at}");
    }
}

#[test]
fn a_quiet_night_is_no_fault() {
    let log = log();
    let shift = 14 * HOUR;
    let later = merged(
        (1..8).map(|c| reading(DAY + shift, DAY + shift + 4 * HOUR, 500, &format!("10.0.0.{c}"))).chain([beacon(
            DAY + shift,
            60_000,
            200,
            "10.0.0.1",
            "evil.example",
        )]),
    );
    let outcome = run(&[&log[..], &later].concat(), threads(1), || 10_000);
    let s = &outcome.summary;
    assert_eq!((s.events, s.late, s.rejected.len()), (s.lines, 0, 0));
    let apart = run_all(&[&later, &log], threads(2), || 3_000);
    assert!(apart.alerts == outcome.alerts);
    found(&outcome);
}

#[test]
fn f45_the_ends_of_the_calendar() {
    // Whole logs of one time: read, or rejected with a reason; nothing wraps, nothing is lost.
    let of = |start: &str| -> Vec<u8> {
        let text =
            |i: u32| format!("{start}.{i:03} 40 10.0.0.1 TCP_MISS/200 512 GET http://a.example/ - HIER_NONE/- -\n");
        (0..30).map(text).collect::<String>().into_bytes()
    };
    for known in ["0", "1", "2147483647", "2147483648", "4294967296", "253402300799"] {
        let outcome = run(&of(known), threads(1), || 100);
        assert_eq!((outcome.summary.events, outcome.summary.pairs), (30, 1), "{known}");
        let first = known.parse::<Millis>().unwrap() * 1000;
        assert_eq!(outcome.summary.span, Some((first, first + 29)), "{known}");
    }
    for never in ["253402300800", "-1", "99999999999999", "18446744073709551615", "99999999999999999999999999"] {
        let outcome = run(&of(never), threads(1), || 100);
        assert_eq!((outcome.rejected(Reason::Time), outcome.summary.events), (30, 0), "{never}");
    }
}

#[test]
fn f45_leap_seconds_and_summer_time() {
    let event = |time: &str| {
        let line = format!(r#"10.0.0.1 - - [{time}] "GET http://a.example/ HTTP/1.1" 200 5 TCP_MISS:HIER_NONE"#);
        let parser = deguchi::parse::by_name("common").unwrap();
        parser.parse(line.as_bytes()).ok().flatten().map(|event| event.time)
    };
    // A leap second is the second after it; what no clock shows is rejected.
    assert_eq!(event("31/Dec/2016:23:59:60 +0000"), event("01/Jan/2017:00:00:00 +0000"));
    assert_eq!(event("31/Dec/2016:23:59:61 +0000"), None);
    assert_eq!(event("31/Feb/2026:10:00:00 +0000"), None);
    // The hour that comes twice: the offset tells which.
    assert_eq!(event("25/Oct/2026:02:30:00 +0100").unwrap() - event("25/Oct/2026:02:30:00 +0200").unwrap(), HOUR);
    assert_eq!(event("01/Jan/1970:00:00:00 +0100"), None, "before 1970");
    assert_eq!(event("31/Dec/9999:23:59:59 -0100"), None, "after 9999");
    assert!(event("31/Dec/9999:23:59:59 +0000").is_some());
}

/// A proxy that says nothing for an hour holds nobody back (F47); what it says then counts, late where it must be.
#[test]
fn f47_an_idle_input_holds_nobody_back() {
    let busy = log();
    let quiet =
        merged([reading(DAY, DAY + HOUR, 100, "10.7.7.7"), reading(DAY + 3 * HOUR, DAY + 4 * HOUR, 100, "10.7.7.7")]);
    let is_before = |line: &[u8], time: Millis| line < (time / 1000).to_string().as_bytes();
    let cut = |log, time| lines(log).into_iter().partition::<Vec<&[u8]>, _>(|line| is_before(line, time));
    let ((before, after), halves) = (cut(&quiet, DAY + 2 * HOUR), cut(&busy, DAY + 3 * HOUR + HOUR / 2));
    let chunk = |lines: &[&[u8]]| Chunk { bytes: lines.concat(), ..Chunk::default() };
    let mut engine = Engine::new(threads(2)).unwrap();
    let parser = || Arc::from(by_name("squid").unwrap());
    let (a, b) = (engine.add_input("a", "squid", parser(), DAY), engine.add_input("b", "squid", parser(), DAY));
    let mut found = Found::default();
    engine.round(vec![(a, chunk(&halves.0)), (b, chunk(&before))], &[], &mut found);
    let held = engine.watermark().unwrap();
    assert!(held < DAY + HOUR + HOUR / 10, "waits for the other");
    engine.idle(b);
    engine.round(Vec::new(), &[], &mut found);
    assert!(engine.watermark().unwrap() > DAY + 3 * HOUR, "waits no more");
    let closed = engine.watermark().unwrap();
    engine.round(vec![(b, chunk(&after)), (a, chunk(&halves.1))], &[], &mut found);
    engine.round(Vec::new(), &[a, b], &mut found);
    engine.finish(&mut found);
    let summary = engine.summary();
    assert_eq!(summary.events as usize, lines(&busy).len() + lines(&quiet).len());
    let late = after.iter().filter(|line| is_before(line, closed)).count() as u64;
    assert!(summary.late > 0 && summary.late <= late, "{} of {late}", summary.late);
    assert!(found.records.iter().any(|r| r.domain == "evil.example"));
    assert!(found.records.is_sorted_by_key(|r| r.time.clone()), "no record is of a pane that was told of");
}
