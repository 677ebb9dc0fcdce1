//! A live run: what it alerts on is what a replay of the finished log alerts on, and its metrics say what it does.

use crate::lab::{DAY, HOUR, beacon, line, merged, reading};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A watch of one file, ended when dropped.
pub(crate) struct Watch {
    child: Child,
    pub(crate) address: String,
}

impl Watch {
    /// Of a log in the native format.
    pub(crate) fn start(log: &Path, alerts: &Path) -> Watch {
        Watch::start_with(log, alerts, &[])
    }

    /// With further flags.
    pub(crate) fn start_with(log: &Path, alerts: &Path, more: &[&str]) -> Watch {
        Watch::of(log, alerts, &[&["--format", "squid"], more].concat())
    }

    /// Of a log in any format that its lines or the flags tell.
    pub(crate) fn of(log: &Path, alerts: &Path, flags: &[&str]) -> Watch {
        Watch::run(Some(log), alerts, flags, &[])
    }

    /// Of a log, if any, and of what flags, settings or variables of the environment say.
    pub(crate) fn run(log: Option<&Path>, alerts: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Watch {
        let mut child = Command::new(env!("CARGO_BIN_EXE_deguchi"))
            .args(["watch", "--tz", "UTC", "--listen", "127.0.0.1:0", "--alerts"])
            .arg(alerts)
            .args(log)
            .args(flags)
            .envs(variables.iter().copied())
            // A spool without a state stays where it is when its run is killed.
            .env("TMPDIR", alerts.parent().expect("a folder"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut words = BufReader::new(child.stderr.take().expect("piped")).lines();
        let word = words.find_map(|line| {
            line.ok()?.split_once("metrics at http")?.1.split_once("://").map(|(_, rest)| rest.to_owned())
        });
        std::thread::spawn(move || words.for_each(drop));
        let address = word.expect("says where").split("/metrics").next().unwrap_or_default().to_owned();
        Watch { child, address }
    }

    /// Status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: test\r\n\r\n").expect("takes a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status"), body.to_owned())
    }

    /// The value of a series.
    pub(crate) fn metric(&self, series: &str) -> Option<f64> {
        let (_, body) = self.get("/metrics");
        body.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
    }

    #[track_caller]
    pub(crate) fn wait(&self, series: &str, value: f64) {
        let begun = Instant::now();
        while self.metric(series) != Some(value) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{series} is {:?}, not {value}", self.metric(series));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// SIGKILL: it has no say in it.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("runs");
        self.child.wait().expect("ends");
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, and the status it ends with.
    pub(crate) fn stop(self) -> Option<i32> {
        self.signal("TERM");
        self.ends()
    }

    /// A signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().expect("kill").success());
    }

    /// The status it ends with.
    pub(crate) fn ends(mut self) -> Option<i32> {
        self.child.wait().expect("ends").code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

pub(crate) fn log() -> Vec<u8> {
    let people = (1..8).map(|c| reading(DAY, DAY + 4 * HOUR, 500, &format!("10.0.0.{c}")));
    merged(people.chain([beacon(DAY + HOUR / 2, 60_000, 200, "10.0.0.1", "evil.example")]))
}

/// A log that grows in pieces which end anywhere.
#[test]
fn a_watch_alerts_as_a_replay_does() {
    let dir = tempfile::tempdir().unwrap();
    let (path, alerts) = (dir.path().join("access.log"), dir.path().join("a"));
    let log = log();
    let mut file = std::fs::File::create(&path).unwrap();
    let watch = Watch::start(&path, &alerts);
    for piece in log.chunks(log.len() / 7 + 1) {
        file.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    let lines = log.iter().filter(|&&b| b == b'\n').count() as f64;
    watch.wait("deguchi_input_events_total{input=\"log\"}", lines);
    watch.wait("deguchi_alerts_total{detector=\"beacon\",severity=\"low\"}", 1.0);
    assert_eq!(watch.get("/-/healthy").0, 200);
    assert_eq!(watch.get("/-/ready").0, 200);
    assert_eq!(watch.get("/nothing").0, 404);
    assert_eq!(watch.stop(), Some(0));
    let (live, replay) = (std::fs::read_to_string(&alerts).unwrap(), replayed(&path, dir.path()));
    assert!(live.contains("evil.example") && live == replay, "the same bytes");
}

/// What a replay of the log tells.
pub(crate) fn replayed(log: &Path, dir: &Path) -> String {
    let alerts = dir.join("replayed");
    let replay = Command::new(env!("CARGO_BIN_EXE_deguchi"))
        .args(["replay", "--quiet", "--format", "squid", "--alerts"])
        .args([&alerts, log])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(replay.success());
    std::fs::read_to_string(&alerts).unwrap()
}

/// Killed at any time and started again, it tells each alert once, and all that it would have told.
#[test]
fn f48_a_watch_that_is_killed_tells_what_one_tells_that_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (path, alerts, state, config) = (at("access.log"), at("alerts"), at("state"), at("deguchi.toml"));
    std::fs::write(&config, "snapshot-seconds = 1\n").unwrap();
    let more = ["--state", state.to_str().unwrap(), "--config", config.to_str().unwrap()];
    let last = (DAY + 5 * HOUR, line(DAY + 5 * HOUR, "10.0.0.9", "http://last.example/"));
    let people = (1..8).map(|c| reading(DAY, DAY + 4 * HOUR, 500, &format!("10.0.0.{c}")));
    let attacks = (0..12).map(|n| {
        let (client, domain) = (format!("10.0.0.{}", n % 5 + 1), format!("evil{n}.example"));
        beacon(DAY + n * HOUR / 5, 20_000 + n * 3_000, 300, &client, &domain)
    });
    let log = merged(people.chain(attacks).chain([vec![last]]));
    let mut file = std::fs::File::create(&path).unwrap();
    let kills = std::env::var("DEGUCHI_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(25);
    let mut dice = 0x2545_F491_4F6C_DD1Du64;
    for piece in log.chunks(log.len() / kills + 1) {
        let watch = Watch::start_with(&path, &alerts, &more);
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        std::thread::sleep(Duration::from_millis(dice % 300));
        file.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(dice / 512 % 1500));
        watch.kill();
    }
    let watch = Watch::start_with(&path, &alerts, &more);
    let end = log.trim_ascii_end().rsplit(|&b| b == b'\n').next().expect("lines");
    let end = String::from_utf8_lossy(&end[..14]).parse().expect("a time");
    watch.wait("deguchi_watermark_timestamp_seconds", end);
    let live =
        |what: &str| std::fs::read_to_string(&alerts).unwrap().matches(&format!("\"record\":\"{what}\"")).count();
    let whole = replayed(&path, dir.path());
    let wanted = |what: &str| whole.matches(&format!("\"record\":\"{what}\"")).count();
    let begun = Instant::now();
    while live("alert") < wanted("alert") && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(100));
    }
    let text = watch.get("/metrics").1;
    let sum = |family: &str| -> f64 {
        let values = text.lines().filter_map(|line| line.strip_prefix(family)?.rsplit(' ').next()?.parse::<f64>().ok());
        values.sum()
    };
    let (told, active) = (sum("deguchi_alerts_total{"), sum("deguchi_active_alerts{"));
    let counted = sum("deguchi_input_lines_total{");
    assert_eq!(watch.stop(), Some(0));
    let live = std::fs::read_to_string(&alerts).unwrap();
    assert!(wanted("alert") > 5 && whole.starts_with(&live), "{} bytes of {}", live.len(), whole.len());
    // Each record has one number: none was taken for a new one by a later run.
    let info = Command::new(env!("CARGO_BIN_EXE_deguchi")).args(["state", "info"]).arg(&state).output().unwrap();
    let info = String::from_utf8(info.stdout).unwrap();
    assert!(info.contains(&format!("file: has record {}\n", live.lines().count())), "{info}");
    let rest = &whole[live.len()..];
    assert!(rest.lines().all(|line| line.contains("\"record\":\"end\"")), "{rest}");
    // Counters begin with each process: what came before its snapshot, and what was told before, is not counted again.
    let lines = log.iter().filter(|&&b| b == b'\n').count();
    // How far that snapshot got is up to the machine.
    assert!(
        (counted as usize) < lines && (told as usize) < wanted("alert"),
        "{counted} of {lines} lines, {told} alerts"
    );
    assert_eq!(active as usize, rest.lines().count());
}

/// A second one with the same state, and one that was made with another key, do not begin.
#[test]
fn f54_f55_a_state_that_cannot_be_used_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (path, alerts, state, config) = (at("access.log"), at("alerts"), at("state"), at("deguchi.toml"));
    std::fs::write(&path, log()).unwrap();
    let more = ["--state", state.to_str().unwrap()];
    let refused = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_deguchi"))
            .args(["watch", "--listen", "127.0.0.1:0"])
            .args(more)
            .arg(&path)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let watch = Watch::start_with(&path, &alerts, &more);
    watch.wait("deguchi_store_commits_total", 1.0);
    let (code, said) = refused(&more);
    assert!(code == Some(4) && said.contains("another process is using this state"), "{said}");
    assert_eq!(watch.stop(), Some(0));
    let care = |what: &str| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_deguchi")).args(["state", what]).arg(&state).output().expect("it runs");
        assert!(output.status.success(), "{what}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(care("info").contains("snapshot   70 parts"), "{}", care("info"));
    assert!(care("info").contains("sink       file: has record "));
    assert!(care("verify").contains("every page and record can be read"));
    assert!(care("compact").contains("now"));
    assert!(care("export").lines().all(|line| line.starts_with("{\"schema\":\"deguchi/1\"")));
    std::fs::write(&config, "hash-key = \"00112233445566778899aabbccddeeff\"\n").unwrap();
    let (code, said) = refused(&[&more[..], &["--config", config.to_str().unwrap()]].concat());
    assert!(code == Some(4) && said.contains("another hash-key"), "{said}");
    let file = state.join("state.redb");
    let whole = std::fs::read(&file).unwrap();
    for cut in [0, 1, 100, whole.len() / 2] {
        std::fs::write(&file, &whole[..cut]).unwrap();
        let (code, said) = refused(&more);
        assert!(code == Some(4) && said.contains("state.redb"), "{cut}: {said}");
    }
    std::fs::write(&file, "no state, but a file of somebody else's\n".repeat(400)).unwrap();
    let (code, said) = refused(&more);
    assert!(code == Some(4) && said.contains("damaged"), "{said}");
}

/// What is wrong with the inputs is said at once; only what cannot come right ends it.
#[test]
fn bad_inputs_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (garbage, list, missing) = (at("garbage.log"), at("list.txt"), at("missing.log"));
    std::fs::write(&garbage, "no log at all\n".repeat(100)).unwrap();
    std::fs::write(&list, "not a domain!!\nevil.example\n").unwrap();
    let start = |path: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
        command.args(["watch", "--listen", "127.0.0.1:0", "--ioc"]).args([&list, path]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let directory = start(dir.path()).wait_with_output().unwrap();
    let said = String::from_utf8(directory.stderr).unwrap();
    assert!(directory.status.code() == Some(2) && said.contains("is a directory; name the log in it"), "{said}");
    for (path, wanted) in [
        (&garbage, "garbage.log: none of its first lines can be read"),
        (&missing, "missing.log: not there yet"),
        (&missing, "list.txt, line 1"),
    ] {
        let mut child = start(path);
        let (sender, receiver) = std::sync::mpsc::channel();
        let words = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        std::thread::spawn(move || words.for_each(|line| drop(sender.send(line))));
        let mut heard = Vec::new();
        while !heard.iter().any(|line: &String| line.contains(wanted)) {
            let next = receiver.recv_timeout(Duration::from_secs(20));
            heard.push(next.unwrap_or_else(|_| panic!("{wanted}: {heard:?}")));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Its format is not known yet when it ends, since a newer log has come: what it held is counted.
#[test]
fn f31_lines_of_a_log_that_ends_before_its_format_is_known_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("access.log.1"), "no log at all\n".repeat(3)).unwrap();
    let watch = Watch::of(&at("access.log*"), &at("alerts"), &[]);
    watch.wait("deguchi_input_open_files{input=\"log\"}", 1.0);
    // Longer than first lines are waited for.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(watch.metric("deguchi_input_lines_total{input=\"log\"}"), Some(0.0), "better ones may come");
    std::fs::write(at("access.log"), line(DAY, "10.0.0.1", "http://one.example/")).unwrap();
    watch.wait("deguchi_input_lines_total{input=\"log\"}", 4.0);
    watch.wait("deguchi_input_events_total{input=\"log\"}", 1.0);
    assert_eq!(watch.stop(), Some(0));
}

/// As text and as JSON, from a level on; what stands in a name is escaped.
#[test]
fn messages_have_a_level_and_a_part() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("deguchi.toml"), "log-format = \"json\"\nlog-level = \"warn\"\n").unwrap();
    let said = |flags: &[&str]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_deguchi"))
            .args(["watch", "--listen", "127.0.0.1:0"])
            .arg(at("no\u{1b}[31m\nlog"))
            .args(flags)
            .env_remove("JOURNAL_STREAM")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_secs(2));
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        text
    };
    let text = said(&[]);
    assert!(
        text.contains(" INFO metrics at http://") && text.contains(" WARN ") && text.contains("part=\"input\""),
        "{text}"
    );
    assert!(!text.contains('\u{1b}') && text.lines().all(|line| line.starts_with("20")), "{text:?}");
    let text = said(&["--config", at("deguchi.toml").to_str().unwrap()]);
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty() && lines.iter().all(|l| l["level"] == "WARN" && l["part"] == "input"), "{text}");
    assert!(lines[0]["message"].as_str().unwrap().contains("not there yet") && lines[0]["timestamp"].is_string());
}
