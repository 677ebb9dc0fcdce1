//! `--why CLIENT DOMAIN`: the full score card of a pair, alerting or not.

use crate::alert::{EvidenceRecord, Record, RecordKind, Severity};
use crate::detect::Evidence;
use crate::engine::{Said, Why};
use crate::event::{Millis, Normalizer};
use crate::sink::{Terminal, defang};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Domains of a shared clock that are named.
const NAMES: usize = 5;

/// What is asked, and what was told of it so far: an episode may be over when the log ends.
#[derive(Debug)]
pub struct Question {
    /// The client, as logged.
    pub client: String,
    /// A domain, or a host below it.
    pub host: String,
    /// The registrable domain; empty of what is no host.
    domain: String,
    /// The worst by detector.
    told: BTreeMap<String, Record>,
}

impl Question {
    /// Asks for a client and the domain of a host.
    pub fn new(client: &str, host: &str) -> Question {
        let mut normalizer = Normalizer::default();
        let domain = normalizer.destination(host.as_bytes());
        let domain = domain.map_or(String::new(), |to| String::from_utf8_lossy(to.domain).into_owned());
        Question { client: client.to_owned(), host: host.to_owned(), domain, told: BTreeMap::new() }
    }

    /// Takes in what was told. Of records with one score the first stays.
    pub fn hear(&mut self, record: &Record) {
        let is = |one: &str, more: &Option<Vec<String>>, asked: &str| {
            one == asked || more.iter().flatten().any(|name| name == asked)
        };
        let client = is(&record.client, &record.clients, &self.client);
        // A client is judged there, whatever it is asked about.
        let domain = record.detector == "fanout" || is(&record.domain, &record.domains, &self.domain);
        if record.record == RecordKind::Merge || !client || !domain {
            return;
        }
        match self.told.get_mut(&record.detector) {
            Some(worst) if worst.score >= record.score => {}
            Some(worst) => *worst = record.clone(),
            None => drop(self.told.insert(record.detector.clone(), record.clone())),
        }
    }
}

/// A card as it is shown.
struct Shown {
    detector: String,
    score: u8,
    what: String,
    note: Option<String>,
    /// Points, name, text.
    reasons: Vec<(i32, String, String)>,
}

impl Shown {
    /// What a detector says at the end, of which `told` was said before.
    fn of_said(said: &Said, told: Option<&Record>, zone: &TimeZone) -> Shown {
        let finding = &said.finding;
        let score = finding.card.score();
        let told = told.filter(|told| told.score < score).map(|told| format!("told with {}", when(told, zone)));
        let names: Vec<String> = said.domains.iter().take(NAMES).map(|name| defang(name)).collect();
        let more = if said.domains.len() > NAMES { ", …" } else { "" };
        let over = (!names.is_empty()).then(|| format!("one clock over {}{more}", names.join(", ")));
        let notes: Vec<String> = over.into_iter().chain(said.note.clone()).chain(told).collect();
        let reason = |e: Evidence| (e.points, e.name.into_owned(), e.text);
        Shown {
            detector: finding.detector.into(),
            score,
            what: finding.what.clone(),
            note: Some(notes.join("; ")).filter(|note| !note.is_empty()),
            reasons: finding.card.reasons().into_iter().map(reason).collect(),
        }
    }

    /// What was told, and what is said in the end.
    fn of_told(told: &Record, now: &str, zone: &TimeZone) -> Shown {
        let reason = |e: &EvidenceRecord| (e.points, e.name.clone(), e.text.clone());
        Shown {
            detector: told.detector.clone(),
            score: told.score,
            what: told.summary.clone(),
            note: Some(format!("told with {}; in the end: {now}", when(told, zone))),
            reasons: told.evidence.iter().map(reason).collect(),
        }
    }
}

/// Score and time of a record.
fn when(told: &Record, zone: &TimeZone) -> String {
    let time = told.time.parse::<Timestamp>().map_or(told.time.clone(), |time| show(time, zone));
    // A domain may have joined after the alert.
    let end = if told.record == RecordKind::End { "before" } else { "at" };
    format!("{} {end} {time}", told.score)
}

fn show(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// The page. Log text is escaped and domains are defanged.
pub fn page(why: Option<&Why>, asked: &Question, zone: &TimeZone) -> String {
    let safe = |text: &str| Terminal::text(&defang(text)).to_string();
    let Some(why) = why else {
        return format!(
            "{} and {} never met in this log, or were dropped to stay within --memory\n",
            Terminal::text(&asked.client),
            safe(&asked.host)
        );
    };
    let time = |ms: Millis| show(Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX), zone);
    let requests = match why.requests {
        0 => "no request since its last episode".to_owned(),
        1 => "1 request".to_owned(),
        n => format!("{n} requests"),
    };
    let clients = if why.clients == 1 { "1 client goes".to_owned() } else { format!("{} clients go", why.clients) };
    let mut page = format!(
        "{} with {}: {requests}, {} denied, {} to {}; {clients} there\n",
        Terminal::text(&why.client),
        safe(&why.domain),
        why.denied,
        time(why.first),
        time(why.last),
    );
    let cards = cards(why, &asked.told, zone);
    for card in &cards {
        let severity = Severity::of(card.score).map_or("no alert", Severity::as_str);
        let what = card.what.replace(&*why.domain, &defang(&why.domain));
        let _ = writeln!(page, "\n{} {}, {severity}: {}", card.detector, card.score, Terminal::text(&what));
        if let Some(note) = &card.note {
            let _ = writeln!(page, "        ({})", Terminal::text(note));
        }
        for (points, name, text) in &card.reasons {
            let _ = writeln!(page, "  {points:+4}  {name}: {}", Terminal::text(text));
        }
    }
    let silent = why.silent.iter().filter(|(detector, _)| cards.iter().all(|card| card.detector != *detector));
    let silent: Vec<String> =
        silent.map(|(detector, why)| format!("  {detector}: {}\n", Terminal::text(why))).collect();
    if !silent.is_empty() {
        let _ = write!(page, "\nnothing to say:\n{}", silent.concat());
    }
    page
}

/// One card for each detector, best score first: what it says in the end, or what it told if that was more.
fn cards(why: &Why, told: &BTreeMap<String, Record>, zone: &TimeZone) -> Vec<Shown> {
    let mut cards: Vec<Shown> = why
        .said
        .iter()
        .map(|said| {
            let told = told.get(said.finding.detector);
            let score = said.finding.card.score();
            match told.filter(|told| told.score > score) {
                Some(told) => Shown::of_told(told, &score.to_string(), zone),
                None => Shown::of_said(said, told, zone),
            }
        })
        .collect();
    for told in told.values().filter(|told| why.said.iter().all(|said| said.finding.detector != told.detector)) {
        let silent = why.silent.iter().find(|(detector, _)| *detector == told.detector);
        cards.push(Shown::of_told(told, silent.map_or("nothing to say", |(_, why)| why), zone));
    }
    cards.sort_by(|a, b| (Reverse(a.score), &a.detector).cmp(&(Reverse(b.score), &b.detector)));
    cards
}
