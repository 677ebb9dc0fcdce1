//! The breach of 2015, row by row: what `deguchi` must show on the reconstruction that is shipped.
//!
//! Rows have the numbers and times of the requirement; facts come from the labels. A row that does not hold yet is
//! ignored with what it waits for: the row is right, the program is not there yet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

type Records = Vec<Value>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/incident-2015")
}

fn labels() -> &'static Value {
    static LABELS: OnceLock<Value> = OnceLock::new();
    LABELS.get_or_init(|| {
        let text = std::fs::read(folder().join("labels.json")).expect("labels");
        serde_json::from_slice(&text).expect("JSON")
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// The clients of a row.
fn row(name: &str) -> &'static [Value] {
    list(&list(&labels()["stages"]).iter().find(|stage| stage["row"] == name).expect(name)["clients"])
}

/// The only attack of a kind.
fn attack(kind: &str) -> &'static Value {
    list(&labels()["attacks"]).iter().find(|attack| attack["kind"] == kind).expect(kind)
}

fn seconds(time: &str) -> f64 {
    time.parse::<jiff::Timestamp>().unwrap_or_else(|error| panic!("{time:?}: {error}")).as_millisecond() as f64 / 1e3
}

/// Replays a log with more arguments; the records.
fn replay_log(log: &Path, more: &[&str]) -> Records {
    let run = Command::new(env!("CARGO_BIN_EXE_deguchi"))
        .args(["replay", "--quiet", "--strict", "--tz", "Asia/Tokyo", "--alerts", "-"])
        .args(more)
        .arg(log)
        .output()
        .expect("the binary runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let lines = run.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect()
}

fn replay(more: &[&str]) -> Records {
    replay_log(&folder().join("access.log.zst"), more)
}

/// All days, with defaults.
fn whole() -> &'static Records {
    static WHOLE: OnceLock<Records> = OnceLock::new();
    WHOLE.get_or_init(|| replay(&[]))
}

/// All days, with the sites.
fn with_sites() -> &'static Records {
    static SITES: OnceLock<Records> = OnceLock::new();
    let sites = folder().join("sites.toml");
    SITES.get_or_init(|| replay(&["--sites", sites.to_str().expect("UTF-8")]))
}

fn alerts(records: &[Value]) -> impl Iterator<Item = &Value> {
    records.iter().filter(|record| matches!(text(record, "record"), "alert" | "update"))
}

/// Whether a record is about a client, alone or among others.
fn is_about(record: &Value, client: &str) -> bool {
    text(record, "client") == client || list(&record["clients"]).iter().any(|other| other == client)
}

fn names(record: &Value, domain: &str) -> bool {
    text(record, "domain") == domain || list(&record["domains"]).iter().any(|other| other == domain)
}

/// Seconds from `since` to the first alert that `wanted` accepts.
fn delay(records: &[Value], since: &str, wanted: impl Fn(&Value) -> bool) -> Option<f64> {
    alerts(records)
        .filter(|record| wanted(record))
        .map(|r| seconds(text(r, "time")) - seconds(since))
        .min_by(f64::total_cmp)
}

fn assert_within(delay: Option<f64>, minutes: f64, what: &str) {
    let delay = delay.unwrap_or_else(|| panic!("{what}: no alert"));
    assert!(delay <= minutes * 60.0, "{what}: {:.1} min, not within {minutes}", delay / 60.0);
}

/// The incident of each record; those that were proved one have one name.
struct Incidents(BTreeMap<String, String>);

impl Incidents {
    fn new(records: &[Value]) -> Self {
        let mut merged = BTreeMap::new();
        let is_id = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        for record in records.iter().filter(|record| record["record"] == "merge") {
            let fields = record.as_object().expect("an object");
            let told = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "id" | "episode"));
            let ids: Vec<&str> = told
                .flat_map(|(_, value)| std::iter::once(value).chain(list(value)))
                .filter_map(Value::as_str)
                .filter(|text| is_id(text))
                .collect();
            let roots: BTreeSet<String> = ids.iter().map(|id| Self::root(&merged, id)).collect();
            let first = roots.first().expect("a merge names incidents").clone();
            merged.extend(roots.into_iter().filter(|root| *root != first).map(|root| (root, first.clone())));
        }
        Incidents(merged)
    }

    fn root(merged: &BTreeMap<String, String>, id: &str) -> String {
        let mut at = id;
        while let Some(next) = merged.get(at) {
            at = next;
        }
        at.to_owned()
    }

    fn of(&self, record: &Value) -> String {
        Self::root(&self.0, text(record, "incident"))
    }
}

const MAY_8: [&str; 4] = ["--since", "2015-05-08", "--until", "2015-05-09"];

#[test]
fn s1_the_beacon_of_22_april_alerts_under_the_registrable_domain() {
    let records = replay(&["--until", "2015-04-23"]);
    let ministry = attack("incident-ministry");
    let (client, domain) =
        (ministry["clients"][0].as_str().expect("one"), ministry["domains"][0].as_str().expect("one"));
    let found = |record: &Value| is_about(record, client) && text(record, "domain") == domain;
    assert!(alerts(&records).any(|record| found(record) && record["detector"] == "beacon"), "{client} {domain}");
}

/// The first request to the sibling, 90 s of log time at most.
fn s1_sibling(records: &[Value]) {
    let flood = &attack("incident-flood")["pairs"][0];
    let wanted =
        |record: &Value| is_about(record, text(flood, "client")) && text(record, "domain") == text(flood, "domain");
    assert_within(delay(records, text(flood, "first_seen"), wanted), 1.5, "the sibling of the blocked host");
}

#[test]
fn s1_the_sibling_of_8_may_alerts_at_once_if_the_name_is_listed() {
    let directory = tempfile::tempdir().expect("a directory");
    let list = directory.path().join("ioc.txt");
    let host = attack("incident-ministry")["hosts"][0].as_str().expect("a host");
    assert!(host.starts_with("host1."), "{host}");
    std::fs::write(&list, format!("{host}\n")).expect("room");
    let mut more = vec!["--ioc", list.to_str().expect("UTF-8")];
    more.extend(MAY_8);
    s1_sibling(&replay(&more));
}

#[test]
fn s1_the_sibling_of_8_may_alerts_at_once_if_the_incident_of_22_april_is_remembered() {
    let directory = tempfile::tempdir().expect("a directory");
    let ledger = directory.path().join("ledger");
    let ledger = ledger.to_str().expect("UTF-8");
    replay(&["--until", "2015-04-23", "--save-ledger", ledger]);
    let mut more = vec!["--ledger", ledger];
    more.extend(MAY_8);
    s1_sibling(&replay(&more));
}

#[test]
fn s2_the_flood_of_8_may_alerts_within_10_minutes_of_its_first_beacon() {
    let records = replay(&MAY_8);
    let flood = &attack("incident-flood")["pairs"][0];
    let wanted = |record: &Value| is_about(record, text(flood, "client")) && names(record, text(flood, "domain"));
    assert_within(delay(&records, text(flood, "first_seen"), wanted), 10.0, "the flood");
}

#[test]
fn s3_each_denied_pc_alerts_within_30_minutes_as_infected_behind_a_block() {
    let clients = row("S3");
    assert_eq!(clients.len(), 3);
    for client in clients {
        let (address, domain) = (text(client, "client"), client["domains"][0].as_str().expect("a domain"));
        let wanted = |record: &Value| {
            record["detector"] == "denied_beacon"
                && is_about(record, address)
                && names(record, domain)
                && text(record, "summary").contains("behind a block")
        };
        assert_within(delay(whole(), text(client, "first_denied"), wanted), 30.0, address);
    }
}

/// Each within an hour of its first beacon, whatever incident it is told in.
#[test]
fn s4_each_of_the_27_alerts_within_60_minutes_of_its_first_beacon() {
    let clients = row("S4");
    assert_eq!(clients.len(), 27);
    let late: Vec<String> = clients
        .iter()
        .filter_map(|client| {
            let own = |record: &Value| {
                is_about(record, text(client, "client"))
                    && list(&client["domains"]).iter().any(|domain| names(record, domain.as_str().expect("a name")))
            };
            let delay = delay(whole(), text(client, "first_beacon"), own);
            let late = delay.is_none_or(|delay| delay > 3600.0);
            late.then(|| format!("{} {:?} min", text(client, "client"), delay.map(|delay| (delay / 60.0) as i64)))
        })
        .collect();
    assert!(late.is_empty(), "{} of 27: {}", late.len(), late.join(", "));
}

#[test]
fn s4_all_27_are_in_one_incident_with_site_first_seen_and_domains() {
    let records = with_sites();
    let incidents = Incidents::new(records);
    let opener = attack("incident-opener")["clients"][0].as_str().expect("one");
    let of = |client: &str| -> BTreeSet<String> {
        alerts(records).filter(|record| is_about(record, client)).map(|record| incidents.of(record)).collect()
    };
    let malicious: BTreeSet<&str> =
        row("S4").iter().flat_map(|client| list(&client["domains"])).filter_map(Value::as_str).collect();
    let told = |incident: &String, client: &Value| {
        alerts(records).any(|record| {
            incidents.of(record) == *incident
                && is_about(record, text(client, "client"))
                && malicious.iter().any(|domain| names(record, domain))
                && !text(record, "first_seen").is_empty()
                && (text(record, "client") != text(client, "client") || record["site"] == client["site"])
        })
    };
    let missing = |incident: &String| -> Vec<&str> {
        row("S4").iter().filter(|client| !told(incident, client)).map(|client| text(client, "client")).collect()
    };
    let best = of(opener).into_iter().map(|incident| missing(&incident)).min_by_key(Vec::len);
    assert_eq!(best, Some(Vec::new()), "clients that the opener's incident lacks");
}

/// The alerts of both senders within a quarter of an hour of their first burst.
fn s6(records: &[Value], check: impl Fn(&Value)) {
    let senders = row("S6");
    assert_eq!(senders.len(), 2);
    for sender in senders {
        let (client, domain) = (text(sender, "client"), sender["domains"][0].as_str().expect("a domain"));
        let wanted =
            |record: &Value| record["detector"] == "post_burst" && is_about(record, client) && names(record, domain);
        assert_within(delay(records, text(sender, "first_burst"), wanted), 15.0, client);
        check(alerts(records).find(|record| wanted(record)).expect("just found"));
    }
}

#[test]
fn s6_bursts_alert_within_15_minutes_with_counts_where_bytes_are_not_logged() {
    s6(whole(), |record| {
        assert_eq!(record["bytes_up"], Value::Null, "unknown is null");
        assert!(record["methods"]["POST"].as_u64().is_some_and(|count| count >= 3), "{}", record["methods"]);
    });
}

#[test]
fn s6_bursts_alert_within_15_minutes_with_bytes_where_they_are_logged() {
    let directory = tempfile::tempdir().expect("a directory");
    let made = Command::new(env!("CARGO_BIN_EXE_deguchi"))
        .args(["synth", "--scenario", "incident-2015", "--logformat", "rich", "--output"])
        .arg(directory.path())
        .status()
        .expect("the binary runs");
    assert!(made.success());
    let more = ["--since", "2015-05-21", "--until", "2015-05-22"];
    s6(&replay_log(&directory.path().join("access.log"), &more), |record| {
        assert!(record["bytes_up"].as_u64().is_some_and(|bytes| bytes > 1_000_000), "{}", record["bytes_up"]);
    });
}

/// What GETs may have carried is stated, and is at least what they carried.
fn s7_states_at_least(records: &[Value], kind: &str) {
    let attack = attack(kind);
    let about =
        |record: &Value, pair: &Value| is_about(record, text(pair, "client")) && names(record, text(pair, "domain"));
    let stated: u64 = list(&attack["pairs"])
        .iter()
        .map(|pair| {
            let ends = records.iter().filter(|record| record["record"] == "end" && about(record, pair));
            ends.filter_map(|record| record["url_bytes_max"].as_u64()).max().unwrap_or(0)
        })
        .sum();
    // The labels count the question mark, which carries nothing.
    let carried = attack["url_bytes"].as_u64().expect("a number") - attack["requests"].as_u64().expect("a number");
    assert!(stated >= carried, "{kind}: at most {stated} bytes stated, {carried} sent");
}

#[test]
fn s7_what_the_flood_of_gets_may_have_carried_is_stated() {
    s7_states_at_least(whole(), "incident-flood");
}

#[test]
fn s7_what_site_as_gets_may_have_carried_is_stated() {
    s7_states_at_least(whole(), "incident-get-burst");
}

#[test]
fn s7_nobody_is_told_that_nothing_leaked() {
    for record in whole() {
        let told = record.to_string().to_lowercase();
        assert!(!told.contains("no leak") && !told.contains("nothing left"), "{told}");
    }
}

/// One command over all days, given the names; every client that touched one of them, refused or not.
#[test]
fn s5_a_search_for_the_domains_lists_every_client_that_touched_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let list = directory.path().join("ioc.txt");
    let pairs: BTreeSet<(&str, &str)> = list_of("pairs").map(|p| (text(p, "client"), text(p, "domain"))).collect();
    let domains: BTreeSet<&str> = pairs.iter().map(|(_, domain)| *domain).collect();
    assert!(pairs.len() > 90 && domains.len() > 10, "{} pairs, {} domains", pairs.len(), domains.len());
    std::fs::write(&list, domains.iter().fold(String::new(), |all, name| all + name + "\n")).expect("room");
    let records = replay(&["--ioc", list.to_str().expect("UTF-8")]);
    let told: BTreeSet<(&str, &str)> = alerts(&records)
        .filter(|record| record["detector"] == "ioc")
        .map(|record| (text(record, "client"), text(record, "domain")))
        .collect();
    let missing: Vec<_> = pairs.difference(&told).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// All entries of a list that the attacks have.
fn list_of(name: &str) -> impl Iterator<Item = &'static Value> {
    list(&labels()["attacks"]).iter().flat_map(move |attack| list(&attack[name]))
}

/// The page, by what stands in its summary lines and below them.
fn page(lang: &str) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let page = crate::page::report(crate::page::incident(), directory.path(), lang);
    std::fs::read_to_string(page).expect("a page")
}

#[test]
fn s7_the_page_says_of_each_incident_what_may_have_left_and_never_that_nothing_did() {
    for (lang, heading, most) in [("en", "What left", "t most "), ("ja", "外へ出たもの", "最大 ")] {
        let page = page(lang);
        let incidents: Vec<&str> = page.split("<article ").skip(1).collect();
        assert!(incidents.len() > 20);
        for incident in incidents {
            let (_, left) = incident.split_once(&format!("<dt>{heading}</dt><dd>")).expect("it says what left");
            let left = left.split("</dd>").next().expect("its end");
            assert!(left.contains(most) || left.contains("unknown") || left.contains("不明"), "{left}");
        }
        for word in ["no leak", "nothing left", "漏えいなし"] {
            assert!(!page.to_lowercase().contains(word), "{word}");
        }
    }
}

/// The domains of 20 to 23 May, told of in the records; each blocked as a whole, with whom else that hits.
#[test]
fn s8_the_block_list_is_of_domains_and_shows_what_else_it_hits() {
    let run = Command::new(env!("CARGO_BIN_EXE_deguchi"))
        .args(["block", "--as", "squid"])
        .arg(crate::page::incident())
        .output()
        .expect("the binary runs");
    let listed = String::from_utf8(run.stdout).expect("UTF-8");
    let lines: Vec<&str> = listed.lines().collect();
    let domains: BTreeSet<&str> =
        row("S4").iter().flat_map(|client| list(&client["domains"])).filter_map(Value::as_str).collect();
    assert!(domains.len() >= 10);
    for domain in domains.iter().copied().chain(["quaxavavellex39.com"]) {
        let at =
            lines.iter().position(|line| *line == format!(".{domain}")).unwrap_or_else(|| panic!("{domain}: {listed}"));
        let about = lines[at - 1];
        for wanted in ["in alerts", "other client", "host", "request", "known since 2015-0", "expires 2015-08-"] {
            assert!(about.contains(wanted), "{domain}: {about}");
        }
    }
}

/// Somebody is told: by the gauge that rules and dashboards go by, and when the log goes quiet.
#[test]
fn s9_metrics_rules_and_dashboards_speak_of_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let metrics = directory.path().join("deguchi.prom");
    replay(&["--metrics", metrics.to_str().expect("UTF-8"), "--until", "2015-05-23T12:00"]);
    let text = std::fs::read_to_string(&metrics).expect("metrics");
    let sum = |family: &str| -> f64 {
        let lines = text.lines().filter(|line| line.starts_with(family));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    };
    assert!(sum("deguchi_alerts_total{detector=\"beacon\"") >= 27.0 && sum("deguchi_denied_events_total") > 100.0);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect(name);
    let rules = read("rules/deguchi.rules.yml");
    for rule in ["DeguchiC2Likely", "DeguchiSilence", "DeguchiAbsent", "DeguchiLag"] {
        assert!(rules.contains(&format!("alert: {rule}")) && read("rules/tests.yml").contains(rule), "{rule}");
    }
    assert!(rules.contains("deguchi_active_alerts") && read("grafana/soc.json").contains("deguchi_active_alerts"));
}

#[test]
fn s11_the_incident_says_when_site_b_passes_a_threshold() {
    let records = with_sites();
    let incidents = Incidents::new(records);
    let opener = attack("incident-opener")["clients"][0].as_str().expect("one");
    let ours: BTreeSet<String> =
        alerts(records).filter(|record| is_about(record, opener)).map(|record| incidents.of(record)).collect();
    // The site was cut off on 23 May at 19:10 in Japan.
    let cut_off = seconds("2015-05-23T10:10:00Z");
    let says = |record: &Value| {
        let mut texts = vec![text(record, "summary")];
        texts.extend(list(&record["evidence"]).iter().map(|evidence| text(evidence, "text")));
        texts.iter().any(|text| text.contains("Site B") && text.contains("clients") && text.contains("site"))
    };
    let told = records.iter().filter(|record| ours.contains(&incidents.of(record)) && says(record));
    assert!(told.map(|record| seconds(text(record, "time"))).any(|time| time < cut_off), "no site passed a threshold");
}
