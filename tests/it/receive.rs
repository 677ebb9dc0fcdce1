//! What comes over the network: it alerts as a log with the same lines does, limits hold, and what is lost is counted.

mod squid;

use crate::lab::{DAY, HOUR, beacon, line, merged, reading};
use crate::servers::{free, until};
use crate::watch::{Watch, log, replayed};
use deguchi::input::receive::{PEERS, SILENT};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

const LINES: &str = "deguchi_input_lines_total{input=\"log\"}";
const EVENTS: &str = "deguchi_input_events_total{input=\"log\"}";
const CONNECTIONS: &str = "deguchi_input_connections{input=\"log\"}";
const REFUSED: &str = "deguchi_input_connections_rejected_total{input=\"log\"}";
const TCP_GAP: &str = "deguchi_input_discontinuities_total{input=\"log\",reason=\"tcp_gap\"}";
const LOST: &str = "deguchi_input_lost_bytes_total{input=\"log\"}";
const PATIENCE: Duration = Duration::from_secs(30);

/// A watch that receives, and its scratch folder.
struct Receiver {
    dir: tempfile::TempDir,
    watch: Watch,
    at: SocketAddr,
}

impl Receiver {
    /// On a port of TCP and UDP and on a Unix socket; `table`: what stands below `[receive]`.
    fn start(table: &str) -> Receiver {
        let dir = tempfile::tempdir().unwrap();
        let (config, at) = (dir.path().join("deguchi.toml"), free());
        std::fs::write(&config, format!("format = \"squid\"\n[receive]\nunix = \"socket\"\n{table}")).unwrap();
        let address = at.to_string();
        let flags = ["--config", config.to_str().unwrap(), "--tcp", &address, "--udp", &address];
        let watch = Watch::run(None, &dir.path().join("alerts"), &flags, &[]);
        Receiver { dir, watch, at }
    }

    fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.at).expect("it listens")
    }

    fn unix(&self) -> UnixStream {
        UnixStream::connect(self.dir.path().join("socket")).expect("it listens")
    }

    fn udp(&self) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(self.at).unwrap();
        socket
    }

    fn alerts(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("alerts")).unwrap()
    }

    /// Stops, and has told what a replay of that log tells.
    #[track_caller]
    fn told_as_of(self, log: &[u8]) {
        let (path, dir) = (self.dir.path().join("access.log"), self.dir.path().to_owned());
        std::fs::write(&path, log).unwrap();
        let alerts = self.dir.path().join("alerts");
        assert_eq!(self.watch.stop(), Some(0));
        let live = std::fs::read_to_string(alerts).unwrap();
        assert!(live.contains("evil.example") && live == replayed(&path, &dir), "the same bytes");
        assert!(!dir.join("socket").exists(), "the socket is put away");
    }
}

fn count(log: &[u8]) -> f64 {
    log.iter().filter(|&&b| b == b'\n').count() as f64
}

#[test]
fn lines_over_tcp_alert_as_a_replay_does() {
    let receiver = Receiver::start("");
    let log = log();
    let mut stream = receiver.tcp();
    for piece in log.chunks(log.len() / 7 + 1) {
        stream.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    receiver.watch.wait(EVENTS, count(&log));
    receiver.watch.wait(CONNECTIONS, 1.0);
    drop(stream);
    receiver.watch.wait(CONNECTIONS, 0.0);
    assert_eq!(receiver.watch.metric(LOST), Some(0.0));
    receiver.told_as_of(&log);
}

/// It is told to end as soon as the last byte is sent: what has come is still read.
#[test]
fn what_has_come_before_the_end_is_read() {
    let receiver = Receiver::start("");
    let log = log();
    receiver.unix().write_all(&log).unwrap();
    receiver.told_as_of(&log);
}

/// Each message framed in another way and with another header.
#[test]
fn f59_syslog_of_all_kinds_in_any_pieces() {
    let receiver = Receiver::start("");
    let log = log();
    let mut bytes = Vec::new();
    for (n, line) in log.split(|&b| b == b'\n').filter(|line| !line.is_empty()).enumerate() {
        let header = match n % 5 {
            0 => "",
            1 => "<174>Nov 22 10:34:35 squid: ",
            2 => "<174>2026-11-22T10:34:35+09:00 proxy1 (squid-1)[17]: ",
            3 => "<174>1 2026-11-22T10:34:35Z proxy1 squid 17 - - \u{feff}",
            _ => "<174>1 - - - - - [a@1 b=\"c]\\\"\"] ",
        };
        let message = [header.as_bytes(), line].concat();
        match n % 3 {
            1 if n % 5 > 0 => bytes.extend([format!("{} ", message.len()).as_bytes(), &message].concat()),
            2 => bytes.extend([&message[..], b"\0"].concat()),
            _ => bytes.extend([&message[..], b"\n"].concat()),
        }
    }
    let mut stream = receiver.tcp();
    stream.set_nodelay(true).unwrap();
    let (slow, rest) = bytes.split_at(2000);
    for byte in slow {
        stream.write_all(&[*byte]).unwrap();
    }
    for piece in rest.chunks(997) {
        stream.write_all(piece).unwrap();
    }
    receiver.watch.wait(EVENTS, count(&log));
    receiver.told_as_of(&log);
}

#[test]
fn f59_lengths_that_are_none_are_counted_and_got_over() {
    let receiver = Receiver::start("");
    let good = line(DAY, "10.0.0.1", "http://one.example/");
    let mut stream = receiver.tcp();
    for bad in ["0 <13>none\n", "-7 <13>negative\n", "99999999999999 <13>huge\n"] {
        stream.write_all(bad.as_bytes()).unwrap();
        stream.write_all(good.as_bytes()).unwrap();
    }
    receiver.watch.wait(LINES, 3.0);
    receiver.watch.wait("deguchi_input_dropped_messages_total{input=\"log\",reason=\"framing\"}", 3.0);
    // A line that is too long is cut and counted as in a file.
    stream.write_all(&[b"x".repeat(200_000), b"\n".to_vec(), good.into_bytes()].concat()).unwrap();
    receiver.watch.wait(LINES, 5.0);
    receiver.watch.wait("deguchi_input_truncated_lines_total{input=\"log\"}", 1.0);
}

#[test]
fn datagrams_hold_one_line_or_several() {
    let receiver = Receiver::start("");
    let log = log();
    let lines: Vec<&[u8]> = log.split_inclusive(|&b| b == b'\n').collect();
    let socket = receiver.udp();
    for (n, lines) in lines.chunks(9).enumerate() {
        match n % 2 {
            0 => drop(socket.send(&lines.concat()).unwrap()),
            _ => lines.iter().for_each(|line| {
                socket.send(&[b"<174>Nov 22 10:34:35 squid: ", line.trim_ascii_end()].concat()).unwrap();
            }),
        }
        // Not faster than it is read: UDP does not wait.
        std::thread::sleep(Duration::from_micros(500));
    }
    receiver.watch.wait(EVENTS, count(&log));
    receiver.told_as_of(&log);
}

#[test]
fn who_is_not_allowed_is_refused_and_counted() {
    let receiver = Receiver::start("allow = [\"192.0.2.0/24\"]\n");
    let two = line(DAY, "10.0.0.1", "http://one.example/").repeat(2);
    let mut stream = receiver.tcp();
    receiver.watch.wait(REFUSED, 1.0);
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "closed");
    receiver.udp().send(two.as_bytes()).unwrap();
    receiver.watch.wait("deguchi_input_dropped_messages_total{input=\"log\",reason=\"network\"}", 2.0);
    // This machine's socket is guarded by its permissions.
    receiver.unix().write_all(two.as_bytes()).unwrap();
    receiver.watch.wait(LINES, 2.0);
}

#[test]
fn f59_more_connections_than_may_be_are_refused() {
    let receiver = Receiver::start("connections = 3\n");
    let held: Vec<TcpStream> = (0..10).map(|_| receiver.tcp()).collect();
    receiver.watch.wait(REFUSED, 7.0);
    receiver.watch.wait(CONNECTIONS, 3.0);
    drop(held);
    receiver.watch.wait(CONNECTIONS, 0.0);
    receiver.tcp().write_all(line(DAY, "10.0.0.1", "http://one.example/").as_bytes()).unwrap();
    receiver.watch.wait(LINES, 1.0);
}

/// As many senders as may have a spool, all of them read and silent for a while: the next one is refused, and then has room.
#[test]
fn f59_silent_senders_make_room_for_others() {
    let receiver = Receiver::start("");
    let send = |n: u8, minute: i64| {
        let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 1, n), 0)).unwrap();
        let line = line(DAY + minute * 60_000, &format!("10.0.0.{n}"), "http://one.example/");
        socket.send_to(line.as_bytes(), receiver.at).unwrap();
    };
    (1..=PEERS as u8).for_each(|n| send(n, 0));
    receiver.watch.wait(LINES, PEERS as f64);
    send(200, 1);
    receiver.watch.wait("deguchi_input_dropped_messages_total{input=\"log\",reason=\"peers\"}", 1.0);
    let folders = std::fs::read_dir(receiver.dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let spool = folders.into_iter().find(|path| path.to_string_lossy().contains("deguchi-spool-")).expect("a spool");
    let ago = SystemTime::now() - SILENT - Duration::from_secs(60);
    for live in std::fs::read_dir(spool).unwrap() {
        std::fs::File::open(live.unwrap().path()).unwrap().set_modified(ago).unwrap();
    }
    until("there is room", PATIENCE, || {
        send(200, 1);
        receiver.watch.metric(LINES).filter(|&lines| lines > PEERS as f64)
    });
    // Those of which all was covered when the next one came.
    let forgotten = receiver.watch.metric("deguchi_input_senders_forgotten_total{input=\"log\"}").unwrap();
    assert!((1.0..=PEERS as f64).contains(&forgotten), "{forgotten}");
    // Who comes back goes on as if nothing had been.
    let lines = receiver.watch.metric(LINES).unwrap();
    send(1, 2);
    until("it is read", PATIENCE, || receiver.watch.metric(LINES).filter(|&now| now > lines));
    assert_eq!(receiver.watch.metric(LOST), Some(0.0));
    assert_eq!(receiver.watch.stop(), Some(0));
}

/// A byte now and then keeps a message open, and its connection, no longer than it may take.
#[test]
fn f59_a_slow_loris_is_cut_and_who_only_waits_is_not() {
    let receiver = Receiver::start("idle-seconds = 1\n");
    let whole = line(DAY, "10.0.0.1", "http://one.example/");
    let (mut idle, mut loris) = (receiver.tcp(), receiver.tcp());
    idle.write_all(whole.as_bytes()).unwrap();
    let begun = Instant::now();
    let mut sent = 0;
    while loris.write_all(b"x").is_ok() {
        sent += 1;
        assert!(begun.elapsed() < PATIENCE, "it is let be");
        std::thread::sleep(Duration::from_millis(150));
    }
    assert!(begun.elapsed() > Duration::from_secs(1), "after {sent} bytes");
    receiver.watch.wait(TCP_GAP, 1.0);
    let lost = receiver.watch.metric(LOST).unwrap();
    assert!((4.0..=f64::from(sent)).contains(&lost), "{lost} of {sent}");
    idle.write_all(whole.as_bytes()).unwrap();
    receiver.watch.wait(LINES, 2.0);
    receiver.watch.wait(CONNECTIONS, 1.0);
}

#[test]
fn f60_a_reset_inside_a_message_is_counted_and_the_sender_comes_again() {
    let receiver = Receiver::start("");
    let log = log();
    // Where a sender is cut off in the middle of a line it begins with that line anew.
    let (mut at, mut gaps, mut lost) = (0, 0.0, 0);
    for (n, until) in (1..=6).map(|n| (n, log.len() * n / 6)) {
        let mut stream = receiver.tcp();
        stream.write_all(&log[at..until]).unwrap();
        let begin = log[..until].iter().rposition(|&b| b == b'\n').unwrap() + 1;
        if begin < until {
            gaps += 1.0;
            lost += until - begin;
        }
        at = begin;
        receiver.watch.wait(LINES, count(&log[..begin]));
        if n % 2 == 0 {
            // Without linger a close is a reset.
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
        drop(stream);
        receiver.watch.wait(TCP_GAP, gaps);
    }
    assert!(gaps >= 3.0);
    assert_eq!(receiver.watch.metric(LOST), Some(lost as f64));
    receiver.told_as_of(&log);
}

#[test]
fn f60_numbers_that_are_passed_over_are_counted() {
    let receiver = Receiver::start("");
    let message = |number: u32| {
        let line = line(DAY + i64::from(number), "10.0.0.1", "http://one.example/");
        format!("<174>1 - - - - - [meta sequenceId=\"{number}\"] {line}")
    };
    let mut stream = receiver.tcp();
    [1, 2, 5].iter().for_each(|&n| stream.write_all(message(n).as_bytes()).unwrap());
    receiver.watch.wait(LINES, 3.0);
    drop(stream);
    receiver.watch.wait(CONNECTIONS, 0.0);
    // What was lost between two connections of a sender is seen as well.
    let mut stream = receiver.tcp();
    [9, 10].iter().for_each(|&n| stream.write_all(message(n).as_bytes()).unwrap());
    receiver.watch.wait(LINES, 5.0);
    receiver.watch.wait("deguchi_input_missing_messages_total{input=\"log\"}", 5.0);
    receiver.watch.wait("deguchi_input_discontinuities_total{input=\"log\",reason=\"sequence_gap\"}", 2.0);
    assert!(receiver.alerts().is_empty());
}

/// All that is in the spool of a sender and was not put away.
fn spooled(state: &Path) -> String {
    let live = state.join("spool/tcp-127.0.0.1.log");
    let mut pieces: Vec<PathBuf> = std::fs::read_dir(state.join("spool")).map_or_else(
        |_| Vec::new(),
        |files| files.map(|file| file.unwrap().path()).filter(|path| *path != live).collect(),
    );
    pieces.sort();
    pieces.push(live);
    pieces.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

/// Killed at any time and started again: what was in the spool counts once, pieces that are not needed are gone.
#[test]
fn f48_what_is_in_the_spool_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (alerts, state, config, address) = (at("alerts"), at("state"), at("deguchi.toml"), free());
    let settings =
        format!("snapshot-seconds = 1\nformat = \"squid\"\n[receive]\ntcp = \"{address}\"\nspool-limit = \"16MiB\"\n");
    std::fs::write(&config, settings).unwrap();
    let flags = ["--state", state.to_str().unwrap(), "--config", config.to_str().unwrap()];
    let last = (DAY + 5 * HOUR, line(DAY + 5 * HOUR, "10.0.0.9", "http://last.example/"));
    let people = (1..8).map(|c| reading(DAY, DAY + 4 * HOUR, 1500, &format!("10.0.0.{c}")));
    let attacks = (0..12).map(|n| {
        let (client, domain) = (format!("10.0.0.{}", n % 5 + 1), format!("evil{n}.example"));
        beacon(DAY + n * HOUR / 5, 20_000 + n * 3_000, 300, &client, &domain)
    });
    let log = merged(people.chain(attacks).chain([vec![last]]));
    let lines: Vec<&[u8]> = log.split_inclusive(|&b| b == b'\n').collect();
    let mut dice = 0x2545_F491_4F6C_DD1Du64;
    for piece in lines.chunks(lines.len() / 12 + 1) {
        let watch = Watch::run(None, &alerts, &flags, &[]);
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(&piece.concat()).unwrap();
        let end = String::from_utf8_lossy(piece[piece.len() - 1]).into_owned();
        until("the last line is in the spool", PATIENCE, || spooled(&state).ends_with(&end).then_some(()));
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        std::thread::sleep(Duration::from_millis(dice % 1500));
        watch.kill();
    }
    let watch = Watch::run(None, &alerts, &flags, &[]);
    let end = String::from_utf8_lossy(&lines[lines.len() - 1][..14]).parse().expect("a time");
    watch.wait("deguchi_watermark_timestamp_seconds", end);
    let path = at("access.log");
    std::fs::write(&path, &log).unwrap();
    let whole = replayed(&path, dir.path());
    let wanted = whole.matches("\"record\":\"alert\"").count();
    until("all alerts are told", PATIENCE, || {
        (std::fs::read_to_string(&alerts).unwrap().matches("\"record\":\"alert\"").count() >= wanted).then_some(())
    });
    // A snapshot covers all of it by and by: what is left is the live file, and if nothing is in it yet the piece before.
    let begun = Instant::now();
    let files = || -> Vec<(PathBuf, u64)> {
        let files = std::fs::read_dir(state.join("spool")).unwrap().flatten();
        files.filter_map(|file| Some((file.path(), file.metadata().ok()?.len()))).collect()
    };
    while files().len() > 2 {
        assert!(begun.elapsed() < PATIENCE, "pieces stay: {:?}", files());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(watch.metric("deguchi_input_discontinuities_total{input=\"log\",reason=\"inode_reused\"}"), Some(0.0));
    assert_eq!(watch.metric(LOST), Some(0.0));
    assert_eq!(watch.stop(), Some(0));
    let live = std::fs::read_to_string(&alerts).unwrap();
    assert!(wanted > 5 && whole.starts_with(&live), "{} bytes of {}", live.len(), whole.len());
    let rest = &whole[live.len()..];
    assert!(rest.lines().all(|line| line.contains("\"record\":\"end\"")), "{rest}");
}

#[test]
fn what_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (taken, config) = (free(), dir.path().join("deguchi.toml"));
    let _held = std::net::TcpListener::bind(taken).unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let refused = |table: &str, flags: &[&str]| {
        std::fs::write(&config, format!("[receive]\n{table}\n")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_deguchi"));
        command.args(["watch", "--listen", "127.0.0.1:0", "--config", "deguchi.toml"]).args(flags);
        let output = command.current_dir(dir.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    for (table, flags, wanted) in [
        ("", vec![], "name a log to follow, or receive with --tcp, --udp or --unix"),
        ("", vec!["--tcp", "somewhere:1"], "--tcp \"somewhere:1\": write a port"),
        ("", vec!["--tcp", &taken.to_string()], "cannot receive on --tcp"),
        ("", vec!["--unix", "file"], "is no socket"),
        ("allow = [\"everybody\"]", vec!["--udp", "0"], "receive.allow \"everybody\": write networks"),
        ("connections = 0", vec!["--udp", "0"], "receive.connections \"0\": give a number from 1"),
        ("spool-limit = \"1KiB\"", vec!["--udp", "0"], "receive.spool-limit \"1KiB\": write a size of at least 16MiB"),
        ("idle-second = 5", vec!["--udp", "0"], "did you mean `idle-seconds`?"),
    ] {
        let said = refused(table, &flags);
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}
