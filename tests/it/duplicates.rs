//! F40: what several files hold counts once; what stands twice in one file counts twice.

use crate::lab::{Files, Outcome, gzip, lines, replay, run, run_all, threads, world};
use deguchi::engine::EngineSettings;

fn part() -> Vec<u8> {
    lines(world())[..25_000].concat()
}

fn counts(outcome: &Outcome) -> (u64, u64, u64, u64) {
    let s = &outcome.summary;
    (s.lines, s.events, s.duplicates, s.domains)
}

#[test]
fn a_log_beside_its_archive_counts_once() {
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
fn three_copies_of_which_each_lacks_some() {
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
fn allowed_duplicates_add_up() {
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
