//! `/api/v1/incidents` and `/api/v1/alerts`: the newest records as JSON, for programs.
//!
//! | parameter | holds |
//! | --- | --- |
//! | `severity` | this severity or a higher one |
//! | `detector`, `site`, `client`, `domain` | that name |
//! | `incident`, `record` | alerts only: that incident; that kind of record |
//! | `since`, `until` | RFC 3339: alerts told, or incidents with a contact, from then on, and before then |
//! | `offset`, `limit` | so many are left out, and so many given; 100 unless told otherwise, 1,000 at most |

use super::Served;
use crate::alert::{Dossier, Left, Party, Record, RecordKind, Severity, Story};
use crate::run::recent::Told;
use crate::sink::json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Entries of an answer at most.
const MOST: usize = 1_000;
/// Clients and domains of an incident that are given; all are counted.
const NAMED: usize = 1_000;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    severity: Option<Severity>,
    detector: Option<String>,
    site: Option<String>,
    client: Option<String>,
    domain: Option<String>,
    incident: Option<String>,
    record: Option<RecordKind>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    offset: usize,
    limit: Option<usize>,
}

/// A part of a list.
#[derive(Serialize)]
struct Answer<T> {
    schema: &'static str,
    /// How many fit.
    total: usize,
    offset: usize,
    limit: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    incidents: Option<Vec<T>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<Vec<T>>,
}

/// An incident.
#[derive(Serialize)]
struct Incident<'a> {
    incident: &'a str,
    severity: Severity,
    score: u8,
    first_seen: &'a str,
    last_seen: &'a str,
    /// By detector, when it told of it first.
    detectors: &'a BTreeMap<String, String>,
    /// Clients by site; those of no site under the empty name.
    sites: BTreeMap<&'a str, usize>,
    clients_total: usize,
    clients: Vec<Client<'a>>,
    domains_total: usize,
    domains: Vec<Domain<'a>>,
    /// Alerts, and how many of their episodes are not over.
    alerts: u64,
    open: usize,
    left: Left,
}

#[derive(Serialize)]
struct Client<'a> {
    client: &'a str,
    site: Option<&'a str>,
    user: Option<&'a str>,
    score: u8,
    first_seen: &'a str,
    last_seen: &'a str,
}

#[derive(Serialize)]
struct Domain<'a> {
    domain: &'a str,
    hosts: Vec<&'a str>,
    score: u8,
    first_seen: &'a str,
    last_seen: &'a str,
    clients: usize,
    /// Clients of the organisation that go there and are not in the incident; unknown where no record tells.
    other_clients: Option<u64>,
}

/// The incidents, the worst and largest first.
pub(super) async fn incidents(
    State(served): State<Arc<Served>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let asked = match asked {
        Ok(Query(asked)) if asked.incident.is_none() && asked.record.is_none() => asked,
        Ok(_) => return refused("`incident` and `record` are for /api/v1/alerts"),
        Err(error) => return refused(&error.body_text()),
    };
    served
        .answer(move |told, _| {
            let fit: Vec<&Dossier> = told.dossiers.iter().filter(|dossier| asked.fits_incident(dossier)).collect();
            let (offset, limit) = asked.part();
            let part = fit.iter().skip(offset).take(limit).map(|dossier| Incident::of(dossier)).collect();
            let (total, schema) = (fit.len(), "deguchi/1");
            json(&Answer { schema, total, offset, limit, incidents: Some(part), alerts: None })
        })
        .await
}

/// The records, the newest first, as `--alerts` writes them.
pub(super) async fn alerts(State(served): State<Arc<Served>>, asked: Result<Query<Asked>, QueryRejection>) -> Response {
    let asked = match asked {
        Ok(Query(asked)) => asked,
        Err(error) => return refused(&error.body_text()),
    };
    served
        .answer(move |told, records| {
            let fit: Vec<&Arc<Record>> =
                records.iter().rev().filter(|record| asked.fits_record(record, told)).collect();
            let (offset, limit) = asked.part();
            let part = fit.iter().skip(offset).take(limit).map(|record| &***record).collect();
            let (total, schema) = (fit.len(), "deguchi/1");
            json(&Answer::<&Record> { schema, total, offset, limit, incidents: None, alerts: Some(part) })
        })
        .await
}

fn refused(what: &str) -> Response {
    let body = json(&BTreeMap::from([("error", what)]));
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

impl Asked {
    fn part(&self) -> (usize, usize) {
        (self.offset, self.limit.unwrap_or(100).min(MOST))
    }

    fn fits_incident(&self, dossier: &Dossier) -> bool {
        let site = |wanted: &String| dossier.clients.values().any(|party| party.site.as_ref() == Some(wanted));
        self.severity.is_none_or(|least| dossier.severity() >= least)
            && self.detector.as_ref().is_none_or(|name| dossier.detectors.contains_key(name))
            && self.site.as_ref().is_none_or(site)
            && self.client.as_ref().is_none_or(|name| dossier.clients.contains_key(name))
            && self.domain.as_ref().is_none_or(|name| dossier.domains.contains_key(name))
            && self.since.is_none_or(|since| time(dossier.last_seen()) >= Some(since))
            && self.until.is_none_or(|until| time(dossier.first_seen()).is_some_and(|first| first < until))
    }

    fn fits_record(&self, record: &Record, told: &Told) -> bool {
        let among = |one: &String, all: &Option<Vec<String>>, wanted: &String| {
            one == wanted || all.iter().flatten().any(|other| other == wanted)
        };
        // An incident that proved part of another is asked for by either name.
        let incident = |wanted: &String| {
            record.incident == *wanted
                || told.dossiers.iter().any(|dossier| {
                    let own = |story: &Story| story.record.episode == record.episode;
                    dossier.id == *wanted && dossier.stories.iter().any(own)
                })
        };
        self.severity.is_none_or(|least| record.severity >= least)
            && self.record.is_none_or(|kind| record.record == kind)
            && self.detector.as_ref().is_none_or(|name| record.detector == *name)
            && (self.site.is_none() || self.site == record.site)
            && self.client.as_ref().is_none_or(|name| among(&record.client, &record.clients, name))
            && self.domain.as_ref().is_none_or(|name| among(&record.domain, &record.domains, name))
            && self.since.is_none_or(|since| time(&record.time) >= Some(since))
            && self.until.is_none_or(|until| time(&record.time).is_some_and(|time| time < until))
            && self.incident.as_ref().is_none_or(incident)
    }
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

impl<'a> Incident<'a> {
    fn of(dossier: &'a Dossier) -> Incident<'a> {
        let client = |(client, party): (&'a String, &'a Party)| Client {
            client,
            site: party.site.as_deref(),
            user: party.user.as_deref(),
            score: party.score,
            first_seen: &party.first_seen,
            last_seen: &party.last_seen,
        };
        let domain = |(domain, party): (&'a String, &'a Party)| Domain {
            domain,
            hosts: party.hosts.iter().map(String::as_str).collect(),
            score: party.score,
            first_seen: &party.first_seen,
            last_seen: &party.last_seen,
            clients: party.others.len(),
            other_clients: party.other_clients(),
        };
        Incident {
            incident: &dossier.id,
            severity: dossier.severity(),
            score: dossier.score(),
            first_seen: dossier.first_seen(),
            last_seen: dossier.last_seen(),
            detectors: &dossier.detectors,
            sites: dossier.sites().into_iter().map(|(site, n)| (site.unwrap_or_default(), n)).collect(),
            clients_total: dossier.clients.len(),
            clients: dossier.clients.iter().take(NAMED).map(client).collect(),
            domains_total: dossier.domains.len(),
            domains: dossier.domains.iter().take(NAMED).map(domain).collect(),
            alerts: dossier.stories.len() as u64 + dossier.dropped,
            open: dossier.stories.iter().filter(|story| !story.over).count(),
            left: dossier.left,
        }
    }
}
