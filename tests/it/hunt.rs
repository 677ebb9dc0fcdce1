//! `deguchi hunt`: what is listed is found, counted once, whoever reads it in whatever pieces.

use crate::lab::{Files, gzip};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn hunt(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
    command.arg("hunt").current_dir(dir).args(args).env_clear().env("TZ", "UTC").output().expect("it runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// JSON lines.
#[track_caller]
fn rows(output: &Output) -> Vec<Value> {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Contacts of every kind with what is listed, and others.
const LOG: &str = "\
1431000000.000     40 192.0.2.1 TCP_MISS/200 512 GET http://www.evil.example/gate.php?id=1 - HIER_DIRECT/198.51.100.1 text/html
1431000060.000     40 192.0.2.1 TCP_DENIED/403 300 CONNECT www.evil.example:443 - HIER_NONE/- -
1431000120.000     40 192.0.2.1 TCP_MISS/200 700 POST http://new.evil.example/x - HIER_DIRECT/198.51.100.1 text/html
1431000180.000     40 192.0.2.2 TCP_MISS/200 512 GET http://harmless.example/ - HIER_DIRECT/203.0.113.66 text/html
1431000240.000     40 192.0.2.2 TCP_MISS/200 512 GET http://203.0.113.66:8080/a - HIER_DIRECT/203.0.113.66 text/html
1431000300.000     40 192.0.2.3 TCP_MISS/200 512 GET http://user1.github.io/ - HIER_DIRECT/198.51.100.9 text/html
1431000360.000     40 192.0.2.3 TCP_MISS/200 512 GET http://notevil.example/ - HIER_DIRECT/198.51.100.9 text/html
no line
";
const LIST: &str = "www.evil.example\n203.0.113.66\nuser2.github.io\nunseen.example\n";

fn files() -> Files {
    Files::new([("x.log", LOG.as_bytes()), ("bad.txt", LIST.as_bytes())])
}

#[test]
fn hosts_siblings_refusals_and_addresses() {
    let files = files();
    let found = rows(&hunt(files.dir(), &["--ioc", "bad.txt", "--output", "json", "x.log"]));
    let seen: Vec<_> = found
        .iter()
        .map(|row| {
            let count = |name: &str| row[name].as_u64().unwrap();
            let word = |name: &str| row[name].as_str().unwrap().to_owned();
            (word("indicator"), word("client"), count("requests"), count("exact"), count("denied"))
        })
        .collect();
    let row = |indicator: &str, client: &str, n, exact, denied| (indicator.into(), client.into(), n, exact, denied);
    assert_eq!(seen, [row("203.0.113.66", "192.0.2.2", 2, 2, 0), row("www.evil.example", "192.0.2.1", 3, 2, 1)]);
    assert_eq!(found[1]["hosts"], serde_json::json!(["new.evil.example", "www.evil.example"]));
    assert_eq!(found[1]["first_seen"], "2015-05-07T12:00:00Z");
    assert_eq!(found[1]["last_seen"], "2015-05-07T12:02:00Z");
    assert_eq!((&found[1]["bytes_up"], &found[1]["bytes_down"]), (&Value::Null, &1512.into()));
    assert_eq!(found[1]["place"], "line 1");
    insta::assert_snapshot!(text(&hunt(files.dir(), &["--ioc", "bad.txt", "x.log"]).stdout));
    insta::assert_snapshot!(text(&hunt(files.dir(), &["--ioc", "bad.txt", "--output", "csv", "x.log"]).stdout));
}

/// Lists without an address spare the look-up of addresses, not that of other servers a proxy asked.
#[test]
fn a_server_that_the_proxy_asked_is_found_by_name() {
    let log = "1431000000.000 40 192.0.2.1 TCP_MISS/200 512 GET http://a.example/ - FIRSTUP_PARENT/relay.evil.example text/html\n";
    let files = Files::new([("x.log", log.as_bytes()), ("bad.txt", b"relay.evil.example\n")]);
    let found = rows(&hunt(files.dir(), &["--ioc", "bad.txt", "--output", "json", "x.log"]));
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["indicator"], &found[0]["exact"]), (&"relay.evil.example".into(), &1.into()));
}

#[test]
fn a_time_is_asked_for() {
    let files = files();
    let args =
        ["--ioc", "bad.txt", "--output", "json", "--since", "2015-05-07T12:01:00Z", "--until", "2015-05-07T12:02:00Z"];
    let output = hunt(files.dir(), &[&args[..], &["x.log"]].concat());
    assert!(text(&output.stderr).contains("8 lines · 6 of another time · 1 rejected"), "{}", text(&output.stderr));
    let found = rows(&output);
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["requests"], &found[0]["denied"]), (&1.into(), &1.into()));
}

#[test]
fn what_is_seen_can_fail_a_run_and_become_alerts() {
    let files = files();
    let code = |args: &[&str]| hunt(files.dir(), args).status.code();
    assert_eq!(code(&["--ioc", "bad.txt", "--fail-on", "hit", "x.log"]), Some(1));
    assert_eq!(code(&["--ioc", "bad.txt", "--fail-on", "hit", "--until", "2015-01-01", "x.log"]), Some(0));
    assert_eq!(code(&["--ioc", "bad.txt", "--emit-alerts", "alerts.json", "x.log"]), Some(0));
    let alerts = std::fs::read_to_string(files.dir().join("alerts.json")).unwrap();
    let alerts: Vec<deguchi::alert::Record> = alerts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = alerts.iter().map(|a| (a.domain.as_str(), a.client.as_str(), a.requests, a.score)).collect();
    // Names of one address are one sighting, under the first of them.
    assert_eq!(told, [("evil.example", "192.0.2.1", 3, 92), ("203.0.113.66", "192.0.2.2", 2, 92)]);
    assert!(alerts.iter().all(|a| a.detector == "ioc" && a.evidence.iter().map(|e| e.points).sum::<i32>() == 92));
}

#[test]
fn what_cannot_be_used_is_named() {
    let files = files();
    let told = |args: &[&str]| {
        let output = hunt(files.dir(), args);
        (output.status.code(), text(&output.stderr).to_owned())
    };
    let (code, words) = told(&["x.log"]);
    assert!(code == Some(2) && words.contains("--ioc: name a list"), "{words}");
    let (code, words) = told(&["--ioc", "none.txt", "x.log"]);
    assert!(code == Some(2) && words.contains("none.txt"), "{words}");
    let (code, words) = told(&["--ioc", "bad.txt", "none.log"]);
    assert!(code == Some(3) && words.contains("none.log"), "{words}");
    let (code, words) = told(&["--ioc", "bad.txt", "--emit-alerts", "/dev/full", "x.log"]);
    assert!(code == Some(4) && words.contains("/dev/full"), "{words}");
}

/// Every domain of the breach is listed: what is found is what the labels say, and who reads it does not matter.
#[test]
fn s6_a_list_is_searched_for_in_the_logs_of_the_incident() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/incident-2015");
    let labels: Value = serde_json::from_slice(&std::fs::read(folder.join("labels.json")).unwrap()).unwrap();
    let mut wanted: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    // The site of the download is one that others visit.
    let attacks = labels["attacks"].as_array().unwrap().iter().filter(|attack| attack["kind"] != "incident-download");
    for attack in attacks {
        for pair in attack["pairs"].as_array().unwrap() {
            let word = |name: &str| pair[name].as_str().unwrap().to_owned();
            let counts = wanted.entry((word("domain"), word("client"))).or_default();
            counts.0 += pair["requests"].as_u64().unwrap();
            counts.1 += pair["denied"].as_u64().unwrap();
        }
    }
    assert!(wanted.len() > 30);
    let list: std::collections::BTreeSet<&str> = wanted.keys().map(|(domain, _)| domain.as_str()).collect();
    let list = list.into_iter().collect::<Vec<_>>().join("\n");
    let log = std::fs::read(folder.join("access.log.zst")).unwrap();
    let plain = zstd::decode_all(&log[..]).unwrap();
    let half = plain.iter().skip(plain.len() / 2).position(|&b| b == b'\n').unwrap() + plain.len() / 2 + 1;
    let (first, second) = plain.split_at(half);
    let files = Files::new([
        ("bad.txt", list.as_bytes()),
        ("a.log.zst", &log),
        ("b1.log.gz", &gzip(first)),
        ("b2.log", second),
    ]);
    let seen = |args: &[&str]| hunt(files.dir(), &[&["--ioc", "bad.txt", "--output", "json"][..], args].concat());
    let whole = seen(&["--threads", "1", "a.log.zst"]);
    let found: BTreeMap<(String, String), (u64, u64)> = rows(&whole)
        .iter()
        .map(|row| {
            let word = |name: &str| row[name].as_str().unwrap().to_owned();
            let key = (word("domain"), word("client"));
            (key, (row["requests"].as_u64().unwrap(), row["denied"].as_u64().unwrap()))
        })
        .collect();
    assert_eq!(found, wanted);
    for threads in ["2", "7"] {
        assert_eq!(seen(&["--threads", threads, "a.log.zst"]).stdout, whole.stdout);
        assert_eq!(seen(&["--threads", threads, "b2.log", "b1.log.gz"]).stdout, whole.stdout);
    }
}

/// Headers are followed in the order of the lines, whoever searches them.
#[test]
fn headers_that_change() {
    let head = |columns: &str| format!("#Software: SGOS 6.7\n#Fields: {columns}\n");
    let row = |n: u32| (format!("2026-05-05 10:{:02}:{:02}", n / 60 % 60, n % 60), n % 7);
    let one: String = (0..3000)
        .map(row)
        .map(|(time, n)| format!("{time} 10 192.0.2.{n} 200 TCP_MISS 500 300 GET http evil.example 80 /a\n"))
        .collect();
    let two: String = (0..3000)
        .map(row)
        .map(|(time, n)| format!("192.0.2.{n} {time} evil.example GET 200 TCP_DENIED 10 500 300 http 80 /a\n"))
        .collect();
    let log = [
        head("date time time-taken c-ip sc-status s-action sc-bytes cs-bytes cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path"),
        one,
        head("c-ip date time cs-host cs-method sc-status s-action time-taken sc-bytes cs-bytes cs-uri-scheme cs-uri-port cs-uri-path"),
        two,
    ]
    .concat();
    let files = Files::new([("w3c.log", log.as_bytes()), ("bad.txt", b"evil.example\n")]);
    let seen = |threads: &str| {
        let output = hunt(files.dir(), &["--ioc", "bad.txt", "--output", "json", "--threads", threads, "w3c.log"]);
        let found = rows(&output);
        let sum = |name: &str| found.iter().map(|row| row[name].as_u64().unwrap()).sum::<u64>();
        ((sum("requests"), sum("denied"), sum("bytes_up")), output.stdout)
    };
    let (sums, text) = seen("1");
    assert_eq!(sums, (6000, 3000, 1_800_000));
    assert!(["2", "7"].into_iter().all(|threads| seen(threads).1 == text));
}
