//! One incident as the page shows it: facts, what to do, pictures, clients, domains, alerts.

use super::chart::{Histogram, Strip, Timeline};
use super::pictures::{Pictures, STRIPS, address_order};
use super::rows::{AlertView, ClientRow, DomainRow};
use super::sentences;
use super::when::When;
use super::words::{Lang, Words};
use crate::alert::{BlockList, Dossier, Refusal, Severity, Story};
use crate::sink::{Html, thousands};
use askama::Template;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Alerts shown with their evidence.
const WHOLE: usize = 12;
/// Further alerts shown as a row each.
const ROWS: usize = 300;
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
                .filter(|_| sites.iter().any(|(site, _)| site.is_some()))
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
