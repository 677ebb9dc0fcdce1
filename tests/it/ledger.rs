//! What one run learns and the next one knows: by the real binary, on files.

use crate::lab::Files;
use deguchi::run::synth::{Attacks, SynthOptions};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// A made world of five days: its folder, with `access.log` and `labels.json`.
fn world() -> &'static Path {
    static WORLD: OnceLock<tempfile::TempDir> = OnceLock::new();
    let world = WORLD.get_or_init(|| {
        let dir = tempfile::tempdir().expect("scratch");
        let options = SynthOptions {
            seed: 11,
            days: Some(5),
            clients: Some(40),
            attacks: Attacks::Count(20, Vec::new()),
            logformat: "rich".into(),
            output: dir.path().to_owned(),
            ..SynthOptions::default()
        };
        deguchi::run::synth::run(&options).expect("a world");
        dir
    });
    world.path()
}

const DAY5: &str = "2026-01-09T00:00:00Z";

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn deguchi(dir: &Path, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
    let output = command.args(args).current_dir(dir).output().expect("runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

fn path(name: &str) -> String {
    world().join(name).to_string_lossy().into_owned()
}

/// Runs `replay` on the log of the world, in a folder of its own.
fn replay(dir: &Path, args: &[&str]) -> Ran {
    let ran = deguchi(dir, &[&["replay", "--tz", "UTC"], args, &[&*path("access.log")]].concat());
    assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
    ran
}

/// The ledger of the first four days.
fn learned() -> &'static (tempfile::TempDir, Ran) {
    static LEARNED: OnceLock<(tempfile::TempDir, Ran)> = OnceLock::new();
    LEARNED.get_or_init(|| {
        let dir = tempfile::tempdir().expect("scratch");
        let ran = replay(dir.path(), &["--learn", "--save-ledger", "four", "--until", DAY5]);
        (dir, ran)
    })
}

type Pairs = BTreeSet<(String, String)>;

/// Pairs that were told at medium or more.
fn told(records: &str) -> Pairs {
    let records = records.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let strong = |r: &Value| r["record"] != "end" && r["score"].as_u64() >= Some(60);
    records.filter(strong).map(|r| (text(&r["client"]), text(&r["domain"]))).collect()
}

/// Domains of attacks.
fn bad() -> BTreeSet<String> {
    let labels: Value = serde_json::from_slice(&std::fs::read(world().join("labels.json")).unwrap()).unwrap();
    let attacks = labels["attacks"].as_array().expect("attacks");
    let domains = attacks.iter().flat_map(|a| a["domains"].as_array().into_iter().flatten());
    domains.filter_map(|d| d.as_str().map(str::to_owned)).collect()
}

#[test]
fn who_has_learned_is_wrong_less_often() {
    let (dir, learning) = learned();
    assert!(learning.out.starts_with("learned over these") && learning.err.contains("ledger: "), "{}", learning.err);
    assert!(learning.out.lines().count() <= 21, "{}", learning.out);
    // A file of its own: what --since leaves out is still a past.
    let log = std::fs::read_to_string(world().join("access.log")).unwrap();
    let is_late = |line: &&str| line.split('.').next().and_then(|s| s.parse::<u64>().ok()) >= Some(1_767_916_800);
    let day: String = log.split_inclusive('\n').filter(is_late).collect();
    std::fs::write(dir.path().join("day5.log"), day).unwrap();
    let replay = |args: &[&str]| deguchi(dir.path(), &[&["replay", "--alerts", "-", "day5.log"], args].concat()).out;
    let (without, with) = (told(&replay(&[])), told(&replay(&["--ledger", "four"])));
    let bad = bad();
    let count = |pairs: &Pairs, attack: bool| pairs.iter().filter(|(_, domain)| bad.contains(domain) == attack).count();
    eprintln!("false {} → {}", count(&without, false), count(&with, false));
    eprintln!("found {} → {}", count(&without, true), count(&with, true));
    assert!(count(&with, false) < count(&without, false), "{without:?}\n{with:?}");
    assert!(count(&with, true) > 0 && count(&with, true) + 1 >= count(&without, true), "{without:?}\n{with:?}");
}

#[test]
fn the_same_log_is_learned_once_however_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    let log = std::fs::read(world().join("access.log")).unwrap();
    let half = log.len() / 2;
    let half = half + memchr::memchr(b'\n', &log[half..]).unwrap() + 1;
    std::fs::write(dir.path().join("a.log"), &log[..half]).unwrap();
    std::fs::write(dir.path().join("b.log"), &log[half..]).unwrap();
    let run = |args: &[&str]| {
        let ran = deguchi(dir.path(), &[&["replay", "-q", "--alerts", "x.json"], args].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    };
    run(&["--threads", "1", "--save-ledger", "one", "a.log", "b.log"]);
    run(&["--threads", "7", "--save-ledger", "two", "b.log", "a.log"]);
    assert!(bytes("one") == bytes("two"), "threads and order of files");
    let shown = String::from_utf8(zstd::decode_all(&bytes("one")[..]).unwrap()).unwrap();
    let clients: Vec<&str> = shown.lines().filter(|line| line.starts_with("{\"client\"")).collect();
    let knows = |what: &str| clients.iter().any(|line| line.contains(what));
    assert!(
        !knows("1970-") && knows("\"sent_per_hour\":[0,") && knows("\"new_domains_per_day\":[0,"),
        "{}",
        clients[0]
    );
    let domains = shown.lines().filter(|line| line.starts_with("{\"domain\""));
    assert!(domains.filter(|line| line.contains("\"sent_per_hour\":[0,")).count() > 3, "what domains are sent");
    run(&["--ledger", "one", "--save-ledger", "one", "a.log", "b.log"]);
    assert!(bytes("one") == bytes("two"), "the same again adds nothing");
    std::fs::rename(dir.path().join("a.log"), dir.path().join("old.1")).unwrap();
    run(&["--ledger", "one", "--save-ledger", "one", "old.1"]);
    assert!(bytes("one") == bytes("two"), "nor does a part of it, under another name");
}

#[test]
fn a_ledger_that_cannot_be_used_or_written() {
    let (dir, _) = learned();
    let files =
        Files::new([("x.log", &b"1430967600.000 10 10.0.0.1 TCP_MISS/200 9 GET http://a.example/ - DIRECT/- -\n"[..])]);
    let good = std::fs::read(dir.path().join("four")).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(files.path(name), bytes).unwrap();
    write("good", &good);
    write("cut", &good[..good.len() - 9]);
    let mut damaged = good.clone();
    damaged[good.len() / 2] ^= 4;
    write("damaged", &damaged);
    write("empty", b"");
    let newer = zstd::decode_all(&good[..]).unwrap();
    let newer = [&b"{\"schema\":\"deguchi-ledger/2\""[..], &newer[28..]].concat();
    write("newer", &zstd::encode_all(&newer[..], 1).unwrap());
    write("other", &zstd::encode_all(&b"{}\n"[..], 1).unwrap());
    write("key.toml", b"hash-key = \"00000000000000000000000000000001\"\n");
    for (args, told) in [
        (&["--ledger", "cut"][..], "cut: cut short"),
        (&["--ledger", "damaged"], "ledger damaged"),
        (&["--ledger", "newer"], "newer version (deguchi-ledger/2"),
        (&["--ledger", "good", "--config", "key.toml"], "another `hash-key`"),
        (&["--ledger", "x.log"], "x.log is no ledger"),
        (&["--ledger", "other"], "other is no ledger"),
        (&["--ledger", "empty"], "empty is no ledger"),
        (&["--ledger", "missing"], "leave --ledger out"),
        (&["--ledger", "."], "directory"),
        (&["--learn"], "--save-ledger"),
        (&["--save-ledger", "-"], "name a file"),
    ] {
        let ran = deguchi(files.dir(), &[&["replay", "x.log"], args].concat());
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(told) && ran.out.is_empty(), "{args:?}: {}", ran.err);
    }
    for to in ["/dev/full", "no/such/dir/ledger", "."] {
        let ran = deguchi(files.dir(), &["replay", "x.log", "--save-ledger", to]);
        assert_eq!(ran.code, Some(4), "{to}: {}", ran.err);
    }
    let ran = deguchi(files.dir(), &["replay", "x.log", "--ledger", "good", "--save-ledger", "good"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let shown = String::from_utf8(zstd::decode_all(&std::fs::read(files.path("good")).unwrap()[..]).unwrap()).unwrap();
    assert!(shown.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert!(shown.contains("\"domain\":\"a.example\"") && shown.starts_with("{\"schema\":\"deguchi-ledger/1\""));
}

#[test]
fn a_flood_of_names_leaves_room() {
    use std::io::Write;
    let mut log = Vec::new();
    for i in 0..120_000 {
        let at = 1_430_967_600 + i / 10;
        writeln!(log, "{at}.000 10 10.0.0.{} TCP_MISS/200 9 GET http://n{i}.example/ - DIRECT/- -", i % 9).unwrap();
    }
    let files = Files::new([("x.log", &log[..])]);
    let ran = deguchi(files.dir(), &["replay", "x.log", "--memory", "32MiB", "--save-ledger", "ledger"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("the ledger has no room for"), "{}", ran.err);
    let again =
        deguchi(files.dir(), &["replay", "x.log", "--memory", "32MiB", "--save-ledger", "second", "--threads", "3"]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(std::fs::read(files.path("ledger")).unwrap() == std::fs::read(files.path("second")).unwrap());
}

#[test]
fn the_ledger_counts_in_the_memory_limit() {
    use std::io::Write;
    let flood = |from: u32, n: u32| {
        let mut log = Vec::new();
        for i in from..from + n {
            let (at, client) = (1_430_967_600 + i / 10, i % 9);
            writeln!(log, "{at}.000 10 10.0.0.{client} TCP_MISS/200 9 GET http://n{i}.example/ - DIRECT/- -").unwrap();
        }
        log
    };
    let files = Files::new([
        ("much.log", &flood(0, 90_000)[..]),
        ("few.log", &flood(0, 20_000)),
        ("x.log", &flood(90_000, 120_000)),
    ]);
    for name in ["much", "few"] {
        let log = format!("{name}.log");
        let ran = deguchi(files.dir(), &["replay", "-q", &log, "--save-ledger", name]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
    // One that is too large is refused, and the size that is named does.
    let ran = deguchi(files.dir(), &["replay", "x.log", "--memory", "32MiB", "--ledger", "much"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(
        ran.err.contains("ledger much: takes ") && ran.err.contains("may take 16 MiB, half of --memory"),
        "{}",
        ran.err
    );
    let (_, size) = ran.err.split_once("give --memory ").expect("what to do");
    let size = size.split_whitespace().next().expect("a size");
    let ran = deguchi(files.dir(), &["replay", "few.log", "--memory", size, "--ledger", "much"]);
    assert_eq!(ran.code, Some(0), "{size}: {}", ran.err);
    // One that fits takes its part: there is less room for what is seen, and both together stay below the limit.
    let bytes = |args: &[&str], component: &str| -> f64 {
        let args = [&["replay", "x.log", "--memory", "32MiB", "--metrics", "m.prom"], args].concat();
        let ran = deguchi(files.dir(), &args);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.err.contains("memory limit reached"), "{}", ran.err);
        assert_eq!(ran.err.contains("of it are the ledger's"), args.len() > 6, "{}", ran.err);
        let text = std::fs::read_to_string(files.path("m.prom")).unwrap();
        let name = format!("deguchi_state_memory_bytes{{component=\"{component}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).expect(component).parse().unwrap()
    };
    let with = &["--ledger", "few", "--save-ledger", "new"];
    let (alone, beside, ledger) = (bytes(&[], "windows"), bytes(with, "windows"), bytes(with, "ledger"));
    let limit = f64::from(32 << 20);
    eprintln!("windows {alone} alone, {beside} beside a ledger of {ledger}");
    assert!(ledger > limit / 8.0 && bytes(&[], "ledger") == 0.0);
    assert!(alone <= limit / 8.0 * 5.2 && beside + ledger <= limit / 8.0 * 5.2, "{alone}, {beside} + {ledger}");
}
