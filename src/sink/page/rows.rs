//! What an incident consists of, as the templates are given it: clients, domains, alerts.

use super::chart::Histogram;
use super::reasons::{reason, summary};
use super::when::When;
use super::words::Lang;
use crate::alert::{Party, Severity, Story};
use crate::sink::{Defanger, Html, thousands};

/// A client in a row.
pub(super) struct ClientRow {
    pub name: Html,
    pub site: Html,
    pub user: Html,
    pub first: Html,
    pub last: Html,
    pub requests: String,
    pub denied: String,
    pub domains: Vec<Html>,
    pub more: usize,
    pub level: &'static str,
    pub score: u8,
}

/// A domain in a row, with what a block of it hits.
pub(super) struct DomainRow {
    pub name: Html,
    pub hosts: Vec<Html>,
    pub all_hosts: String,
    pub clients: usize,
    pub others: String,
    pub all_requests: String,
    pub first: Html,
    pub last: Html,
    pub level: &'static str,
    pub score: u8,
}

/// A sentence, in the language of the page; or in English where it is only known so.
pub(super) struct Told {
    pub text: Html,
    pub english: bool,
}

impl Told {
    fn new(own: Option<String>, english: &str, lang: Lang, defanger: &Defanger) -> Told {
        Told {
            english: own.is_none() && lang != Lang::En,
            text: Html::text(&defanger.text(own.as_deref().unwrap_or(english))),
        }
    }
}

/// An alert, with its evidence.
pub(super) struct AlertView {
    pub level: &'static str,
    pub severity: &'static str,
    pub score: u8,
    pub detector: Html,
    pub client: Html,
    pub domain: Html,
    pub time: Html,
    pub period: Html,
    pub requests: String,
    pub denied: String,
    pub summary: Told,
    pub evidence: Vec<(i32, Told)>,
    pub samples: Vec<Html>,
    pub attack: Vec<Html>,
    pub methods: Vec<(Html, String)>,
    pub histogram: Option<Histogram>,
    pub running: bool,
}

impl ClientRow {
    pub(super) fn new(name: &str, party: &Party, when: &When) -> ClientRow {
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
    pub(super) fn new(name: &str, party: &Party, when: &When) -> DomainRow {
        let all = party.all.as_ref();
        let known = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), thousands);
        DomainRow {
            name: Html::defanged(name),
            hosts: party.hosts.iter().take(5).map(|name| Html::defanged(name)).collect(),
            all_hosts: known(all.map(|all| all.hosts)),
            clients: party.others.len(),
            others: known(party.other_clients()),
            all_requests: known(all.map(|all| all.requests)),
            first: Html::text(&when.minute(all.map_or(&party.first_seen, |all| &all.first_seen))),
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
    pub(super) fn new(story: &Story, lang: Lang, when: &When) -> AlertView {
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
            summary: Told::new(summary(record, lang), &record.summary, lang, &defanger),
            evidence: record
                .evidence
                .iter()
                .take(40)
                .map(|e| (e.points, Told::new(reason(e, lang), &e.text, lang, &defanger)))
                .collect(),
            samples: record.samples.iter().take(10).map(|url| Html::defanged(url)).collect(),
            attack: record.attack.iter().take(10).map(|technique| Html::text(technique)).collect(),
            methods: record.methods.iter().take(10).map(|(name, &n)| (Html::text(name), thousands(n))).collect(),
            histogram: record.interval_histogram.as_deref().and_then(Histogram::new),
            running: !story.over,
        }
    }
}
