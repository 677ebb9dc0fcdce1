//! What the laws of the whole engine share: logs, and ways to run them.

use deguchi::alert::Record;
use deguchi::engine::{Engine, EngineSettings, Found, Summary};
use deguchi::event::Millis;
use deguchi::input::Chunk;
use deguchi::parse::{by_name, read};
use deguchi::run::feed::{Feed, begins, look};
use deguchi::run::synth::{SynthOptions, generate};
use deguchi::settings::Format;
use deguchi::sink::json_line;
use jiff::tz::TimeZone;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Midnight, 5 May 2026 UTC, ms.
pub const DAY: Millis = 1_777_939_200_000;
/// One hour, ms.
pub const HOUR: Millis = 3_600_000;

/// What a run gave.
#[derive(Debug)]
pub struct Outcome {
    /// Records.
    pub records: Vec<Record>,
    /// The same as JSON lines.
    pub alerts: String,
    /// Counts.
    pub summary: Summary,
}

impl Outcome {
    fn of(engine: &Engine, found: Found) -> Outcome {
        let mut alerts = Vec::new();
        found.records.iter().for_each(|record| json_line(record, &mut alerts));
        let alerts = String::from_utf8(alerts).expect("JSON is UTF-8");
        let outcome = Outcome { records: found.records, alerts, summary: engine.summary() };
        outcome.check_sum();
        outcome
    }

    /// Every line is in exactly one count.
    pub fn check_sum(&self) {
        let s = &self.summary;
        let rejected: u64 = s.rejected.iter().map(|r| r.lines).sum();
        assert_eq!(s.lines, s.events + rejected + s.ignored + s.duplicates + s.outside, "{s:?}");
        assert_eq!(s.lines, s.inputs.iter().map(|i| i.lines).sum::<u64>());
    }

    /// Rejected lines of a kind.
    pub fn rejected(&self, reason: deguchi::parse::Reason) -> u64 {
        self.summary.rejected.iter().filter(|r| r.reason == reason).map(|r| r.lines).sum()
    }
}

/// Settings that differ from the default in the number of threads.
pub fn threads(threads: usize) -> EngineSettings {
    EngineSettings { threads, ..EngineSettings::default() }
}

/// Runs files as `replay` does, but in the order given and with chunks of any size.
pub fn replay(paths: &[PathBuf], settings: EngineSettings, chunk_size: usize) -> Outcome {
    let looked =
        |path: &PathBuf| look(path, &Format::Auto(TimeZone::UTC)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let looked = paths.iter().filter_map(looked).collect();
    let mut engine = Engine::new(settings).expect("threads");
    let mut feed = Feed::new(looked, &mut engine, chunk_size, 32);
    let mut found = Found::default();
    while let Some(round) = feed.round(&engine) {
        assert!(round.errors.is_empty(), "{:?}", round.errors);
        let buffers = engine.round(round.chunks, &round.ended, &mut found);
        feed.recycle(buffers);
    }
    engine.finish(&mut found);
    Outcome::of(&engine, found)
}

/// Runs one log in Squid's format from memory; `cut` says how many bytes (at least to the end of a line) a chunk holds.
pub fn run(log: &[u8], settings: EngineSettings, cut: impl FnMut() -> usize) -> Outcome {
    run_all(&[log], settings, cut)
}

/// Runs logs in Squid's format from memory, the one that is furthest behind first.
pub fn run_all(logs: &[&[u8]], settings: EngineSettings, cut: impl FnMut() -> usize) -> Outcome {
    run_between(logs, settings, cut, |engine| engine)
}

/// The same; between two rounds the engine is handed to `between`.
pub fn run_between(
    logs: &[&[u8]],
    settings: EngineSettings,
    cut: impl FnMut() -> usize,
    between: impl FnMut(Engine) -> Engine,
) -> Outcome {
    run_as("squid", logs, settings, cut, between)
}

/// The same of logs in any format.
pub fn run_as(
    format: &str,
    logs: &[&[u8]],
    settings: EngineSettings,
    mut cut: impl FnMut() -> usize,
    mut between: impl FnMut(Engine) -> Engine,
) -> Outcome {
    let mut engine = Engine::new(settings).expect("threads");
    for (i, log) in logs.iter().enumerate() {
        let mut parser: Arc<dyn deguchi::parse::Parser> = Arc::from(by_name(format).expect("a format"));
        let lines = log.split(|&b| b == b'\n').filter_map(|line| read(&mut parser, line).ok().flatten());
        let first = begins(lines.take(15).map(|event| event.end()).collect()).unwrap_or(0);
        engine.add_input(&format!("log {i}"), format, parser, first);
    }
    let mut at = vec![0; logs.len()];
    let mut found = Found::default();
    loop {
        let live = (0..logs.len()).filter(|&i| engine.frontier(i as u16).is_some());
        let Some(i) = live.min_by_key(|&i| engine.frontier(i as u16)) else { break };
        let rest = &logs[i][at[i]..];
        let least = cut().clamp(1, rest.len().max(1));
        let end = rest.iter().skip(least - 1).position(|&b| b == b'\n').map_or(rest.len(), |p| least + p);
        let chunk = Chunk { at: at[i] as u64, bytes: rest[..end].to_vec(), skipped: 0 };
        at[i] += end;
        let over = at[i] == logs[i].len();
        let ended = [i as u16];
        engine.round(vec![(i as u16, chunk)], &ended[..usize::from(over)], &mut found);
        if over {
            assert!(engine.frontier(i as u16).is_none());
        }
        engine = between(engine);
    }
    engine.finish(&mut found);
    Outcome::of(&engine, found)
}

/// A log in Squid's format as W3C extended, whose fields change every `every` rows, in three turns. What the native
/// format does not have is not in it.
pub fn w3c(log: &[u8], every: usize) -> Vec<u8> {
    let squid = by_name("squid").expect("a format");
    let mut out = b"#Software: SGOS 7.3.6.1\n#Version: 1.0\n".to_vec();
    let events = log.split(|&b| b == b'\n').filter_map(|line| squid.parse(line).ok().flatten());
    for (i, e) in events.enumerate() {
        let time = jiff::Timestamp::from_millisecond(e.time).expect("a time");
        let (date, time) = (time.strftime("%Y-%m-%d").to_string(), time.strftime("%H:%M:%S.%f").to_string());
        let text = |text: Option<&[u8]>| text.map_or("-".into(), |text| String::from_utf8_lossy(text).into_owned());
        let (client, method, url, act) = (text(e.client), text(e.method), text(Some(e.target)), text(e.result));
        let (status, down, took) = (e.status.unwrap_or(0), e.bytes_down.unwrap_or(0), e.duration.unwrap_or(0));
        let (fields, row) = match i / every % 3 {
            0 => (
                "date time time-taken c-ip cs-method cs-uri sc-status s-action sc-bytes",
                format!("{date} {time} {took} {client} {method} {url} {status} {act} {down}"),
            ),
            1 => (
                "c-ip date time sc-status sc-bytes time-taken s-action cs-uri cs-method",
                format!("{client} {date} {time} {status} {down} {took} {act} {url} {method}"),
            ),
            _ => (
                "x-id c-ip cs-uri s-action cs-method sc-bytes time-taken sc-status time date",
                format!("\"row {i}\" {client} {url} {act} {method} {down} {took} {status} {time} {date}"),
            ),
        };
        if i % every == 0 {
            out.extend_from_slice(format!("#Date: {date} {}\n#Fields: {fields}\n", &time[..8]).as_bytes());
        }
        out.extend_from_slice(row.as_bytes());
        out.push(b'\n');
    }
    out
}

/// A day of 15 PCs with one attack of every kind: 67,195 lines in Squid's format.
pub fn world() -> &'static [u8] {
    static WORLD: OnceLock<Vec<u8>> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut log = Vec::new();
        let options = SynthOptions { clients: Some(15), days: Some(1), ..SynthOptions::default() };
        generate(&options, &mut log).expect("valid options");
        log
    })
}

/// The lines of a log, LF included.
pub fn lines(log: &[u8]) -> Vec<&[u8]> {
    log.split_inclusive(|&b| b == b'\n').collect()
}

/// One line in Squid's format.
pub fn line(time: Millis, client: &str, url: &str) -> String {
    let (seconds, ms) = (time.div_euclid(1000), time.rem_euclid(1000));
    format!("{seconds}.{ms:03}     40 {client} TCP_MISS/200 512 GET {url} - HIER_DIRECT/203.0.113.9 text/html\n")
}

/// A beacon: `n` requests every `period` ms.
pub fn beacon(from: Millis, period: Millis, n: i64, client: &str, domain: &str) -> Vec<(Millis, String)> {
    let request =
        |i| (from + i * period, line(from + i * period, client, &format!("http://www.{domain}/a.php?n={i:05}")));
    (0..n).map(request).collect()
}

/// A person who reads: `n` requests at uneven times, to 20 domains.
pub fn reading(from: Millis, until: Millis, n: u64, client: &str) -> Vec<(Millis, String)> {
    let mut dice = client.bytes().fold(n, |h, b| h.wrapping_mul(31).wrapping_add(b.into())) | 1;
    let mut roll = |below: u64| {
        dice = dice.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (dice >> 33) % below
    };
    let mut request = |_| {
        let time = from + roll((until - from) as u64) as Millis;
        (time, line(time, client, &format!("http://www.site{}.example/{}.html", roll(20), roll(1000))))
    };
    (0..n).map(&mut request).collect()
}

/// Joins requests into one log in the order of their times.
pub fn merged(parts: impl IntoIterator<Item = Vec<(Millis, String)>>) -> Vec<u8> {
    let mut all: Vec<(Millis, String)> = parts.into_iter().flatten().collect();
    all.sort();
    all.into_iter().map(|(_, line)| line).collect::<String>().into_bytes()
}

/// Compresses.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A directory of files that goes when it is dropped.
pub struct Files(tempfile::TempDir);

impl Files {
    /// Writes files.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Files {
        let files_ = Files(tempfile::tempdir().expect("a directory"));
        files.into_iter().for_each(|(name, bytes)| {
            files_.write(name, bytes);
        });
        files_
    }

    /// The directory.
    pub fn dir(&self) -> &std::path::Path {
        self.0.path()
    }

    /// Path of a file.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Paths of files.
    pub fn paths(&self, names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(|name| self.path(name)).collect()
    }

    /// Writes one more.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, bytes).expect("a file");
        path
    }
}
