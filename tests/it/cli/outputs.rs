//! What is written, where, and exit status 4 where it cannot be.

use super::{command, deguchi, files, told};
use deguchi::sink::RecordFormat;
use std::process::{Command, Stdio};

#[test]
fn a_full_disk_and_a_path_that_is_none() {
    let files = files();
    for args in [
        ["--alerts", "/dev/full"],
        ["--alerts", "no/such/dir/a.json"],
        ["--metrics", "/dev/full"],
        ["--metrics", "no/such/dir/m.prom"],
        ["--metrics-history", "/dev/full"],
        ["--metrics-history", "no/such/dir/m.om"],
        ["--report", "/dev/full"],
        ["--report", "no/such/dir/p.html"],
        ["--alerts", "."],
    ] {
        let ran = deguchi(&files, &[&["replay", "x.log"][..], &args].concat());
        assert_eq!(ran.code, Some(4), "{args:?}: {}", ran.err);
        assert!(ran.err.starts_with("deguchi: "), "{}", ran.err);
    }
}

#[test]
fn standard_output_that_is_full() {
    let files = files();
    let full = || Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    for args in [&["replay", "x.log"][..], &["replay", "--alerts", "-", "x.log"], &["formats"], &["explain", "beacon"]]
    {
        let ran = told(command(&files, args).stdout(full()).stderr(Stdio::piped()).output().unwrap());
        assert_eq!(ran.code, Some(4), "{args:?}: {}", ran.err);
    }
    // Nobody hears the message: the status still tells.
    for (args, code) in [(&["replay", "missing"][..], 3), (&["replay", "x.log"], 0), (&["explain", "nosuch"], 2)] {
        let output = command(&files, args).stderr(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}");
    }
}

#[test]
fn a_reader_that_went_away() {
    let files = files();
    for args in
        ["replay x.log", "replay --output json x.log", "replay --alerts - x.log", "explain beacon", "completions zsh"]
    {
        let exe = env!("CARGO_BIN_EXE_deguchi");
        let line = format!("{{ {exe} {args}; echo $? >status; }} | head -c 1 >/dev/null; cat status");
        let output = Command::new("sh").args(["-c", &line]).current_dir(files.dir()).output().unwrap();
        let ran = told(output);
        assert_eq!(ran.out, "0\n", "{args}: {}", ran.err);
    }
}

#[test]
fn shapes() {
    let files = files();
    let table = deguchi(&files, &["replay", "x.log"]);
    assert!(
        table.out.contains("evil[.]example") && table.out.lines().all(|l| l.chars().count() <= 80),
        "{}",
        table.out
    );
    let json = deguchi(&files, &["replay", "--output", "json", "x.log"]);
    let records: Vec<serde_json::Value> = json.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(records.iter().any(|r| r["record"] == "alert" && r["domain"] == "evil.example"));
    assert_eq!(json.out, deguchi(&files, &["replay", "--alerts", "-", "x.log"]).out);
    let csv = deguchi(&files, &["replay", "--output", "csv", "x.log"]);
    let mut reader = csv::Reader::from_reader(csv.out.as_bytes());
    let columns = reader.headers().unwrap().len();
    assert!(columns > 10 && reader.records().all(|r| r.unwrap().len() == columns));
    let both = deguchi(&files, &["replay", "--alerts", "a.json", "x.log"]);
    assert_eq!(both.out, table.out);
    assert_eq!(std::fs::read_to_string(files.path("a.json")).unwrap(), json.out);
}

#[test]
fn colour() {
    let files = files();
    let of = |args: &[&str], no_color: bool| {
        let mut command = command(&files, &[&["replay", "x.log"][..], args].concat());
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let ran = told(command.output().unwrap());
        (ran.out.contains('\x1b'), ran.err.contains('\x1b'))
    };
    assert_eq!(of(&[], false), (false, false), "no terminal");
    assert_eq!(of(&["--color", "always"], false), (true, true));
    assert_eq!(of(&["--color", "always"], true), (true, true), "an explicit choice wins");
    assert_eq!(of(&["--color", "never"], false), (false, false));
}

#[test]
fn quiet_and_verbose() {
    let files = files();
    let quiet = deguchi(&files, &["replay", "-q", "x.log"]);
    assert!(quiet.err.is_empty() && quiet.out.contains("evil"));
    let verbose = deguchi(&files, &["replay", "-v", "x.log"]);
    assert!(verbose.err.contains("x.log: format squid") && verbose.err.contains("clients"), "{}", verbose.err);
    let missing = deguchi(&files, &["replay", "-q", "x.log", "missing"]);
    assert!(missing.err.contains("missing"), "errors are told to the quiet as well");
}

/// The page as it is printed, table and summary; what took how long left out.
#[test]
fn the_page_of_a_sample() {
    let sample =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/scenarios/post_burst/attack.log.gz");
    let bytes = std::fs::read(sample).unwrap();
    let files = crate::lab::Files::new([("attack.log.gz", &bytes[..])]);
    let ran = deguchi(&files, &["replay", "--top", "1", "attack.log.gz"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    // What depends on the machine goes, and with it where the lines are broken.
    let timeless = |line: &str| match line.split_once(" +00:00)") {
        Some((span, _)) => Some(format!("{span} +00:00)")),
        None if line.contains("B/s") || line.contains("lines/s") => None,
        None => Some(line.to_owned()),
    };
    let summary: Vec<String> = ran.err.lines().filter_map(timeless).collect();
    insta::assert_snapshot!(format!("{}\n{}", ran.out, summary.join("\n")));
}

/// By the flag, by the environment and by the settings file; the ids are those of the records.
#[test]
fn forms_of_records() {
    let files = files();
    files.write("ecs.toml", b"alerts-format = \"ecs\"\n");
    let json = deguchi(&files, &["replay", "--quiet", "--alerts", "-", "x.log"]).out;
    let ids = |format: RecordFormat, text: &str| -> Vec<Option<String>> {
        text.lines().map(|line| format.id(line.as_bytes())).collect()
    };
    let wanted = ids(RecordFormat::Json, &json);
    assert!(wanted.len() > 1 && wanted.iter().all(Option::is_some), "{json}");
    let by_file = deguchi(&files, &["replay", "--quiet", "--config", "ecs.toml", "--alerts", "-", "x.log"]).out;
    assert_eq!(ids(RecordFormat::Ecs, &by_file), wanted);
    for format in RecordFormat::ALL {
        let flags =
            ["replay", "--quiet", "--config", "ecs.toml", "--alerts-format", format.as_str(), "--alerts", "-", "x.log"];
        assert_eq!(ids(format, &deguchi(&files, &flags).out), wanted, "the flag wins");
        let told = told(
            command(&files, &["replay", "--quiet", "--alerts", "-", "x.log"])
                .env("DEGUCHI_ALERTS_FORMAT", format.as_str())
                .output()
                .unwrap(),
        );
        assert_eq!(ids(format, &told.out), wanted);
    }
}
