//! What is in `dashboards/`: every name exists, every panel is complete, every query answers on a real Prometheus.
//!
//! Needs `prometheus`, `promtool` and `amtool`. Where they are missing the tests fail if `CI` is set and are skipped otherwise.

use crate::lab::{HOUR, beacon, merged, reading};
use crate::servers::{Prometheus, program, until};
use crate::watch::Watch;
use deguchi::detect::DETECTORS;
use deguchi::metrics::{Live, Metrics, Reload, Store};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

fn text(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).expect(file)
}

/// Names of the series that the program exports, those of histograms with their suffixes.
fn exported() -> BTreeSet<String> {
    let detectors: Vec<&'static str> = DETECTORS.iter().map(|d| d.name).collect();
    let mut metrics = Metrics::new(&detectors, &["log"]);
    metrics.memory_limit(1);
    let _rest = (Live::new(&metrics, &["log"], &["file"]), Store::new(&metrics), Reload::new(&metrics, 0.0));
    let text = metrics.text();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| line.split(['{', ' ']).next().map(str::to_owned)).collect()
}

/// Words of a text that are names of series of ours or of the process.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
    let prefixes = ["deguchi_", "deguchi:", "process_"];
    words.filter(|w| prefixes.iter().any(|p| w.starts_with(p) && w != p)).map(str::to_owned).collect()
}

/// One panel: its title, and the queries of it.
struct Panel {
    title: String,
    json: Value,
    queries: Vec<String>,
}

fn panels(file: &str) -> Vec<Panel> {
    let board: Value = serde_json::from_str(&text(file)).expect(file);
    let panels = board["panels"].as_array().expect("panels").clone();
    let panels = panels.into_iter().filter(|panel| panel["type"] != "row");
    let queries = |panel: &Value| {
        let targets = panel["targets"].as_array().expect("targets").iter();
        targets.map(|target| target["expr"].as_str().expect("a query").to_owned()).collect()
    };
    let panel = |json: Value| Panel {
        title: json["title"].as_str().expect("a title").to_owned(),
        queries: queries(&json),
        json,
    };
    panels.map(panel).collect()
}

const BOARDS: [&str; 3] = ["grafana/soc.json", "grafana/incident.json", "grafana/operations.json"];

/// A query as Grafana sends it when all jobs and instances are chosen.
fn filled(query: &str, rate: &str, range: &str) -> String {
    let query = query.replace("$__rate_interval", rate).replace("$__range", range);
    let query = ["$job", "$instance", "$detector", "$severity"].iter().fold(query, |query, v| query.replace(v, ".*"));
    assert!(!query.contains('$'), "{query}: a variable nobody sets");
    query
}

#[test]
fn every_name_is_one_that_the_program_exports() {
    let mut known = exported();
    let rules = text("rules/deguchi.rules.yml");
    known.extend(rules.lines().filter_map(|line| line.trim().strip_prefix("- record: ").map(str::to_owned)));
    let mut used = names(&rules);
    for panel in BOARDS.iter().flat_map(|board| panels(board)) {
        used.extend(panel.queries.iter().flat_map(|query| names(query)));
    }
    let missing: Vec<&String> = used.difference(&known).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // What is told must be seen somewhere.
    let unseen: Vec<String> = exported().into_iter().filter(|name| name.starts_with("deguchi_")).collect();
    let unseen: Vec<&String> = unseen
        .iter()
        .filter(|name| !name.ends_with("_sum") && !name.ends_with("_count") && !used.contains(*name))
        .collect();
    assert!(unseen.is_empty(), "in no panel and no rule: {unseen:?}");
}

#[test]
fn every_panel_says_what_it_is() {
    for file in BOARDS {
        let board: Value = serde_json::from_str(&text(file)).expect(file);
        let variables = board["templating"]["list"].as_array().expect("variables").iter();
        let variables: Vec<&str> = variables.filter_map(|v| v["name"].as_str()).collect();
        assert_eq!(variables[..3], ["datasource", "job", "instance"], "{file}");
        let own: &[&str] = if file.ends_with("incident.json") { &["detector", "severity", "page"] } else { &[] };
        assert_eq!(&variables[3..], own, "{file}");
        let ids: BTreeSet<i64> =
            board["panels"].as_array().expect("panels").iter().filter_map(|panel| panel["id"].as_i64()).collect();
        assert_eq!(ids.len(), board["panels"].as_array().expect("panels").len(), "{file}: one id for each panel");
        for Panel { title, json, queries } in panels(file) {
            let told = format!("{file}: {title}");
            assert!(json["description"].as_str().is_some_and(|d| d.len() > 15), "{told}: no description");
            assert!(json["fieldConfig"]["defaults"]["unit"].is_string(), "{told}: no unit");
            assert_eq!(json["datasource"]["uid"], "${datasource}", "{told}");
            assert!(!queries.is_empty(), "{told}: no query");
            for (query, target) in queries.iter().zip(json["targets"].as_array().expect("targets")) {
                assert_eq!(target["datasource"]["uid"], "${datasource}", "{told}");
                for chosen in ["job=~\"$job\"", "instance=~\"$instance\""] {
                    let series = query.matches('{').count();
                    assert_eq!(query.matches(chosen).count(), series, "{told}: {query}");
                }
                for window in query.split('[').skip(1).filter_map(|rest| rest.split(']').next()) {
                    assert!(["$__rate_interval", "$__range", "1h"].contains(&window), "{told}: [{window}]");
                }
            }
        }
    }
}

/// Variables that links of the drill-down may use are those that it has, or that Grafana gives to each link.
#[test]
fn links_lead_to_the_incident_page() {
    let board: Value = serde_json::from_str(&text("grafana/incident.json")).expect("JSON");
    let links: Vec<String> = panels("grafana/incident.json")
        .iter()
        .filter_map(|panel| Some(panel.json["fieldConfig"]["defaults"]["links"][0]["url"].as_str()?.to_owned()))
        .collect();
    assert!(links.len() >= 5 && links.iter().all(|link| link.starts_with("${page}/#")), "{links:?}");
    assert_eq!(board["links"][1]["url"], "${page}/");
    for variable in links.iter().flat_map(|link| link.split("${").skip(1)).filter_map(|rest| rest.split('}').next()) {
        assert!(["page", "__field.labels.detector", "__field.labels.severity"].contains(&variable), "{variable}");
    }
    // The overview leads here.
    let soc = text("grafana/soc.json");
    assert!(soc.contains("/d/deguchi-incident?") && board["uid"] == "deguchi-incident");
}

/// Runs a checker in `dashboards/`, which must have nothing to blame.
fn judge(name: &str, package: &str, args: &[&str]) {
    let Some(program) = program(name, package) else { return };
    let run = Command::new(program).args(args).current_dir(folder()).output().expect("it runs");
    let said = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && !said.contains("FAILED"), "{name} {args:?}: {said}");
}

#[test]
fn the_checkers_of_prometheus_and_alertmanager_agree() {
    judge("promtool", "prometheus", &["check", "rules", "rules/deguchi.rules.yml"]);
    judge("promtool", "prometheus", &["check", "config", "prometheus.yml"]);
    judge("promtool", "prometheus", &["test", "rules", "rules/tests.yml"]);
    judge("amtool", "prometheus-alertmanager", &["check-config", "alertmanager.yml"]);
}

#[test]
fn every_rule_has_both_cases_and_an_urgency() {
    let (rules, cases) = (text("rules/deguchi.rules.yml"), text("rules/tests.yml"));
    let readme = text("README.md");
    let mut count = 0;
    for rule in rules.split("- alert: ").skip(1) {
        let name = rule.lines().next().unwrap_or_default();
        for case in [format!("- name: {name} fires\n"), format!("- name: {name} is quiet\n")] {
            assert!(cases.contains(&case), "no case {case}");
        }
        for word in ["urgency: ", "summary: ", "description: ", "runbook: "] {
            assert!(rule.contains(word), "{name}: no {word}");
        }
        let urgent = ["urgency: page\n", "urgency: ticket\n", "urgency: info\n"];
        assert!(urgent.iter().any(|urgency| rule.contains(urgency)), "{name}: which urgency?");
        assert!(readme.contains(name), "{name}: not in the runbook");
        count += 1;
    }
    assert!(count > 15, "{count} rules");
}

fn run(command: &mut Command) {
    let run = command.stdout(Stdio::null()).output().expect("it runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// The past, from a log to the panels.
#[test]
fn an_archive_fills_the_overview() {
    let (Some(_), Some(promtool)) = (program("prometheus", "prometheus"), program("promtool", "prometheus")) else {
        return;
    };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let (history, alerts) = (scratch.path().join("history.om"), scratch.path().join("alerts.jsonl"));
    run(Command::new(env!("CARGO_BIN_EXE_deguchi"))
        .args(["replay", "--quiet", "--alerts"])
        .args([&alerts, Path::new("--metrics-history"), &history])
        .arg(folder().join("../sample-logs/incident-2015/access.log.zst")));
    let data = scratch.path().join("data");
    run(Command::new(promtool)
        .args(["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=24h"])
        .args([&history, &data]));
    let prometheus = Prometheus::start(scratch.path(), "global: {}\n").expect("it is there");

    let samples = std::fs::read_to_string(&history).expect("a history");
    let families: BTreeSet<String> = samples.lines().filter(|l| !l.starts_with('#')).flat_map(names).collect();
    let times = samples.lines().filter(|line| line.starts_with("deguchi_input_events_total{"));
    let times: Vec<f64> = times.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    let span = (times[0], times[times.len() - 1]);
    let range = format!("{}s", (span.1 - span.0) as u64);
    let mut asked = 0;
    for (board, panel) in
        BOARDS[..2].iter().flat_map(|board| panels(board).into_iter().map(move |panel| (board, panel)))
    {
        for query in &panel.queries {
            if !names(query).is_subset(&families) {
                // All of the drill-down is for archives too.
                assert_eq!(*board, "grafana/soc.json", "{}: {query}", panel.title);
                continue;
            }
            let query = filled(query, "5m", &range);
            let found = match panel.json["type"] == "timeseries" {
                true => prometheus.range(&query, span),
                // Before the end: all episodes end with the log.
                false => prometheus.query(&query, Some(span.1 - 300.0)),
            };
            assert!(!found.is_empty(), "{}: no data: {query}", panel.title);
            asked += 1;
        }
    }
    assert!(asked >= 22, "{asked} queries on what the history has: {families:?}");

    let records = std::fs::read_to_string(&alerts).expect("alerts");
    let records = records.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let told = records.filter(|record| record["record"] == "alert" || record["record"] == "update").count();
    let counted = prometheus.query("sum(deguchi_alerts_total)", Some(span.1));
    assert_eq!(counted[0]["value"][1], told.to_string(), "what was told is what is counted");
    prometheus.stop();
}

/// The present: a watch that is scraped fills all panels, and the rules fire.
#[test]
fn a_watch_fills_every_panel() {
    if program("prometheus", "prometheus").is_none() {
        return;
    }
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let (log, alerts) = (scratch.path().join("access.log"), scratch.path().join("alerts.jsonl"));
    std::fs::write(&log, "").expect("room");
    let state = scratch.path().join("state");
    let watch = Watch::start_with(&log, &alerts, &["--state", state.to_str().expect("UTF-8")]);
    let settings = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{:?}]\n\
         scrape_configs:\n- {{job_name: deguchi, static_configs: [{{targets: [{:?}]}}]}}\n",
        folder().join("rules/deguchi.rules.yml"),
        watch.address,
    );
    let prometheus = Prometheus::start(scratch.path(), &settings).expect("it is there");
    let patience = Duration::from_secs(60);
    // It must have seen the zeros, or nothing increases.
    until("a scrape", patience, || prometheus.value("deguchi_input_events_total").filter(|&n| n == 0.0));

    let now = jiff::Timestamp::now().as_millisecond();
    let people = (1..8).map(|c| reading(now - 4 * HOUR, now, 300, &format!("10.0.0.{c}")));
    let lines = merged(people.chain([beacon(now - 3 * HOUR, 60_000, 175, "10.0.0.1", "evil.example")]));
    std::fs::write(&log, lines).expect("room");
    let firing = "ALERTS{alertname=~\"DeguchiC2.*\",alertstate=\"firing\"}";
    until("an alert fires", patience, || prometheus.query(firing, None).first().cloned());
    until("two scrapes of it", patience, || {
        prometheus.value("min(count_over_time((sum(deguchi_alerts_total) > 0)[1m:1s]))").filter(|&n| n > 2.0)
    });
    let now = jiff::Timestamp::now().as_millisecond() as f64 / 1000.0;
    for panel in BOARDS.iter().flat_map(|board| panels(board)) {
        for query in &panel.queries {
            let query = filled(query, "1m", "5m");
            assert!(!prometheus.query(&query, Some(now)).is_empty(), "{}: no data: {query}", panel.title);
        }
    }
    assert_eq!(watch.stop(), Some(0));
}
