//! Real logs that may not be copied into the project. They are looked for in `$DEGUCHI_DATA` and in `shared/data`
//! beside the checkout; without them these tests say so and pass.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deguchi::event::{Action, Event};
use deguchi::parse::{Logformat, Parser, by_name, detect, read};

pub(crate) fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [
        std::env::var_os("DEGUCHI_DATA").map(PathBuf::from),
        Some(root.join("../shared/data")),
        Some(root.join("../../shared/data")),
    ];
    let found = places.into_iter().flatten().find(|place| place.is_dir());
    if found.is_none() {
        println!("skipped: no folder of real logs; set DEGUCHI_DATA to one");
    }
    found
}

fn bytes(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).expect("gzip");
        return plain;
    }
    bytes
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect()
}

#[track_caller]
fn all<'a>(parser: &dyn Parser, bytes: &'a [u8]) -> Vec<Event<'a>> {
    let read = |line: &&'a [u8]| match parser.parse(line) {
        Ok(Some(event)) => event,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(line)),
    };
    lines(bytes).iter().map(read).collect()
}

#[test]
fn one_real_squid_in_three_formats_tells_the_same() {
    let Some(folder) = folder() else { return };
    let file = |name: &str| bytes(&folder.join("squid-real").join(name));
    let (native, combined, detector) =
        (file("access-squid.log"), file("access-combined.log"), file("access-detector.log"));
    let name = |bytes: &[u8]| detect(lines(bytes)).unwrap();
    for (bytes, wanted) in [(&native, "squid"), (&combined, "combined"), (&detector, "squid-extended-user")] {
        let found = name(bytes);
        assert_eq!((found.name, found.confidence), (wanted, 100));
    }
    let native = all(&*by_name("squid").unwrap(), &native);
    let combined = all(&*by_name("combined").unwrap(), &combined);
    let detector = all(&*by_name("squid-extended-user").unwrap(), &detector);
    assert_eq!((native.len(), combined.len(), detector.len()), (202, 202, 202));
    for ((native, combined), detector) in native.iter().zip(&combined).zip(&detector) {
        assert_eq!((native.time, native.duration), (detector.time, detector.duration));
        assert_eq!(native.time / 1000, combined.time / 1000);
        assert_eq!((native.peer, native.content_type), (detector.peer, detector.content_type));
        for other in [combined, detector] {
            assert_eq!((native.client, native.target, native.method), (other.client, other.target, other.method));
            assert_eq!((native.status, native.bytes_down), (other.status, other.bytes_down));
            assert_eq!((native.result, native.hierarchy, native.action), (other.result, other.hierarchy, other.action));
        }
        // Combined is raw, the other escaped: undone, they are the same.
        assert_eq!(combined.agent.map(|text| text.decode()), detector.agent.map(|text| text.decode()));
        assert_eq!(combined.referer.map(|text| text.decode()), detector.referer.map(|text| text.decode()));
        assert!(detector.bytes_up.is_some());
    }
    let count = |action| native.iter().filter(|event| event.action == action).count();
    assert_eq!((count(Action::Denied), count(Action::Error), count(Action::Unknown)), (27, 14, 0));
}

#[test]
fn a_json_logformat() {
    let Some(folder) = folder() else { return };
    let format = r#"{"ts":%ts.%03tu,"ms":%tr,"src":"%>a","user":"%un","status":"%Ss/%03>Hs","down":%<st,"up":%>st,"method":"%rm","url":"%>ru","host":"%>rd","sni":"%ssl::>sni","ua":"%{User-Agent}>h","hdrup":%>sh,"dst":"%<a"}"#;
    let bytes = bytes(&folder.join("squid-real/access-jsonl.log"));
    let events = all(&Logformat::compile(format).unwrap(), &bytes);
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].agent.unwrap().decode().as_ref(), br#"q"uo\te"#);
    assert_eq!((events[1].bytes_up, events[1].target), (Some(858), &b"api.example.test:18443"[..]));
}

#[test]
fn every_line_of_the_c2_and_benign_logs() {
    let Some(folder) = folder() else { return };
    let mut files = 0;
    for part in ["c2", "benign"] {
        for file in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = file.unwrap().path();
            let shown = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = bytes(&path);
            let found = detect(lines(&bytes)).unwrap_or_else(|error| panic!("{shown}: {error}"));
            let wanted = if shown.contains(".rich.") { "squid-extended" } else { "squid" };
            assert_eq!(found.name, wanted, "{shown}");
            for event in all(&*found.parser, &bytes) {
                assert!(event.client.is_some(), "{shown}");
            }
            files += 1;
        }
    }
    assert_eq!(files, 22);
}

/// Files of which less than half are requests of the format.
const NAMED: [(&str, &str); 2] =
    [("zscaler/sc4s-zscaler_proxy.log", "syslog+zscaler-kv"), ("paloalto/sc4s-palo_alto.log", "syslog+paloalto")];

/// Lines of many products, of each file what it is told to be, and how many of its lines are read, no request, or rejected
/// for what. What is not read, and why that is right:
///
/// - No log of requests to the outside: `apache/`, `haproxy/`, `nginx/` but for its open proxy, `syslog/`, `traefik_clf` and `w3c.2` of
///   servers (paths without a host, transfers); `checkpoint/` and `bro_conn` of connections without a name.
/// - No year anywhere, only the header of RFC 3164 has a time: `forcepoint/`, `skyhigh/`. Times of Palo Alto were replaced by
///   times of day.
/// - Nobody who asked: `w3c.5` has no client, one row of `w3c.3` hides it.
/// - Lines of the product about itself, in `bluecoat/`, `cisco_wsa/` (6), `traefik_json` and `zscaler/` (1), of a load balancer in
///   `fortigate/`, of private access in `zscaler/` (7; five are cut at their beginning).
/// - Layouts of one's own, which `--logformat` describes: two in `cisco_wsa/`.
#[test]
fn lines_of_many_products_are_read_or_rejected() {
    let Some(folder) = folder() else { return };
    let folder = folder.join("formats");
    let files = walkdir::WalkDir::new(&folder).sort_by_file_name().into_iter().map(|entry| entry.unwrap());
    let logs = files.filter(|file| {
        let name = file.file_name().to_string_lossy();
        file.file_type().is_file() && name != "README" && !name.ends_with(".expected.jsonl")
    });
    let mut table = String::new();
    for file in logs {
        let shown = file.path().strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        let mut bytes = bytes(file.path());
        let named = NAMED.iter().find(|(name, _)| *name == shown).map(|(_, format)| format.to_string());
        let found = detect(lines(&bytes));
        let Some(format) = named.or(found.as_ref().ok().map(|found| found.full_name())) else {
            table += &format!("{shown}: {}\n", found.unwrap_err().to_string().split(';').next().unwrap());
            continue;
        };
        let mut parser: Arc<dyn Parser> =
            found.map_or_else(|_| Arc::from(by_name(&format).unwrap()), |found| found.parser);
        parser.simplify(&mut bytes);
        let (mut events, mut ignored, mut rejected) = (0, 0, BTreeMap::<&str, u32>::new());
        for line in lines(&bytes) {
            match read(&mut parser, line) {
                Ok(Some(_)) => events += 1,
                Ok(None) => ignored += 1,
                Err(error) => *rejected.entry(error.wanted.as_str()).or_default() += 1,
            }
        }
        let lines = lines(&bytes).len();
        table +=
            &format!("{shown}: {format}, {lines} lines, {events} read, {ignored} no request, rejected {rejected:?}\n");
    }
    insta::assert_snapshot!(table);
}

/// What is known of single lines of two Japanese products.
#[test]
fn lines_of_japanese_products_say_what_is_expected() {
    let Some(folder) = folder() else { return };
    let mut compared = 0;
    for format in ["intersafe", "ifilter"] {
        let file = |end: &str| bytes(&folder.join("formats/own").join(format!("{format}-synthetic.{end}")));
        let (log, expected) = (file("log"), file("expected.jsonl"));
        let parser = by_name(format).unwrap();
        let events = all(&*parser, &log);
        assert_eq!(events.len(), lines(&expected).len());
        for (event, expected) in events.iter().zip(lines(&expected)) {
            let text = |bytes: &[u8]| serde_json::Value::from(String::from_utf8_lossy(bytes));
            let decoded = |field: Option<deguchi::event::Text<'_>>| field.map(|field| text(&field.decode())).into();
            let expected: serde_json::Value = serde_json::from_slice(expected).unwrap();
            for (key, wanted) in expected.as_object().unwrap() {
                let found: serde_json::Value = match &**key {
                    "client" => event.client.map(text).into(),
                    "user" => decoded(event.user),
                    "action" => event.action.as_str().into(),
                    "status" => event.status.into(),
                    "host" => event.host.map(text).into(),
                    "duration_ms" => event.duration.into(),
                    "bytes_up" => event.bytes_up.into(),
                    "bytes_down" => event.bytes_down.into(),
                    "url" => text(&event.url()),
                    "referer" => decoded(event.referer),
                    "ua" => decoded(event.agent),
                    "method" => event.method.map(text).into(),
                    "start" => {
                        let start: jiff::Timestamp = wanted.as_str().unwrap().parse().unwrap();
                        assert_eq!(event.start(), start.as_millisecond(), "{format}");
                        compared += 1;
                        continue;
                    }
                    // Not read: groups, categories, the media type and the server of i-FILTER.
                    _ => continue,
                };
                assert_eq!(&found, wanted, "{format}: {key}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 25);
}
