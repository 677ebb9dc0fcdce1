//! The ranked table for people: one entry an episode, the worst first.
//!
//! Own layout instead of a table crate: an entry is one row of columns with full-width lines below it, which grids of
//! cells cannot do.

use super::defang::urls;
use super::layout::{clip, left, right, split, thousands, width, wrap};
use super::period::period;
use super::{Defanger, Output, Paint, Sink, SinkError, Style, Terminal, defang};
use crate::alert::{Record, RecordKind, Severity};
use jiff::tz::TimeZone;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Entries held at most; beyond, the lowest scores are only counted.
const KEPT: usize = 10_000;
/// Below this the columns do not fit; lines are then longer than the terminal.
const NARROW: usize = 60;
/// Beyond this, lines of text are hard to read.
const WIDE: usize = 120;
/// Between two columns.
const GAP: usize = 2;
/// Score, blank, severity.
const RANK: usize = 12;

/// How the table looks.
#[derive(Clone, Debug)]
pub struct TableOptions {
    /// Cells in a line; used between 60 and 120.
    pub width: usize,
    /// Colour or none.
    pub paint: Paint,
    /// Zone the times are shown in.
    pub zone: TimeZone,
    /// Entries shown with their evidence and sample URLs.
    pub top: usize,
}

impl Default for TableOptions {
    fn default() -> Self {
        TableOptions { width: 80, paint: Paint::default(), zone: TimeZone::UTC, top: 10 }
    }
}

/// Collects records and writes the table at the end.
#[derive(Debug)]
pub struct Table {
    output: Output,
    options: TableOptions,
    episodes: BTreeMap<String, Record>,
    dropped: u64,
}

impl Table {
    /// Writes to `output`.
    pub fn new(output: Output, options: TableOptions) -> Self {
        Table { output, options, episodes: BTreeMap::new(), dropped: 0 }
    }

    fn ranked(&mut self) -> Vec<Record> {
        let mut ranked: Vec<Record> = std::mem::take(&mut self.episodes).into_values().collect();
        ranked.sort_by(|a, b| (Reverse(a.score), &a.time, &a.id).cmp(&(Reverse(b.score), &b.time, &b.id)));
        ranked
    }
}

impl Sink for Table {
    fn deliver(&mut self, record: &Record) -> Result<(), SinkError> {
        let mut record = Record { series: None, interval_histogram: None, ..record.clone() };
        match self.episodes.get_mut(&record.episode) {
            // An episode that is not held began with an alert that is: it was dropped, and comes back.
            None if record.record != RecordKind::Alert => self.dropped = self.dropped.saturating_sub(1),
            None => {}
            // The highest judgement stays, from when it was first reached; counts only grow.
            Some(held) if record.score < held.score => {
                held.last_seen.clone_from(&record.last_seen);
                (held.requests, held.denied) = (record.requests, record.denied);
                (held.bytes_down, held.bytes_up) = (record.bytes_down, record.bytes_up);
                return Ok(());
            }
            Some(held) if record.score == held.score => {
                record.time.clone_from(&held.time);
                record.id.clone_from(&held.id);
            }
            Some(_) => {}
        }
        self.episodes.insert(record.episode.clone(), record);
        if self.episodes.len() >= 2 * KEPT {
            let mut ranked = self.ranked();
            self.dropped += ranked.split_off(KEPT).len() as u64;
            self.episodes = ranked.into_iter().map(|r| (r.episode.clone(), r)).collect();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        let mut ranked = self.ranked();
        self.dropped += ranked.split_off(ranked.len().min(KEPT)).len() as u64;
        let text = render(&ranked, self.dropped, &self.options);
        self.output.line(text.as_bytes())?;
        self.output.finish()
    }
}

/// What is shown of a record, escaped and defanged.
struct Entry<'a> {
    record: &'a Record,
    client: String,
    domain: String,
    detector: String,
}

impl<'a> Entry<'a> {
    fn new(record: &'a Record) -> Self {
        let others = |list: &Option<Vec<String>>| match list.as_ref().map_or(0, Vec::len) {
            0 | 1 => String::new(),
            n => format!(" +{}", n - 1),
        };
        Entry {
            record,
            client: safe(&record.client) + &others(&record.clients),
            domain: safe(&defang(&record.domain)) + &others(&record.domains),
            detector: safe(&record.detector),
        }
    }
}

/// Escaped; URLs, which are in no name an honest client has, defanged.
fn safe(text: &str) -> String {
    Terminal::text(&urls(text)).to_string()
}

/// Cells of the columns that vary.
struct Columns {
    client: usize,
    domain: usize,
    detector: usize,
    total: usize,
}

impl Columns {
    fn fit<'e>(entries: &'e [Entry<'_>], total: usize) -> Self {
        let widest = |head: &str, cell: fn(&'e Entry<'_>) -> &'e str| {
            entries.iter().map(|e| width(cell(e))).max().unwrap_or(0).max(head.len())
        };
        let detector = widest("DETECTOR", |e| &e.detector).min(14);
        let free = total.saturating_sub(RANK + detector + 3 * GAP);
        // What one of the two does not need the other may have; both wrap.
        let (client, domain) = (widest("CLIENT", |e| &e.client), widest("DOMAIN", |e| &e.domain));
        let client = client.min((free / 2).max(free.saturating_sub(domain)).max(8));
        let domain = domain.min(free.saturating_sub(client).max(10));
        Columns { client, domain, detector, total }
    }
}

fn render(ranked: &[Record], dropped: u64, options: &TableOptions) -> String {
    if ranked.is_empty() {
        return "No alerts: nothing in these logs scored 40 or more.\n".to_owned();
    }
    let paint = options.paint;
    let entries: Vec<Entry<'_>> = ranked.iter().map(Entry::new).collect();
    let columns = Columns::fit(&entries, options.width.clamp(NARROW, WIDE));
    let mut out = String::new();
    let head =
        [left("SCORE", RANK), left("CLIENT", columns.client), left("DOMAIN", columns.domain), "DETECTOR".to_owned()];
    let _ = writeln!(out, "{}", paint.paint(Style::Faint, head.join(&" ".repeat(GAP))));
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        row(&mut out, entry, &columns, paint);
        below(&mut out, entry, &columns, options, at < options.top);
    }
    let _ = writeln!(out, "\n{}", tail(ranked, dropped, options));
    out
}

/// The columns; client, domain and detector continue on further lines where they do not fit.
fn row(out: &mut String, entry: &Entry<'_>, columns: &Columns, paint: Paint) {
    let severity = entry.record.severity;
    let client = split(&entry.client, columns.client);
    let domain = split(&entry.domain, columns.domain);
    let detector = split(&entry.detector, columns.detector);
    let cell = |lines: &[String], at: usize, cells| left(lines.get(at).map_or("", |l| l), cells);
    for at in 0..client.len().max(domain.len()).max(detector.len()) {
        let rank = if at == 0 { format!("{:>3} {}", entry.record.score, severity.as_str()) } else { String::new() };
        let gap = " ".repeat(GAP);
        let line = format!(
            "{}{gap}{}{gap}{}{gap}{}",
            paint.paint(Style::Severity(severity), left(&rank, RANK)),
            cell(&client, at, columns.client),
            paint.paint(Style::Strong, cell(&domain, at, columns.domain)),
            cell(&detector, at, columns.detector),
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// The lines below a row: when, the sentence and, in detail, why and with which URLs.
fn below(out: &mut String, entry: &Entry<'_>, columns: &Columns, options: &TableOptions, detail: bool) {
    let record = entry.record;
    let paint = options.paint;
    let margin = " ".repeat(4);
    let cells = columns.total - margin.len();
    let mut say = |style: Style, lines: Vec<String>| {
        for line in lines {
            let _ = writeln!(out, "{margin}{}", paint.paint(style, line));
        }
    };
    let period = period(&record.first_seen, &record.last_seen, &options.zone);
    let mut facts = vec![requests(record), safe(&period)];
    for (word, value) in [("user", &record.user), ("site", &record.site)] {
        facts.extend(value.iter().map(|value| format!("{word} {}", safe(value))));
    }
    say(Style::Faint, join(&facts, cells));
    let names = Defanger::new(
        [&record.domain].into_iter().chain(&record.hosts).chain(record.domains.iter().flatten()).map(String::as_str),
    );
    say(Style::Plain, wrap(&safe(&names.text(&record.summary)), cells));
    if !detail {
        return;
    }
    let hang = |text: &str, mark: &str, lines: usize| -> Vec<String> {
        let room = cells - 7;
        let wrapped = clip(wrap(text, room), lines, room).into_iter().enumerate();
        wrapped.map(|(at, line)| format!("{}  {line}", right(if at == 0 { mark } else { "" }, 5))).collect()
    };
    for evidence in &record.evidence {
        let points = format!("{:+}", evidence.points);
        say(Style::Plain, hang(&safe(&names.text(&evidence.text)), &points, 3));
    }
    for (word, list) in [("clients", &record.clients), ("domains", &record.domains)] {
        let list = list.as_deref().unwrap_or_default();
        let others: Vec<String> = list
            .iter()
            .filter(|n| **n != record.client && **n != record.domain)
            .map(|n| if word == "domains" { safe(&defang(n)) } else { safe(n) })
            .collect();
        if !others.is_empty() {
            say(Style::Faint, hang(&format!("{} more {word}: {}", others.len(), others.join(", ")), "", 3));
        }
    }
    for sample in record.samples.iter().take(3) {
        say(Style::Faint, hang(&safe(&defang(sample)), "", 2));
    }
}

fn requests(record: &Record) -> String {
    let noun = if record.requests == 1 { "request" } else { "requests" };
    let denied = match record.denied {
        0 => String::new(),
        all if all == record.requests => ", all denied".to_owned(),
        some => format!(", {} denied", thousands(some)),
    };
    format!("{} {noun}{denied}", thousands(record.requests))
}

/// Facts with dots between them, broken between facts.
fn join(facts: &[String], cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for fact in facts {
        match lines.last_mut() {
            Some(line) if width(line) + 3 + width(fact) <= cells => {
                line.push_str(" · ");
                line.push_str(fact);
            }
            _ => lines.extend(wrap(fact, cells)),
        }
    }
    lines
}

/// The closing line: how many of what, and what is not shown.
fn tail(ranked: &[Record], dropped: u64, options: &TableOptions) -> String {
    let total = ranked.len() as u64 + dropped;
    let count = |s: Severity| ranked.iter().filter(|r| r.severity == s).count();
    let parts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter(|&s| count(s) > 0)
        .map(|s| options.paint.paint(Style::Severity(s), format!("{} {}", count(s), s.as_str())).to_string())
        .collect();
    let noun = if total == 1 { "alert" } else { "alerts" };
    let mut tail = format!("{} {noun}: {}", thousands(total), parts.join(", "));
    if dropped > 0 {
        let _ = write!(tail, ", {} more of lower scores not shown; --alerts FILE has them all", thousands(dropped));
    }
    tail
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::alert::{DomainStats, EvidenceRecord};
    use std::sync::{Arc, Mutex};

    /// A record as a detector makes it.
    pub(in crate::sink) fn record(episode: &str, score: u8, client: &str, domain: &str) -> Record {
        Record {
            schema: "deguchi/1".into(),
            record: RecordKind::Alert,
            id: format!("id-{episode}"),
            episode: episode.into(),
            incident: "91ae".into(),
            time: "2015-05-08T01:58:00Z".into(),
            detector: "beacon".into(),
            severity: Severity::of(score).unwrap(),
            score,
            client: client.into(),
            user: None,
            site: None,
            domain: domain.into(),
            hosts: vec![format!("www.{domain}")],
            clients: None,
            domains: None,
            first_seen: "2015-05-08T01:50:03Z".into(),
            last_seen: "2015-05-08T01:57:58Z".into(),
            requests: 158,
            denied: 0,
            methods: [("GET".to_owned(), 158)].into(),
            bytes_down: Some(67_940),
            bytes_up: None,
            url_bytes_max: 9_480,
            domain_stats: DomainStats {
                first_seen: "2015-05-08T01:50:03Z".into(),
                clients: 1,
                hosts: 1,
                requests: 158,
            },
            summary: format!("{client} asks www.{domain} every 3 s."),
            evidence: vec![EvidenceRecord {
                name: "interval_median_seconds".into(),
                value: 3.0,
                usual: None,
                points: i32::from(score),
                text: "a request every 3.0 s".into(),
            }],
            samples: vec![format!("http://www.{domain}/a.php?id=1")],
            attack: vec!["T1071.001".into()],
            format: "squid".into(),
            source: "log".into(),
            series: None,
            interval_histogram: None,
        }
    }

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn table(records: &[Record]) -> String {
        let shared = Shared::default();
        let mut table = Table::new(Output::stream("test", Box::new(shared.clone())), TableOptions::default());
        for record in records {
            table.deliver(record).unwrap();
        }
        table.finish().unwrap();
        String::from_utf8(std::mem::take(&mut shared.0.lock().unwrap())).unwrap()
    }

    #[test]
    fn one_entry_an_episode_with_its_highest_score_and_last_counts() {
        let alert = record("a", 65, "192.0.2.17", "evil.example");
        let update = Record { score: 86, severity: Severity::High, record: RecordKind::Update, ..alert.clone() };
        let end = Record { requests: 4_711, score: 70, record: RecordKind::End, ..alert.clone() };
        let shown = table(&[alert, update, end]);
        assert!(shown.contains(" 86 high") && shown.contains("4,711"), "{shown}");
        assert!(shown.ends_with("1 alert: 1 high\n"), "{shown}");
    }

    #[test]
    fn a_flood_is_counted_and_the_worst_stay() {
        let mut records: Vec<Record> =
            (0..2 * KEPT + 5).map(|n| record(&n.to_string(), 45, "192.0.2.17", "evil.example")).collect();
        records[3].score = 95;
        let sink = |records: &[Record]| {
            let mut table = Table::new(Output::stdout(), TableOptions::default());
            records.iter().for_each(|r| table.deliver(r).unwrap());
            table
        };
        let mut held = sink(&records);
        assert_eq!(held.episodes.len() as u64 + held.dropped, records.len() as u64);
        assert_eq!(held.ranked()[0].episode, "3");
    }
}
