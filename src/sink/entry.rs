//! How the table is drawn: columns, the lines below a row, the closing line.

use super::defang::urls;
use super::layout::{clip, join, left, right, split, thousands, width, wrap};
use super::period::period;
use super::{Defanger, Paint, Style, TableOptions, Terminal, defang};
use crate::alert::{Record, Severity};
use std::fmt::Write;

/// Below this the columns do not fit; lines are then longer than the terminal.
const NARROW: usize = 60;
/// Beyond this, lines of text are hard to read.
const WIDE: usize = 120;
/// Between two columns.
const GAP: usize = 2;
/// Score, blank, severity.
const RANK: usize = 12;

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

/// The whole table of records that are ranked already, `dropped` of which are not among them.
pub(super) fn render(ranked: &[Record], dropped: u64, options: &TableOptions) -> String {
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

/// One record with all its lines, without a head: `what` happened to the episode stands before it.
pub(super) fn single(record: &Record, what: &str, options: &TableOptions) -> String {
    let entries = [Entry::new(record)];
    let columns = Columns::fit(&entries, options.width.clamp(NARROW, WIDE));
    let mut out = String::new();
    let _ = writeln!(out, "{}", options.paint.paint(Style::Faint, what));
    row(&mut out, &entries[0], &columns, options.paint);
    below(&mut out, &entries[0], &columns, options, true);
    out.push('\n');
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
    for (word, value) in [("user", &record.user), ("at", &record.site)] {
        facts.extend(value.iter().map(|value| format!("{word} {}", safe(value))));
    }
    say(Style::Faint, join(&facts, cells));
    let names = Defanger::of(record);
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
    for (word, list) in [("client", &record.clients), ("domain", &record.domains)] {
        let list = list.as_deref().unwrap_or_default();
        let others: Vec<String> = list
            .iter()
            .filter(|n| **n != record.client && **n != record.domain)
            .map(|n| if word == "domain" { safe(&defang(n)) } else { safe(n) })
            .collect();
        if !others.is_empty() {
            let plural = if others.len() == 1 { "" } else { "s" };
            say(Style::Faint, hang(&format!("{} more {word}{plural}: {}", others.len(), others.join(", ")), "", 3));
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
