//! Sightings as alerts, for all that reads records: the incident page, block lists.

use crate::alert::{DomainStats, EvidenceRecord, Record, RecordKind, Severity};
use crate::detect::{LISTED, LISTED_SIBLING};
use crate::hunt::Sighting;
use std::collections::{BTreeMap, BTreeSet};

/// Hosts and samples of a record, at most.
const MOST: usize = 10;

/// One alert for each client and domain, as the detector `ioc` tells it; those of one domain are one incident. `id` makes
/// ids: 32 hex digits from fields.
pub fn records(sightings: &[Sighting], id: &dyn Fn(&[&[u8]]) -> String) -> Vec<Record> {
    let mut domains: BTreeMap<&str, BTreeMap<&str, Vec<&Sighting>>> = BTreeMap::new();
    for sighting in sightings {
        domains.entry(&sighting.domain).or_default().entry(&sighting.client).or_default().push(sighting);
    }
    let mut records = Vec::new();
    for clients in domains.values() {
        let all: Vec<&Sighting> = clients.values().flatten().copied().collect();
        let hosts: BTreeSet<&String> = all.iter().flat_map(|s| &s.hosts).collect();
        let stats = DomainStats {
            first_seen: all.iter().map(|s| s.first_seen.clone()).min().unwrap_or_default(),
            clients: clients.len() as u64,
            hosts: hosts.len() as u64,
            requests: all.iter().map(|s| s.requests).sum(),
        };
        let mut alerts: Vec<Record> = clients.values().filter_map(|of| record(of, &stats, id)).collect();
        alerts.sort_by(|a, b| (&a.first_seen, &a.id).cmp(&(&b.first_seen, &b.id)));
        let incident = alerts.first().map(|first| id(&[b"incident", first.id.as_bytes()])).unwrap_or_default();
        alerts.iter_mut().for_each(|alert| alert.incident.clone_from(&incident));
        records.append(&mut alerts);
    }
    records.sort_by(|a, b| (&a.time, &a.id).cmp(&(&b.time, &b.id)));
    records
}

/// The alert of one client and one domain.
fn record(of: &[&Sighting], stats: &DomainStats, id: &dyn Fn(&[&[u8]]) -> String) -> Option<Record> {
    let first = of.iter().min_by_key(|s| &s.first_seen)?;
    let best = of.iter().max_by_key(|s| s.exact > 0)?;
    let (name, points, how) = match best.exact {
        0 => ("listed_sibling", LISTED_SIBLING, "it shares its registrable domain with what is listed"),
        _ => ("listed", LISTED, "it is listed"),
    };
    let score = points.clamp(0, 100) as u8;
    let severity = Severity::of(score)?;
    let last_seen = of.iter().map(|s| s.last_seen.clone()).max()?;
    let sum = |count: fn(&Sighting) -> u64| of.iter().map(|s| count(s)).sum::<u64>();
    let known = |bytes: fn(&Sighting) -> Option<u64>| of.iter().filter_map(|s| bytes(s)).reduce(|a, b| a + b);
    let mut methods = BTreeMap::new();
    for (method, n) in of.iter().flat_map(|s| &s.methods) {
        *methods.entry((*method).to_owned()).or_insert(0) += n;
    }
    let mut samples: Vec<(&String, &String)> =
        of.iter().filter_map(|s| Some((&s.first_seen, s.sample.as_ref()?))).collect();
    samples.sort();
    let hosts: BTreeSet<&String> = of.iter().flat_map(|s| &s.hosts).collect();
    let (requests, denied, up) = (sum(|s| s.requests), sum(|s| s.denied), known(|s| s.bytes_up));
    let left = up.map_or("bytes out not logged".to_owned(), |up| format!("{up} bytes out"));
    let fields = ["ioc", &first.client, &first.domain, &first.first_seen].map(str::as_bytes);
    Some(Record {
        schema: "deguchi/1".into(),
        record: RecordKind::Alert,
        id: id(&[&fields[..], &[b"alert", severity.as_str().as_bytes()]].concat()),
        episode: id(&fields),
        incident: String::new(),
        time: last_seen.clone(),
        detector: "ioc".into(),
        severity,
        score,
        client: first.client.clone(),
        user: of.iter().filter_map(|s| s.user.clone()).min(),
        site: first.site.clone(),
        domain: first.domain.clone(),
        hosts: hosts.into_iter().take(MOST).cloned().collect(),
        clients: None,
        domains: None,
        first_seen: first.first_seen.clone(),
        last_seen,
        requests,
        denied,
        methods,
        bytes_down: known(|s| s.bytes_down),
        bytes_up: up,
        url_bytes_max: sum(|s| s.url_bytes_max),
        domain_stats: stats.clone(),
        summary: format!(
            "{}: {requests} requests to {}, {denied} of them denied ({left}); {how}: {}. Find the program on the client; block the domain.",
            first.client, first.domain, best.entry
        ),
        evidence: vec![EvidenceRecord {
            name: name.into(),
            value: 1.0,
            usual: None,
            points,
            text: format!("{how}: {}", best.entry),
        }],
        samples: samples.into_iter().take(MOST).map(|(_, url)| url.clone()).collect(),
        attack: vec!["T1071.001".into()],
        format: best.format.clone(),
        source: "log".into(),
        merged: None,
        shape: None,
        series: None,
        interval_histogram: None,
    })
}
