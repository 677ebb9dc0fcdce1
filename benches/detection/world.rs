//! A generated world, read twice: by the engine with defaults and without a ledger, and for the yardstick.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deguchi::alert::{Record, RecordKind, Severity};
use deguchi::engine::{Engine, EngineSettings, Found, Lesson};
use deguchi::event::{Normalizer, Target};
use deguchi::input::Chunk;
use deguchi::parse;
use deguchi::run::synth::{self, Attacks, Labels, SynthOptions};
use deguchi::window::ledger::Ledger;

use crate::rita;

/// Client and registrable domain.
pub type Pair = (String, String);

/// Worst severity of each pair that alerted, and when it did first, ms UTC.
pub type Told = BTreeMap<Pair, (Severity, i64)>;

/// A slice of a client's online time, ms.
pub const SLICE: i64 = 600_000;

/// What was made, and what was found in it.
pub struct World {
    /// What is in the log.
    pub labels: Labels,
    /// PCs times days.
    pub client_days: u32,
    /// By the engine.
    pub told: Told,
    /// Incidents with an alert of medium severity or more.
    pub incidents: usize,
    /// By the yardstick, each hour over the last 24.
    pub rita: Told,
    /// Slices in which each client asked for anything.
    pub online: BTreeMap<String, BTreeSet<i64>>,
}

/// What to make.
#[derive(Clone)]
pub struct Order<'a> {
    /// Seed.
    pub seed: u64,
    /// PCs and days.
    pub size: (u32, u32),
    /// Name of the format.
    pub logformat: &'a str,
    /// With attacks, or without any.
    pub attacks: Attacks,
    /// First day, if not the usual one.
    pub start: Option<&'a str>,
}

/// Milliseconds UTC of a time in a record or label.
pub fn millis(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap_or_else(|error| panic!("{time}: {error}")).as_millisecond()
}

/// Alerts and updates of a log.
pub fn records(log: &[u8]) -> Result<Vec<Record>, String> {
    read(log, None, Lesson::None).map(|(records, _)| records)
}

/// The same with what is known, and what is known then.
pub fn read(log: &[u8], known: Option<Arc<Ledger>>, lesson: Lesson) -> Result<(Vec<Record>, Ledger), String> {
    let lines: Vec<&[u8]> = log.split(|&b| b == b'\n').take(200).collect();
    let detected = parse::detect(lines.iter().copied()).map_err(|error| error.to_string())?;
    let parser: Arc<dyn parse::Parser> = detected.parser;
    let first = lines.iter().filter_map(|l| parser.parse(l).ok().flatten()).map(|e| e.end()).min().ok_or("no event")?;
    let mut engine = Engine::new(EngineSettings::default()).map_err(|error| error.to_string())?;
    engine.learn(lesson);
    if let Some(ledger) = known {
        engine.know(ledger);
    }
    let input = engine.add_input("world", detected.name, parser, first);
    let mut found = Found::default();
    let mut rest = log;
    while !rest.is_empty() {
        let window = &rest[..rest.len().min(1 << 18)];
        let cut = window.iter().rposition(|&b| b == b'\n').map_or(window.len(), |at| at + 1);
        let chunk = Chunk { at: 0, bytes: rest[..cut].to_vec(), skipped: 0 };
        rest = &rest[cut..];
        let ended: &[u16] = if rest.is_empty() { &[input] } else { &[] };
        engine.round(vec![(input, chunk)], ended, &mut found);
    }
    engine.finish(&mut found);
    let told = |record: &Record| matches!(record.record, RecordKind::Alert | RecordKind::Update);
    Ok((found.records.into_iter().filter(told).collect(), engine.ledger().0))
}

/// What records say of each pair; one over several clients or domains says it of each.
pub fn told(records: &[Record]) -> Told {
    let mut told = Told::new();
    for record in records {
        let all = |one: &String, more: &Option<Vec<String>>| -> BTreeSet<String> {
            std::iter::once(one).chain(more.iter().flatten()).cloned().collect()
        };
        for client in all(&record.client, &record.clients) {
            for domain in all(&record.domain, &record.domains) {
                let time = millis(&record.time);
                let entry = told.entry((client.clone(), domain)).or_insert((record.severity, time));
                *entry = (entry.0.max(record.severity), entry.1.min(time));
            }
        }
    }
    told
}

/// Incidents with an alert of medium severity or more.
pub fn incidents(records: &[Record]) -> usize {
    let worth = records.iter().filter(|record| record.severity >= Severity::Medium);
    worth.map(|record| &record.incident).collect::<BTreeSet<_>>().len()
}

impl Order<'_> {
    /// Makes the log.
    pub fn make(&self) -> (Vec<u8>, Labels) {
        let (order, usual) = (self, SynthOptions::default());
        let options = SynthOptions {
            seed: order.seed,
            clients: Some(order.size.0),
            days: Some(order.size.1),
            logformat: order.logformat.to_owned(),
            attacks: order.attacks.clone(),
            start: order.start.map_or(usual.start, |day| day.parse().expect("a date")),
            ..usual
        };
        let mut log = Vec::new();
        let labels = synth::generate(&options, &mut log).expect("options that make sense");
        (log, labels)
    }
}

impl World {
    /// A world of which only the labels are needed.
    pub fn unread(labels: Labels, client_days: u32) -> World {
        let (told, rita, online) = Default::default();
        World { labels, client_days, told, incidents: 0, rita, online }
    }

    /// Makes and reads a world.
    pub fn new(order: &Order<'_>) -> World {
        let (log, labels) = order.make();
        let records = records(&log).expect("a log that can be read");
        let (incidents, told) = (incidents(&records), told(&records));
        let (contacts, online) = contacts(&log);
        let rita = hourly(&contacts, millis(&labels.span[0]), millis(&labels.span[1]));
        World { labels, client_days: order.size.0 * order.size.1, told, incidents, rita, online }
    }
}

type Contacts = BTreeMap<Pair, Vec<(i64, f64)>>;

/// Contacts of each pair with their sizes (up where logged, else down), and the slices in which each client was online.
fn contacts(log: &[u8]) -> (Contacts, BTreeMap<String, BTreeSet<i64>>) {
    let lines = log.split(|&b| b == b'\n').take(200);
    let parser = parse::detect(lines).expect("a known format").parser;
    let mut normalizer = Normalizer::default();
    let mut contacts = Contacts::new();
    let mut online: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for line in log.split(|&b| b == b'\n') {
        let Ok(Some(event)) = parser.parse(line) else { continue };
        let Some(client) = event.client else { continue };
        let Some(target) = Target::of(&event) else { continue };
        let Some(destination) = normalizer.destination(target.authority) else { continue };
        let client = String::from_utf8_lossy(client).into_owned();
        online.entry(client.clone()).or_default().insert(event.start() / SLICE);
        let size = event.bytes_up.or(event.bytes_down).unwrap_or(0) as f64;
        let domain = String::from_utf8_lossy(destination.domain).into_owned();
        contacts.entry((client, domain)).or_default().push((event.start(), size));
    }
    for list in contacts.values_mut() {
        list.sort_unstable_by_key(|contact| contact.0);
    }
    (contacts, online)
}

/// The yardstick at every whole hour over the 24 hours before it.
fn hourly(contacts: &Contacts, first: i64, last: i64) -> Told {
    let mut told = Told::new();
    let hour = 3_600_000;
    for (pair, list) in contacts.iter().filter(|(_, list)| list.len() >= rita::LEAST) {
        for now in (first / hour + 1..=last / hour + 1).map(|at| at * hour) {
            let begin = now - rita::DAY;
            let from = list.partition_point(|contact| contact.0 < begin);
            let to = list.partition_point(|contact| contact.0 < now);
            let severity = rita::score(&list[from..to], begin, now).and_then(rita::severity);
            if let Some(severity) = severity {
                let entry = told.entry(pair.clone()).or_insert((severity, now));
                entry.0 = entry.0.max(severity);
            }
        }
    }
    told
}
