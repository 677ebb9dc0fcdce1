//! Alerts of a Prometheus Alertmanager (API v2), kept alive while their episodes last.
//!
//! An alert there is its labels: `alertname` (the detector), `severity`, `client`, `domain` and `episode`. When the severity
//! rises the alert with the old one is ended, and one with the new begins.

use super::http::Endpoint;
use super::{Defanger, Sink, SinkError};
use crate::alert::{Record, RecordKind, Severity};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// An alert that nobody repeats ends after so long.
const ALIVE: SignedDuration = SignedDuration::from_mins(4);
/// Alerts in a request.
const AT_ONCE: usize = 200;

/// An Alertmanager.
pub struct Alertmanager {
    server: Endpoint,
    /// By episode.
    open: BTreeMap<String, Record>,
    clock: fn() -> Timestamp,
}

impl Alertmanager {
    /// At the address of its web page. `open`: what an earlier run had told of that is not over. `clock` tells the time.
    ///
    /// # Errors
    ///
    /// The file of authorities cannot be read.
    pub fn new(
        name: &str,
        url: &str,
        authorities: Option<&Path>,
        timeout: Duration,
        open: impl IntoIterator<Item = Record>,
        clock: fn() -> Timestamp,
    ) -> Result<Alertmanager, SinkError> {
        let url = format!("{}/api/v2/alerts", url.trim_end_matches('/'));
        let server = Endpoint::new(name, url, authorities, timeout)?;
        Ok(Alertmanager { server, open: open.into_iter().map(|r| (r.episode.clone(), r)).collect(), clock })
    }

    fn post(&self, alerts: &[Value]) -> Result<(), SinkError> {
        self.server.post(Value::from(alerts).to_string().as_bytes(), &[])
    }

    fn alert(&self, record: &Record, severity: Severity, until: Timestamp) -> Value {
        let names = Defanger::of(record);
        // A log may be ahead of the clock; an alert that begins after its end is refused.
        let begun = record.first_seen.parse().unwrap_or(until);
        json!({
            "labels": {
                "alertname": record.detector,
                "severity": severity.as_str(),
                "client": record.client,
                "domain": record.domain,
                "episode": record.episode,
            },
            "annotations": {
                "summary": names.text(&record.summary),
                "score": record.score.to_string(),
                "incident": record.incident,
                "evidence": record.evidence.iter().map(|e| format!("{:+} {}", e.points, names.text(&e.text))).collect::<Vec<_>>().join("\n"),
                "last_seen": record.last_seen,
            },
            "startsAt": begun.min(until).to_string(),
            "endsAt": until.to_string(),
        })
    }
}

impl Sink for Alertmanager {
    fn deliver(&mut self, record: &Record) -> Result<(), SinkError> {
        let now = (self.clock)();
        let before = self.open.get(&record.episode).map(|before| before.severity);
        let (open, until) = match record.record {
            RecordKind::Alert | RecordKind::Update => (true, now + ALIVE),
            RecordKind::End if before.is_some() => (false, now),
            RecordKind::End | RecordKind::Merge => return Ok(()),
        };
        let mut alerts = vec![self.alert(record, record.severity, until)];
        if let Some(before) = before.filter(|before| *before != record.severity) {
            alerts.push(self.alert(record, before, now));
        }
        let posted = self.post(&alerts);
        // What is refused is not sent again either, and what is over is not kept alive.
        match &posted {
            Ok(()) if open => drop(self.open.insert(record.episode.clone(), record.clone())),
            Ok(()) | Err(SinkError::Refused { .. }) if !open => drop(self.open.remove(&record.episode)),
            _ => {}
        }
        posted
    }

    fn keep(&mut self) -> Result<(), SinkError> {
        let until = (self.clock)() + ALIVE;
        let alerts: Vec<Value> = self.open.values().map(|record| self.alert(record, record.severity, until)).collect();
        // One that is refused keeps none of the others from being told.
        alerts.chunks(AT_ONCE).map(|alerts| self.post(alerts)).fold(Ok(()), Result::and)
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}
