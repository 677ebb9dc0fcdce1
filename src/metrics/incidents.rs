//! The newest incidents by their ids, so that a dashboard can link to the page of each. Only for whom asks for it: ids come
//! and go, and each is a series of its own.

use super::{Family, Metrics, gauge};
use crate::alert::Dossier;
use prometheus::IntGaugeVec;
use std::cmp::Reverse;

const INCIDENT: Family = Family(
    "deguchi_incident_info",
    "The incidents with the latest contacts, 50 at most, by id and severity; always 1.",
    &["incident", "severity"],
);

/// Most series.
const MOST: usize = 50;

/// The family of incidents.
#[derive(Clone, Debug)]
pub struct IncidentInfo(IntGaugeVec);

impl IncidentInfo {
    /// Adds it to those of a run.
    pub fn new(metrics: &Metrics) -> IncidentInfo {
        IncidentInfo(gauge(&metrics.registry, &INCIDENT))
    }

    /// Shows these, in place of those before.
    pub fn show(&self, incidents: &[Dossier]) {
        let mut newest: Vec<_> = incidents.iter().map(|i| (Reverse(i.last_seen()), &*i.id, i.severity())).collect();
        newest.sort_unstable();
        self.0.reset();
        for (_, id, severity) in newest.into_iter().take(MOST) {
            self.0.with_label_values(&[id, severity.as_str()]).set(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Dossiers, Record, record};

    #[test]
    fn the_newest_are_shown_and_no_more() {
        let metrics = Metrics::new(&["beacon"], &["log"]);
        let info = IncidentInfo::new(&metrics);
        assert!(!metrics.text().contains("deguchi_incident_info"), "nothing before the first incident");
        let mut all = Dossiers::default();
        for n in 0..60 {
            let (incident, last_seen) = (format!("{n:02}"), format!("2026-05-05T00:{n:02}:00Z"));
            all.take(Record { incident, last_seen, ..record(&n.to_string(), 60, "10.0.0.1", "evil.example") });
        }
        for _ in 0..2 {
            info.show(&all.ranked());
            let text = metrics.text();
            let shown: Vec<_> = text.lines().filter(|line| line.starts_with("deguchi_incident_info{")).collect();
            assert_eq!(shown.len(), MOST);
            assert!(shown[0].starts_with("deguchi_incident_info{incident=\"10\",severity=\""), "{}", shown[0]);
        }
    }
}
