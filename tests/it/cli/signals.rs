//! An interrupted run ends at once, says so by its status, and leaves no half-written file.

use super::{command, files, log};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Interrupts a run that reads from a pipe nobody closes; `more`: the pipe goes on talking.
fn interrupted(signal: &str, code: i32, more: bool) {
    let files = files();
    let mut child = command(&files, &["replay", "--alerts", "a.json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&log()).unwrap();
    let begun = Instant::now();
    while !files.path("a.json.partial").exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never began");
        std::thread::sleep(Duration::from_millis(10));
    }
    let talker = std::thread::spawn(move || {
        while more
            && pipe.write_all(b"1777990000.000 1 10.0.0.1 TCP_MISS/200 5 GET http://a/ - HIER_NONE/- -\n").is_ok()
        {
        }
        if !more {
            std::thread::sleep(Duration::from_secs(5));
        }
    });
    std::thread::sleep(Duration::from_millis(300));
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    let sent = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if sent.elapsed() > Duration::from_secs(4) {
            child.kill().unwrap();
            panic!("it goes on after {signal}");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(status.code(), Some(code));
    assert!(!files.path("a.json").exists() && !files.path("a.json.partial").exists());
    drop(child);
    if more {
        talker.join().unwrap();
    }
}

#[test]
fn while_a_pipe_is_silent() {
    interrupted("-INT", 130, false);
    interrupted("-TERM", 143, false);
}

#[test]
fn while_a_pipe_talks() {
    interrupted("-INT", 130, true);
    interrupted("-TERM", 143, true);
}
