//! The incident: episodes that belong together, because they share a domain, or because one client sends in one shape to
//! several domains that few others use: several controllers of one malware.

use crate::alert::{Record, RecordKind, Severity, Sites};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Incidents kept; beyond, those that were told of longest ago are forgotten.
const KEPT: usize = 20_000;
/// Clients and domains named of an incident; beyond, they are only counted.
const NAMED: usize = 1_000;

/// What belongs together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Fixed by its first alert: 32 hex digits.
    pub id: String,
    /// The worst severity told.
    pub severity: Option<Severity>,
    /// First contact, RFC 3339 UTC.
    pub first_seen: String,
    /// Last contact told of, RFC 3339 UTC.
    pub last_seen: String,
    /// Time of the last record.
    pub last_told: String,
    /// What was found, by detector, and when it was told first, RFC 3339 UTC.
    pub stages: BTreeMap<String, String>,
    /// Clients and their sites, at most 1,000.
    pub clients: BTreeMap<String, Option<String>>,
    /// Domains, at most 1,000.
    pub domains: BTreeSet<String>,
    /// Sites that are over their limit of clients.
    pub sites_over: BTreeSet<String>,
}

/// All incidents, and what leads to them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Incidents {
    list: Vec<Incident>,
    /// Where an incident went that proved part of another.
    merged: Vec<Option<usize>>,
    by_domain: BTreeMap<String, usize>,
    by_shape: BTreeMap<(String, u32), usize>,
}

impl Incidents {
    /// Says which incident a record belongs to, and tells of a site that it brings over its limit; `clients` is the number
    /// of clients seen so far, `id` makes ids from fields. A record of its own if it proves two incidents one. Records must
    /// come in their final order.
    pub fn take(
        &mut self,
        record: &mut Record,
        clients: u64,
        sites: &Sites,
        id: impl Fn(&[&[u8]]) -> String,
    ) -> Option<Record> {
        // What many use has a shape that many have.
        let few = record.domain_stats.clients <= 3 || record.domain_stats.clients * 10 <= clients;
        let shape = record.shape.filter(|_| few).map(|shape| (record.client.clone(), shape));
        let by_domain = self.by_domain.get(&record.domain).map(|&i| self.root(i));
        let by_shape = shape.as_ref().and_then(|key| self.by_shape.get(key)).map(|&i| self.root(i));
        let (at, lost) = match (by_domain, by_shape) {
            (Some(a), Some(b)) if a != b => (a.min(b), Some(a.max(b))),
            (Some(a), _) | (None, Some(a)) => (a, None),
            (None, None) => {
                self.forget();
                let id = id(&[b"incident", record.id.as_bytes()]);
                self.list.push(Incident { id, first_seen: record.first_seen.clone(), ..Incident::default() });
                self.merged.push(None);
                (self.list.len() - 1, None)
            }
        };
        let proof = lost.map(|lost| {
            self.join(at, lost);
            let (into, from) = (&self.list[at].id, &self.list[lost].id);
            Record {
                record: RecordKind::Merge,
                id: id(&[b"merge", into.as_bytes(), from.as_bytes()]),
                incident: into.clone(),
                merged: Some(from.clone()),
                series: None,
                interval_histogram: None,
                ..record.clone()
            }
        });
        for domain in record.domains.iter().flatten().chain([&record.domain]) {
            self.by_domain.insert(domain.clone(), at);
        }
        if let Some(key) = shape {
            self.by_shape.insert(key, at);
        }
        let over = self.list[at].add(record, sites);
        record.incident = self.list[at].id.clone();
        for (site, count) in over {
            record
                .summary
                .push_str(&format!(" {site} now has {count} clients in this incident: think of cutting the site off."));
        }
        proof
    }

    /// All of them, the worst and largest first.
    pub fn all(&self) -> Vec<Incident> {
        let own = self.list.iter().zip(&self.merged).filter(|(_, merged)| merged.is_none());
        let mut all: Vec<Incident> = own.map(|(incident, _)| incident.clone()).collect();
        all.sort_by_key(|i| (std::cmp::Reverse((i.severity, i.clients.len())), i.first_seen.clone(), i.id.clone()));
        all
    }

    fn root(&self, mut at: usize) -> usize {
        while let Some(next) = self.merged[at] {
            at = next;
        }
        at
    }

    fn join(&mut self, at: usize, lost: usize) {
        let other = self.list[lost].clone();
        self.merged[lost] = Some(at);
        let into = &mut self.list[at];
        into.severity = into.severity.max(other.severity);
        into.first_seen = std::mem::take(&mut into.first_seen).min(other.first_seen);
        into.last_seen = std::mem::take(&mut into.last_seen).max(other.last_seen);
        other.stages.into_iter().for_each(|(detector, time)| into.stage(detector, time));
        into.clients.extend(other.clients);
        into.domains.extend(other.domains);
        into.sites_over.extend(other.sites_over);
        self.list[lost].clients.clear();
        self.list[lost].domains.clear();
    }

    /// Starts anew with the half that was told of last, if there are too many.
    fn forget(&mut self) {
        if self.list.len() < KEPT {
            return;
        }
        let mut order: Vec<usize> = (0..self.list.len()).filter(|&i| self.merged[i].is_none()).collect();
        order.sort_by_key(|&i| std::cmp::Reverse((self.list[i].last_told.clone(), i)));
        order.truncate(KEPT / 2);
        order.sort_unstable();
        let place: HashMap<usize, usize> = order.iter().enumerate().map(|(new, &old)| (old, new)).collect();
        let moved = |at: usize| place.get(&self.root(at)).copied();
        let by_domain = self.by_domain.iter().filter_map(|(key, &at)| Some((key.clone(), moved(at)?))).collect();
        let by_shape = self.by_shape.iter().filter_map(|(key, &at)| Some((key.clone(), moved(at)?))).collect();
        self.list = order.iter().map(|&i| std::mem::take(&mut self.list[i])).collect();
        self.merged = vec![None; self.list.len()];
        (self.by_domain, self.by_shape) = (by_domain, by_shape);
    }
}

impl Incident {
    /// Takes in a record; the sites that it brings over their limit, with their clients.
    fn add(&mut self, record: &Record, sites: &Sites) -> Vec<(String, usize)> {
        self.severity = self.severity.max(Some(record.severity));
        self.first_seen = std::mem::take(&mut self.first_seen).min(record.first_seen.clone());
        self.last_seen = std::mem::take(&mut self.last_seen).max(record.last_seen.clone());
        self.last_told.clone_from(&record.time);
        self.stage(record.detector.clone(), record.time.clone());
        for client in record.clients.iter().flatten().chain([&record.client]) {
            if self.clients.len() < NAMED {
                self.clients.entry(client.clone()).or_insert_with(|| sites.of(client).map(str::to_owned));
            }
        }
        for domain in record.domains.iter().flatten().chain([&record.domain]) {
            if self.domains.len() < NAMED {
                self.domains.insert(domain.clone());
            }
        }
        let mut over = Vec::new();
        for (site, count) in self.by_site() {
            if count >= sites.limit(&site) as usize && self.sites_over.insert(site.clone()) {
                over.push((site, count));
            }
        }
        over
    }

    /// A detector told of it; the first time stays.
    fn stage(&mut self, detector: String, time: String) {
        let first = self.stages.entry(detector).or_insert_with(|| time.clone());
        if time < *first {
            *first = time;
        }
    }

    /// Detectors in the order in which they told of it first; of one minute, by name.
    pub fn by_stage(&self) -> Vec<&str> {
        let mut stages: Vec<(&str, &str)> = self.stages.iter().map(|(detector, time)| (&**time, &**detector)).collect();
        stages.sort_unstable();
        stages.into_iter().map(|(_, detector)| detector).collect()
    }

    /// Clients by site, those of no site left out.
    pub fn by_site(&self) -> BTreeMap<String, usize> {
        let mut sites = BTreeMap::new();
        for site in self.clients.values().flatten() {
            *sites.entry(site.clone()).or_insert(0) += 1;
        }
        sites
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(client: &str, domain: &str, shape: Option<u32>) -> Record {
        serde_json::from_value(serde_json::json!({
            "schema": "deguchi/1", "record": "alert", "id": format!("{client}{domain}"), "episode": "", "incident": "",
            "time": "2026-01-05T00:00:00Z", "detector": "beacon", "severity": "low", "score": 40, "client": client,
            "user": null, "site": null, "domain": domain, "hosts": [], "clients": null, "domains": null,
            "first_seen": "2026-01-05T00:00:00Z", "last_seen": "2026-01-05T00:00:00Z", "requests": 1, "denied": 0,
            "methods": {}, "bytes_down": null, "bytes_up": null, "url_bytes_max": 0,
            "domain_stats": {"first_seen": "2026-01-05T00:00:00Z", "clients": 1, "hosts": 1, "requests": 1},
            "summary": "", "evidence": [], "samples": [], "attack": [], "format": "squid", "source": "log"
        }))
        .map(|record: Record| Record { shape, ..record })
        .expect("a record")
    }

    fn ids(records: &[(&str, &str, Option<u32>)]) -> (Vec<String>, Vec<Option<String>>) {
        let mut incidents = Incidents::default();
        let id = |fields: &[&[u8]]| String::from_utf8_lossy(&fields.concat()).into_owned();
        let take = |&(client, domain, shape): &(&str, &str, Option<u32>)| {
            let mut record = record(client, domain, shape);
            let merge = incidents.take(&mut record, 100, &Sites::default(), id);
            (record.incident, merge.and_then(|merge| merge.merged))
        };
        records.iter().map(take).unzip()
    }

    #[test]
    fn a_domain_or_a_shape_of_one_client_joins() {
        let (ids, merged) = ids(&[("a", "x", Some(1)), ("b", "x", Some(1)), ("a", "y", Some(1)), ("c", "z", Some(1))]);
        assert_eq!((&ids[0], &ids[0]), (&ids[1], &ids[2]));
        assert_ne!(ids[0], ids[3], "the same shape of another client says nothing");
        assert!(merged.iter().all(Option::is_none));
    }

    #[test]
    fn two_incidents_prove_one() {
        let (ids, merged) = ids(&[("a", "x", None), ("b", "y", Some(2)), ("b", "x", Some(2)), ("c", "y", None)]);
        assert_ne!(ids[0], ids[1]);
        assert_eq!((&merged[2], &ids[2], &ids[3]), (&Some(ids[1].clone()), &ids[0], &ids[0]));
    }

    #[test]
    fn an_incident_says_from_when_to_when_and_in_what_order() {
        let mut incidents = Incidents::default();
        let id = |fields: &[&[u8]]| String::from_utf8_lossy(&fields.concat()).into_owned();
        let told = [("10", "05", "ioc", "b", "y"), ("20", "15", "beacon", "a", "x"), ("30", "25", "ioc", "a", "x")];
        for (time, last_seen, detector, client, domain) in told {
            let at = |day: &str| format!("2026-01-{day}T00:00:00Z");
            let (time, last_seen) = (at(time), at(last_seen));
            let mut record = Record { time, last_seen, detector: detector.into(), ..record(client, domain, None) };
            incidents.take(&mut record, 100, &Sites::default(), id);
        }
        // A client goes to the domain of both.
        let all = incidents.all();
        let one = all.iter().find(|incident| incident.domains.contains("x")).expect("an incident");
        assert_eq!(
            (one.by_stage(), &*one.first_seen, &*one.last_seen),
            (vec!["beacon", "ioc"], "2026-01-05T00:00:00Z", "2026-01-25T00:00:00Z")
        );
        let mut joint = record("b", "x", Some(7));
        joint.time = "2026-02-01T00:00:00Z".into();
        let mut other = record("b", "y", Some(7));
        other.time.clone_from(&joint.time);
        incidents.take(&mut other, 100, &Sites::default(), id);
        incidents.take(&mut joint, 100, &Sites::default(), id);
        let all = incidents.all();
        assert_eq!((all.len(), all[0].by_stage()), (1, vec!["ioc", "beacon"]), "joined, the earliest times stay");
    }
}
