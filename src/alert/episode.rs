//! The episode: one story of one client and one domain, told once, and again only when it gets worse or is over.

use crate::alert::{Crowd, DomainStats, EvidenceRecord, IntervalBin, Record, RecordKind, SeriesPoint, Severity, Sites};
use crate::detect::{Finding, Seen};
use crate::event::{Method, Millis};
use crate::window::{Scale, Watched};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An episode is over after so much event time without contact, ms: 7 days.
pub const QUIET: Millis = 7 * 86_400_000;
/// Query bytes of a sample that are shown.
const QUERY_SHOWN: usize = 64;
/// Bytes of a sample that are shown at most.
const URL_SHOWN: usize = 512;

/// An open episode.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Episode {
    /// The worst finding so far.
    pub finding: Finding,
    /// Its severity.
    pub severity: Severity,
    /// Number of the input it was found in.
    pub input: u16,
    /// A rule hides it: nothing is told of it.
    pub hidden: bool,
}

impl Episode {
    /// Bytes, what is behind it included.
    pub fn bytes(&self) -> usize {
        size_of::<Episode>() + self.finding.what.len() + self.finding.card.heap_bytes()
    }
}

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is told, unless it is hidden.
    pub kind: RecordKind,
    /// A rule hides it.
    pub hidden: bool,
    /// The rule, where it hides a new alert: each counts once.
    pub counted: Option<usize>,
}

impl Verdict {
    /// What becomes of a finding of a severity, where an episode may be open and a rule may hold. `None`: nothing, it is no
    /// worse than what was told, or is hidden still.
    pub fn new(open: Option<&Episode>, severity: Severity, rule: Option<usize>) -> Option<Verdict> {
        let kind = match open.map(|open| (open.hidden, open.severity)) {
            // A rule may begin to hold, or expire, while an episode is open.
            Some((hidden, before)) if severity <= before && (!hidden || rule.is_some()) => return None,
            Some((false, _)) => RecordKind::Update,
            // What was hidden has not been told of.
            _ => RecordKind::Alert,
        };
        let hidden = rule.is_some() && kind == RecordKind::Alert;
        Some(Verdict { kind, hidden, counted: rule.filter(|_| open.is_none()) })
    }
}

/// All that a record tells of besides the finding.
#[derive(Clone, Copy)]
pub struct Telling<'a> {
    /// Memory of pair, domain and client.
    pub seen: Seen<'a>,
    /// Samples, hosts, hours.
    pub watched: &'a Watched,
    /// All clients, where the finding is over several.
    pub crowd: Option<&'a Crowd>,
    /// All domains, earliest first, where the finding is over several.
    pub domains: Option<&'a [&'a [u8]]>,
    /// Name of the format.
    pub format: &'a str,
    /// Configured name of the input.
    pub source: &'a str,
    /// Which networks are which site.
    pub sites: &'a Sites,
    /// Makes ids: 32 hex digits from fields.
    pub id: &'a dyn Fn(&[&[u8]]) -> String,
}

impl Telling<'_> {
    /// The record of a finding.
    pub fn record(&self, kind: RecordKind, finding: &Finding, severity: Severity) -> Record {
        let Seen { pair, domain, client, now, carries, .. } = self.seen;
        let first = rfc3339(pair.first);
        let word = match kind {
            RecordKind::Alert => "alert",
            RecordKind::Update => "update",
            RecordKind::End => "end",
            RecordKind::Merge => "merge",
        };
        let episode = [finding.detector.as_bytes(), &client.name, &domain.name, first.as_bytes()];
        // One of several domains may have an episode of its own.
        let several: &[&[u8]] = if self.domains.is_some() { &[b"domains"] } else { &[] };
        let episode = [&episode[..], several].concat();
        let id = [&episode[..], &[word.as_bytes(), severity.as_str().as_bytes()]].concat();
        let crowd = &self.crowd();
        let mut methods = BTreeMap::new();
        for (method, count) in Method::ALL.into_iter().zip(crowd.methods).filter(|(_, n)| *n > 0) {
            methods.insert(method.as_str().to_owned(), count);
        }
        Record {
            schema: "deguchi/1".into(),
            record: kind,
            id: (self.id)(&id),
            episode: (self.id)(&episode),
            // Known only when all records of the pane are in order.
            incident: String::new(),
            time: rfc3339(now),
            detector: finding.detector.into(),
            severity,
            score: finding.card.score(),
            client: text(&client.name),
            user: self.watched.user.as_deref().map(text),
            site: self.sites.of(&text(&client.name)).map(str::to_owned),
            domain: text(&domain.name),
            hosts: self.watched.hosts.iter().map(|h| text(h)).collect(),
            clients: self.crowd.map(Crowd::names),
            domains: self.domains.map(|all| all.iter().map(|name| text(name)).collect()),
            first_seen: first,
            last_seen: rfc3339(crowd.last),
            requests: crowd.requests,
            denied: crowd.denied,
            methods,
            bytes_down: carries.bytes_down.then_some(crowd.down),
            bytes_up: carries.bytes_up.then_some(crowd.up),
            url_bytes_max: crowd.url_bytes,
            domain_stats: DomainStats {
                first_seen: rfc3339(domain.first),
                clients: domain.clients.count(),
                hosts: domain.hosts.count(),
                requests: domain.requests,
            },
            summary: self.summary(finding, crowd),
            evidence: finding
                .card
                .reasons()
                .into_iter()
                .map(|e| EvidenceRecord {
                    name: e.name.into(),
                    value: rounded(e.value),
                    usual: e.usual.map(rounded),
                    points: e.points,
                    text: e.text,
                })
                .collect(),
            samples: self.watched.samples.iter().map(|url| sample(url)).collect(),
            attack: finding.attack.iter().map(|&t| t.into()).collect(),
            format: self.format.into(),
            source: self.source.into(),
            merged: None,
            shape: self.shape(),
            series: (kind == RecordKind::End).then(|| self.series()),
            interval_histogram: (kind == RecordKind::End).then(|| self.intervals()),
        }
    }

    /// Whoever it speaks of: the clients of a finding over several, else the one.
    fn crowd(&self) -> Crowd {
        self.crowd.cloned().unwrap_or_else(|| {
            let mut one = Crowd::default();
            one.add(self.seen.pair, Box::default());
            one
        })
    }

    fn summary(&self, finding: &Finding, crowd: &Crowd) -> String {
        let Seen { domain, client, carries, .. } = self.seen;
        let denied = match (crowd.denied, crowd.requests) {
            (0, n) => format!("{n} requests"),
            (d, n) if d == n => format!("{n} requests, all denied: an infected host behind a block"),
            (d, n) => format!("{n} requests, {d} denied"),
        };
        let left = left(carries.bytes_up, crowd);
        let (who, program) = match self.crowd {
            Some(crowd) => (format!("{} clients", crowd.count()), "programs on the clients"),
            None => (format!("{}:", text(&client.name)), "program on the client"),
        };
        if finding.detector == "fanout" {
            return format!(
                "{who} {}, first {} ({denied}; {left}). Find the {program}; block those domains that answered.",
                finding.what,
                text(&domain.name)
            );
        }
        let place = match self.domains {
            Some(all) => format!("{} domains in turn, first {}", all.len(), text(&domain.name)),
            None => text(&domain.name),
        };
        let block =
            if self.domains.is_some() { "block all these domains" } else { "block the whole domain, not the host" };
        format!("{who} {} with {} ({denied}; {left}). Find the {program}; {block}.", finding.what, place,)
    }

    /// What the requests of the pair have in common, unless that is only that they are tunnels.
    fn shape(&self) -> Option<u32> {
        let pair = self.seen.pair;
        let detail = pair.detail.as_ref()?;
        (pair.methods[2] * 2 < pair.requests && detail.shape.at_least(detail.seen) >= 0.5).then(|| detail.shape.value())
    }

    fn series(&self) -> Vec<SeriesPoint> {
        let carries = self.seen.carries;
        let point = |h: &crate::window::Hour| SeriesPoint {
            hour: rfc3339(Millis::from(h.hour) * 3_600_000),
            requests: u64::from(h.requests),
            denied: u64::from(h.denied),
            bytes_down: h.down,
            bytes_up: carries.bytes_up.then_some(h.up),
        };
        self.watched.series.iter().map(point).collect()
    }

    /// Intervals by powers of two, from the scale that has more to say.
    fn intervals(&self) -> Vec<IntervalBin> {
        let Some(detail) = &self.seen.pair.detail else { return Vec::new() };
        let [contacts, visits] = [Scale::Contacts, Scale::Visits].map(|scale| detail.intervals.at(scale));
        let ring = if visits.len() >= 8 { visits } else { contacts };
        let mut bins = BTreeMap::new();
        for ms in ring.iter() {
            *bins.entry(ms.max(1).ilog2()).or_insert(0u64) += 1;
        }
        let seconds = |power: u32| (1u64 << power) as f64 / 1000.0;
        bins.into_iter().map(|(p, count)| IntervalBin { from: seconds(p), to: seconds(p + 1), count }).collect()
    }
}

/// What left, as far as the log can say: bytes where logged; else bodies and tunnels by count, since what they hold is not
/// known, and what URLs could carry. Never nothing only because nothing was logged.
fn left(logged: bool, crowd: &Crowd) -> String {
    let [_, posts, tunnels, _] = crowd.methods;
    let mut parts = vec![if logged { format!("{} bytes out", crowd.up) } else { "bytes out not logged".into() }];
    if !logged {
        let counts = [(posts, "POST"), (tunnels, "tunnel")].into_iter().filter(|(n, _)| *n > 0);
        parts.extend(counts.map(|(n, what)| format!("{n} {what}{} of unknown size", if n == 1 { "" } else { "s" })));
    }
    if tunnels < crowd.requests {
        parts.push(format!("at most {} bytes in URLs", crowd.url_bytes));
    }
    parts.join(", ")
}

/// Whole seconds, UTC.
pub(crate) fn rfc3339(time: Millis) -> String {
    jiff::Timestamp::from_second(time.div_euclid(1000))
        .unwrap_or(jiff::Timestamp::MAX)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// Four significant decimals: enough for a person, and the same on every machine.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// What is logged, as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A URL with its query cut: enough to recognise, too little to leak what was sent.
pub(crate) fn sample(url: &[u8]) -> String {
    let shown = match memchr::memchr(b'?', url) {
        Some(at) if url.len() - at - 1 > QUERY_SHOWN => at + 1 + QUERY_SHOWN,
        _ => url.len(),
    }
    .min(URL_SHOWN);
    let mut out = text(&url[..shown]);
    if shown < url.len() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_cut_in_the_query() {
        let url = format!("http://a.example/p?{}", "x".repeat(100));
        let shown = sample(url.as_bytes());
        assert_eq!(shown.len(), "http://a.example/p?".len() + 64 + '…'.len_utf8());
        assert_eq!(sample(b"http://a.example/?short"), "http://a.example/?short");
        assert!(sample("é".repeat(600).as_bytes()).len() < 530);
    }

    #[test]
    fn what_becomes_of_a_finding() {
        let open = |severity, hidden| Episode {
            finding: Finding {
                detector: "beacon",
                card: crate::detect::Card::default(),
                what: String::new(),
                attack: &[],
                standing: crate::window::Standing::Unknown,
            },
            severity,
            input: 0,
            hidden,
        };
        let told = |open: Option<&Episode>, rule| {
            Verdict::new(open, Severity::Medium, rule).map(|v| (v.kind, v.hidden, v.counted))
        };
        let (alert, update) = (RecordKind::Alert, RecordKind::Update);
        assert_eq!(told(None, None), Some((alert, false, None)));
        assert_eq!(told(None, Some(3)), Some((alert, true, Some(3))));
        let (low, medium) = (open(Severity::Low, false), open(Severity::Medium, false));
        assert_eq!(told(Some(&low), None), Some((update, false, None)));
        assert_eq!(told(Some(&low), Some(3)), Some((update, false, None)), "what was told goes on");
        assert_eq!(told(Some(&medium), None), None);
        let (low, medium) = (open(Severity::Low, true), open(Severity::Medium, true));
        assert_eq!(told(Some(&low), Some(3)), Some((alert, true, None)), "hidden once");
        assert_eq!(told(Some(&medium), Some(3)), None);
        assert_eq!(told(Some(&medium), None), Some((alert, false, None)), "the rule is over");
    }

    #[test]
    fn what_was_not_logged_is_not_told_as_nothing() {
        let crowd = |methods: [u64; 4]| {
            let mut crowd = Crowd::default();
            (crowd.requests, crowd.methods, crowd.up) = (methods.iter().sum(), methods, 7);
            crowd
        };
        assert_eq!(left(true, &crowd([3, 0, 0, 0])), "7 bytes out, at most 0 bytes in URLs");
        assert_eq!(left(false, &crowd([3, 0, 0, 0])), "bytes out not logged, at most 0 bytes in URLs");
        assert_eq!(left(false, &crowd([0, 0, 9, 0])), "bytes out not logged, 9 tunnels of unknown size");
        let mixed = "bytes out not logged, 1 POST of unknown size, 2 tunnels of unknown size, at most 0 bytes in URLs";
        assert_eq!(left(false, &crowd([0, 1, 2, 0])), mixed);
    }
}
