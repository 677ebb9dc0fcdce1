//! `sample-logs/formats/<vendor>/<sample>.log` beside its `.expected.jsonl`, one object a line of the log.

use std::path::Path;

use deguchi::event::{Event, Text};
use deguchi::parse::{Logformat, Parser, by_name};
use serde_json::Value;

fn lines(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

fn sample(name: &str) -> (Vec<Vec<u8>>, Vec<Value>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/formats");
    let expected = lines(&folder.join(format!("{name}.expected.jsonl")));
    let expected = expected.iter().map(|line| serde_json::from_slice(line).expect("JSON")).collect();
    (lines(&folder.join(format!("{name}.log"))), expected)
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
        "url" => text(Some(event.target)),
        "logged_host" => text(event.host),
        "user" => decoded(event.user),
        "agent" => decoded(event.agent),
        "referer" => decoded(event.referer),
        "hier" => text(event.hierarchy),
        "peer" => text(event.peer),
        "mime" => text(event.content_type),
        "action" => event.action.as_str().into(),
        _ => return None,
    })
}

#[track_caller]
fn check(parser: &dyn Parser, name: &str) {
    let (lines, expected) = sample(name);
    assert_eq!(lines.len(), expected.len(), "{name}: one expectation a line");
    for (line, expected) in lines.iter().zip(expected) {
        let shown = String::from_utf8_lossy(line);
        let event = parser.parse(line).unwrap_or_else(|error| panic!("{name}: {error:?}: {shown}")).expect("an event");
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
    let parser = by_name("squid").unwrap();
    check(&*parser, "squid/native-edge");
}

#[test]
fn squid_common_and_combined() {
    check(&*by_name("common").unwrap(), "squid/common");
    check(&*by_name("combined").unwrap(), "squid/combined");
}

#[test]
fn squid_logformats() {
    check(&*by_name("squid-extended").unwrap(), "squid/logformat-extended");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/formats/squid");
    let format = std::fs::read_to_string(folder.join("logformat-json.logformat")).unwrap();
    check(&Logformat::compile(&format).unwrap(), "squid/logformat-json");
}
