//! The commands of `deguchi explain first-hour` work as they stand.

use crate::servers::{free, program};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The shell commands of a chapter.
fn commands(chapter: &str) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_deguchi")).args(["explain", "first-hour"]).output().expect("it runs");
    assert!(run.status.success());
    let page = String::from_utf8(run.stdout).expect("UTF-8");
    let (_, rest) = page.split_once(&format!("\n# {chapter}\n")).expect("the chapter");
    let chapter = rest.split("\n# ").next().unwrap_or_default();
    let blocks: Vec<&str> = chapter.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() > 4, "{} blocks", blocks.len());
    blocks.concat()
}

/// Runs them in a folder with the samples in it, stopping at the first that fails; what they printed.
fn run(commands: &str, folder: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["sample-logs", "packaging"] {
        std::os::unix::fs::symlink(root.join(name), folder.join(name)).expect("room");
    }
    let program = PathBuf::from(env!("CARGO_BIN_EXE_deguchi"));
    let path = std::env::join_paths(
        program
            .parent()
            .map(Path::to_owned)
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let run = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", commands])
        .current_dir(folder)
        .env("PATH", path.expect("a path"))
        .env("TZ", "Asia/Tokyo")
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    said
}

#[test]
fn the_first_hour_from_an_archive() {
    let folder = tempfile::tempdir().expect("room");
    let said = run(&commands("From an archive"), folder.path());
    for part in [
        "format: ",
        "SCORE",
        "quaxavavellex39[.]com",
        "192.0.2.147 with quaxavavellex39[.]com",
        "# Evidence",
        ".quaxavavellex39.com",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let size = |name: &str| std::fs::metadata(folder.path().join(name)).map_or(0, |file| file.len());
    for (name, least) in
        [("incidents.html", 10_000), ("alerts.jsonl", 10_000), ("later.jsonl", 10_000), ("deguchi.ledger", 1_000)]
    {
        assert!(size(name) > least, "{name}: {} bytes", size(name));
    }
}

#[test]
fn the_first_hour_with_squid() {
    if program("curl", "curl").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("room");
    let log = folder.path().join("access.log");
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/scenarios/beacon/attack.log.gz");
    let mut text = Vec::new();
    let packed = std::fs::File::open(packed).expect("a sample");
    std::io::copy(&mut flate2::read::MultiGzDecoder::new(packed), &mut text).expect("gzip");
    std::fs::write(&log, text).expect("room");
    let commands = commands("Squid, live");
    let here = commands
        .replace("log=/var/log/squid/access.log\n", &format!("log={}\n", log.display()))
        .replace("listen=127.0.0.1:10953\n", &format!("listen={}\n", free()));
    assert!(here != commands && !here.contains("/var/log") && !here.contains(":10953"));
    let said = run(&here, folder.path());
    for part in [
        "logformat extended",
        "format: ",
        "deguchi_input_events_total{input=\"log\"}",
        "\"incidents\":[",
        "snapshot   ",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
