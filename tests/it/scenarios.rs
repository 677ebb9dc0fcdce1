//! Every detector finds what it is for in its shipped sample, and the same world without an attack stays quiet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use deguchi::detect::DETECTORS;
use serde_json::Value;

/// Bytes a shipped log may have.
const LARGEST: u64 = 300_000;

fn folder(detector: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/scenarios").join(detector)
}

/// Highest score of each detector, client and domain, with its severity.
type Alerts = BTreeMap<(String, String, String), (u64, String)>;

fn alerts(log: &Path) -> Alerts {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
    command.args(["replay", "--quiet", "--strict", "--alerts", "-"]).arg(log);
    // What only a list can tell comes with one.
    let list = log.with_file_name("ioc.txt");
    if list.exists() {
        command.arg("--ioc").arg(list);
    }
    let run = command.output().expect("the binary runs");
    assert!(run.status.success(), "{}: {}", log.display(), String::from_utf8_lossy(&run.stderr));
    let mut alerts = Alerts::new();
    for line in run.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let record: Value = serde_json::from_slice(line).expect("JSON");
        // The end of a finding over several clients or domains names those that came after the alert.
        if record["record"] == "end" && record["clients"].is_null() && record["domains"].is_null() {
            continue;
        }
        let text = |name: &str| record[name].as_str().expect("a text").to_owned();
        let score = record["score"].as_u64().expect("a number");
        // A finding over several names all of them.
        let several = |name: &str, one: &str| match record[name].as_array() {
            Some(all) => all.iter().map(|each| each.as_str().expect("a text").to_owned()).collect(),
            None => vec![text(one)],
        };
        for client in several("clients", "client") {
            for domain in several("domains", "domain") {
                let best = alerts.entry((text("detector"), client.clone(), domain)).or_default();
                if score > best.0 {
                    *best = (score, text("severity"));
                }
            }
        }
    }
    alerts
}

/// Client and domain of every attack that was planted.
fn planted(labels: &Path) -> Vec<(String, String)> {
    let text = std::fs::read(labels).unwrap_or_else(|error| panic!("{}: {error}", labels.display()));
    let labels: Value = serde_json::from_slice(&text).expect("JSON");
    let pairs =
        labels["attacks"].as_array().expect("a list").iter().flat_map(|a| a["pairs"].as_array().expect("a list"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    pairs.map(|pair| (text(&pair["client"]), text(&pair["domain"]))).collect()
}

#[test]
fn every_detector_finds_its_attack() {
    for detector in DETECTORS.iter().map(|entry| entry.name) {
        let folder = folder(detector);
        let alerts = alerts(&folder.join("attack.log.gz"));
        let planted = planted(&folder.join("attack.labels.json"));
        assert!(!planted.is_empty(), "{detector}: no attack is labelled");
        for (client, domain) in planted {
            let key = (detector.to_owned(), client, domain);
            assert!(alerts.contains_key(&key), "{key:?} did not alert");
        }
    }
}

#[test]
fn the_same_world_without_an_attack_is_quiet() {
    for detector in DETECTORS.iter().map(|entry| entry.name) {
        let folder = folder(detector);
        assert_eq!(planted(&folder.join("quiet.labels.json")), [], "{detector}: an attack is labelled");
        let loud: Alerts =
            alerts(&folder.join("quiet.log.gz")).into_iter().filter(|(_, (score, _))| *score >= 80).collect();
        assert!(loud.is_empty(), "{detector}: {loud:?}");
    }
}

/// A change here is a change of what people see: say so in the changelog.
#[test]
fn what_is_found_in_the_samples_is_known() {
    for detector in DETECTORS.iter().map(|entry| entry.name) {
        let alerts = alerts(&folder(detector).join("attack.log.gz"));
        let planted = planted(&folder(detector).join("attack.labels.json"));
        let mut told: Vec<String> = Vec::new();
        for ((detector, client, domain), (score, severity)) in alerts {
            let attack = planted.contains(&(client.clone(), domain.clone()));
            if attack || score >= 60 {
                let mark = if attack { " (the attack)" } else { "" };
                told.push(format!("{severity} {detector} {client} {domain}{mark}"));
            }
        }
        insta::assert_snapshot!(format!("{detector}_attack"), told.join("\n"));
    }
}

#[test]
fn samples_are_small() {
    for detector in DETECTORS.iter().map(|entry| entry.name) {
        for name in ["attack.log.gz", "quiet.log.gz"] {
            let path = folder(detector).join(name);
            let size = std::fs::metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).len();
            assert!(size <= LARGEST, "{}: {size} bytes", path.display());
        }
    }
}
