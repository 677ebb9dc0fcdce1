//! Same bytes, same settings, same alerts: threads, chunks, files, order, names and compression cannot matter (F41).

use crate::lab::{
    DAY, Files, HOUR, beacon, gzip, line, lines, merged, reading, replay, run, run_all, threads, w3c, world,
};
use deguchi::alert::RecordKind;
use deguchi::engine::EngineSettings;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Alerts of the world in one plain file.
fn expected() -> &'static str {
    static EXPECTED: OnceLock<String> = OnceLock::new();
    EXPECTED.get_or_init(|| {
        let outcome = run(world(), threads(1), || 256 * 1024);
        let alerts = outcome.records.iter().filter(|r| r.record == RecordKind::Alert).count();
        assert!(alerts >= 10, "{alerts} alerts: too few to prove anything");
        assert!(outcome.records.iter().any(|r| r.detector == "post_burst"));
        outcome.alerts
    })
}

/// Says where they differ instead of printing megabytes.
#[track_caller]
fn same(wanted: &str, found: &str, what: &str) {
    if wanted != found {
        let differ = wanted.lines().zip(found.lines()).find(|(a, b)| a != b);
        let (a, b) = differ.unwrap_or(("the same as far as", "the shorter goes"));
        panic!("{what}: {} against {} records:\n{a}\n{b}", wanted.lines().count(), found.lines().count());
    }
}

#[test]
fn f41_threads_and_chunks() {
    let files = Files::new([("access.log", world())]);
    for (threads_, chunk) in [(1, 1), (2, 777), (7, 1), (2, 64 * 1024), (7, 256 * 1024), (1, 64 << 20)] {
        let outcome = replay(&[files.path("access.log")], threads(threads_), chunk);
        same(expected(), &outcome.alerts, &format!("{threads_} threads, chunks of {chunk}"));
    }
}

/// Headers are followed in the order of the lines, however they are cut and shared out.
#[test]
fn fields_that_change_in_the_middle() {
    let log = w3c(world(), 500);
    assert!(log.windows(8).filter(|w| w == b"#Fields:").count() > 100);
    let files = Files::new([("access.log", &log[..])]);
    let wanted = replay(&[files.path("access.log")], threads(1), 256 * 1024);
    assert!(wanted.summary.rejected.is_empty() && wanted.summary.events > 60_000, "{:?}", wanted.summary);
    let alerts = |text: &str| text.matches("\"record\":\"alert\"").count();
    assert_eq!(alerts(&wanted.alerts), alerts(expected()), "as the native log");
    for (threads_, chunk) in [(1, 1), (2, 777), (7, 1), (2, 64 * 1024), (7, 256 * 1024), (1, 64 << 20)] {
        let outcome = replay(&[files.path("access.log")], threads(threads_), chunk);
        same(&wanted.alerts, &outcome.alerts, &format!("{threads_} threads, chunks of {chunk}"));
    }
}

#[test]
fn every_round_one_line() {
    let part: Vec<u8> = lines(world())[..12_000].concat();
    let wanted = run(&part, threads(1), || 256 * 1024).alerts;
    assert!(!wanted.is_empty());
    for n in [1, 2, 7] {
        same(&wanted, &run(&part, threads(n), || 1).alerts, &format!("{n} threads"));
    }
}

/// Runs files in all orders worth trying, each with other threads and chunks.
fn in_any_order(paths: &[PathBuf], what: &str) {
    let mut shuffled = paths.to_vec();
    shuffled.rotate_left(paths.len() / 2);
    shuffled.swap(0, paths.len() / 2);
    let reversed: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    for (order, n, chunk) in [(paths, 1, 1000), (&reversed, 7, 40_000), (&shuffled, 2, 300_000)] {
        same(expected(), &replay(order, threads(n), chunk).alerts, &format!("{what}, {n} threads, chunks of {chunk}"));
    }
}

#[test]
fn f41_compression() {
    let zst = zstd::encode_all(world(), 1).unwrap();
    let gz = gzip(world());
    let members = [gzip(&world()[..1_234_567]), gzip(&world()[1_234_567..])].concat();
    let files = Files::new([("a.gz", &gz[..]), ("a.zst", &zst), ("members", &members)]);
    for name in ["a.gz", "a.zst", "members"] {
        same(expected(), &replay(&[files.path(name)], threads(2), 50_000).alerts, name);
    }
}

#[test]
fn f41_rotated_pieces() {
    let all = lines(world());
    let (one, two, three) = (all[..9_000].concat(), all[9_000..41_001].concat(), all[41_001..].concat());
    let files = Files::new([("access.log.2.gz", &gzip(&one)[..]), ("access.log.1", &two), ("access.log", &three)]);
    in_any_order(&files.paths(&["access.log", "access.log.1", "access.log.2.gz"]), "rotated");
}

#[test]
fn f41_many_small_pieces() {
    let pieces: Vec<Vec<u8>> = lines(world()).chunks(997).map(|piece| piece.concat()).collect();
    let files = Files::new([]);
    let paths: Vec<PathBuf> =
        pieces.iter().enumerate().map(|(i, piece)| files.write(&format!("{}.log", i * 7919 % 101), piece)).collect();
    in_any_order(&paths, "68 pieces");
}

#[test]
fn f41_interleaved_proxies() {
    let mut parts = [vec![], vec![], vec![]];
    for (i, line) in lines(world()).into_iter().enumerate() {
        parts[i * i % 7 % 3].extend_from_slice(line);
    }
    let files = Files::new([("p1/access.log", &parts[0][..]), ("p2/access.log", &parts[1]), ("p3/x", &parts[2])]);
    in_any_order(&files.paths(&["p1/access.log", "p2/access.log", "p3/x"]), "interleaved");
}

#[test]
fn overlapping_copies() {
    let all = lines(world());
    let (head, tail, gz) = (all[..30_000].concat(), all[20_000..].concat(), gzip(&all[25_000..50_000].concat()));
    let files = Files::new([("head", &head[..]), ("tail", &tail), ("middle.gz", &gz)]);
    in_any_order(&files.paths(&["head", "tail", "middle.gz"]), "overlapping");
}

#[test]
fn the_binary_gives_the_same_bytes() {
    let all = lines(world());
    let (head, tail) = (all[..33_333].concat(), all[33_333..].concat());
    let files = Files::new([("d/z.log", &head[..]), ("d/a.log.gz", &gzip(&tail)), ("one.log", world())]);
    let alerts = |args: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("deguchi").unwrap();
        let output = command.current_dir(files.dir()).args(["replay", "--alerts", "-"]).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let runs: [&[&str]; 4] = [
        &["one.log", "--threads", "1"],
        &["d"],
        &["d/z.log", "d/a.log.gz", "--threads", "7"],
        &["d/*", "--tz", "Asia/Tokyo"],
    ];
    for args in runs {
        same(expected(), &alerts(args), &args.join(" "));
    }
    let elsewhere = EngineSettings { key: deguchi::engine::HashKey(1, 2), ..threads(2) };
    let ids =
        |text: &str| text.lines().map(|l| l.split("\"id\":\"").nth(1).unwrap()[..32].to_owned()).collect::<Vec<_>>();
    let other = replay(&[files.path("one.log")], elsewhere, 100_000).alerts;
    assert_ne!(ids(&other), ids(expected()), "ids depend on the key");
}

/// What differs in nothing that is counted still differs in its text: the one that is shown must not depend on files.
#[test]
fn samples_of_contacts_that_are_alike() {
    let request = |i: i64, page: &str| {
        let time = DAY + i * 60_000;
        (time, line(time, "10.0.0.1", &format!("http://www.evil.example/{page}{}.php", (i * 7) % 10)))
    };
    let noise = || (2..8).map(|c| reading(DAY, DAY + 3 * HOUR, 300, &format!("10.0.0.{c}")));
    let a = merged(noise().chain([(0..150).map(|i| request(i, "a")).collect()]));
    let b = merged([(0..150).map(|i| request(i, "b")).collect()]);
    let wanted = run_all(&[&a, &b], threads(1), || 64 * 1024);
    assert!(wanted.records.iter().any(|r| r.domain == "evil.example" && !r.samples.is_empty()));
    for size in [1, 500, 3_000] {
        same(&wanted.alerts, &run_all(&[&a, &b], threads(2), || size).alerts, &format!("chunks of {size}"));
        same(
            &wanted.alerts,
            &run_all(&[&b, &a], threads(1), || size).alerts,
            &format!("other order, chunks of {size}"),
        );
    }
    let one = merged([a.clone(), b.clone()].map(|log| {
        lines(&log).into_iter().map(|l| (0, String::from_utf8(l.to_vec()).unwrap())).map(timed).collect::<Vec<_>>()
    }));
    same(&wanted.alerts, &run(&one, threads(1), || 700).alerts, "one file");
    let summed = |threads_| EngineSettings { keep_duplicates: true, ..threads(threads_) };
    let wanted = run_all(&[&a, &b], summed(1), || 64 * 1024);
    for size in [1, 3_000] {
        same(&wanted.alerts, &run_all(&[&b, &a], summed(2), || size).alerts, &format!("summed, chunks of {size}"));
    }
}

/// Puts the time that a line begins with before it.
fn timed((_, line): (i64, String)) -> (i64, String) {
    let (seconds, ms) = line.split(' ').next().and_then(|t| t.split_once('.')).unwrap();
    (seconds.parse::<i64>().unwrap() * 1000 + ms.parse::<i64>().unwrap(), line)
}

/// Episodes end when a pane closes, not when a chunk does.
#[test]
fn ends_of_episodes_after_a_week() {
    let week = 7 * 24 * HOUR;
    let others = (2..8).map(|c| reading(DAY, DAY + 2 * week, 6_000, &format!("10.0.0.{c}")));
    let log = merged(others.chain([beacon(DAY + HOUR, 61_000, 400, "10.0.0.1", "evil.example")]));
    let wanted = run(&log, threads(1), || 1 << 20);
    let end = |r: &&deguchi::alert::Record| r.record == RecordKind::End && r.domain == "evil.example";
    let end = wanted.records.iter().find(end).expect("an end");
    assert!(end.time.as_str() < "2026-05-13", "{}", end.time);
    for size in [1, 300, 5_000] {
        same(&wanted.alerts, &run(&log, threads(2), || size).alerts, &format!("chunks of {size}"));
    }
}

/// `--since` and `--until` cut by time alone.
#[test]
fn a_span_of_the_log() {
    let from = 1_767_540_000_000;
    let settings = EngineSettings { since: from, until: from + 12 * HOUR, ..threads(1) };
    let wanted = run(world(), settings, || 1 << 20);
    assert!(wanted.summary.outside > 1000 && !wanted.alerts.is_empty());
    for (n, size) in [(1, 500), (2, 10_000), (7, 200_000)] {
        let outcome = run(world(), EngineSettings { threads: n, ..settings }, || size);
        same(&wanted.alerts, &outcome.alerts, &format!("chunks of {size}"));
        assert_eq!(outcome.summary.outside, wanted.summary.outside);
    }
}
