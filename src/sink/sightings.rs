//! Sightings of what is listed: for people, as JSON lines, as CSV.

use super::defang::{defang, urls};
use super::layout::{join, thousands};
use super::period::period;
use super::{Cell, Style, TableOptions, Terminal, json};
use crate::hunt::Sighting;
use std::fmt::Write;

/// Columns of the CSV, in order. New ones are added at the end; none is renamed or removed.
const COLUMNS: [&str; 23] = [
    "indicator",
    "kind",
    "list",
    "place",
    "description",
    "client",
    "user",
    "site",
    "domain",
    "hosts",
    "more_hosts",
    "first_seen",
    "last_seen",
    "requests",
    "exact",
    "denied",
    "methods",
    "bytes_down",
    "bytes_up",
    "url_bytes_max",
    "sample",
    "format",
    "record",
];
/// Hosts shown to people.
const HOSTS: usize = 5;

/// One line of JSON each.
pub fn sightings_json(sightings: &[Sighting]) -> Vec<u8> {
    let mut lines = Vec::new();
    sightings.iter().for_each(|sighting| json::write(sighting, &mut lines));
    lines
}

/// One line each under a header; every text goes through [`Cell`].
pub fn sightings_csv(sightings: &[Sighting]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let rows = sightings.iter().map(cells);
    for row in std::iter::once(COLUMNS.map(str::to_owned)).chain(rows) {
        writer.write_record(row).expect("a Vec takes every write and one record has one length");
    }
    writer.into_inner().unwrap_or_default()
}

fn cells(s: &Sighting) -> [String; COLUMNS.len()] {
    let text = |t: &str| Cell(t).to_string();
    let maybe = |t: &Option<String>| t.as_deref().map(text).unwrap_or_default();
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let methods: Vec<String> = s.methods.iter().map(|(method, n)| format!("{method}:{n}")).collect();
    [
        text(&s.indicator),
        s.kind.to_owned(),
        text(&s.list),
        text(&s.place),
        maybe(&s.description),
        text(&s.client),
        maybe(&s.user),
        maybe(&s.site),
        text(&s.domain),
        text(&s.hosts.join(" ")),
        s.more_hosts.to_string(),
        text(&s.first_seen),
        text(&s.last_seen),
        s.requests.to_string(),
        s.exact.to_string(),
        s.denied.to_string(),
        methods.join(" "),
        number(s.bytes_down),
        number(s.bytes_up),
        s.url_bytes_max.to_string(),
        maybe(&s.sample),
        text(&s.format),
        s.record.to_owned(),
    ]
}

/// For people: what is listed, and below it the clients that were in contact. `listed`: how many things are.
pub fn sightings_table(sightings: &[Sighting], listed: u64, options: &TableOptions) -> String {
    let things = if listed == 1 { "thing" } else { "things" };
    if sightings.is_empty() {
        return format!("Nothing was seen of the {} {things} listed.\n", thousands(listed));
    }
    let cells = options.width.clamp(60, 120);
    let mut out = String::new();
    let mut seen = 0_u64;
    for group in sightings.chunk_by(|a, b| (&a.indicator, a.kind) == (&b.indicator, b.kind)) {
        seen += 1;
        head(&mut out, &group[0], options, cells);
        group.iter().for_each(|sighting| client(&mut out, sighting, options, cells));
        out.push('\n');
    }
    let mut clients: Vec<&str> = sightings.iter().map(|s| s.client.as_str()).collect();
    clients.sort_unstable();
    clients.dedup();
    let noun = if clients.len() == 1 { "client" } else { "clients" };
    let (seen, listed, clients) = (thousands(seen), thousands(listed), thousands(clients.len() as u64));
    let _ = writeln!(out, "{seen} of {listed} {things} listed seen, by {clients} {noun}");
    out
}

/// Escaped; URLs defanged.
fn safe(text: &str) -> String {
    Terminal::text(&urls(text)).to_string()
}

fn head(out: &mut String, of: &Sighting, options: &TableOptions, cells: usize) {
    let name = safe(&defang(&of.indicator));
    let _ = writeln!(out, "{}", options.paint.paint(Style::Strong, name));
    let place = format!("{} in {}, {}", of.kind, safe(&of.list), of.place);
    let facts: Vec<String> = [Some(place), of.description.as_deref().map(safe)].into_iter().flatten().collect();
    for line in join(&facts, cells - 2) {
        let _ = writeln!(out, "  {}", options.paint.paint(Style::Faint, line));
    }
}

fn client(out: &mut String, of: &Sighting, options: &TableOptions, cells: usize) {
    let noun = if of.requests == 1 { "request" } else { "requests" };
    let mut facts = vec![safe(&of.client)];
    facts.extend(of.user.as_deref().map(|user| format!("user {}", safe(user))));
    facts.extend(of.site.as_deref().map(|site| format!("at {}", safe(site))));
    facts.push(format!("{} {noun}", thousands(of.requests)));
    facts.extend((of.denied > 0).then(|| format!("{} denied", thousands(of.denied))));
    facts.extend((of.exact < of.requests).then(|| format!("{} to siblings", thousands(of.requests - of.exact))));
    facts.push(match of.bytes_up {
        Some(up) => format!("{} bytes out", thousands(up)),
        None => format!("bytes out not logged, at most {} in URLs", thousands(of.url_bytes_max)),
    });
    let mut lines = join(&facts, cells - 4);
    lines.extend(join(&[period(&of.first_seen, &of.last_seen, &options.zone)], cells - 4));
    let mut hosts: Vec<String> = of.hosts.iter().take(HOSTS).map(|host| safe(&defang(host))).collect();
    if of.more_hosts || of.hosts.len() > HOSTS {
        hosts.push("…".into());
    }
    lines.extend(join(&hosts, cells - 4));
    for (at, line) in lines.into_iter().enumerate() {
        let style = if at == 0 { Style::Plain } else { Style::Faint };
        let _ = writeln!(out, "    {}", options.paint.paint(style, line));
    }
}
