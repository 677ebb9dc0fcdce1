//! What must be found, and what must not, in real and public logs that may not be copied into the project. They are looked
//! for as in `parse::data`; without them these tests say so and pass.

use deguchi::alert::{RecordKind, Severity};
use deguchi::event::{Normalizer, Target};
use deguchi::parse::{detect, read};
use std::collections::BTreeMap;
use std::io::Read;
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

/// Requests by client, whether it is a tunnel, and host; and how many lines have none.
fn requests(log: &Path) -> (BTreeMap<(String, bool, String), usize>, usize) {
    let bytes = std::fs::read(log).unwrap();
    let mut plain = Vec::new();
    match log.extension().is_some_and(|extension| extension == "gz") {
        true => drop(flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap()),
        false => plain = bytes,
    }
    let lines: Vec<&[u8]> = plain.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
    let mut parser = detect(lines.iter().copied()).unwrap().parser;
    let (mut found, mut none) = (BTreeMap::new(), 0);
    let mut normalizer = Normalizer::default();
    for event in lines.iter().filter_map(|line| read(&mut parser, line).ok().flatten()) {
        let place = Target::of(&event).and_then(|target| normalizer.destination(target.authority));
        let Some(place) = place else {
            none += 1;
            continue;
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let tunnel = event.method == Some(b"CONNECT");
        *found.entry((text(event.client.unwrap()), tunnel, text(place.host))).or_default() += 1;
    }
    let rejected = lines.iter().filter(|line| parser.parse(line).is_err()).count();
    (found, none + rejected)
}

/// What Zeek saw on the wire and what a proxy would have logged of it: the same requests, and the same alerts. Zeek also has
/// records of connections in which it saw no request, 501 here: those have no host.
#[test]
fn zeek_tells_what_the_proxy_tells() {
    let Some(root) = crate::parse::data::folder() else { return };
    for (zeek, squid, without) in [
        ("zeek/http-proxy-beacon.log", "c2/proxy-beacon-249s", 0),
        ("zeek/http-ac-first12h.log.gz", "benign/ac-first12h", 501),
    ] {
        let pack = if zeek.ends_with(".gz") { ".gz" } else { "" };
        let rendered = |kind: &str| root.join(format!("{squid}.{kind}.log{pack}"));
        let zeek = root.join(zeek);
        let (seen, none) = requests(&zeek);
        assert_eq!(requests(&rendered("rich")), (seen, 0), "{squid}");
        assert_eq!(none, without, "{squid}");
        assert_eq!(alerts(&zeek), alerts(&rendered("rich")), "{squid}");
    }
}
