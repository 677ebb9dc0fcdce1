//! `sample-logs/formats/<vendor>/<sample>.log` beside its `.expected.jsonl`, one object an event of the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deguchi::event::{Event, Text};
use deguchi::parse::{Logformat, Map, Parser, by_name, detect, read};
use jiff::tz::TimeZone;
use serde_json::Value;

fn lines(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/formats")
}

fn expected(name: &str) -> Vec<Value> {
    let lines = lines(&folder().join(format!("{name}.expected.jsonl")));
    lines.iter().map(|line| serde_json::from_slice(line).expect("JSON")).collect()
}

fn text(bytes: Option<&[u8]>) -> Value {
    bytes.map_or(Value::Null, |bytes| String::from_utf8_lossy(bytes).into())
}

fn decoded(field: Option<Text<'_>>) -> Value {
    text(field.map(|field| field.decode()).as_deref())
}

/// The fields of an event under their names in the expectations.
fn field(event: &Event<'_>, name: &str) -> Option<Value> {
    Some(match name {
        "ts_ms" => event.time.into(),
        "start_ms" => event.start().into(),
        "elapsed_ms" => event.duration.into(),
        "client" => text(event.client),
        "result" => text(event.result),
        "status" => event.status.into(),
        "bytes_up" => event.bytes_up.into(),
        "bytes_down" => event.bytes_down.into(),
        "method" => text(event.method),
        "url" => text(Some(&event.url())),
        "logged_host" => text(event.host),
        "user" => decoded(event.user),
        "agent" => decoded(event.agent),
        "referer" => decoded(event.referer),
        "hier" => text(event.hierarchy),
        "peer" => text(event.peer),
        "mime" => text(event.content_type),
        "action" => event.action.as_str().into(),
        "handoff" => event.handoff.into(),
        _ => return None,
    })
}

/// Every name that an expectation may have.
const NAMES: [&str; 20] = [
    "ts_ms",
    "start_ms",
    "elapsed_ms",
    "client",
    "user",
    "method",
    "url",
    "logged_host",
    "status",
    "action",
    "result",
    "bytes_up",
    "bytes_down",
    "agent",
    "referer",
    "mime",
    "hier",
    "peer",
    "ambiguous",
    "handoff",
];

/// Writes what is read, where `UPDATE_SAMPLES` names the sample or its folder (several, with commas); then look at `git diff`.
fn update(name: &str, events: &[(&[u8], Event<'_>)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("sample-logs/formats/{name}.expected.jsonl"));
    let mut out = String::new();
    for (_, event) in events {
        let value = |key: &str| match key {
            "ambiguous" => Some(Value::Bool(event.ambiguous)),
            key => field(event, key),
        };
        // What would be taken for a guess and is none.
        let clear = event.user.is_some_and(|user| user.raw.contains(&b' '));
        let told = |(key, value): &(&str, Value)| match value {
            Value::Bool(said) => *said || *key == "ambiguous" && clear,
            value => !value.is_null(),
        };
        let fields = NAMES.iter().filter_map(|key| Some((*key, value(key)?))).filter(told);
        let fields: Vec<String> = fields.map(|(key, value)| format!("\"{key}\": {value}")).collect();
        out += &format!("{{{}}}\n", fields.join(", "));
    }
    std::fs::write(path, out).unwrap();
}

#[track_caller]
fn check(parser: Box<dyn Parser>, name: &str) {
    let lines = lines(&folder().join(format!("{name}.log")));
    let mut parser: Arc<dyn Parser> = Arc::from(parser);
    let mut events = Vec::new();
    let simple = |line: &Vec<u8>| {
        let mut line = line.clone();
        parser.simplify(&mut line);
        line
    };
    let lines: Vec<Vec<u8>> = lines.iter().map(simple).collect();
    for line in &lines {
        let read = read(&mut parser, line);
        let shown = String::from_utf8_lossy(line);
        if let Some(event) = read.unwrap_or_else(|error| panic!("{name}: {error:?}: {shown}")) {
            events.push((line.as_slice(), event));
        }
    }
    if std::env::var("UPDATE_SAMPLES").is_ok_and(|wanted| wanted.split(',').any(|part| name.starts_with(part))) {
        update(name, &events);
    }
    let expected = expected(name);
    assert_eq!(events.len(), expected.len(), "{name}: one expectation an event");
    for ((line, event), expected) in events.into_iter().zip(expected) {
        let shown = String::from_utf8_lossy(line);
        for (key, wanted) in expected.as_object().expect("an object") {
            if let Some(found) = field(&event, key) {
                assert_eq!(&found, wanted, "{name}: {key}: {shown}");
            }
        }
        // Guesses are marked, clear splits are not. Unless it says otherwise, an expectation of spaces in a user name
        // is one of a guess.
        let spaces = event.user.is_some_and(|user| user.raw.contains(&b' '));
        let guess = expected.get("ambiguous").map_or(spaces, |guess| guess == &Value::Bool(true));
        assert_eq!(event.ambiguous, guess, "{name}: ambiguous: {shown}");
    }
}

#[test]
fn squid_native() {
    check(by_name("squid").unwrap(), "squid/native-edge");
}

#[test]
fn squid_common_and_combined() {
    check(by_name("common").unwrap(), "squid/common");
    check(by_name("combined").unwrap(), "squid/combined");
}

#[test]
fn squid_logformats() {
    check(by_name("squid-extended").unwrap(), "squid/logformat-extended");
    let format = std::fs::read_to_string(folder().join("squid/logformat-json.logformat")).unwrap();
    check(Box::new(Logformat::compile(&format).unwrap()), "squid/logformat-json");
}

/// Reads a sample as what its lines are told to be.
#[track_caller]
fn check_detected(format: &str, name: &str) {
    let lines = lines(&folder().join(format!("{name}.log")));
    let found = detect(lines.iter().map(Vec::as_slice)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((found.name, found.confidence), (format, 100), "{name}");
    check(by_name(format).unwrap(), name);
}

#[test]
fn maps() {
    for (format, name) in [
        ("zscaler-json", "zscaler/json"),
        ("zscaler-kv", "zscaler/kv"),
        ("zscaler-csv", "zscaler/csv"),
        ("proxysg-json", "proxysg/json"),
        ("proxysg-kv", "proxysg/kv"),
        ("fortigate", "fortigate/webfilter"),
        ("fortiproxy", "fortiproxy/http-transaction"),
        ("skyhigh", "skyhigh/sse"),
        ("umbrella", "umbrella/proxy"),
        ("envoy", "envoy/json"),
        ("traefik", "traefik/json"),
        ("intersafe", "intersafe/http"),
        ("apache-common", "apache/common"),
        ("apache-combined", "apache/combined"),
        ("envoy-text", "envoy/text"),
        ("haproxy", "haproxy/http"),
        ("ifilter", "ifilter/access"),
        ("paloalto", "paloalto/url"),
        ("sophos", "sophos/web"),
        ("sophos-swa", "sophos/swa"),
        ("leef", "leef/zscaler"),
        ("leef", "leef/forcepoint"),
        ("cef", "cef/forcepoint"),
        ("cisco-wsa", "cisco-wsa/access"),
        ("zeek", "zeek/http"),
        ("zeek-json", "zeek/http-json"),
        ("ecs", "ecs/ecs"),
        ("ecs", "ecs/squid"),
    ] {
        check_detected(format, name);
    }
}

/// Its lines look like Squid's: only who knows it says so.
#[test]
fn traffic_server() {
    check(by_name("trafficserver").unwrap(), "trafficserver/squid");
}

#[test]
fn lines_in_json() {
    for (format, name) in
        [("syslog+squid", "docker/squid"), ("syslog+envoy", "docker/envoy"), ("syslog+squid", "splunk/export")]
    {
        let lines = lines(&folder().join(format!("{name}.log")));
        let found = detect(lines.iter().map(Vec::as_slice)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found.full_name(), format, "{name}");
        check(by_name(format).unwrap(), name);
    }
}

/// A map of one's own reads what the map that is shipped reads.
#[test]
fn a_map_of_ones_own() {
    let map = std::fs::read_to_string(folder().join("own/own.map.toml")).unwrap();
    check(Box::new(Map::compile(&map, &TimeZone::get("Asia/Tokyo").unwrap()).unwrap()), "own/own");
}

#[test]
fn w3c() {
    for product in ["proxysg", "cloud-swg", "tmg", "iis-arr", "netskope"] {
        check_detected("w3c", &format!("w3c/{product}"));
    }
}
