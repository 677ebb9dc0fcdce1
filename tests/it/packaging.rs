//! What is in `packaging/`: the settings file has every key, the unit is closed, rotation loses no alert.
//!
//! `systemd-analyze`, `logrotate` and `squid` are used where they are there; with `CI` set they must be.

use crate::lab::{DAY, HOUR, beacon, merged, reading};
use crate::servers::{program, until};
use crate::watch::Watch;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join("packaging").join(file)).expect(file)
}

fn deguchi(args: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deguchi")).args(args).current_dir(folder).output().expect("it runs")
}

fn said(run: &Output) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr)
}

/// The line of a setting that is commented out: key and value.
fn setting(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix('#')?.split_once(" = ")?;
    key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-').then_some((key, value))
}

#[test]
fn the_settings_file_has_every_key_and_each_does() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let folder = scratch.path();
    let line = |n: i64| {
        format!(
            "{}.000    120 192.0.2.{n} TCP_MISS/200 512 300 GET http://www.example.com/{n} - HIER_DIRECT/203.0.113.9 \
             text/html \"-\" \"Mozilla/5.0\"\n",
            DAY / 1000 + n
        )
    };
    std::fs::write(folder.join("access.log"), (1..30).map(line).collect::<String>()).expect("room");
    let log = "access.log";
    // The program itself says which keys there are, tables are keys as well.
    let known = |table: &str| -> BTreeSet<String> {
        std::fs::write(folder.join("wrong.toml"), format!("{table}no-such-key = 1\n")).expect("room");
        let wrong = deguchi(&["replay", "--config", "wrong.toml", log], folder);
        let told = said(&wrong);
        assert_eq!(wrong.status.code(), Some(2), "{told}");
        let (_, known) = told.split_once("expected one of ").unwrap_or_else(|| panic!("no list of keys: {told}"));
        known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let shipped = text("deguchi.toml");
    let (top, tables) = shipped.split_at(shipped.find("\n#[").expect("tables come last"));
    let settings: Vec<(&str, &str)> = top.lines().filter_map(setting).collect();
    let mut keys: BTreeSet<String> = settings.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(keys.len(), settings.len(), "each key once");
    // Of a list of tables each shows some of the keys.
    let mut all: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for table in tables.split("\n#[").skip(1) {
        let (name, lines) = table.split_once("]\n").expect("a table");
        let settings: Vec<String> = lines.lines().filter_map(setting).map(|(key, _)| key.to_owned()).collect();
        assert!(name.starts_with('[') || !all.contains_key(name), "{name}: each table once");
        all.entry(name).or_default().extend(settings);
    }
    for (name, settings) in all {
        assert_eq!(settings, known(&format!("[{name}]\n")), "{name}");
        keys.insert(name.trim_matches(['[', ']']).to_owned());
    }
    assert_eq!(keys, known(""));
    let tables: String = tables
        .lines()
        .filter(|line| line.starts_with("#[") || setting(line).is_some())
        .fold(String::new(), |all, line| all + &line[1..] + "\n");

    std::fs::write(folder.join("as-is.toml"), &shipped).expect("room");
    let run = deguchi(&["replay", "--config", "as-is.toml", log], folder);
    assert!(run.status.success(), "{}", said(&run));

    for (name, list) in [
        ("known-bad.txt", "evil.example\n"),
        ("allow.toml", "[[allow]]\ndomain = \"fine.example\"\nreason = \"ours\"\n"),
        ("sites.toml", "\"Site A\" = [\"192.0.2.0/24\"]\n"),
    ] {
        std::fs::write(folder.join(name), list).expect("room");
    }
    let with = |skip: &str| {
        let lines = settings.iter().filter(|(key, _)| ![skip, "format", "map"].contains(key));
        lines.map(|(key, value)| format!("{key} = {value}\n")).collect::<String>() + &tables
    };
    // Without a ledger first: that run writes the one the next is given.
    for skip in ["ledger", ""] {
        std::fs::write(folder.join("all.toml"), with(skip)).expect("room");
        let run = deguchi(&["replay", "--config", "all.toml", log], folder);
        assert!(run.status.success(), "{}", said(&run));
    }
}

#[test]
fn the_unit_is_closed_and_its_command_is_one() {
    let unit = text("deguchi.service");
    let command =
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/deguchi ")).expect("a command");
    let help = said(&deguchi(&["watch", "--help"], root()));
    for flag in command.split(' ').filter(|word| word.starts_with("--")) {
        assert!(help.contains(flag), "{flag}");
    }
    let Some(analyze) = program("systemd-analyze", "systemd") else { return };
    let file = root().join("packaging/deguchi.service");
    // In tenths: 2.0.
    let run = Command::new(analyze)
        .args(["security", "--offline=true", "--threshold=20"])
        .arg(file)
        .output()
        .expect("it runs");
    assert!(run.status.success(), "{}", said(&run));
}

#[test]
fn squid_takes_the_lines_and_they_are_those_of_the_manual() {
    let lines = text("squid.conf.d/deguchi.conf");
    let format = lines.lines().find_map(|line| line.strip_prefix("logformat deguchi ")).expect("a format");
    let manual = said(&deguchi(&["explain", "squid-extended"], root()));
    assert!(manual.contains(&format!("logformat extended {format}\n")), "{manual}");
    let Some(squid) = program("squid", "squid-openssl") else { return };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let conf = scratch.path().join("squid.conf");
    std::fs::write(&conf, format!("http_port 127.0.0.1:3128\n{lines}")).expect("room");
    let run = Command::new(squid).args(["-k", "parse", "-f"]).arg(conf).output().expect("it runs");
    let said = said(&run);
    let bad = ["FATAL", "ERROR", "unrecognized", "Bungled"];
    assert!(run.status.success() && !bad.iter().any(|word| said.contains(word)), "{said}");
}

/// The real logrotate with the shipped rules; only the path and the way the signal goes are those of the test.
#[test]
fn rotation_of_the_alerts_loses_none() {
    let Some(logrotate) = program("logrotate", "logrotate") else { return };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let (log, alerts) = (scratch.path().join("access.log"), scratch.path().join("alerts.jsonl"));
    std::fs::write(&log, "").expect("room");
    let watch = Watch::start(&log, &alerts);
    let people = (1..8).map(|c| reading(DAY, DAY + 4 * HOUR, 500, &format!("10.0.0.{c}")));
    let lines = merged(people.chain([beacon(DAY + HOUR / 2, 60_000, 200, "10.0.0.1", "evil.example")]));
    std::fs::write(&log, lines).expect("room");
    let size = || std::fs::metadata(&alerts).map_or(0, |m| m.len());
    until("an alert", Duration::from_secs(30), || (size() > 0).then_some(()));
    let rules = text("logrotate.d/deguchi");
    assert!(
        rules.contains("systemctl reload deguchi.service") && text("deguchi.service").contains("ExecReload=kill -HUP")
    );
    let rules = rules.replace("/var/lib/private/deguchi/alerts.jsonl", &alerts.to_string_lossy());
    let rules = rules.replace("systemctl reload deguchi.service", &format!("kill -HUP {}", watch.pid()));
    let conf = scratch.path().join("rotate.conf");
    std::fs::write(&conf, rules).expect("room");
    let run = Command::new(logrotate)
        .args(["-f", "-s"])
        .args([scratch.path().join("state"), conf])
        .output()
        .expect("it runs");
    assert!(run.status.success(), "{}", said(&run));
    // The signal is on its way; what is told from now on belongs to the new file.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(watch.stop(), Some(0));
    let files = std::fs::read_dir(scratch.path()).expect("a folder").map(|file| file.expect("a file").path());
    let old: Vec<PathBuf> = files.filter(|file| file.to_string_lossy().contains("alerts.jsonl-")).collect();
    assert_eq!(old.len(), 1, "{old:?}");
    let count = |file: &Path, kind: &str| {
        let text = std::fs::read_to_string(file).expect("records");
        text.lines().filter(|line| line.contains(&format!("\"record\":\"{kind}\""))).count()
    };
    assert!(count(&old[0], "alert") > 0 && count(&old[0], "end") == 0, "before");
    assert_eq!(count(&alerts, "end"), count(&old[0], "alert") + count(&alerts, "alert"), "after: each has its end");
}
