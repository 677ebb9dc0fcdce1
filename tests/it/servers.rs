//! The programs deguchi works with, started for a test on ports of their own and ended with it.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ends the process it holds, also when a test fails.
pub(crate) struct Ended(pub(crate) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program of a Debian package. Where it is missing the test fails if `CI` is set, and is skipped otherwise.
pub(crate) fn program(name: &str, package: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is missing: apt-get install {package}");
        eprintln!("skipped: {name} is not installed (Debian: apt-get install {package})");
    }
    found
}

/// An address of this machine that nobody listens at.
pub(crate) fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
}

/// Asks again and again until there is an answer; fails with `what` after `patience`.
#[track_caller]
pub(crate) fn until<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < patience, "{what}: not within {patience:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Status and body of a request; `None` where nobody answers. A body makes it a POST of a form.
pub(crate) fn http(at: SocketAddr, path: &str, body: Option<&str>) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(at).ok()?;
    // HTTP/1.0: the answer ends with the connection and is in one piece.
    match body {
        None => write!(stream, "GET {path} HTTP/1.0\r\nHost: test\r\n\r\n"),
        Some(body) => write!(
            stream,
            "POST {path} HTTP/1.0\r\nHost: test\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    }
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// Starts a server and waits until `/-/ready` says so. What it prints goes to a file beside its data.
fn ready(mut command: Command, folder: &Path, at: SocketAddr) -> Ended {
    let name = Path::new(command.get_program()).file_name().expect("a name").to_string_lossy().into_owned();
    let said = folder.join(format!("{name}.out"));
    let output = std::fs::File::create(&said).expect("room");
    let mut child = Ended(command.stdout(Stdio::null()).stderr(output).spawn().expect("it starts"));
    until(&format!("{name} is ready"), Duration::from_secs(60), || {
        let over = child.0.try_wait().expect("a child").is_some();
        assert!(!over, "{name} ended: {}", std::fs::read_to_string(&said).unwrap_or_default());
        http(at, "/-/ready", None).filter(|(status, _)| *status == 200)
    });
    child
}

/// A Prometheus with its own data.
pub(crate) struct Prometheus {
    child: Ended,
    pub(crate) at: SocketAddr,
}

impl Prometheus {
    /// On the blocks that are in `data` below the folder already; `None` where it is not installed.
    pub(crate) fn start(folder: &Path, settings: &str) -> Option<Prometheus> {
        let program = program("prometheus", "prometheus")?;
        let at = free();
        std::fs::write(folder.join("prometheus.yml"), settings).expect("room");
        let mut command = Command::new(program);
        command
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .args(["--storage.tsdb.retention.time=100y", &format!("--web.listen-address={at}")]);
        Some(Prometheus { child: ready(command, folder, at), at })
    }

    /// The series an expression has at a time (seconds; `None`: now).
    #[track_caller]
    pub(crate) fn query(&self, expr: &str, time: Option<f64>) -> Vec<Value> {
        let time = time.map_or(String::new(), |time| format!("&time={time}"));
        self.ask("/api/v1/query", &format!("query={}{time}", encoded(expr)))
    }

    /// The value of an expression that has one series now.
    #[track_caller]
    pub(crate) fn value(&self, expr: &str) -> Option<f64> {
        let found = self.query(expr, None);
        assert!(found.len() < 2, "{expr}: {} series", found.len());
        found.first()?["value"][1].as_str()?.parse().ok()
    }

    /// The series an expression has from one time to another, in 200 steps.
    #[track_caller]
    pub(crate) fn range(&self, expr: &str, (start, end): (f64, f64)) -> Vec<Value> {
        let step = ((end - start) / 200.0).max(1.0);
        self.ask("/api/v1/query_range", &format!("query={}&start={start}&end={end}&step={step}", encoded(expr)))
    }

    #[track_caller]
    fn ask(&self, path: &str, form: &str) -> Vec<Value> {
        let (_, body) = http(self.at, path, Some(form)).expect("Prometheus answers");
        let answer: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(answer["status"], "success", "{form}: {body}");
        answer["data"]["result"].as_array().expect("series").clone()
    }

    /// Ends it, so that its data can be changed.
    pub(crate) fn stop(self) {
        drop(self.child);
    }
}

/// An Alertmanager, alone; `None` where it is not installed.
pub(crate) fn alertmanager(folder: &Path, settings: &str) -> Option<(Ended, SocketAddr)> {
    let program = program("prometheus-alertmanager", "prometheus-alertmanager")?;
    let at = free();
    std::fs::write(folder.join("alertmanager.yml"), settings).expect("room");
    let mut command = Command::new(program);
    command
        .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", folder.join("alertmanager").display()))
        .args([&format!("--web.listen-address={at}"), "--cluster.listen-address="]);
    Some((ready(command, folder, at), at))
}

/// Text as it stands in a form.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
