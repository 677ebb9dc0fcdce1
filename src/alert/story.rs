//! The story: one episode as its records tell it, read back from them. The highest judgement stays, counts only grow.

use crate::alert::{Record, RecordKind};
use std::mem::swap;

/// Clients and domains that a record names at most; a file may say anything.
const NAMED: usize = 100;

/// What the records of one episode say together.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// Judged as in the record of the highest score, since when that was first reached; counted as in the last one.
    pub record: Record,
    /// It is over, or the log is: the counts are final.
    pub over: bool,
}

impl Story {
    /// Begins with any record of the episode.
    pub fn new(record: Record) -> Story {
        Story { over: record.record == RecordKind::End, record }
    }

    /// Takes a further one, in any order; the same again changes nothing.
    pub fn take(&mut self, mut other: Record) {
        self.over |= other.record == RecordKind::End;
        let held = &mut self.record;
        if held.series.is_none() {
            swap(&mut held.series, &mut other.series);
            swap(&mut held.interval_histogram, &mut other.interval_histogram);
        }
        let later = (other.requests, &other.last_seen) >= (held.requests, &held.last_seen);
        if other.score > held.score || other.score == held.score && later {
            let same = other.score == held.score;
            swap(held, &mut other);
            if same {
                (held.time, held.id, held.record) = (other.time.clone(), other.id.clone(), other.record);
            }
            if held.series.is_none() {
                (held.series, held.interval_histogram) = (other.series.take(), other.interval_histogram.take());
            }
        }
        if (other.requests, &other.last_seen) > (held.requests, &held.last_seen) {
            (held.requests, held.denied, held.url_bytes_max) = (other.requests, other.denied, other.url_bytes_max);
            (held.bytes_down, held.bytes_up) = (other.bytes_down, other.bytes_up);
            (held.last_seen, held.methods, held.domain_stats) = (other.last_seen, other.methods, other.domain_stats);
            (held.clients, held.domains) = (other.clients, other.domains);
            (held.hosts, held.samples) = (other.hosts, other.samples);
        }
    }

    /// Clients it speaks of: those of a finding over several, else the one.
    pub fn clients(&self) -> impl Iterator<Item = &str> {
        named(&self.record.client, self.record.clients.as_deref())
    }

    /// Domains it speaks of.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        named(&self.record.domain, self.record.domains.as_deref())
    }

    /// Whether it speaks of one client and one domain.
    pub fn is_pair(&self) -> bool {
        self.clients().nth(1).is_none() && self.domains().nth(1).is_none()
    }
}

fn named<'a>(one: &'a str, all: Option<&'a [String]>) -> impl Iterator<Item = &'a str> {
    let others = all.unwrap_or_default().iter().map(String::as_str).filter(move |other| *other != one);
    std::iter::once(one).chain(others.take(NAMED))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::alert::{DomainStats, EvidenceRecord, SeriesPoint, Severity};
    use proptest::prelude::*;

    /// A record as a detector makes it.
    pub(crate) fn record(episode: &str, score: u8, client: &str, domain: &str) -> Record {
        Record {
            schema: "deguchi/1".into(),
            record: RecordKind::Alert,
            id: format!("id-{episode}"),
            episode: episode.into(),
            incident: "91ae".into(),
            time: "2015-05-08T01:58:00Z".into(),
            detector: "beacon".into(),
            severity: Severity::of(score).unwrap_or(Severity::Low),
            score,
            client: client.into(),
            user: None,
            site: None,
            domain: domain.into(),
            hosts: vec![format!("www.{domain}")],
            clients: None,
            domains: None,
            first_seen: "2015-05-08T01:50:03Z".into(),
            last_seen: "2015-05-08T01:57:58Z".into(),
            requests: 158,
            denied: 0,
            methods: [("GET".to_owned(), 158)].into(),
            bytes_down: Some(67_940),
            bytes_up: None,
            url_bytes_max: 9_480,
            domain_stats: DomainStats {
                first_seen: "2015-05-08T01:50:03Z".into(),
                clients: 1,
                hosts: 1,
                requests: 158,
            },
            summary: format!("{client} asks www.{domain} every 3 s."),
            evidence: vec![EvidenceRecord {
                name: "interval_median_seconds".into(),
                value: 3.0,
                usual: None,
                points: i32::from(score),
                text: "a request every 3.0 s".into(),
            }],
            samples: vec![format!("http://www.{domain}/a.php?id=1")],
            attack: vec!["T1071.001".into()],
            format: "squid".into(),
            source: "log".into(),
            merged: None,
            shape: None,
            series: None,
            interval_histogram: None,
        }
    }

    #[test]
    fn the_highest_judgement_stays_and_counts_grow() {
        let alert = record("a", 65, "192.0.2.17", "evil.example");
        let update = Record { score: 86, severity: Severity::High, record: RecordKind::Update, ..alert.clone() };
        let hour =
            SeriesPoint { hour: alert.first_seen.clone(), requests: 9, denied: 0, bytes_down: 1, bytes_up: None };
        let end = Record {
            requests: 4_711,
            score: 70,
            severity: Severity::Medium,
            record: RecordKind::End,
            series: Some(vec![hour]),
            ..alert.clone()
        };
        let mut story = Story::new(alert);
        story.take(update);
        story.take(end.clone());
        assert_eq!((story.record.score, story.record.requests, story.over), (86, 4_711, true));
        assert_eq!(story.record.series, end.series);
    }

    proptest! {
        /// An update that comes after the end, or a record that comes twice, changes nothing.
        #[test]
        fn order_does_not_matter(order in Just([0usize, 1, 2, 3, 4]).prop_shuffle()) {
            let base = record("a", 50, "192.0.2.17", "evil.example");
            let of = |n: usize| {
                let n = n.min(3);
                let (score, kind) =
                    [(50, RecordKind::Alert), (65, RecordKind::Update), (80, RecordKind::Update), (70, RecordKind::End)][n];
                let series = (kind == RecordKind::End).then(Vec::new);
                Record { score, record: kind, requests: 10 * n as u64 + 1, id: n.to_string(), series, ..base.clone() }
            };
            let mut story = Story::new(of(order[0]));
            order[1..].iter().for_each(|&n| story.take(of(n)));
            prop_assert_eq!((story.record.score, &*story.record.id, story.record.requests), (80, "2", 31));
            prop_assert!(story.over && story.record.series.is_some());
        }
    }
}
