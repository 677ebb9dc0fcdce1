//! Block lists where they are used: a real Squid refuses what is blocked, and nothing else.
//!
//! Needs `squid`. Where it is missing the test fails if `CI` is set and is skipped otherwise.

use crate::page::incident;
use crate::servers::program;
use crate::squid::{BEACON, NEWS, origin, send, start_with};
use deguchi::alert::Record;
use deguchi::sink::json_line;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn block(args: &[&str], records: &Path) -> (String, String) {
    let run =
        Command::new(env!("CARGO_BIN_EXE_deguchi")).arg("block").args(args).arg(records).output().expect("it runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(run.stdout), text(run.stderr))
}

/// Lines that are no comments.
fn names(list: &str) -> Vec<&str> {
    list.lines().filter(|line| !line.starts_with('#')).collect()
}

/// Records of alerts on these domains, each contacted by one host.
fn records(path: &Path, domains: &[(&str, &str)]) {
    let text = std::fs::read_to_string(incident()).expect("records");
    let line = text.lines().find(|line| line.contains(r#""severity":"high""#)).expect("an alert");
    let one: Record = serde_json::from_str(line).expect("a record");
    let mut lines = Vec::new();
    for &(domain, host) in domains {
        let hosts = vec![host.to_owned()];
        let (episode, domain, domains) = (domain.to_owned(), domain.to_owned(), None);
        json_line(&Record { episode, domain, domains, hosts, clients: None, ..one.clone() }, &mut lines);
    }
    std::fs::write(path, lines).expect("room");
}

#[test]
fn a_squid_refuses_the_sibling_of_the_host_that_was_seen() {
    let Some(squid) = program("squid", "squid-openssl") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    records(&path, &[("calls-home.example", BEACON), ("dropbox.com", "dl.dropbox.com"), ("127.0.0.9", "127.0.0.9")]);
    let (list, said) = block(&["--as", "squid"], &path);
    assert_eq!(names(&list), ["127.0.0.9", ".calls-home.example", "dl.dropbox.com"]);
    assert!(said.contains("dropbox.com is not blocked: strangers share it"), "{said}");
    std::fs::write(folder.path().join("block"), &list).expect("room");
    // Before all other rules: the first that fits decides.
    let settings =
        format!("acl deguchi dstdomain -n \"{}/block\"\nhttp_access deny deguchi\n", folder.path().display());
    std::fs::write(folder.path().join("deny.conf"), settings).expect("room");
    let (_running, proxy) = start_with(&squid, folder.path(), "");
    let port = origin().port();
    let status = |host: &str| {
        let text = format!("GET http://{host}:{port}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        send(proxy, text.as_bytes(), Duration::from_secs(20)).split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(status(BEACON), "200", "before the block");
    let conf = folder.path().join("squid.conf");
    let text = std::fs::read_to_string(&conf).expect("settings");
    let before = "acl refused dstdomain";
    assert!(text.contains(before));
    let include = format!("include {}/deny.conf\n{before}", folder.path().display());
    std::fs::write(&conf, text.replace(before, &include)).expect("room");
    let run = Command::new(&squid).args(["-k", "reconfigure", "-f"]).arg(&conf).status().expect("squid runs");
    assert!(run.success(), "squid takes the list");
    // While it reads its settings it does not listen.
    let listens = || std::net::TcpStream::connect(proxy).is_ok();
    let refused = || (listens() && status(BEACON) == "403").then_some(());
    crate::servers::until("the block holds", Duration::from_secs(30), refused);
    for (host, wanted) in [
        ("next.calls-home.example", "403"),
        ("calls-home.example", "403"),
        ("a.b.calls-home.example", "403"),
        ("127.0.0.9", "403"),
        ("dl.dropbox.com", "403"),
        (NEWS, "200"),
    ] {
        assert_eq!(status(host), wanted, "{host}");
    }
    let cache = std::fs::read_to_string(folder.path().join("cache.log")).unwrap_or_default();
    assert!(!cache.contains("ERROR") && !cache.contains("WARNING: '"), "{cache}");
}

#[test]
fn shared_hosting_is_blocked_as_a_whole_only_by_force() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    records(
        &path,
        &[("dropbox.com", "dl.dropbox.com"), ("github.io", "github.io"), ("evil.example", "www.evil.example")],
    );
    let of = |args: &[&str]| names(&block(args, &path).0).join(" ");
    assert_eq!(of(&[]), "dl.dropbox.com evil.example *.evil.example");
    assert_eq!(of(&["--force"]), "dropbox.com *.dropbox.com evil.example *.evil.example github.io *.github.io");
    assert_eq!(of(&["--severity", "critical"]), "");
}

/// A browser's own engine runs the file, as a browser that is given it would.
#[test]
fn a_pac_file_sends_what_is_blocked_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    records(
        &path,
        &[("evil.example", "www.evil.example"), ("intranet", "intranet"), ("dropbox.com", "dl.dropbox.com")],
    );
    let (pac, _) = block(&["--as", "pac"], &path);
    let Some(mut browser) = crate::browser::Browser::start() else { return };
    browser.eval(&format!("{pac}; undefined"));
    for (host, blocked) in [
        ("evil.example", true),
        ("NEXT.evil.example.", true),
        ("notevil.example", false),
        ("intranet", true),
        ("a.intranet", false),
        ("dl.dropbox.com", true),
        ("www.dropbox.com", false),
        ("constructor", false),
        ("", false),
    ] {
        let answer = browser.eval(&format!("FindProxyForURL('http://{host}/', '{host}')"));
        assert_eq!(answer == "PROXY 127.0.0.1:9", blocked, "{host}: {answer}");
    }
}
