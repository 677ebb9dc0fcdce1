//! `deguchi check`: what is wrong is named, what a log lacks is said before anybody relies on it.

use crate::lab::{Files, lines, world};
use std::path::Path;
use std::process::Command;

/// Exit status, standard output, standard error.
fn check(dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
    let output =
        command.arg("check").current_dir(dir).args(args).env_clear().env("TZ", "UTC").output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn s10_what_a_log_lacks_is_said_with_what_mends_it() {
    let log = lines(world())[..5000].concat();
    let files = Files::new([("access.log", &log[..])]);
    let (code, out, err) = check(files.dir(), &["access.log"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for part in [
        "settings: defaults and flags can be used",
        "format: squid (detected, 100 %)",
        "upload bytes: POST bursts are judged by count, not volume",
        "to see them, in squid.conf:",
        "%>st",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains("alert") && !out.contains("% of the lines"), "{out}");
}

#[test]
fn a_client_that_stands_for_many_is_named() {
    let log: String = lines(world())[..3000].iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let log: String = log
        .lines()
        .map(|line| {
            line.split_whitespace()
                .enumerate()
                .map(|(at, word)| if at == 2 { "10.0.0.1" } else { word })
                .collect::<Vec<_>>()
                .join(" ")
                + "\n"
        })
        .collect();
    let files = Files::new([("access.log", log.as_bytes())]);
    let (code, out, _) = check(files.dir(), &["access.log"]);
    assert!(code == Some(0) && out.contains("client 10.0.0.1 has 100 % of the lines"), "{out}");
}

#[test]
fn what_is_wrong_is_named() {
    let sink = "[[sink]]\nname = \"soc\"\nkind = \"webhook\"\n";
    let files = Files::new([
        ("typo.toml", &b"memry = \"1GiB\"\n"[..]),
        ("sink.toml", sink.as_bytes()),
        ("good.toml", b"memory = \"64MiB\"\nlisten = \"127.0.0.1:9999\"\n"),
        ("listen.toml", b"listen = \"somewhere\"\n"),
        ("text.log", b"this is\nno log\n"),
        ("empty.log", b""),
    ]);
    let code = |args: &[&str]| check(files.dir(), args);
    let (status, _, err) = code(&["--config", "typo.toml"]);
    assert!(status == Some(2) && err.contains("memory"), "{err}");
    let (status, _, err) = code(&["--config", "sink.toml"]);
    assert!(status == Some(2) && err.contains("url"), "{err}");
    let (status, _, err) = code(&["--config", "listen.toml"]);
    assert!(status == Some(2) && err.contains("--listen"), "{err}");
    let (status, out, _) = code(&["--config", "good.toml"]);
    assert!(status == Some(0) && out.contains("good.toml can be used"), "{out}");
    let (status, _, err) = code(&["text.log"]);
    assert!(status == Some(3) && err.contains("text.log"), "{err}");
    let (status, out, err) = code(&["empty.log"]);
    assert!(
        status == Some(0) && out.contains("\nempty.log\nis empty: nothing can be told") && err.is_empty(),
        "{out}{err}"
    );
    let (status, out, err) = code(&["empty.log", "text.log"]);
    assert!(status == Some(3) && err.contains("text.log") && !out.contains("format:"), "{out}{err}");
    let (status, _, err) = code(&["--config", "."]);
    assert!(status == Some(2) && err.contains("name a file in it, such as ./deguchi.toml"), "{err}");
    let (status, _, err) = code(&["--config", "none.toml"]);
    assert!(status == Some(2) && err.contains("none.toml") && err.contains("check its name"), "{err}");
    let (status, _, err) = code(&["none.log"]);
    assert!(status == Some(3) && err.contains("none.log"), "{err}");
}
