//! One incident as the page shows it: facts, what to do, pictures, clients, domains, alerts.

use super::chart::{Histogram, Strip, Timeline};
use super::hours::{Axis, Hours};
use super::sentences;
use super::when::{When, hour_of};
use super::words::{Lang, Words};
use crate::alert::{BlockList, Dossier, Party, Refusal, Severity, Story};
use crate::sink::{Defanger, Html, defang, thousands};
use askama::Template;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Alerts shown with their evidence.
const WHOLE: usize = 12;
/// Further alerts shown as a row each.
const ROWS: usize = 300;
/// Clients that have a strip.
const STRIPS: usize = 60;
/// Clients and domains that have a row.
const PARTIES: usize = 3_000;
/// Paths to search for.
const PATHS: usize = 8;

/// Where the filter finds a site or detector.
pub(super) struct Index<'a> {
    pub sites: &'a BTreeSet<String>,
    pub detectors: &'a BTreeSet<String>,
}

/// What the template of an incident is given. Texts of records are [`Html`]; all else is made here.
#[derive(Template)]
#[template(path = "incident.html", config = "src/sink/page/askama.toml")]
pub(super) struct IncidentView {
    w: &'static Words,
    rank: usize,
    id: Html,
    open: bool,
    level: &'static str,
    severity: &'static str,
    score: u8,
    verdict: Html,
    period: Html,
    sites_at: String,
    detectors_at: String,
    stages: Vec<Html>,
    left: String,
    clients_count: String,
    domains_count: String,
    alerts_count: String,
    requests: String,
    denied: String,
    sites: Vec<(Html, String)>,
    pull: String,
    cut_off: Vec<Html>,
    pull_lines: Vec<Html>,
    block: &'static str,
    block_lines: Vec<String>,
    refusals: Vec<Html>,
    search: &'static str,
    search_lines: Vec<String>,
    paths: Vec<Html>,
    timeline: Option<Timeline>,
    strips: Vec<(Html, Html, Strip)>,
    strips_left: usize,
    strip_labels: Vec<String>,
    histogram: Option<(Html, Histogram)>,
    clients: Vec<ClientRow>,
    clients_left: usize,
    domains: Vec<DomainRow>,
    domains_left: usize,
    alerts: Vec<AlertView>,
    rows: Vec<AlertView>,
    alerts_left: u64,
}

struct ClientRow {
    name: Html,
    site: Html,
    user: Html,
    first: Html,
    last: Html,
    requests: String,
    denied: String,
    domains: Vec<Html>,
    more: usize,
    level: &'static str,
    score: u8,
}

struct DomainRow {
    name: Html,
    hosts: Vec<Html>,
    all_hosts: String,
    clients: usize,
    others: String,
    all_requests: String,
    first: Html,
    last: Html,
    level: &'static str,
    score: u8,
}

struct AlertView {
    level: &'static str,
    severity: &'static str,
    score: u8,
    detector: Html,
    client: Html,
    domain: Html,
    time: Html,
    period: Html,
    requests: String,
    denied: String,
    summary: Html,
    evidence: Vec<(i32, &'static str, Html)>,
    samples: Vec<Html>,
    attack: Vec<Html>,
    methods: Vec<(Html, String)>,
    histogram: Option<Histogram>,
    running: bool,
}

impl IncidentView {
    /// The incident of that rank, from 1.
    pub(super) fn new(rank: usize, open: bool, dossier: &Dossier, lang: Lang, when: &When, index: &Index<'_>) -> Self {
        let w = lang.words();
        let least = dossier.severity().min(Severity::Medium);
        let list = BlockList::of([dossier], least, false);
        let pictures = Pictures::new(dossier, when, w);
        let at = |all: &BTreeSet<String>, name: &str| all.iter().position(|other| other == name);
        let spaced = |found: BTreeSet<usize>| found.iter().map(|n| format!(" {n}")).collect::<String>() + " ";
        let sites = dossier.sites();
        let own_sites = sites.iter().filter_map(|(site, _)| at(index.sites, (*site)?)).collect();
        let own_detectors = dossier.detectors.keys().filter_map(|name| at(index.detectors, name)).collect();
        let mut clients: Vec<_> = dossier.clients.iter().collect();
        clients.sort_by_key(|(name, party)| (Reverse(party.score), &party.first_seen, *name));
        let mut domains: Vec<_> = dossier.domains.iter().collect();
        domains.sort_by_key(|(name, party)| (Reverse(party.score), &party.first_seen, *name));
        let alert = |story: &Story| AlertView::new(story, lang, when);
        let refused = |refusal: &Refusal| match refusal {
            Refusal::Shared(name) => Html::text(&sentences::shared(name, lang)),
            Refusal::NoName(name) => Html::defanged(name),
        };
        let mut by_site: Vec<_> = dossier.clients.iter().collect();
        by_site.sort_by_key(|(name, party)| (party.site.is_none(), &party.site, address_order(name)));
        IncidentView {
            w,
            rank,
            id: Html::text(&dossier.id),
            open,
            level: dossier.severity().as_str(),
            severity: lang.severity(dossier.severity()),
            score: dossier.score(),
            verdict: Html::name(&sentences::verdict(dossier, lang)),
            period: Html::text(&when.period(dossier.first_seen(), dossier.last_seen())),
            sites_at: spaced(own_sites),
            detectors_at: spaced(own_detectors),
            stages: dossier.stages().into_iter().map(|name| Html::text(lang.detector(name))).collect(),
            left: sentences::left(&dossier.left, lang),
            clients_count: thousands(clients.len() as u64),
            domains_count: thousands(domains.len() as u64),
            alerts_count: thousands(dossier.stories.len() as u64 + dossier.dropped),
            requests: thousands(dossier.left.requests),
            denied: thousands(dossier.left.denied),
            sites: sites
                .iter()
                .map(|(site, n)| (site.map_or_else(|| Html::text(w.no_site), Html::name), thousands(*n as u64)))
                .collect(),
            pull: sentences::pull(dossier, lang),
            cut_off: sentences::sites(dossier, lang).iter().map(|text| Html::name(text)).collect(),
            pull_lines: by_site.iter().map(|(name, _)| Html::name(name)).collect(),
            block: sentences::block(dossier, lang),
            block_lines: list.blocks.iter().map(|b| format!("{}{}", if b.below { "." } else { "" }, b.name)).collect(),
            refusals: list.refusals.iter().map(refused).collect(),
            search: sentences::search(lang),
            search_lines: list.blocks.iter().map(|block| block.name.clone()).collect(),
            paths: paths(dossier),
            timeline: pictures.timeline,
            strips: pictures.strips,
            strips_left: dossier.clients.len().saturating_sub(STRIPS),
            strip_labels: pictures.labels,
            histogram: pictures.histogram,
            clients: clients.iter().take(PARTIES).map(|(name, party)| ClientRow::new(name, party, when)).collect(),
            clients_left: clients.len().saturating_sub(PARTIES),
            domains: domains.iter().take(PARTIES).map(|(name, party)| DomainRow::new(name, party, when)).collect(),
            domains_left: domains.len().saturating_sub(PARTIES),
            alerts: dossier.stories.iter().take(WHOLE).map(alert).collect(),
            rows: dossier.stories.iter().skip(WHOLE).take(ROWS).map(alert).collect(),
            alerts_left: dossier.stories.len().saturating_sub(WHOLE + ROWS) as u64 + dossier.dropped,
        }
    }
}

/// Addresses in their own order, names behind them.
fn address_order(name: &str) -> (bool, Option<std::net::IpAddr>, &str) {
    let address = name.parse().ok();
    (address.is_none(), address, name)
}

/// The paths that most alerts have samples of: what one program asks for wherever it calls.
fn paths(dossier: &Dossier) -> Vec<Html> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for story in
        dossier.stories.iter().filter(|story| story.record.severity >= dossier.severity().min(Severity::Medium))
    {
        let paths: BTreeSet<&str> = story
            .record
            .samples
            .iter()
            .filter_map(|url| {
                let rest = url.split_once("://")?.1;
                let path = rest.get(rest.find('/')?..)?.split(['?', '#', '…']).next()?;
                (path.len() > 1).then_some(path)
            })
            .collect();
        paths.into_iter().for_each(|path| *counts.entry(path).or_default() += 1);
    }
    let mut ranked: Vec<_> = counts.into_iter().collect();
    ranked.sort_by_key(|&(path, n)| (Reverse(n), path));
    ranked.into_iter().take(PATHS).map(|(path, _)| Html::name(path)).collect()
}

impl ClientRow {
    fn new(name: &str, party: &Party, when: &When) -> ClientRow {
        let (requests, denied) = counted(party);
        ClientRow {
            name: Html::name(name),
            site: Html::name(party.site.as_deref().unwrap_or("–")),
            user: Html::name(party.user.as_deref().unwrap_or("–")),
            first: Html::text(&when.minute(&party.first_seen)),
            last: Html::text(&when.minute(&party.last_seen)),
            requests,
            denied,
            domains: party.others.iter().take(3).map(|name| Html::defanged(name)).collect(),
            more: party.others.len().saturating_sub(3),
            level: level(party.score),
            score: party.score,
        }
    }
}

impl DomainRow {
    fn new(name: &str, party: &Party, when: &When) -> DomainRow {
        let all = party.all.as_ref();
        let others = all.map(|(clients, ..)| clients.saturating_sub(party.others.len() as u64));
        let known = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), thousands);
        DomainRow {
            name: Html::defanged(name),
            hosts: party.hosts.iter().take(5).map(|name| Html::defanged(name)).collect(),
            all_hosts: known(all.map(|all| all.1)),
            clients: party.others.len(),
            others: known(others),
            all_requests: known(all.map(|all| all.2)),
            first: Html::text(&when.minute(all.map_or(&party.first_seen, |all| &all.3))),
            last: Html::text(&when.minute(&party.last_seen)),
            level: level(party.score),
            score: party.score,
        }
    }
}

/// Requests and refusals, where they are its own.
fn counted(party: &Party) -> (String, String) {
    match party.requests() {
        None => ("–".into(), "–".into()),
        Some(n) => (thousands(n), thousands(party.denied())),
    }
}

fn level(score: u8) -> &'static str {
    Severity::of(score).unwrap_or(Severity::Low).as_str()
}

impl AlertView {
    fn new(story: &Story, lang: Lang, when: &When) -> AlertView {
        let record = &story.record;
        let others = |n: usize| if n > 1 { format!(" +{}", n - 1) } else { String::new() };
        let defanger = Defanger::of(record);
        AlertView {
            level: record.severity.as_str(),
            severity: lang.severity(record.severity),
            score: record.score,
            detector: Html::text(lang.detector(&record.detector)),
            client: Html::name(&(record.client.clone() + &others(story.clients().count()))),
            domain: Html::defanged(&(record.domain.clone() + &others(story.domains().count()))),
            time: Html::text(&when.minute(&record.time)),
            period: Html::text(&when.period(&record.first_seen, &record.last_seen)),
            requests: thousands(record.requests),
            denied: thousands(record.denied),
            summary: Html::text(&defanger.text(&record.summary)),
            evidence: record
                .evidence
                .iter()
                .take(40)
                .map(|e| (e.points, lang.evidence(&e.name), Html::text(&defanger.text(&e.text))))
                .collect(),
            samples: record.samples.iter().take(10).map(|url| Html::defanged(url)).collect(),
            attack: record.attack.iter().take(10).map(|technique| Html::text(technique)).collect(),
            methods: record.methods.iter().take(10).map(|(name, &n)| (Html::text(name), thousands(n))).collect(),
            histogram: record.interval_histogram.as_deref().and_then(Histogram::new),
            running: !story.over,
        }
    }
}

/// What is drawn of an incident.
struct Pictures {
    timeline: Option<Timeline>,
    strips: Vec<(Html, Html, Strip)>,
    labels: Vec<String>,
    histogram: Option<(Html, Histogram)>,
}

impl Pictures {
    fn new(dossier: &Dossier, when: &When, words: &Words) -> Pictures {
        let hours = (hour_of(dossier.first_seen()), hour_of(dossier.last_seen()));
        let (Some(first), Some(last)) = hours else {
            return Pictures { timeline: None, strips: Vec::new(), labels: Vec::new(), histogram: None };
        };
        let axis = Axis::new(first, last.max(first), when);
        // What several detectors tell of one pair are the same hours: those that know most of them count.
        let mut pairs: BTreeMap<(&str, &str), &Story> = BTreeMap::new();
        for story in dossier.stories.iter().filter(|story| story.is_pair() && story.record.series.is_some()) {
            let held = pairs.entry((&story.record.client, &story.record.domain)).or_insert(story);
            let known = |story: &Story| story.record.series.as_ref().map_or(0, Vec::len);
            if known(story) > known(held) {
                *held = story;
            }
        }
        let mut all = Hours::default();
        let mut of_client: BTreeMap<&str, Hours> = BTreeMap::new();
        for ((client, _), story) in &pairs {
            let series = story.record.series.as_deref().unwrap_or_default();
            all.add(series);
            of_client.entry(client).or_default().add(series);
        }
        let mut clients: Vec<_> = dossier.clients.iter().collect();
        clients.sort_by_key(|(name, party)| (Reverse(party.score), &party.first_seen, *name));
        clients.truncate(STRIPS);
        clients.sort_by_key(|(name, party)| (&party.first_seen, address_order(name)));
        let fullest = |hours: &Hours| hours.buckets(&axis).values().map(|sum| sum.requests).max();
        let most = of_client.values().filter_map(fullest).max().unwrap_or(0);
        let nothing = Hours::default();
        let strip = |(name, party): &(&String, &Party)| {
            let span = (hour_of(&party.first_seen).unwrap_or(first), hour_of(&party.last_seen).unwrap_or(last));
            let hours = of_client.get(&***name).unwrap_or(&nothing);
            let site = party.site.as_deref().unwrap_or_default();
            (Html::name(name), Html::name(site), Strip::new(hours, &axis, span, hour_of(&party.told), most))
        };
        let regular = dossier.stories.iter().find_map(|story| {
            let drawn = Histogram::new(story.record.interval_histogram.as_deref()?)?;
            let who = format!("{} → {}", story.record.client, defang(&story.record.domain));
            Some((Html::name(&who), drawn))
        });
        Pictures {
            timeline: (!all.is_empty()).then(|| Timeline::new(&all, &axis, when, words)),
            strips: clients.iter().map(strip).collect(),
            labels: axis.labels(when),
            histogram: regular,
        }
    }
}
