//! Records delivered over the network: F61 and all that servers do to those who call them.

use crate::lab::{DAY, HOUR, beacon, line, merged, reading};
use crate::servers::{alertmanager, http, program, until};
use crate::watch::{Watch, replayed};
use deguchi::alert::{Record, RecordKind, Severity};
use deguchi::sink::{Alertmanager, Sink};
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request as it came.
#[derive(Clone, Debug)]
struct Request {
    head: String,
    body: Vec<u8>,
    came: Instant,
}

impl Request {
    fn header(&self, name: &str) -> String {
        let found = self.head.lines().filter_map(|line| line.split_once(':'));
        let found = found.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    }
}

/// What a server does with a request.
enum Answer {
    Status(u16),
    /// A status, and further lines of the head.
    Head(u16, &'static str),
    /// Hangs up without a word, though it has read all.
    Nothing,
    Slow(Duration),
}

/// A server that takes records.
struct Server {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// `answer` is asked with the number of the request, from 0.
    fn start(address: &str, answer: impl Fn(usize) -> Answer + Send + 'static) -> Server {
        let listener = TcpListener::bind(address).unwrap();
        let (address, taken) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let theirs = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while reader.read_line(&mut head).is_ok_and(|n| n > 2) {}
                let mut request = Request { head, body: Vec::new(), came: Instant::now() };
                let length = request.header("content-length").parse().unwrap_or(0);
                request.body = vec![0; length];
                if reader.read_exact(&mut request.body).is_err() {
                    continue;
                }
                let number = {
                    let mut taken = theirs.lock().unwrap();
                    taken.push(request);
                    taken.len() - 1
                };
                let (status, more) = match answer(number) {
                    Answer::Nothing => continue,
                    Answer::Status(status) => (status, ""),
                    Answer::Head(status, more) => (status, more),
                    Answer::Slow(time) => {
                        std::thread::sleep(time);
                        (200, "")
                    }
                };
                let mut stream = stream;
                let _ = write!(stream, "HTTP/1.1 {status} X\r\n{more}Content-Length: 2\r\nConnection: close\r\n\r\nok");
            }
        });
        Server { address, taken }
    }

    fn taken(&self) -> Vec<Request> {
        self.taken.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<String> {
        self.taken().iter().map(|request| request.header("X-Deguchi-Id")).collect()
    }
}

/// A folder with a log of some clocks, and the settings of a watch.
struct Desk {
    dir: tempfile::TempDir,
    log: PathBuf,
    alerts: PathBuf,
}

impl Desk {
    fn new(settings: &str) -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let (log, alerts) = (dir.path().join("access.log"), dir.path().join("alerts"));
        std::fs::write(dir.path().join("deguchi.toml"), settings).unwrap();
        std::fs::write(&log, self::log()).unwrap();
        Desk { dir, log, alerts }
    }

    fn at(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn watch(&self) -> Watch {
        Watch::start_with(
            &self.log,
            &self.alerts,
            &["--config", &self.at("deguchi.toml"), "--state", &self.at("state")],
        )
    }

    fn append(&self, text: &[u8]) {
        OpenOptions::new().append(true).open(&self.log).unwrap().write_all(text).unwrap();
    }

    /// Ids of all records of a kind that a replay tells.
    fn wanted(&self, kind: &str) -> Vec<String> {
        let of_kind = |record: &Value| record["record"] == kind;
        let records = replayed(&self.log, self.dir.path());
        let records = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(of_kind);
        records.map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn log() -> Vec<u8> {
    let people = (1..6).map(|c| reading(DAY, DAY + 4 * HOUR, 500, &format!("10.0.0.{c}")));
    let attacks = (0..4).map(|n| {
        beacon(DAY + n * HOUR / 5, 20_000 + n * 3_000, 300, &format!("10.0.0.{}", n + 1), &format!("evil{n}.example"))
    });
    merged(
        people.chain(attacks).chain([vec![(DAY + 5 * HOUR, line(DAY + 5 * HOUR, "10.0.0.9", "http://last.example/"))]]),
    )
}

/// What a server has of the alerts of a replay: all, in order, some of them twice.
#[track_caller]
fn has_all(server: &Server, desk: &Desk) {
    let wanted = desk.wanted("alert");
    assert!(wanted.len() > 2);
    until("all alerts", Duration::from_secs(60), || {
        let ids = server.ids();
        wanted.iter().all(|id| ids.contains(id)).then_some(())
    });
    let first: Vec<usize> =
        wanted.iter().map(|id| server.ids().iter().position(|taken| taken == id).unwrap()).collect();
    assert!(first.is_sorted(), "in order");
}

fn deliveries(result: &str) -> String {
    format!("deguchi_sink_deliveries_total{{result=\"{result}\",sink=\"webhook\"}}")
}

#[test]
fn f61_a_webhook_gets_each_record_signed() {
    let server = Server::start("127.0.0.1:0", |_| Answer::Status(204));
    let desk = Desk::new(&format!(
        "[[sink]]\nkind = \"webhook\"\nurl = \"http://{}/hook?token=t0p\"\nsecret-file = \"secret\"\n",
        server.address
    ));
    std::fs::write(desk.at("secret"), "s3cret\n").unwrap();
    let watch = desk.watch();
    has_all(&server, &desk);
    assert_eq!(watch.stop(), Some(0));
    let openssl = program("openssl", "openssl");
    for request in server.taken() {
        assert!(
            request.head.starts_with("POST /hook?token=t0p HTTP/1.1")
                && request.header("content-type") == "application/json"
        );
        let record: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(record["id"], request.header("X-Deguchi-Id"));
        let signed = [request.header("X-Deguchi-Timestamp").as_bytes(), b".", &request.body].concat();
        std::fs::write(desk.at("signed"), signed).unwrap();
        let Some(openssl) = &openssl else { continue };
        let openssl =
            Command::new(openssl).args(["dgst", "-sha256", "-hmac", "s3cret", "-r", &desk.at("signed")]).output();
        let openssl = openssl.expect("it runs");
        let signature = String::from_utf8(openssl.stdout).unwrap();
        assert_eq!(request.header("X-Deguchi-Signature"), format!("sha256={}", &signature[..64]));
    }
    assert_eq!(server.ids().len(), server.ids().iter().collect::<std::collections::BTreeSet<_>>().len(), "once each");
}

/// Errors, lost answers, a server that is not there: at least once, in order, with the same id.
#[test]
fn f61_a_webhook_that_fails_for_a_while() {
    let server = Server::start("127.0.0.1:0", |n| match n {
        0 | 1 => Answer::Status(503),
        2 => Answer::Nothing,
        _ => Answer::Status(200),
    });
    let desk = Desk::new(&format!("[[sink]]\nkind = \"webhook\"\nurl = \"http://{}/\"\n", server.address));
    let watch = desk.watch();
    has_all(&server, &desk);
    let ids = server.ids();
    assert!(ids[..4].iter().all(|id| *id == ids[0]), "the same record until it is taken: {ids:?}");
    until("counted", Duration::from_secs(5), || watch.metric(&deliveries("retry")).filter(|n| *n == 3.0));
    watch.wait("deguchi_sink_outbox_records{sink=\"webhook\"}", 0.0);
    assert!(watch.metric("deguchi_sink_outbox_oldest_timestamp_seconds{sink=\"webhook\"}").unwrap().is_nan());
    assert_eq!(watch.stop(), Some(0));
}

/// Seconds and a date, by the clock of the server; nonsense is as if nothing were said.
#[test]
fn f61_a_webhook_that_says_when() {
    let server = Server::start("127.0.0.1:0", |n| match n {
        0 => Answer::Head(429, "Retry-After: 4\r\n"),
        1 => Answer::Head(503, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:43 GMT\r\n"),
        2 => Answer::Head(503, "Retry-After: soon\r\n"),
        _ => Answer::Status(200),
    });
    let desk = Desk::new(&format!("[[sink]]\nkind = \"webhook\"\nurl = \"http://{}/\"\n", server.address));
    let watch = desk.watch();
    has_all(&server, &desk);
    let taken = server.taken();
    let pauses: Vec<f64> = taken.windows(2).map(|two| (two[1].came - two[0].came).as_secs_f64()).collect();
    // Without a word the first three pauses are of about 1, 2 and 4 s.
    assert!((4.0..5.0).contains(&pauses[0]) && (6.0..7.0).contains(&pauses[1]), "{pauses:?}");
    assert!((2.5..6.0).contains(&pauses[2]) && pauses[3] < 2.0, "{pauses:?}");
    assert_eq!(watch.metric(&deliveries("retry")), Some(3.0));
    assert_eq!(watch.stop(), Some(0));
}

#[test]
fn f61_a_webhook_that_refuses() {
    let server = Server::start("127.0.0.1:0", |n| Answer::Status(if n == 1 { 422 } else { 200 }));
    let desk = Desk::new(&format!("[[sink]]\nkind = \"webhook\"\nurl = \"http://{}/\"\n", server.address));
    let watch = desk.watch();
    has_all(&server, &desk);
    watch.wait(&deliveries("dropped"), 1.0);
    assert_eq!(server.ids().iter().filter(|id| **id == server.ids()[1]).count(), 1, "not again");
    assert_eq!(watch.stop(), Some(0));
}

/// A server that takes 3 s a record holds up neither the file nor the metrics nor the end.
#[test]
fn f61_a_slow_webhook_holds_nobody_up() {
    let server = Server::start("127.0.0.1:0", |_| Answer::Slow(Duration::from_secs(3)));
    let desk = Desk::new(&format!("[[sink]]\nkind = \"webhook\"\nurl = \"http://{}/\"\n", server.address));
    let wanted = desk.wanted("alert").len();
    let watch = desk.watch();
    let begun = Instant::now();
    until("the file has all", Duration::from_secs(10), || {
        let text = std::fs::read_to_string(&desk.alerts).unwrap_or_default();
        (text.matches("\"record\":\"alert\"").count() == wanted).then_some(())
    });
    assert!(server.taken().len() < wanted && watch.get("/-/healthy").0 == 200, "{:?}", begun.elapsed());
    let begun = Instant::now();
    assert_eq!(watch.stop(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // What was left is delivered by the next one.
    let watch = desk.watch();
    has_all(&server, &desk);
    assert_eq!(watch.stop(), Some(0));
}

/// Nobody listens, the process is killed, and is started again when somebody does.
#[test]
fn f61_a_webhook_that_comes_after_a_kill() {
    let address = crate::servers::free();
    let desk = Desk::new(&format!("[[sink]]\nkind = \"webhook\"\nurl = \"http://{address}/\"\n"));
    let watch = desk.watch();
    until("it waits", Duration::from_secs(30), || watch.metric(&deliveries("retry")).filter(|n| *n > 0.0));
    let wanted = desk.wanted("alert").len() as f64;
    until("all wait", Duration::from_secs(30), || {
        watch.metric("deguchi_sink_outbox_records{sink=\"webhook\"}").filter(|n| *n >= wanted)
    });
    let oldest =
        |watch: &Watch| watch.metric("deguchi_sink_outbox_oldest_timestamp_seconds{sink=\"webhook\"}").unwrap();
    let since = oldest(&watch);
    watch.kill();
    let watch = desk.watch();
    until("they wait again", Duration::from_secs(30), || {
        watch.metric("deguchi_sink_outbox_records{sink=\"webhook\"}").filter(|n| *n >= wanted)
    });
    // Kept to the millisecond.
    assert!((oldest(&watch) - since).abs() < 0.01, "it waits as long as it waits, whoever runs: {since}");
    watch.kill();
    let server = Server::start(&address.to_string(), |_| Answer::Status(200));
    let watch = desk.watch();
    has_all(&server, &desk);
    assert_eq!(watch.stop(), Some(0));
}

/// Two files besides that of `--alerts`, of which one asks for severity medium and is rotated: killed at any time, each record
/// is in each of them once.
#[test]
fn f48_files_have_what_they_ask_for_once() {
    let desk = Desk::new(
        "snapshot-seconds = 1\n[[sink]]\nkind = \"file\"\nname = \"pager\"\npath = \"worse.jsonl\"\nseverity = \"medium\"\n\
         [[sink]]\nkind = \"file\"\nname = \"siem\"\npath = \"siem.ocsf\"\nformat = \"ocsf\"\n",
    );
    std::fs::write(&desk.log, "").unwrap();
    let log = log();
    for (n, piece) in log.chunks(log.len() / 6 + 1).enumerate() {
        let watch = desk.watch();
        desk.append(piece);
        std::thread::sleep(Duration::from_millis(700 + 200 * n as u64));
        if n % 2 == 1 {
            std::fs::rename(desk.at("worse.jsonl"), desk.at(&format!("worse.jsonl.{n}"))).unwrap();
            watch.signal("HUP");
            std::thread::sleep(Duration::from_millis(300));
        }
        watch.kill();
    }
    let watch = desk.watch();
    let read = |name: &str| std::fs::read_to_string(desk.at(name)).unwrap_or_default();
    let wanted = desk.wanted("alert").len();
    until("all alerts", Duration::from_secs(20), || {
        (read("alerts").matches("\"record\":\"alert\"").count() == wanted).then_some(())
    });
    assert_eq!(watch.stop(), Some(0));
    let all = read("alerts");
    let worse: Vec<&str> = all.lines().filter(|line| !line.contains("\"severity\":\"low\"")).collect();
    assert!(!worse.is_empty() && worse.len() < all.lines().count(), "{} of {}", worse.len(), all.lines().count());
    let rotated = ["worse.jsonl.1", "worse.jsonl.3", "worse.jsonl.5", "worse.jsonl"].map(read).concat();
    assert_eq!(rotated.lines().collect::<Vec<_>>(), worse, "the same bytes, in order");
    let field = |line: &str, path: &str| {
        serde_json::from_str::<Value>(line).unwrap().pointer(path).unwrap().as_str().unwrap().to_owned()
    };
    let ids: Vec<String> = all.lines().map(|line| field(line, "/id")).collect();
    assert_eq!(read("siem.ocsf").lines().map(|line| field(line, "/metadata/uid")).collect::<Vec<_>>(), ids);
}

/// Version, host, program, process, detector, and the record.
fn message(text: &str) -> Value {
    let mut parts = text.splitn(8, ' ');
    let (head, rest): (Vec<&str>, _) = (parts.by_ref().take(7).collect(), parts.next().unwrap());
    assert!(head[0].starts_with("<8") && head[0].ends_with(">1"), "{text}");
    let record: Value = serde_json::from_str(rest).unwrap();
    assert!(
        head[1] == record["time"] && head[3] == "deguchi" && head[5] == record["detector"] && head[6] == "-",
        "{text}"
    );
    record
}

#[test]
fn syslog_over_udp_tcp_and_a_socket() {
    let dir = tempfile::tempdir().unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let path = dir.path().join("log");
    let unix = UnixDatagram::bind(&path).unwrap();
    let desk = Desk::new(&format!(
        "[[sink]]\nkind = \"syslog\"\nname = \"udp\"\naddress = \"udp://{}\"\n[[sink]]\nkind = \"syslog\"\nname = \"tcp\"\naddress = \"tcp://{}\"\n\
         [[sink]]\nkind = \"syslog\"\nname = \"unix\"\naddress = \"unix://{}\"\n",
        udp.local_addr().unwrap(),
        tcp.local_addr().unwrap(),
        path.display()
    ));
    let wanted = desk.wanted("alert");
    let watch = desk.watch();
    let mut buffer = [0; 65_536];
    let mut datagrams = |receive: &dyn Fn(&mut [u8]) -> std::io::Result<usize>| -> Vec<Value> {
        let mut found = Vec::new();
        while found.iter().filter(|record: &&Value| record["record"] == "alert").count() < wanted.len() {
            let n = receive(&mut buffer).unwrap();
            found.push(message(str::from_utf8(&buffer[..n]).unwrap()));
        }
        found
    };
    udp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    unix.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let by_udp = datagrams(&|buffer| udp.recv(buffer));
    let by_unix = datagrams(&|buffer| unix.recv(buffer));
    let mut stream = BufReader::new(tcp.accept().unwrap().0);
    let mut by_tcp = Vec::new();
    while by_tcp.len() < by_udp.len() {
        let mut length = Vec::new();
        stream.read_until(b' ', &mut length).unwrap();
        let mut text = vec![0; String::from_utf8(length).unwrap().trim().parse().unwrap()];
        stream.read_exact(&mut text).unwrap();
        by_tcp.push(message(str::from_utf8(&text).unwrap()));
    }
    assert!(by_udp == by_unix && by_udp == by_tcp);
    let ids = |records: &[Value]| -> Vec<String> {
        records.iter().filter(|r| r["record"] == "alert").map(|r| r["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&by_udp), wanted);
    assert_eq!(watch.stop(), Some(0));
}

/// The real Alertmanager: an alert is active while its episode is open, also through a restart, and over at its end.
#[test]
fn alertmanager_has_what_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let settings = "route:\n  receiver: none\nreceivers:\n- name: none\n";
    let Some((_ended, at)) = alertmanager(dir.path(), settings) else { return };
    let desk = Desk::new(&format!(
        "snapshot-seconds = 1\n[[sink]]\nkind = \"alertmanager\"\nurl = \"http://{at}\"\nseverity = \"medium\"\n"
    ));
    let of = |at: SocketAddr| -> Vec<Value> {
        let (_, body) = http(at, "/api/v2/alerts?active=true", None).unwrap();
        serde_json::from_str(&body).unwrap()
    };
    let records: Vec<Value> =
        replayed(&desk.log, desk.dir.path()).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    // Severity at the end of each episode that ever was medium.
    let wanted = records.iter().filter(|r| r["record"] == "end" && r["severity"] != "low").count();
    assert!(wanted > 0);
    let watch = desk.watch();
    let active =
        until("alerts are active", Duration::from_secs(30), || Some(of(at)).filter(|alerts| alerts.len() == wanted));
    for alert in &active {
        let labels = &alert["labels"];
        let of_it = |r: &&Value| r["record"] == "end" && r["episode"] == labels["episode"];
        let record = records.iter().find(of_it).unwrap();
        assert!(labels["client"] == record["client"] && labels["domain"] == record["domain"]);
        assert!(labels["alertname"] == record["detector"] && labels["severity"] == record["severity"]);
        let summary = alert["annotations"]["summary"].as_str().unwrap();
        assert!(!summary.contains("evil0.example") && summary.contains("example"), "{summary}");
    }
    watch.kill();
    let watch = desk.watch();
    // Eight days later all episodes are over.
    let late = DAY + 9 * 24 * HOUR;
    desk.append(&merged([reading(late, late + HOUR, 100, "10.0.0.77")]));
    until("they are over", Duration::from_secs(30), || of(at).is_empty().then_some(()));
    assert_eq!(watch.stop(), Some(0));
}

/// Beginning, end and severity of the alerts in a request to an Alertmanager.
fn alerts_of(request: &Request) -> Vec<(String, String, String)> {
    let alerts: Vec<Value> = serde_json::from_slice(&request.body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    alerts.iter().map(|a| (text(&a["startsAt"]), text(&a["endsAt"]), text(&a["labels"]["severity"]))).collect()
}

#[test]
fn an_alertmanager_is_told_of_a_rise_and_of_a_log_that_is_ahead() {
    // The third request, the end, is refused.
    let server = Server::start("127.0.0.1:0", |n| Answer::Status(if n == 2 { 400 } else { 200 }));
    let clock = || "2015-05-08T00:00:00Z".parse().unwrap();
    let url = format!("http://{}/", server.address);
    let mut sink = Alertmanager::new("am", &url, None, Duration::from_secs(5), [], clock).unwrap();
    let alert = crate::sink::beacon();
    let with = |record, severity| Record { record, severity, ..alert.clone() };
    sink.deliver(&with(RecordKind::Alert, Severity::Medium)).unwrap();
    sink.deliver(&with(RecordKind::Update, Severity::High)).unwrap();
    assert!(sink.deliver(&with(RecordKind::End, Severity::High)).is_err());
    sink.keep().unwrap();
    let taken = server.taken();
    assert!(taken.len() == 3 && taken[0].head.starts_with("POST /api/v2/alerts "), "what is over is not kept alive");
    assert_eq!(alerts_of(&taken[0]), [("2015-05-08T00:04:00Z".into(), "2015-05-08T00:04:00Z".into(), "medium".into())]);
    let rise: Vec<(String, String)> =
        alerts_of(&taken[1]).into_iter().map(|(_, end, severity)| (severity, end)).collect();
    let wanted = [("high", "2015-05-08T00:04:00Z"), ("medium", "2015-05-08T00:00:00Z")];
    assert_eq!(rise, wanted.map(|(severity, end)| (severity.to_owned(), end.to_owned())));
    for request in &taken {
        assert!(alerts_of(request).iter().all(|(start, end, _)| start <= end), "else it is refused");
    }
}

#[test]
fn what_a_sink_needs_is_asked_for_at_the_start() {
    let desk = Desk::new("");
    let said = |settings: &str, code: i32| {
        std::fs::write(Path::new(&desk.at("deguchi.toml")), settings).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_deguchi"))
            .args(["watch", "--listen", "127.0.0.1:0", "--config", &desk.at("deguchi.toml")])
            .arg(&desk.log)
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(code), "{settings}");
        String::from_utf8(run.stderr).unwrap()
    };
    let webhook = "[[sink]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\n";
    assert!(said(&format!("{webhook}secret-file = \"none\"\n"), 2).contains("none: the secret cannot be read"));
    assert!(said(&format!("{webhook}ca-file = \"deguchi.toml\"\n"), 2).contains("certificates in PEM"));
    assert!(said("[[sink]]\nkind = \"webhook\"\n", 2).contains("url of the sink"));
    assert!(said("[[sink]]\nkind = \"file\"\npath = \"none/a\"\n", 4).contains("none/a"));
}
