//! Exit status 3 and its neighbours: what can be read, in part, not at all.

use super::{command, deguchi, files, large, log, told};
use crate::lab::{Files, gzip, lines};
use std::io::Write;
use std::process::Stdio;

#[test]
fn nothing_there_to_read() {
    let files = files();
    std::fs::create_dir(files.path("bare")).unwrap();
    for (args, word) in [
        (["replay", "missing.log"], "missing.log"),
        (["replay", "bare"], "bare"),
        (["replay", "*.zst"], "*.zst"),
        (["replay", "/dev/null"], "device"),
    ] {
        let ran = deguchi(&files, &args);
        assert_eq!(ran.code, Some(3), "{args:?}: {}", ran.err);
        assert!(ran.err.starts_with("deguchi: ") && ran.err.contains(word), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
    // Beside a good one it is still missing.
    let ran = deguchi(&files, &["replay", "x.log", "missing.log"]);
    assert!(ran.code == Some(3) && ran.out.contains("evil"), "{}", ran.err);
}

#[test]
fn more_files_than_one_run_can_read() {
    let files = files();
    for i in 0..1 << 16 {
        std::fs::File::create(files.path(&format!("{i}.log"))).unwrap();
    }
    let ran = deguchi(&files, &["replay", "--alerts", "alerts.jsonl", "."]);
    assert_eq!((ran.code, &*ran.out), (Some(2), ""));
    assert!(ran.err.starts_with("deguchi: 65538 files") && ran.err.contains("cat"), "{}", ran.err);
    assert!(!files.path("alerts.jsonl").exists());
}

#[test]
fn an_empty_file_is_no_fault() {
    let files = files();
    let ran = deguchi(&files, &["replay", "empty.log"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(deguchi(&files, &["replay", "--strict", "empty.log", "x.log"]).code, Some(0));
    assert_eq!(deguchi(&files, &["replay", "--alerts", "-", "empty.log"]).out, "");
}

#[test]
fn what_is_no_log() {
    let binary: Vec<u8> = (0..40_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let prose = "It was the best of times,\nit was the worst of times.\n".repeat(20);
    let files = Files::new([("binary", &binary[..]), ("prose.txt", prose.as_bytes()), ("x.log", &log())]);
    for name in ["binary", "prose.txt"] {
        let ran = deguchi(&files, &["replay", name]);
        assert_eq!(ran.code, Some(3), "{}", ran.err);
        assert!(ran.err.contains(name) && ran.err.contains("format"), "{}", ran.err);
        assert!(ran.err.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", ran.err);
        // Beside a log it is passed over, and only the strict mind.
        assert_eq!(deguchi(&files, &["replay", name, "x.log"]).code, Some(0));
        assert_eq!(deguchi(&files, &["replay", "--strict", name, "x.log"]).code, Some(3));
    }
}

#[test]
fn f31_lines_of_another_format() {
    let ran = deguchi(&files(), &["replay", "--format", "combined", "x.log"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("rejected") && ran.err.contains("x.log:1"), "{}", ran.err);
}

#[test]
fn f31_garbage_before_the_first_good_line() {
    let mixed = [vec![b'x'; 300_000], b"\n".repeat(3), "junk line\n".repeat(30_000).into_bytes(), log()].concat();
    let binary: Vec<u8> = (0..1_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let (comments, few) = ("# comment\n".repeat(30_000).into_bytes(), "junk\n".repeat(300).into_bytes());
    let (comments, binary, few) =
        ([comments, log()].concat(), [&binary[..], b"\n", &log()].concat(), [few, log()].concat());
    let files = Files::new([("mixed", &mixed[..]), ("comments", &comments), ("binary", &binary), ("few", &few)]);
    for name in ["mixed", "comments", "binary", "few"] {
        for args in [&["replay", "--format", "squid", name][..], &["replay", name]] {
            let ran = deguchi(&files, args);
            assert!(ran.code == Some(0) && ran.out.contains("evil[.]example"), "{args:?}: {}{}", ran.out, ran.err);
            assert!(ran.err.contains("29 clients"), "{args:?}: {}", ran.err);
        }
    }
    // A pipe is looked into once: what was read for the look counts.
    let mixed = std::fs::File::open(files.path("mixed")).unwrap();
    let ran = told(command(&files, &["replay", "--alerts", "-", "-"]).stdin(mixed).output().unwrap());
    assert_eq!(ran.out, deguchi(&files, &["replay", "--alerts", "-", "mixed"]).out);
    assert!(ran.code == Some(0) && !ran.out.is_empty(), "{}", ran.err);
}

#[test]
fn what_was_wrong_is_told_of_the_first_line_that_could_be_one() {
    let late = ["# comment\n".repeat(30_000), "1777939200.123 4 x\n".to_owned(), "junk\n".repeat(400)].concat();
    let files = Files::new([("late", late.as_bytes())]);
    let ran = deguchi(&files, &["replay", "late"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("line 30001 has no client at byte 17"), "{}", ran.err);
}

#[test]
fn a_truncated_archive_counts_as_far_as_it_goes() {
    let gz = gzip(&large());
    let files = Files::new([("x.log.gz", &gz[..gz.len() * 3 / 4]), ("y.log", &log())]);
    for (strict, code) in [(false, 0), (true, 3)] {
        let args = if strict { vec!["replay", "--strict"] } else { vec!["replay"] };
        let ran = deguchi(&files, &[&args[..], &["x.log.gz", "y.log"]].concat());
        assert_eq!(ran.code, Some(code), "{}", ran.err);
        assert!(ran.err.contains("ends too early") && ran.out.contains("evil"), "{}", ran.err);
        let counted: u64 =
            ran.err.lines().find_map(|l| l.split(" lines").next()?.replace(',', "").parse().ok()).unwrap();
        assert!((15_000..33_500).contains(&counted), "{counted}");
    }
}

#[test]
fn standard_input() {
    let files = files();
    let mut child = command(&files, &["replay", "--alerts", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&gzip(&log())).unwrap();
    let ran = told(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.out, deguchi(&files, &["replay", "--alerts", "-", "x.log"]).out);
}

/// Every line is in one count, whatever it is.
#[test]
fn f31_the_sum_of_a_nasty_file() {
    let log = log();
    let mut nasty = Vec::new();
    for (i, line) in lines(&log).into_iter().enumerate() {
        nasty.extend_from_slice(line);
        nasty.extend_from_slice(match i % 97 {
            3 => b"\n",
            10 => b"# comment\n",
            20 => b"1777939200.000 garbage\n",
            30 => b"\xff\xfe\x00\x01\x02 \x1b[31m\n",
            40 => b"99999999999.000 1 10.0.0.1 TCP_MISS/200 5 GET http://a.example/ - HIER_NONE/- -\n",
            50 => b"1777939201.000 1 10.0.0.1 NONE/400 5 GET error:invalid-request - HIER_NONE/- -\n",
            60 => b"0.000 1 10.0.0.1 TCP_MISS/200 5 GET http://a.example/ - HIER_NONE/- -\n",
            _ => b"",
        });
    }
    nasty.extend_from_slice(&[b'y'; 200_000]);
    let copy = lines(&nasty)[1_000..].concat();
    let files = Files::new([("a.log", &nasty[..]), ("b.log", &copy)]);
    let ran =
        deguchi(&files, &["replay", ".", "--metrics", "-", "--alerts", "a.json", "--since", "2026-05-05T01:00:00Z"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let sum = |family: &str| -> f64 {
        let of = |l: &&str| l.starts_with(&format!("{family}{{")) || l.starts_with(&format!("{family} "));
        ran.out.lines().filter(of).filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    };
    let lines_read = sum("deguchi_input_lines_total");
    assert_eq!(lines_read as usize, lines(&nasty).len() + lines(&copy).len());
    let kinds =
        ["input_events", "input_rejected_lines", "input_ignored_lines", "input_duplicate_lines", "input_outside_lines"];
    let counts = kinds.map(|kind| sum(&format!("deguchi_{kind}_total")));
    assert!(counts.iter().all(|&count| count > 0.0), "{counts:?}");
    assert_eq!(counts.iter().sum::<f64>(), lines_read, "{counts:?}");
}
