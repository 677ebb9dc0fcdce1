//! `--why` says something true of every detector: a card that adds up, or why there is none.

use deguchi::detect::DETECTORS;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn sample(scenario: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/scenarios").join(scenario).join(file)
}

/// Standard output of a replay of an attack.
fn replay(scenario: &str, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
    command.args(["replay", "--quiet", "--tz", "UTC"]).args(args).arg(sample(scenario, "attack.log.gz"));
    if sample(scenario, "ioc.txt").exists() {
        command.arg("--ioc").arg(sample(scenario, "ioc.txt"));
    }
    let ran = command.output().expect("the binary runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("UTF-8")
}

/// What a page says: the score of each card by detector, and what the others say instead.
struct Page {
    cards: BTreeMap<String, i64>,
    silent: BTreeMap<String, String>,
}

/// Reads a page; the points of every card must add up.
fn read(page: &str) -> Page {
    let (cards, silent) = page.split_once("\nnothing to say:\n").unwrap_or((page, ""));
    let mut read = Page { cards: BTreeMap::new(), silent: BTreeMap::new() };
    for card in cards.split("\n\n").skip(1) {
        let mut lines = card.lines();
        let mut words = lines.next().expect("a head").split([' ', ',']);
        let (detector, score) = (words.next().expect("a name"), words.next().expect("a score"));
        let score: i64 = score.parse().unwrap_or_else(|_| panic!("{card}"));
        let points = lines.filter(|line| !line.trim_start().starts_with('('));
        let points: i64 = points.map(|l| l.split_whitespace().next().expect("points").parse::<i64>().expect(l)).sum();
        assert_eq!(points, score, "{card}");
        assert!(read.cards.insert(detector.to_owned(), score).is_none(), "{page}");
    }
    for line in silent.lines() {
        let (detector, why) = line.trim().split_once(": ").expect("a reason");
        assert!(read.silent.insert(detector.to_owned(), why.to_owned()).is_none(), "{page}");
    }
    for name in DETECTORS.iter().map(|entry| entry.name) {
        assert!(read.cards.contains_key(name) != read.silent.contains_key(name), "{name} in {page}");
    }
    read
}

/// The highest score that was told of a pair, by detector.
fn told(scenario: &str, client: &str, domain: &str) -> BTreeMap<String, i64> {
    let mut told = BTreeMap::new();
    for line in replay(scenario, &["--alerts", "-"]).lines() {
        let record: Value = serde_json::from_str(line).expect("JSON");
        let is = |one: &str, more: &str, name: &str| {
            record[one] == *name || record[more].as_array().is_some_and(|all| all.iter().any(|v| *v == *name))
        };
        if is("client", "clients", client) && is("domain", "domains", domain) {
            let score = record["score"].as_i64().expect("a score");
            let worst = told.entry(record["detector"].as_str().expect("a name").to_owned()).or_insert(0);
            *worst = score.max(*worst);
        }
    }
    told
}

#[test]
fn what_is_told_of_a_pair_is_on_its_page_and_the_rest_has_a_reason() {
    for scenario in DETECTORS.iter().map(|entry| entry.name) {
        let labels = std::fs::read(sample(scenario, "attack.labels.json")).expect("labels");
        let labels: Value = serde_json::from_slice(&labels).expect("JSON");
        let pairs = labels["attacks"].as_array().expect("a list").iter().flat_map(|a| a["pairs"].as_array().unwrap());
        let pairs: Vec<&Value> = pairs.collect();
        for pair in [pairs.first(), pairs.last()].into_iter().flatten() {
            let (client, domain) = (pair["client"].as_str().unwrap(), pair["domain"].as_str().unwrap());
            let page = replay(scenario, &["--why", client, domain]);
            let shown = read(&page).cards;
            let told = told(scenario, client, domain);
            assert!(told.contains_key(scenario), "{scenario}: {client} {domain} is not told of");
            for (detector, score) in told {
                assert!(shown.get(&detector) >= Some(&score), "{detector} {score}: {page}");
            }
        }
    }
}

#[test]
fn fanout_is_of_the_client_whatever_domain_is_asked_for() {
    let alerts = replay("fanout", &["--alerts", "-"]);
    let record = alerts.lines().find(|line| line.contains("\"detector\":\"fanout\"")).expect("an alert");
    let record: Value = serde_json::from_str(record).expect("JSON");
    let client = record["client"].as_str().unwrap();
    let page = replay("fanout", &["--why", client, record["domain"].as_str().unwrap()]);
    assert!(page.contains("(judged for the client: this domain is one of those"), "{page}");
    // Another place of the same client.
    let mut log = String::new();
    let file = std::fs::File::open(sample("fanout", "attack.log.gz")).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file), &mut log).unwrap();
    let other = log.lines().find(|line| line.contains(client) && line.contains(" CONNECT ")).expect("a site");
    let other = other.split_whitespace().find(|word| word.ends_with(":443")).expect("a host");
    let page = replay("fanout", &["--why", client, other]);
    assert!(page.contains("(judged for the client: this domain is none of those"), "{page}");
    assert!(read(&page).cards["fanout"] >= 80, "{page}");
}

#[test]
fn an_alert_that_a_rule_hides_has_its_card() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("allow.toml");
    std::fs::write(&rules, "[[allow]]\ndomain = \"campapi.net\"\nreason = \"known\"\n").unwrap();
    let rules = rules.to_string_lossy();
    let page = replay("beacon", &["--allow", &rules, "--why", "10.16.0.20", "campapi.net"]);
    assert!(read(&page).cards["beacon"] >= 40, "{page}");
}

#[test]
fn an_episode_that_is_over_is_still_explained() {
    use crate::lab::{DAY, Files, HOUR, beacon, merged, reading};
    let days = |client: &str| reading(DAY, DAY + 12 * 24 * HOUR, 600, client);
    let others = (1..30).map(|c| days(&format!("10.0.0.{c}")));
    let log = merged(others.chain([beacon(DAY + HOUR, 60_000, 640, "10.0.0.1", "evil.example")]));
    let files = Files::new([("x.log", &log[..])]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
    command.args(["replay", "-q", "--tz", "UTC", "--why", "10.0.0.1", "evil.example"]).arg(files.path("x.log"));
    let page = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(page.starts_with("10.0.0.1 with evil[.]example: no request since its last episode, "), "{page}");
    assert!(page.contains("(told with 6") && page.contains("; in the end: its last episode is over"), "{page}");
    assert!(read(&page).cards["beacon"] >= 60, "{page}");
}
