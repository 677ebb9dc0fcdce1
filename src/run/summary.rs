//! The closing summary, for people, on standard error: what was read, what was found, what could not be seen.

use super::blind;
use crate::alert::{AllowRules, Incident, Severity};
use crate::engine::{InputSummary, LedgerSummary, Rejected, Summary};
use crate::input::LINE_MAX;
use crate::parse::Reason;
use crate::sink::{Paint, Style, Terminal, between, clip, defang, join, scaled, span, split, thousands, wrap};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write;
use std::time::Duration;

/// Inputs with an error or a warning that are listed; the others are counted.
const LISTED: usize = 10;

/// How the summary looks.
#[derive(Clone, Debug)]
pub struct SummaryOptions {
    /// Cells in a line.
    pub width: usize,
    /// Colour or none.
    pub paint: Paint,
    /// Zone the times are shown in.
    pub zone: TimeZone,
    /// The rules that hid alerts.
    pub allow: AllowRules,
    /// Nobody was told of anything: alerts are not counted.
    pub without_alerts: bool,
}

/// The summary of a run that took `elapsed`. Lines that would say nothing are left out.
pub fn closing(summary: &Summary, elapsed: Duration, options: &SummaryOptions) -> String {
    let mut page = Page { text: String::new(), options, cells: options.width.clamp(40, 120) };
    page.facts(Style::Plain, &read(summary, elapsed, &options.zone));
    if summary.lines > 0 {
        page.facts(Style::Plain, &found(summary));
    }
    if !options.without_alerts {
        let _ = writeln!(page.text, "{}", alerts(summary, options.paint));
        incidents(&mut page, summary);
        allowed(&mut page, summary);
    }
    if let Some(ledger) = &summary.learned {
        learned(&mut page, ledger);
    }
    rejected(&mut page, summary);
    page.facts(Style::Faint, &odd(summary));
    let evicted = evicted(summary);
    if !evicted.is_empty() {
        let ledger = match summary.ledger_bytes {
            0 => String::new(),
            bytes => format!(" ({}B of it are the ledger's)", scaled(bytes as f64)),
        };
        page.say(
            Style::Warning,
            &format!("memory limit reached{ledger}, dropped {}: raise --memory to keep them", evicted.join(", ")),
        );
    }
    inputs(&mut page, summary);
    let formats = blind::formats(summary);
    for (format, lacks) in &formats {
        let but = if lacks.is_empty() { "" } else { ", without" };
        page.say(Style::Plain, &format!("{format}{but}"));
        for lack in lacks {
            page.below(wrap(lack.blinds, page.cells - 4));
        }
    }
    if let Some(remedy) = blind::remedy(formats.iter().flat_map(|(_, lacks)| lacks)) {
        page.say(Style::Faint, &remedy);
    }
    page.text
}

/// Incidents that are listed; the others are counted.
const INCIDENTS: usize = 5;

/// What belongs together, the worst first: only what is more than one client with one domain, since that is in the table.
fn incidents(page: &mut Page<'_>, summary: &Summary) {
    let large = |i: &&Incident| i.severity >= Some(Severity::Medium) && i.clients.len() + i.domains.len() > 2;
    let all: Vec<&Incident> = summary.incidents.iter().filter(large).collect();
    for incident in all.iter().take(INCIDENTS) {
        let count = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
        let sites: Vec<String> = incident.by_site().iter().map(|(site, n)| format!("{site} {n}")).collect();
        let sites = if sites.is_empty() { String::new() } else { format!(" ({})", sites.join(", ")) };
        let domains: Vec<String> = incident.domains.iter().take(3).map(|domain| defang(domain)).collect();
        let more = if incident.domains.len() > 3 { ", …" } else { "" };
        let severity = incident.severity.map_or("", Severity::as_str);
        let zone = &page.options.zone;
        let zoned = |time: &str| time.parse::<Timestamp>().ok().map(|time| time.to_zoned(zone.clone()));
        let span = zoned(&incident.first_seen).zip(zoned(&incident.last_seen));
        let span = span.map_or(String::new(), |(from, to)| format!("; {}", between(&from, &to, "%H:%M")));
        page.say(
            Style::Plain,
            &format!(
                "incident {}, {severity}: {}{sites}, {}: {}{more}{span}; {}",
                &incident.id[..8.min(incident.id.len())],
                count(incident.clients.len(), "client"),
                count(incident.domains.len(), "domain"),
                domains.join(", "),
                incident.by_stage().join(", then ")
            ),
        );
    }
    if all.len() > INCIDENTS {
        page.say(Style::Faint, &format!("and {} more incidents of several clients or domains", all.len() - INCIDENTS));
    }
}

/// How many alerts each rule hid, and which rules are of no use.
fn allowed(page: &mut Page<'_>, summary: &Summary) {
    let last = summary.span.map_or(0, |(_, last)| last);
    let hidden = summary.hidden.total();
    if hidden > 0 {
        page.say(Style::Plain, &format!("{} hidden by allow rules", count(hidden, "alert")));
    }
    for words in summary.hidden.words(&page.options.allow, last) {
        page.say(Style::Faint, &words);
    }
}

struct Page<'a> {
    text: String,
    options: &'a SummaryOptions,
    cells: usize,
}

impl Page<'_> {
    /// A paragraph with its further lines indented. The text is escaped.
    fn say(&mut self, style: Style, text: &str) {
        self.lines(style, wrap(text, self.cells - 2));
    }

    fn facts(&mut self, style: Style, facts: &[String]) {
        self.lines(style, join(facts, self.cells - 2));
    }

    /// Lines that belong to the one above.
    fn below(&mut self, lines: Vec<String>) {
        for (at, line) in lines.into_iter().enumerate() {
            let indent = if at == 0 { "  " } else { "    " };
            let _ = writeln!(self.text, "{indent}{}", self.options.paint.paint(Style::Faint, line));
        }
    }

    fn lines(&mut self, style: Style, lines: Vec<String>) {
        for (at, line) in lines.into_iter().enumerate() {
            let indent = if at == 0 { "" } else { "  " };
            let _ = writeln!(self.text, "{indent}{}", self.options.paint.paint(style, line));
        }
    }
}

/// `1 line`, `2 lines`.
fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(n), if n == 1 { "" } else { "s" })
}

fn read(s: &Summary, elapsed: Duration, zone: &TimeZone) -> Vec<String> {
    let mut facts = vec![count(s.lines, "line"), format!("{}B", scaled(s.bytes as f64))];
    if let Some((first, last)) = s.span {
        let zoned = |ms| Timestamp::from_millisecond(ms).ok().map(|t| t.to_zoned(zone.clone()));
        let long = last.saturating_sub(first).max(0).unsigned_abs();
        let clock = if long < 3_600_000 { "%H:%M:%S" } else { "%H:%M" };
        if let (Some(from), Some(to)) = (zoned(first), zoned(last)) {
            facts.push(format!("{} ({})", span(long), between(&from, &to, clock)));
        }
    }
    let seconds = elapsed.as_secs_f64();
    facts.push(match seconds {
        ..1.0 => format!("{} ms", elapsed.as_millis()),
        1.0..10.0 => format!("{seconds:.2} s"),
        10.0..60.0 => format!("{seconds:.1} s"),
        _ => span(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)),
    });
    if s.lines > 0 && seconds > 0.0 {
        facts.push(format!("{} lines/s", scaled(s.lines as f64 / seconds).trim_end()));
        facts.push(format!("{}B/s", scaled(s.bytes as f64 / seconds)));
    }
    facts
}

fn found(s: &Summary) -> Vec<String> {
    vec![count(s.clients, "client"), count(s.domains, "domain"), count(s.pairs, "pair")]
}

/// Fits a line of 60 cells whatever the counts: never wrapped, as it may hold colours.
fn alerts(s: &Summary, paint: Paint) -> String {
    let of = |severity| s.alerts.iter().filter(|(_, of, _)| *of == severity).map(|(_, _, n)| n).sum::<u64>();
    let parts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter(|&severity| of(severity) > 0)
        .map(|severity| {
            let text = format!("{} {}", thousands(of(severity)), severity.as_str());
            paint.paint(Style::Severity(severity), text).to_string()
        })
        .collect();
    match s.alerts.iter().map(|(_, _, n)| n).sum() {
        0 => "no alerts".to_owned(),
        total => format!("{}: {}", count(total, "alert"), parts.join(", ")),
    }
}

fn learned(page: &mut Page<'_>, ledger: &LedgerSummary) {
    let facts = [
        format!("ledger: {}", count(ledger.domains, "domain")),
        format!("{} of them new", thousands(ledger.new_domains)),
        count(ledger.clients, "client"),
        count(ledger.days.into(), "day"),
    ];
    page.facts(Style::Plain, &facts);
    let lost = [(ledger.lost_domains, "domain"), (ledger.lost_clients, "client")];
    let lost: Vec<String> = lost.into_iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(n, noun)).collect();
    if !lost.is_empty() {
        page.say(Style::Warning, &format!("the ledger has no room for {}, seen least or longest ago", lost.join(", ")));
    }
}

fn rejected(page: &mut Page<'_>, s: &Summary) {
    let total: u64 = s.rejected.iter().map(|r| r.lines).sum();
    if total == 0 {
        return;
    }
    page.say(Style::Warning, &format!("rejected {} of {}", thousands(total), count(s.lines, "line")));
    for Rejected { reason, lines, file, line, at, sample } in &s.rejected {
        let what = format!("{} {}", thousands(*lines), wanted(*reason));
        let place = format!("{what}, first at {}:{line}, byte {at}:", Terminal::text(file));
        page.below(wrap(&place, page.cells - 4));
        // Not wrapped: the blanks count, and the byte is found by them.
        let cells = page.cells - 6;
        let sample = clip(split(&Terminal(sample).to_string(), cells), 2, cells);
        page.below(sample.into_iter().map(|line| format!("  {line}")).collect());
    }
}

/// What was missing, in words.
fn wanted(reason: Reason) -> &'static str {
    match reason {
        Reason::Time => "without a time",
        Reason::Duration => "without a duration",
        Reason::Client => "without a client",
        Reason::Result => "without a result",
        Reason::Size => "with a size that is no number",
        Reason::Method => "without a method",
        Reason::Target => "without a URL",
        Reason::Hierarchy => "without a hierarchy code",
        Reason::Literal => "without a bracket, quote or separator",
        Reason::Future => "from the future of the lines around them",
    }
}

fn odd(s: &Summary) -> Vec<String> {
    let counts = [
        (s.duplicates, "in several files, counted once"),
        (s.outside, "outside of --since and --until"),
        (s.late, "late"),
        (s.undirected, "without a destination"),
        (s.truncated, "longer than 64 KiB, cut"),
        (s.ignored, "blank, header or comment"),
    ];
    const { assert!(LINE_MAX == 64 * 1024) };
    let mut facts: Vec<String> =
        counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", thousands(n))).collect();
    if let Some(first) = facts.first_mut() {
        first.insert_str(0, "lines: ");
    }
    facts
}

fn evicted(s: &Summary) -> Vec<String> {
    let counts = [(s.evicted_pairs, "pair"), (s.evicted_domains, "domain"), (s.evicted_clients, "client")];
    counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(n, noun)).collect()
}

fn inputs(page: &mut Page<'_>, s: &Summary) {
    for (style, word, pick) in [
        (Style::Error, "error", (|i| i.error.as_deref()) as fn(&InputSummary) -> Option<&str>),
        (Style::Warning, "warning", |i| i.warning.as_deref()),
    ] {
        let told: Vec<(&str, &str)> = s.inputs.iter().filter_map(|i| pick(i).map(|text| (&*i.file, text))).collect();
        for (file, text) in told.iter().take(LISTED) {
            // A message of `input` names its file already.
            let place = if text.contains(file) { String::new() } else { format!("{}: ", Terminal::text(file)) };
            page.say(style, &format!("{word}: {place}{}", Terminal::text(text)));
        }
        if told.len() > LISTED {
            page.say(style, &format!("{word}: {} more", count((told.len() - LISTED) as u64, "file")));
        }
    }
}
