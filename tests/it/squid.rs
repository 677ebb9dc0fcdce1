//! A real Squid, from its socket to our alerts: what it logs is read without a rejected line, and what was done is found.
//!
//! Needs `squid` (Debian: squid-openssl). Where it is missing the test fails if `CI` is set and is skipped otherwise.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::servers::{Ended, program};
use serde_json::Value;

const EXTENDED: &str =
    r#"%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %>st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h""#;
pub(crate) const BEACON: &str = "www.calls-home.example";
pub(crate) const DROP: &str = "upload.drop-site.example";
pub(crate) const NEWS: &str = "news.reads-well.example";
/// Contacts of the beacon, a second apart.
const BEATS: u64 = 25;
/// Requests of an upload, and bytes of each.
pub(crate) const UPLOADS: usize = 12;
pub(crate) const UPLOAD: usize = 2 << 20;

/// Answers every request with two bytes, whatever it is.
pub(crate) fn origin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    address
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    reader.get_mut().write_all(head.as_bytes())
}

/// Sends bytes to the proxy and gives back the status line of what it says within a time.
pub(crate) fn send(proxy: SocketAddr, bytes: &[u8], patience: Duration) -> String {
    let mut stream = TcpStream::connect(proxy).expect("the proxy listens");
    stream.set_read_timeout(Some(patience)).expect("a timeout");
    stream.write_all(bytes).expect("the proxy reads");
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).lines().next().unwrap_or_default().to_owned()
}

/// A request that must succeed.
pub(crate) fn request(proxy: SocketAddr, method: &str, url: &str, agent: &str, body: &[u8]) {
    let host = url.split('/').nth(2).expect("an absolute URL");
    let head = format!(
        "{method} {url} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let status = send(proxy, &[head.as_bytes(), body].concat(), Duration::from_secs(20));
    assert!(status.starts_with("HTTP/1.1 200"), "{method} {url}: {status}");
}

/// A Squid that logs in two formats, `native.log` and `extended.log`, and its address.
pub(crate) fn start(squid: &Path, folder: &Path) -> (Ended, SocketAddr) {
    start_with(squid, folder, "")
}

/// The same with further settings.
pub(crate) fn start_with(squid: &Path, folder: &Path, more: &str) -> (Ended, SocketAddr) {
    // Started by root, Squid becomes another user.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("a folder of ours");
    let proxy = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let shown = folder.display();
    std::fs::write(folder.join("hosts"), format!("127.0.0.1 {BEACON} {DROP} {NEWS}\n")).expect("room");
    let settings = format!(
        "http_port {proxy}\nudp_incoming_address 127.0.0.1\nhosts_file {shown}/hosts\ndns_nameservers 127.0.0.1\n\
         cache deny all\nvisible_hostname proxy.example\nstrip_query_terms off\n\
         pid_filename {shown}/squid.pid\ncache_log {shown}/cache.log\ncoredump_dir {shown}\nnetdb_filename none\n\
         pinger_enable off\nlogfile_rotate 3\nbuffered_logs off\nshutdown_lifetime 0 seconds\nlogformat extended {EXTENDED}\n\
         acl refused dstdomain .refused.example\nhttp_access deny refused\nhttp_access allow all\n\
         access_log stdio:{shown}/native.log squid\naccess_log stdio:{shown}/extended.log extended\n{more}"
    );
    std::fs::write(folder.join("squid.conf"), settings).expect("room");
    let said = std::fs::File::create(folder.join("squid.out")).expect("room");
    let child = Command::new(squid)
        .args(["-N", "-f"])
        .arg(folder.join("squid.conf"))
        .stdout(Stdio::null())
        .stderr(said)
        .spawn()
        .expect("squid starts");
    let mut child = Ended(child);
    let begun = Instant::now();
    while TcpStream::connect(proxy).is_err() {
        let told = || std::fs::read_to_string(folder.join("squid.out")).unwrap_or_default();
        assert!(child.0.try_wait().expect("a child").is_none(), "squid ended: {}", told());
        assert!(begun.elapsed() < Duration::from_secs(20), "squid does not listen: {}", told());
        thread::sleep(Duration::from_millis(50));
    }
    (child, proxy)
}

/// Detectors and domains that alerted, and the lines that were rejected.
fn replay(log: &Path, extra: &[&str]) -> (Vec<(String, String)>, u64) {
    let metrics = log.with_extension("prom");
    let run = Command::new(env!("CARGO_BIN_EXE_deguchi"))
        .args(["replay", "--quiet", "--strict", "--alerts", "-", "--metrics"])
        .arg(&metrics)
        .args(extra)
        .arg(log)
        .output()
        .expect("the binary runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let records = run.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let records = records.map(|line| serde_json::from_slice::<Value>(line).expect("JSON"));
    let alerts = records.filter(|record| record["record"] == "alert");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let found = alerts.map(|alert| (text(&alert["detector"]), text(&alert["domain"]))).collect();
    let metrics = std::fs::read_to_string(metrics).expect("metrics");
    let rejected = metrics.lines().filter(|line| line.starts_with("deguchi_input_rejected_lines_total{"));
    let count = |line: &str| line.rsplit(' ').next().and_then(|n| n.parse::<f64>().ok()).expect("a number") as u64;
    (found, rejected.map(count).sum())
}

#[test]
fn a_beacon_and_an_upload_through_a_real_squid_are_found() {
    let Some(squid) = program("squid", "squid-openssl") else { return };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let port = origin().port();
    let (running, proxy) = start(&squid, folder.path());
    let mut lines = 0;

    let uploads = thread::spawn(move || {
        let body = vec![b'x'; UPLOAD];
        for i in 0..UPLOADS {
            request(proxy, "POST", &format!("http://{DROP}:{port}/put.php?n={i}"), "curl/8.14.1", &body);
        }
    });
    // A person, and what else a proxy sees in a day.
    let browser = "Mozilla/5.0 (Windows NT 10.0) \"quoted\" \\ and caf\u{e9}";
    for (i, pause) in [0u64, 700, 90, 2300, 40, 60, 1900].into_iter().enumerate() {
        thread::sleep(Duration::from_millis(pause));
        request(proxy, "GET", &format!("http://{NEWS}:{port}/a%20b/{i}?q=a+b&r=%E3%81%82"), browser, b"");
        lines += 1;
    }
    for odd in [
        "GET http://sub.refused.example/ HTTP/1.1\r\nHost: sub.refused.example\r\nConnection: close\r\n\r\n",
        "CONNECT sub.refused.example:443 HTTP/1.1\r\nHost: sub.refused.example:443\r\n\r\n",
        "this is no HTTP\r\n\r\n",
    ] {
        send(proxy, odd.as_bytes(), Duration::from_millis(500));
        lines += 1;
    }
    let begun = Instant::now();
    for beat in 0..BEATS {
        thread::sleep(Duration::from_secs(beat).saturating_sub(begun.elapsed()));
        request(proxy, "GET", &format!("http://{BEACON}:{port}/ping.php?id={beat}"), "updater/1.0", b"");
    }
    uploads.join().expect("all uploads are taken");
    lines += BEATS + UPLOADS as u64;
    // A line is written when the transaction ends, which may be after the client has its answer.
    thread::sleep(Duration::from_millis(500));
    drop(running);

    let beacon = ("beacon".to_owned(), "calls-home.example".to_owned());
    let upload = ("post_burst".to_owned(), "drop-site.example".to_owned());
    let log = |name: &str| folder.path().join(name);
    let shown = |name: &str| std::fs::read(log(name)).map(|b| String::from_utf8_lossy(&b).into_owned()).expect("a log");
    for (name, wanted) in [("native.log", vec![&beacon]), ("extended.log", vec![&beacon, &upload])] {
        // The probe of the port is a line as well.
        assert!(shown(name).lines().count() as u64 > lines, "{name} is short:\n{}", shown(name));
        let (found, rejected) = replay(&log(name), &[]);
        assert_eq!(rejected, 0, "{name}:\n{}", shown(name));
        for alert in wanted {
            assert!(found.contains(alert), "{name}: no {alert:?} in {found:?}\n{}", shown(name));
        }
        let person = found.iter().find(|(_, domain)| domain == "reads-well.example");
        assert_eq!(person, None, "{name}: a person is no attack");
    }
    let given = replay(&log("extended.log"), &["--logformat", EXTENDED]);
    assert_eq!(given, replay(&log("extended.log"), &[]), "the format string is read as Squid writes it");
}
