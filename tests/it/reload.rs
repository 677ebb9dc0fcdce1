//! Lists that change while a log is followed, and between two runs.

use crate::lab::{DAY, HOUR, line, merged, reading};
use crate::watch::Watch;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

const READ: &str = "deguchi_config_last_reload_successful";
const TOLD: &str = "deguchi_alerts_total{detector=\"ioc\",severity=\"critical\"}";

/// Half an hour of people, and one visit to a domain.
fn half_hour(log: &Path, n: i64, to: &str) {
    let (from, until) = (DAY + n * HOUR / 2, DAY + (n + 1) * HOUR / 2);
    let visit = line(from + 1000, "10.0.0.1", &format!("http://www.{to}/"));
    let text = merged([reading(from, until, 500, "10.0.0.2"), vec![(from + 1000, visit)]]);
    OpenOptions::new().append(true).create(true).open(log).unwrap().write_all(&text).unwrap();
}

/// The settings file names other lists by now; a list that cannot be read changes nothing.
#[test]
fn a_hang_up_reads_the_lists_again() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (log, alerts, config) = (at("access.log"), at("alerts"), at("deguchi.toml"));
    std::fs::write(at("bad.txt"), "other.example\n").unwrap();
    std::fs::write(at("worse.txt"), "evil.example\nother.example\n").unwrap();
    std::fs::write(&config, "ioc = \"bad.txt\"\n").unwrap();
    half_hour(&log, 0, "evil.example");
    let watch = Watch::start_with(&log, &alerts, &["--config", config.to_str().unwrap()]);
    watch.wait(READ, 1.0);
    watch.wait("deguchi_ioc_entries{list=\"ioc\"}", 1.0);
    half_hour(&log, 1, "evil.example");
    // The 20 of the reader and the three visited: the engine is past the visits of today's list.
    half_hour(&log, 2, "later.example");
    half_hour(&log, 3, "quiet.example");
    watch.wait("deguchi_state_domains", 23.0);

    std::fs::write(&config, "ioc = [\"worse.txt\", \"none.txt\"]\n").unwrap();
    watch.signal("HUP");
    watch.wait(READ, 0.0);
    assert_eq!(watch.metric("deguchi_ioc_entries{list=\"ioc\"}"), Some(1.0));

    std::fs::write(&config, "ioc = [\"worse.txt\"]\n").unwrap();
    watch.signal("HUP");
    watch.wait(READ, 1.0);
    watch.wait("deguchi_ioc_entries{list=\"ioc\"}", 2.0);
    assert_eq!(watch.metric(TOLD), Some(0.0), "nobody was listed");
    half_hour(&log, 4, "evil.example");
    half_hour(&log, 5, "quiet.example");
    watch.wait(TOLD, 1.0);

    // No longer listed, and no longer told of anew.
    std::fs::write(at("allow.toml"), "[[allow]]\ndomain = \"other.example\"\nreason = \"ours\"\n").unwrap();
    std::fs::write(&config, "ioc = [\"worse.txt\"]\nallow = \"allow.toml\"\n").unwrap();
    const WHEN: &str = "deguchi_config_last_reload_success_timestamp_seconds";
    let before = watch.metric(WHEN);
    watch.signal("HUP");
    while watch.metric(WHEN) == before {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    half_hour(&log, 6, "other.example");
    half_hour(&log, 7, "quiet.example");
    watch.wait("deguchi_alerts_suppressed_total{detector=\"ioc\",reason=\"allow\"}", 1.0);
    assert_eq!(watch.metric(TOLD), Some(1.0));
    assert_eq!(watch.stop(), Some(0));
}

/// A domain that was met before it was listed is known to be bad after the next start.
#[test]
fn a_list_that_came_between_two_runs_is_gone_by() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (log, alerts, state, list) = (at("access.log"), at("alerts"), at("state"), at("bad.txt"));
    let flags = |list: &Path| ["--state", state.to_str().unwrap(), "--ioc", list.to_str().unwrap()].map(str::to_owned);
    std::fs::write(&list, "other.example\n").unwrap();
    half_hour(&log, 0, "evil.example");
    half_hour(&log, 1, "evil.example");
    let start = || {
        let flags = flags(&list);
        Watch::start_with(&log, &alerts, &flags.each_ref().map(String::as_str))
    };
    let watch = start();
    watch.wait("deguchi_state_clients", 2.0);
    assert_eq!(watch.stop(), Some(0));
    std::fs::write(&list, "evil.example\n").unwrap();
    let watch = start();
    half_hour(&log, 2, "evil.example");
    half_hour(&log, 3, "quiet.example");
    watch.wait(TOLD, 1.0);
    assert_eq!(watch.stop(), Some(0));
}
