//! Records as Detection Findings of the Open Cybersecurity Schema Framework, 1.5.
//! <https://schema.ocsf.io/1.5.0/classes/detection_finding>
//!
//! One finding an episode: created by its alert, updated, closed by its end. The whole record is under `unmapped`.

use super::json::write;
use crate::alert::{Record, RecordKind, Severity};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::net::IpAddr;
use ureq::http::Uri;

/// Version of the schema.
const VERSION: &str = "1.5.0";
/// Class Detection Finding, of the category Findings.
const CLASS: u32 = 2004;
const CATEGORY: u32 = 2;

/// Appends the record as one line of JSON, LF included. Its id is `metadata.uid`, that of its episode `finding_info.uid`.
pub(super) fn line(record: &Record, line: &mut Vec<u8>) {
    let (activity, activity_name, status, status_name) = match record.record {
        RecordKind::Alert => (1, "Create", 1, "New"),
        RecordKind::Update | RecordKind::Merge => (2, "Update", 2, "In Progress"),
        // Over is not solved: nobody has looked into it.
        RecordKind::End => (3, "Close", 99, "Over"),
    };
    let severity = match record.severity {
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    };
    // The score is how sure the evidence makes it; severity follows from it, and so does this.
    let (confidence, confidence_name) = match record.severity {
        Severity::Low => (1, "Low"),
        Severity::Medium => (2, "Medium"),
        Severity::High | Severity::Critical => (3, "High"),
    };
    let attack = |id: &String| match id.starts_with("TA") {
        true => json!({ "tactic": { "uid": id } }),
        false => match id.split_once('.') {
            None => json!({ "technique": { "uid": id } }),
            Some((technique, _)) => json!({ "technique": { "uid": technique }, "sub_technique": { "uid": id } }),
        },
    };
    let title = format!("{}: {} and {}", record.detector, record.client, record.domain);
    let finding = json!({
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": CLASS * 100 + activity,
        "type_name": format!("Detection Finding: {activity_name}"),
        "time": milliseconds(&record.time),
        "start_time": milliseconds(&record.first_seen),
        "end_time": milliseconds(&record.last_seen),
        "severity_id": severity,
        "severity": capital(record.severity.as_str()),
        "status_id": status,
        "status": status_name,
        // What is over alerts nobody.
        "is_alert": record.record != RecordKind::End,
        "confidence_id": confidence,
        "confidence": confidence_name,
        "confidence_score": record.score,
        "risk_score": record.score,
        "count": record.requests,
        "message": record.summary,
        "metadata": {
            "version": VERSION,
            "uid": record.id,
            "log_name": record.source,
            "product": { "name": "deguchi", "vendor_name": "deguchi", "version": env!("CARGO_PKG_VERSION") },
        },
        "finding_info": {
            "uid": record.episode,
            "title": title,
            "desc": record.summary,
            "analytic": { "uid": record.detector, "name": record.detector, "type_id": 2, "type": "Behavioral" },
            "attacks": record.attack.iter().map(attack).collect::<Vec<_>>(),
            "first_seen_time": milliseconds(&record.first_seen),
            "last_seen_time": milliseconds(&record.last_seen),
            (if activity == 1 { "created_time" } else { "modified_time" }): milliseconds(&record.time),
            "related_events": [{ "uid": record.incident, "type": "incident" }],
        },
        "evidences": evidences(record),
        "observables": observables(record),
        "unmapped": { "deguchi": record },
    });
    write(&finding, line);
}

/// Who with whom and why; then the URLs, of which an object holds one.
fn evidences(record: &Record) -> Vec<Value> {
    let mut first = json!({
        "src_endpoint": endpoint(&record.client),
        "dst_endpoint": endpoint(&record.domain),
        "data": { "evidence": record.evidence },
    });
    if let Some(user) = &record.user {
        first["actor"] = json!({ "user": { "name": user } });
    }
    let urls = record.samples.iter().map(|url| json!({ "url": url_object(url) }));
    [first].into_iter().chain(urls).collect()
}

/// A URL with its parts, as far as it has any; of a tunnel host and port.
fn url_object(text: &str) -> Value {
    let mut url = json!({ "url_string": text });
    let Ok(parts) = text.parse::<Uri>() else { return url };
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            url[key] = value;
        }
    };
    set("scheme", parts.scheme_str().map(Value::from));
    set("hostname", parts.host().map(Value::from));
    set("port", parts.port_u16().map(Value::from));
    set("path", Some(parts.path()).filter(|path| !path.is_empty()).map(Value::from));
    set("query_string", parts.query().map(Value::from));
    url
}

fn endpoint(name: &str) -> Value {
    match name.parse::<IpAddr>() {
        Ok(_) => json!({ "ip": name }),
        Err(_) => json!({ "hostname": name }),
    }
}

/// Types: 1 host name, 2 address, 4 user, 6 URL.
fn observables(record: &Record) -> Vec<Value> {
    let one = |name: &str, kind: u8, value: &str| json!({ "name": name, "type_id": kind, "value": value });
    let place = |end: &str, name: &str| match name.parse::<IpAddr>() {
        Ok(_) => one(&format!("evidences.{end}.ip"), 2, name),
        Err(_) => one(&format!("evidences.{end}.hostname"), 1, name),
    };
    let ends = [place("src_endpoint", &record.client), place("dst_endpoint", &record.domain)];
    let others = |all: &Option<Vec<String>>, one: &String| -> Vec<String> {
        all.iter().flatten().filter(|name| *name != one).cloned().collect()
    };
    let clients = others(&record.clients, &record.client).into_iter().map(|client| place("src_endpoint", &client));
    let domains = others(&record.domains, &record.domain).into_iter().map(|domain| place("dst_endpoint", &domain));
    let hosts = record.hosts.iter().filter(|host| **host != record.domain).map(|host| place("dst_endpoint", host));
    let user = record.user.iter().map(|user| one("evidences.actor.user.name", 4, user));
    let urls = record.samples.iter().map(|url| one("evidences.url.url_string", 6, url));
    ends.into_iter().chain(clients).chain(domains).chain(hosts).chain(user).chain(urls).collect()
}

fn milliseconds(time: &str) -> Option<i64> {
    time.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_ascii_uppercase() + rest
}
