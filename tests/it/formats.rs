//! Formats from end to end: archived and live, told by their lines, mixed, with a header that changes on the way.

use crate::lab::{DAY, Files, HOUR, Outcome, beacon, merged, reading, replay, threads, w3c};
use crate::watch::Watch;
use deguchi::parse::Reason;
use std::io::Write;
use std::path::Path;
use std::process::Command;

fn squid() -> Vec<u8> {
    let people = (1..8).map(|c| reading(DAY, DAY + 4 * HOUR, 500, &format!("10.0.0.{c}")));
    merged(people.chain([beacon(DAY + HOUR / 2, 60_000, 200, "10.0.0.1", "evil.example")]))
}

fn replayed(log: &Path, flags: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
    let output = command.args(["replay", "--tz", "UTC", "--alerts", "-"]).args(flags).arg(log).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

/// A live log whose fields change is followed by its header, also by a run that begins in the middle of it.
#[test]
fn a_live_log_with_headers_is_followed_through_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (path, alerts, state, config) = (at("access.log"), at("alerts"), at("state"), at("deguchi.toml"));
    std::fs::write(&config, "snapshot-seconds = 1\n").unwrap();
    let more = ["--state", state.to_str().unwrap(), "--config", config.to_str().unwrap()];
    // It begins in another format, which a snapshot has to know as well as the header.
    let squid = squid();
    let half = squid.len() / 3 + squid[squid.len() / 3..].iter().position(|&b| b == b'\n').unwrap() + 1;
    let log = [&squid[..half], &w3c(&squid[half..], 300)].concat();
    let rows = log.split(|&b| b == b'\n').filter(|row| !row.is_empty() && row[0] != b'#').count();
    let mut file = std::fs::File::create(&path).unwrap();
    let mut events = 0.0;
    for piece in log.chunks(log.len() / 5 + 1) {
        let watch = Watch::of(&path, &alerts, &more);
        file.write_all(piece).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(4000));
        events += watch.metric("deguchi_input_events_total{input=\"log\"}").unwrap();
        assert_eq!(watch.metric("deguchi_input_rejected_total{input=\"log\",reason=\"literal\"}"), None);
        assert_eq!(watch.stop(), Some(0));
    }
    assert_eq!(events as usize, rows, "each row once");
    let live = std::fs::read_to_string(&alerts).unwrap();
    let (whole, _) = replayed(&path, &[]);
    assert!(whole.contains("evil.example") && live.contains("evil.example"));
    let rest = whole.strip_prefix(&live).expect("the same bytes");
    assert!(rest.lines().all(|line| line.contains("\"record\":\"end\"")), "{rest}");
}

/// One that is read from its end has its header at its beginning.
#[test]
fn a_live_log_that_is_read_from_its_end_has_a_header() {
    let dir = tempfile::tempdir().unwrap();
    let (path, alerts) = (dir.path().join("access.log"), dir.path().join("alerts"));
    let log = w3c(&squid(), usize::MAX);
    let half = log.len() / 2;
    let half = half + log[half..].iter().position(|&b| b == b'\n').unwrap() + 1;
    std::fs::write(&path, &log[..half]).unwrap();
    let watch = Watch::of(&path, &alerts, &["--from", "end"]);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(&log[half..]).unwrap();
    let rows = log[half..].iter().filter(|&&b| b == b'\n').count();
    watch.wait("deguchi_input_events_total{input=\"log\"}", rows as f64);
    assert_eq!(watch.stop(), Some(0));
}

/// Files of several formats are one log; what is of none is counted, and stops nothing.
#[test]
fn mixed_formats_and_garbage() {
    let squid = squid();
    let half = squid.len() / 2;
    let half = half + squid[half..].iter().position(|&b| b == b'\n').unwrap() + 1;
    let mut extended = w3c(&squid[half..], 400);
    let garbage = b"\xff\xfe\x00 garbage\n\"never closed\n#Fields:\n# a remark\n";
    let middle = extended.len() / 3 + extended[extended.len() / 3..].iter().position(|&b| b == b'\n').unwrap() + 1;
    extended.splice(middle..middle, *garbage);
    let files = Files::new([("a.log", &squid[..half]), ("b.log", &extended)]);
    let outcome = replay(&files.paths(&["a.log", "b.log"]), threads(2), 5_000);
    let formats: Vec<&str> = outcome.summary.inputs.iter().map(|input| input.format.as_str()).collect();
    assert_eq!(formats, ["squid", "w3c"]);
    let rows = squid.iter().filter(|&&b| b == b'\n').count() as u64;
    assert_eq!(outcome.summary.events, rows);
    assert_eq!(outcome.summary.rejected.iter().map(|r| r.lines).sum::<u64>(), 2);
    assert_eq!(outcome.rejected(Reason::Literal) + outcome.rejected(Reason::Time), 2);
    let whole = replay(&[files.write("whole.log", &squid)], threads(1), 1 << 20);
    let found = |outcome: &Outcome| outcome.records.iter().filter(|r| r.domain == "evil.example").count();
    assert!(found(&whole) > 0 && found(&outcome) == found(&whole));
}

/// A file may turn into another format, and back: each line is read as what it is, in whatever pieces the file is read.
#[test]
fn a_format_that_changes_in_the_middle_is_followed() {
    let squid = squid();
    let rows: Vec<&[u8]> = squid.split_inclusive(|&b| b == b'\n').collect();
    let part = |of: usize| rows[rows.len() * of / 6..rows.len() * (of + 1) / 6].concat();
    let garbage =
        b"\xff\xfe garbage\n{\"client\":\"192.0.2.1\"}\n<134>Jan  2 03:04:05 proxy01 squid[5]: restarted # 5\n"
            .as_slice();
    let syslog = |log: &[u8]| -> Vec<u8> {
        log.split_inclusive(|&b| b == b'\n')
            .flat_map(|line| [b"<134>Jan  2 03:04:05 p squid: ", line].concat())
            .collect()
    };
    let extended = |of| w3c(&part(of), 70);
    let log = [
        &part(0),
        garbage,
        &extended(1),
        &umbrella(&part(2)),
        garbage,
        &syslog(&part(3)),
        &syslog(&extended(4)),
        &part(5),
    ]
    .concat();
    let files = Files::new([("x.log", &log[..])]);
    let whole = replay(&files.paths(&["x.log"]), threads(1), 1 << 20);
    assert_eq!(whole.summary.inputs[0].format, "squid");
    assert_eq!(whole.summary.events, rows.len() as u64);
    // Parts 1 to 4, but for nothing of parts 0 and 5.
    let foreign = (rows.len() * 5 / 6 - rows.len() / 6) as u64;
    assert_eq!(whole.summary.inputs[0].foreign, foreign);
    assert_eq!(whole.summary.rejected.iter().map(|r| r.lines).sum::<u64>(), 6);
    assert!(whole.alerts.contains("evil.example"));
    for (n, chunk) in [(1, 300), (2, 5_000), (3, 77_777)] {
        let other = replay(&files.paths(&["x.log"]), threads(n), chunk);
        assert!(other.alerts == whole.alerts);
        assert_eq!((other.summary.events, other.summary.ignored), (whole.summary.events, whole.summary.ignored));
        assert_eq!(other.summary.inputs[0].foreign, foreign);
    }
    let (_, page) = replayed(&files.path("x.log"), &[]);
    let told = format!("; {},{:03} lines were in others)", foreign / 1000, foreign % 1000);
    let page: Vec<&str> = page.split_whitespace().collect();
    assert!(page.join(" ").contains(&told), "{told}: {page:?}");
    let (_, page) = replayed(&files.path("x.log"), &["--format", "squid"]);
    assert!(page.contains("format: squid (as given)") && page.contains("rejected"), "{page}");
}

/// The native log as Umbrella writes it.
fn umbrella(squid: &[u8]) -> Vec<u8> {
    let parser = deguchi::parse::by_name("squid").unwrap();
    let events = squid.split(|&b| b == b'\n').filter_map(|line| parser.parse(line).ok().flatten());
    let row = |event: deguchi::event::Event<'_>| {
        let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let time = jiff::Timestamp::from_millisecond(event.time).unwrap().strftime("%Y-%m-%d %H:%M:%S");
        let (client, url, method) = (text(event.client.unwrap()), text(event.target), text(event.method.unwrap()));
        format!(
            "\"{time}\",\"pc\",\"{client}\",\"198.51.100.1\",\"203.0.113.1\",\"text/html\",\"ALLOWED\",\"{url}\",\"\",\"curl/8\",\"200\",\"\",\"512\",\"512\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"Network\",\"\",\"pc\",\"Network\",\"{method}\"\n"
        )
    };
    events.map(row).collect::<String>().into_bytes()
}

/// Docker and Splunk put each line into JSON: it is the same log.
#[test]
fn lines_in_json_are_the_log_itself() {
    let squid = squid();
    let rows = || squid.split(|&b| b == b'\n').filter(|row| !row.is_empty()).map(String::from_utf8_lossy);
    let docker: String = rows()
        .map(|row| serde_json::json!({"log": format!("{row}\n"), "stream": "stdout", "time": "2026-01-02T03:04:05Z"}))
        .map(|row| format!("{row}\n"))
        .collect();
    let splunk: String =
        rows().map(|row| format!("{}\n", serde_json::json!({"result": {"_raw": row, "host": "relay"}}))).collect();
    let relayed: String =
        docker.lines().map(|line| format!("<134>Jan  2 03:04:05 relay01 docker[5]: {line}\n")).collect();
    let files = Files::new([
        ("plain.log", &squid[..]),
        ("docker.log", docker.as_bytes()),
        ("splunk.log", splunk.as_bytes()),
        ("relayed.log", relayed.as_bytes()),
    ]);
    let plain = replay(&files.paths(&["plain.log"]), threads(1), 1 << 20);
    assert!(plain.alerts.contains("evil.example"));
    for name in ["docker.log", "splunk.log", "relayed.log"] {
        let inside = replay(&files.paths(&[name]), threads(2), 9_000);
        assert_eq!(inside.summary.inputs[0].format, "syslog+squid");
        assert_eq!(inside.alerts.replace("syslog+squid", "squid"), plain.alerts);
    }
}

/// What is listed is found behind the escapes that some writers of JSON put into URLs.
#[test]
fn hunt_undoes_escapes() {
    let log = json(&squid());
    let files = Files::new([("x.log", &log[..]), ("own.toml", OWN.as_bytes()), ("bad.txt", &b"evil.example\n"[..])]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
    command
        .current_dir(files.dir())
        .args(["hunt", "--tz", "UTC", "--map", "own.toml", "--ioc", "bad.txt", "--output", "json", "x.log"]);
    let output = command.output().unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(found.contains("\"requests\":200"), "{found}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_page_says_what_mends_what_is_lacking() {
    let files = Files::new([("x.log", &w3c(&squid(), 1_000)[..])]);
    let (_, page) = replayed(&files.path("x.log"), &[]);
    assert!(page.contains("format: w3c (detected, 100 %)"), "{page}");
    assert!(page.contains("to see them, as `deguchi explain w3c` says"), "{page}");
    let (_, given) = replayed(&files.path("x.log"), &["--format", "w3c"]);
    assert!(given.contains("format: w3c (as given)"), "{given}");
}

/// The native log as JSON lines with the escapes that some writers put into URLs.
fn json(squid: &[u8]) -> Vec<u8> {
    let parser = deguchi::parse::by_name("squid").unwrap();
    let mut out = Vec::new();
    for event in squid.split(|&b| b == b'\n').filter_map(|line| parser.parse(line).ok().flatten()) {
        let text = |text: &[u8]| String::from_utf8_lossy(text).replace('/', "\\/").replace('&', "\\u0026");
        let (client, url) = (text(event.client.unwrap()), text(event.target));
        let (at, took) = (event.time, event.duration.unwrap());
        let row = format!(
            r#"{{"at":{at},"took":{took},"peer":{{"address":"{client}"}},"what":"{url}","verb":"GET","down":512,"code":200}}"#
        );
        out.extend_from_slice(row.as_bytes());
        out.push(b'\n');
    }
    out
}

const OWN: &str = r#"syntax = "json"
[fields]
time = "at"
duration = "took"
client = "peer.address"
url = "what"
method = "verb"
bytes-down = "down"
status = "code"
"#;

/// A format that a user describes, archived and live, alerts as the native log does, but for what it does not have.
#[test]
fn a_map_of_ones_own_from_end_to_end() {
    let log = json(&squid());
    assert!(log.windows(2).any(|two| two == b"\\/"));
    let files = Files::new([("x.log", &log[..]), ("own.toml", OWN.as_bytes())]);
    let map = files.path("own.toml");
    let flags = ["--map", map.to_str().unwrap()];
    let (alerts, page) = replayed(&files.path("x.log"), &flags);
    assert!(page.contains("format: map (as given)") && alerts.contains("http://www.evil.example/a.php?n="), "{page}");
    let live = files.path("alerts");
    let state = files.path("state");
    let watch = Watch::of(&files.path("x.log"), &live, &[&flags[..], &["--state", state.to_str().unwrap()]].concat());
    let rows = log.iter().filter(|&&b| b == b'\n').count();
    watch.wait("deguchi_input_events_total{input=\"log\"}", rows as f64);
    assert_eq!(watch.stop(), Some(0));
    // It goes on with the map: nothing of the log is read again, nothing is refused.
    let watch = Watch::of(&files.path("x.log"), &live, &[&flags[..], &["--state", state.to_str().unwrap()]].concat());
    assert_eq!(watch.stop(), Some(0));
    let told = std::fs::read_to_string(&live).unwrap();
    assert!(told.contains("evil.example") && alerts.starts_with(&told), "{told}");
}

#[test]
fn a_map_that_cannot_be_used_is_refused() {
    let files = Files::new([("x.log", &b"x\n"[..]), ("own.toml", OWN.replace("client", "cleint").as_bytes())]);
    let map = files.path("own.toml");
    let (_, said) = replayed(&files.path("x.log"), &["--map", map.to_str().unwrap()]);
    assert!(
        said.contains("--map") && said.contains("own.toml") && said.contains("the map has no field `client`"),
        "{said}"
    );
    let (_, said) = replayed(&files.path("x.log"), &["--map", "missing.toml"]);
    assert!(said.contains("missing.toml: No such file"), "{said}");
}
