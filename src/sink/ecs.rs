//! Records in the Elastic Common Schema, 8.17. <https://www.elastic.co/guide/en/ecs/8.17/>
//!
//! What the schema has a field for is there; the whole record is under `deguchi`.

use super::json::write;
use crate::alert::{Record, RecordKind};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Version of the schema.
const VERSION: &str = "8.17.0";

/// Appends the record as one line of JSON, LF included. Its id is `event.id`.
pub(super) fn line(record: &Record, line: &mut Vec<u8>) {
    write(&Value::from(event(record)), line);
}

fn event(record: &Record) -> Map<String, Value> {
    let action = match record.record {
        RecordKind::Alert => "alert",
        RecordKind::Update => "update",
        RecordKind::End => "end",
        RecordKind::Merge => "merge",
    };
    let (techniques, tactics): (Vec<&str>, Vec<&str>) =
        record.attack.iter().map(String::as_str).partition(|id| id.starts_with("T1"));
    let whole = |id: &&str| id.split('.').next().unwrap_or_default().to_owned();
    let (own, below): (Vec<&str>, Vec<&str>) = techniques.iter().partition(|id| !id.contains('.'));
    let own: BTreeSet<String> = own.iter().chain(&below).map(whole).collect();
    let address = |name: &str| name.parse::<IpAddr>().is_ok();
    let parties = [&record.client, &record.domain].into_iter().chain(&record.hosts);
    let parties = parties.chain(record.clients.iter().flatten()).chain(record.domains.iter().flatten());
    let (addresses, hosts): (BTreeSet<&String>, BTreeSet<&String>) = parties.partition(|name| address(name));
    let all = json!({
        "@timestamp": record.time,
        "ecs": { "version": VERSION },
        "message": record.summary,
        "event": {
            "kind": "alert",
            "category": ["intrusion_detection", "network"],
            "type": ["info"],
            "action": action,
            "module": "deguchi",
            "dataset": "deguchi.alert",
            "id": record.id,
            "start": record.first_seen,
            "end": record.last_seen,
            "risk_score": record.score,
            "severity": record.score,
        },
        "rule": { "id": record.detector, "name": record.detector },
        "observer": { "product": "deguchi", "vendor": "deguchi", "version": env!("CARGO_PKG_VERSION") },
        "source": {
            "address": record.client,
            "ip": address(&record.client).then_some(&record.client),
            "bytes": record.bytes_up,
        },
        "destination": {
            "address": record.domain,
            "ip": address(&record.domain).then_some(&record.domain),
            "domain": record.hosts.first().filter(|host| !address(host)),
            "registered_domain": (!address(&record.domain)).then_some(&record.domain),
            "bytes": record.bytes_down,
        },
        "url": {
            "original": record.samples.first(),
            "domain": record.hosts.first(),
            "registered_domain": (!address(&record.domain)).then_some(&record.domain),
        },
        "user": { "name": record.user },
        "related": {
            "ip": addresses,
            "hosts": hosts,
            "user": record.user.iter().collect::<Vec<_>>(),
        },
        "threat": {
            "framework": "MITRE ATT&CK",
            "technique": { "id": own, "subtechnique": { "id": below } },
            "tactic": { "id": tactics },
        },
        "deguchi": record,
    });
    let Value::Object(mut all) = all else { return Map::new() };
    // What is not known has no field; below `deguchi` it is null, as in a record.
    let own = all.remove("deguchi");
    let mut all = without_null(all);
    all.extend(own.map(|own| ("deguchi".to_owned(), own)));
    all
}

fn without_null(map: Map<String, Value>) -> Map<String, Value> {
    let known = map.into_iter().filter_map(|(key, value)| match value {
        Value::Null => None,
        Value::Object(inner) => {
            Some(without_null(inner)).filter(|inner| !inner.is_empty()).map(|inner| (key, inner.into()))
        }
        Value::Array(list) if list.is_empty() => None,
        other => Some((key, other)),
    });
    known.collect()
}
