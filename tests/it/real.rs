//! What must be found, and what must not, in real and public logs that may not be copied into the project. They are looked
//! for as in `parse::data`; without them these tests say so and pass.

use deguchi::alert::{RecordKind, Severity};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

type Pairs = BTreeMap<(String, String), Severity>;

fn logs(folder: &str) -> Vec<PathBuf> {
    let Some(root) = crate::parse::data::folder() else { return Vec::new() };
    let mut found: Vec<PathBuf> = std::fs::read_dir(root.join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
    found.sort();
    found
}

/// Worst severity of each pair that alerts, with defaults.
fn alerts(log: &Path) -> Pairs {
    let run = Command::new(env!("CARGO_BIN_EXE_deguchi")).args(["replay", "-q", "--alerts", "-"]).arg(log).output();
    let out = run.unwrap().stdout;
    let mut pairs = Pairs::new();
    for line in out.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        let record: deguchi::alert::Record = serde_json::from_slice(line).unwrap();
        if record.record != RecordKind::End {
            let worst = pairs.entry((record.client, record.domain)).or_insert(record.severity);
            *worst = record.severity.max(*worst);
        }
    }
    pairs
}

#[test]
fn every_known_c2_alerts_and_nothing_beside_it() {
    for log in logs("c2") {
        let name = log.file_name().unwrap().to_string_lossy().into_owned();
        let controller = match name.split(['-', '.']).next().unwrap() {
            "empire" => "10.10.10.5",
            "geodo" => "201.175.17.35",
            "proxy" => "honestimnotevil.com",
            other => panic!("{other}: say what must be found in it"),
        };
        let domains: Vec<String> = alerts(&log).into_keys().map(|(_, domain)| domain).collect();
        assert_eq!(domains, [controller], "{name}");
    }
}

#[test]
fn benign_logs_are_quiet() {
    for kind in [".squid.", ".rich."] {
        let mut loud = Vec::new();
        for log in logs("benign").iter().filter(|log| log.to_string_lossy().contains(kind)) {
            loud.extend(alerts(log).into_iter().filter(|(_, severity)| *severity >= Severity::Medium));
        }
        assert!(loud.len() <= 2, "{kind}: {loud:?}");
        assert!(loud.iter().all(|(_, severity)| *severity < Severity::High), "{kind}: {loud:?}");
    }
}
