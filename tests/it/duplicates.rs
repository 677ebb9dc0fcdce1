//! F40: what several files hold counts once; what stands twice in one file counts twice.

use crate::lab::{DAY, Files, Outcome, beacon, gzip, line, lines, merged, replay, run, run_all, threads, world};
use deguchi::engine::EngineSettings;
use deguchi::event::Millis;

fn part() -> Vec<u8> {
    lines(world())[..25_000].concat()
}

fn counts(outcome: &Outcome) -> (u64, u64, u64, u64) {
    let s = &outcome.summary;
    (s.lines, s.events, s.duplicates, s.domains)
}

#[test]
fn f40_a_log_beside_its_archive_counts_once() {
    let log = part();
    let files = Files::new([("x.log", &log[..]), ("x.log.gz", &gzip(&log))]);
    let alone = replay(&files.paths(&["x.log"]), threads(1), 100_000);
    for (order, n) in [(["x.log", "x.log.gz"], 1), (["x.log.gz", "x.log"], 2)] {
        let both = replay(&files.paths(&order), threads(n), 100_000);
        assert!(!alone.alerts.is_empty() && alone.alerts == both.alerts);
        assert_eq!(counts(&both), (50_000, 25_000, 25_000, alone.summary.domains));
        let span = |o: &Outcome| (o.summary.span, o.summary.clients, o.summary.pairs, o.summary.alerts.clone());
        assert_eq!(span(&both), span(&alone));
        assert_eq!((both.summary.undirected, both.summary.late), (alone.summary.undirected, alone.summary.late));
    }
}

#[test]
fn f40_three_copies_of_which_each_lacks_some() {
    let log = part();
    let all = lines(&log);
    let without = |n: usize| -> Vec<u8> {
        all.iter().enumerate().filter(|(i, _)| i % 5 != n).flat_map(|(_, l)| l.to_vec()).collect()
    };
    let (a, b, c) = (without(0), without(1), without(2));
    let once = run(&log, threads(1), || 100_000);
    for (n, size) in [(1, 100_000), (2, 7_000)] {
        let outcome = run_all(&[&a, &b, &c], threads(n), || size);
        assert!(outcome.alerts == once.alerts);
        assert_eq!(counts(&outcome), (60_000, 25_000, 35_000, once.summary.domains));
    }
}

#[test]
fn f40_allowed_duplicates_add_up() {
    let log = part();
    let settings = EngineSettings { keep_duplicates: true, ..threads(2) };
    let outcome = run_all(&[&log, &log], settings, || 50_000);
    assert_eq!(counts(&outcome).1, 50_000);
    assert_eq!(outcome.summary.duplicates, 0);
    // As if each line stood twice in one file.
    let twice: Vec<u8> = lines(&log).iter().flat_map(|l| [*l, *l].concat()).collect();
    assert!(outcome.alerts == run(&twice, threads(1), || 50_000).alerts);
}

#[test]
fn twice_in_one_file_is_twice() {
    let log = part();
    let all = lines(&log);
    let twice: Vec<u8> = all.iter().flat_map(|l| [*l, *l].concat()).collect();
    let alone = run(&twice, threads(1), || 50_000);
    assert_eq!(counts(&alone), (50_000, 50_000, 0, alone.summary.domains));
    // Beside it a copy that has each line once: as often as in the file that has it most.
    let outcome = run_all(&[&log, &twice], threads(2), || 30_000);
    assert_eq!((outcome.summary.events, outcome.summary.duplicates), (50_000, 25_000));
    assert!(outcome.alerts == alone.alerts);
}

#[test]
fn lines_that_differ_in_one_byte_are_two() {
    let log = part();
    let text = String::from_utf8(log.clone()).unwrap();
    // Only the content type differs: nothing that is counted.
    let other: String = text.lines().map(|l| format!("{l}x\n")).collect();
    let outcome = run_all(&[&log, other.as_bytes()], threads(2), || 30_000);
    assert_eq!((outcome.summary.events, outcome.summary.duplicates), (50_000, 0));
}

/// In a copy some lines stand where they are late, in the pane of their time.
#[test]
fn late_in_one_copy_and_in_time_in_the_other() {
    let timed: Vec<(Millis, String)> =
        (0..20_000).map(|i| (DAY + i * 1_000, line(DAY + i * 1_000, "10.0.0.1", "http://www.a.example/"))).collect();
    let beacon = beacon(DAY + 500, 60_000, 300, "10.0.0.2", "evil.example");
    let moved = |by: &dyn Fn(usize) -> Millis| -> Vec<u8> {
        let all = timed.iter().chain(&beacon).enumerate();
        merged([all.map(|(i, (time, text))| (time + by(i), text.clone())).collect()])
    };
    // By 2 to 5 s more than the lateness, and while the frontier is still in the pane of the line.
    let late =
        |i: usize| if i % 60 == 30 || i >= timed.len() && i % 3 == 1 { 12_000 + i as Millis % 4 * 1_000 } else { 0 };
    let (sorted, mixed) = (moved(&|_| 0), moved(&late));
    let alone = run(&sorted, threads(1), || 100_000);
    let mixed_alone = run(&mixed, threads(1), || 100_000);
    assert!(mixed_alone.summary.late > 400 && alone.summary.late == 0);
    for (n, size, logs) in [(1, 100_000, [&sorted, &mixed]), (2, 5_000, [&mixed, &sorted]), (2, 700, [&sorted, &mixed])]
    {
        let both = run_all(&[logs[0], logs[1]], threads(n), || size);
        assert_eq!((both.summary.events, both.summary.duplicates), (20_300, 20_300), "chunks of {size}");
        assert!(!both.alerts.is_empty() && both.alerts == alone.alerts, "chunks of {size}");
        let twice_late = run_all(&[&mixed, &mixed], threads(n), || size);
        assert!(twice_late.alerts == mixed_alone.alerts, "chunks of {size}");
        assert_eq!(twice_late.summary.events, 20_300);
    }
}
