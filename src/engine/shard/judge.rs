//! What a shard tells: judgements of the pairs that are due, and the episodes that come of them.

use super::{Shard, pair_hash};
use crate::alert::{Crowd, Episode, QUIET, Record, RecordKind, Severity, Telling, Verdict};
use crate::detect::spread::Spread;
use crate::detect::{DETECTORS, Detector, Finding, Seen};
use crate::engine::pane::Pane;
use crate::engine::waiting::Waiting;
use crate::engine::why::{Said, Why, times};
use crate::window::ledger::Incident;
use crate::window::{HOSTS, Ladder, Pair, Standing};

/// Whether a detector judges by what it saw itself: what a list or an earlier incident says is no new proof.
fn finding_is_own(number: u8) -> bool {
    DETECTORS[usize::from(number)].name != "ioc"
}

/// A finding at this score makes a pair a candidate: samples, hosts and hours are kept from here on.
const CANDIDATE: u8 = 25;

impl Shard {
    /// Judges the pairs of this pane that are due.
    pub fn judge(&mut self, pane: &Pane<'_>) {
        let due = std::mem::take(&mut self.due);
        let mut found = Vec::new();
        for &(row, contact, by_count) in &due {
            let pair = self.pairs.get_mut(row);
            if let Some(urls) = pair.urls_mut() {
                urls.refresh();
            }
            self.domains.get_mut(pair.domain).clients.refresh();
            found.clear();
            self.look(pane, row, (by_count, false), |seen| {
                DETECTORS.iter().for_each(|detector| detector.build.judge(&seen, &mut found));
            });
            if self.follow_up(pane, row, contact, by_count, &found) {
                self.judge_spread(pane, row, contact);
            }
        }
        self.due = due;
    }

    /// Judges the domain of a pair that it has just reached, and tells of the first pair it did.
    fn judge_spread(&mut self, pane: &Pane<'_>, row: u32, contact: Waiting) {
        let place = self.pairs.get(row).domain;
        let zero = self.domains.get(place).judged.zero;
        let first = self.pairs.find(pair_hash(place, zero), |p| p.client == zero && p.domain == place);
        let Some(first) = first.filter(|first| *first != row) else { return };
        let mut found = Vec::new();
        self.look(pane, first, (true, false), |seen| Spread.judge(&seen, &mut found));
        self.follow_up(pane, first, contact, false, &found);
    }

    /// Row of a pair, and the minutes at which it is worth a look.
    pub fn meeting(&self, domain: u64, client: u64) -> Option<(u32, Vec<u32>)> {
        let domain = self.domains.find(domain, |d| d.hash == domain)?;
        let row = self.pairs.find(pair_hash(domain, client), |p| p.client == client && p.domain == domain)?;
        let pair = self.pairs.get(row);
        let tunnel = pair.detail.as_ref().map_or(0, |detail| detail.last_tunnel());
        Some((row, times(pair.hand.last, pair.sent().map_or(0, Ladder::last), tunnel)))
    }

    /// What is known of a pair, and what all detectors say of it at the end of a pane, or said when a rule hid it.
    pub fn why(&mut self, pane: &Pane<'_>, row: u32) -> Option<(Why, Vec<Said>)> {
        self.domains.get_mut(self.pairs.get(row).domain).refresh();
        let mut found = Vec::new();
        let facts = self.look(pane, row, (true, true), |seen| {
            let mut silent = Vec::new();
            for detector in DETECTORS {
                if seen.pair.requests == 0 {
                    silent.push((detector.name, "its last episode is over, and it has not come back".into()));
                    continue;
                }
                let before = found.len();
                detector.build.judge(&seen, &mut found);
                if found.len() == before {
                    silent.push((detector.name, detector.build.silence(&seen)));
                }
            }
            Why {
                domain: String::new(),
                client: String::from_utf8_lossy(&seen.client.name).into_owned(),
                requests: seen.pair.requests,
                denied: seen.pair.denied,
                first: seen.pair.first,
                last: seen.pair.hand.last,
                clients: seen.domain.clients.count(),
                said: Vec::new(),
                silent,
            }
        })?;
        let mut said: Vec<Said> = found.into_iter().map(Said::now).collect();
        said.extend(self.why_spread(pane, row));
        let hidden = self.told(self.pairs.get(row)).filter(|episode| episode.hidden);
        let note = || Some("hidden by an allow rule".to_owned());
        said.extend(hidden.map(|episode| Said { note: note(), ..Said::now(episode.finding.clone()) }));
        Some((facts, said))
    }

    /// What is said of the spread of a pair's domain: of the first client that it reached.
    fn why_spread(&self, pane: &Pane<'_>, row: u32) -> Option<Said> {
        let place = self.pairs.get(row).domain;
        let zero = self.domains.get(place).judged.zero;
        let first = self.pairs.find(pair_hash(place, zero), |p| p.client == zero && p.domain == place)?;
        let mut found = Vec::new();
        let name = self.look(pane, first, (true, true), |seen| {
            Spread.judge(&seen, &mut found);
            String::from_utf8_lossy(&seen.client.name).into_owned()
        })?;
        let note = (first != row).then(|| format!("told once for the domain, with its first client {name}"));
        found.pop().map(|finding| Said { note, ..Said::now(finding) })
    }

    /// Runs `look` with everything known of a pair; `asked`: `due` and `words` of [`Seen`].
    fn look<T>(&self, pane: &Pane<'_>, row: u32, asked: (bool, bool), look: impl FnOnce(Seen<'_>) -> T) -> Option<T> {
        let pair = self.pairs.get(row);
        let domain = self.domains.get(pair.domain);
        pane.clients.with(pair.client, |client| look(pane.seen(pair, domain, client, asked)))
    }

    /// What a judgement leads to: closer watching, a record, and when to judge next. `contact`: the one of this pane that
    /// led to it, of this pair or of another of the domain. Whether the pair turned out to be one that the domain reached.
    fn follow_up(&mut self, pane: &Pane<'_>, row: u32, contact: Waiting, by_count: bool, found: &[Finding]) -> bool {
        let best = found.iter().map(|f| f.card.score()).max().unwrap_or(0);
        let pair = self.pairs.get_mut(row);
        let before = pair.heap_bytes();
        let (requests, client) = (pair.requests, pair.client);
        if best >= CANDIDATE || pair.detail.is_some() {
            let detail = pair.detail_mut();
            if by_count {
                // What looks like nothing is looked at again after half as many contacts more, else after an eighth.
                let share = if best >= CANDIDATE { 8 } else { 2 };
                detail.judge_at = requests + (requests / share).max(1);
            }
            if best >= CANDIDATE {
                let watched = detail.watched.get_or_insert_default();
                if found.iter().any(|f| f.detector == "get_exfil") {
                    watched.urls.get_or_insert_default();
                }
                if pane.contact(contact).client == client {
                    pane.sample(contact, watched);
                }
            }
        }
        self.heap += pair.heap_bytes().saturating_sub(before);
        let standing = pair.rise(by_count, found.iter().map(|f| f.standing).max().unwrap_or_default());
        let domain = self.domains.get_mut(pair.domain);
        if let Some((from, to, shape)) = standing {
            domain.judged.rise(from, to, client, shape);
        }
        let key = (domain.hash, client);
        let input = pane.batch(contact).input;
        for finding in found {
            let Some(severity) = Severity::of(finding.card.score()) else { continue };
            let number = DETECTORS.iter().position(|d| d.name == finding.detector).unwrap_or(0) as u8;
            let rule = if pane.lists.allow.is_empty() { None } else { self.hidden_by(pane, row, finding.detector) };
            let open = self.episodes.get(&(key.0, key.1, number));
            let Some(Verdict { kind, hidden, counted }) = Verdict::new(open, severity, rule) else { continue };
            let mut told = Vec::new();
            self.look(pane, row, (true, true), |seen| DETECTORS[usize::from(number)].build.judge(&seen, &mut told));
            let Some(finding) = told.pop() else { continue };
            let episode = Episode { finding, severity, input, hidden };
            let domain = self.domains.get_mut(self.pairs.get(row).domain);
            domain.refresh();
            if hidden {
                self.hidden.extend(counted.map(|rule| (rule, DETECTORS[usize::from(number)].name)));
            } else {
                if finding_is_own(number) && severity >= Severity::Medium {
                    let score = episode.finding.card.score();
                    if domain.incident.is_none_or(|(_, worst)| worst < score) {
                        domain.incident = Some((domain.incident.map_or(pane.minute, |(first, _)| first), score));
                    }
                    let incident = Incident { time: pane.end(), score };
                    pane.knowledge.told(domain, incident, (pane.contact(contact), input));
                }
                let record = self.tell(pane, row, kind, &episode);
                self.records.extend(record);
            }
            self.heap += episode.bytes();
            let before = self.episodes.insert((key.0, key.1, number), episode);
            self.heap -= before.map_or(0, |episode| episode.bytes());
        }
        standing.is_some_and(|(_, to, _)| to == Standing::Reached)
    }

    /// The rule that hides what a detector says of a pair.
    fn hidden_by(&self, pane: &Pane<'_>, row: u32, detector: &str) -> Option<usize> {
        let pair = self.pairs.get(row);
        let domain = self.domains.get(pair.domain);
        let client = pane.clients.with(pair.client, |client| client.name.clone())?;
        let watched = pair.detail.as_ref().and_then(|detail| detail.watched.as_ref());
        // Rules about a host hold only if all hosts are known.
        let all = pair.detail.as_ref().is_some_and(|detail| detail.host_count() < HOSTS as f64);
        let hosts: Vec<_> = watched
            .filter(|_| all)
            .map_or(Vec::new(), |w| w.hosts.iter().map(|host| String::from_utf8_lossy(host)).collect());
        let (client, name) = (String::from_utf8_lossy(&client), String::from_utf8_lossy(&domain.name));
        pane.lists.allow.covers_hosts(&client, &name, &hosts, detector, pane.end())
    }

    fn tell(&self, pane: &Pane<'_>, row: u32, kind: RecordKind, episode: &Episode) -> Option<Record> {
        let nothing = crate::window::Watched::default();
        let watched = self.pairs.get(row).detail.as_ref().and_then(|d| d.watched.as_deref()).unwrap_or(&nothing);
        let format = pane.formats.get(episode.input as usize).map_or("", |f| f);
        let id = |fields: &[&[u8]]| pane.key.id(fields);
        let crowd = (episode.finding.detector == "spread").then(|| self.crowd(pane, self.pairs.get(row).domain));
        self.look(pane, row, (true, true), |seen| {
            let sites = &pane.lists.sites;
            let crowd = crowd.as_ref();
            Telling { seen, watched, crowd, domains: None, format, source: "log", sites, id: &id }.record(
                kind,
                &episode.finding,
                episode.severity,
            )
        })
    }

    /// The pairs that a domain reached, together. Walks all pairs of the shard: only for what is told.
    fn crowd(&self, pane: &Pane<'_>, domain: u32) -> Crowd {
        let mut crowd = Crowd::default();
        for pair in self.pairs.rows().filter(|p| p.domain == domain && p.standing() == Standing::Reached) {
            let name = pane.clients.with(pair.client, |client| client.name.clone()).unwrap_or_default();
            crowd.add(pair, name);
        }
        crowd
    }

    /// Ends episodes that have been quiet for long, or `all` of them.
    pub fn end_episodes(&mut self, pane: &Pane<'_>, all: bool) {
        self.end_where(pane, |pair| all || pane.end() - pair.hand.last >= QUIET);
    }

    /// Ends the episodes of pairs that `is_over` names.
    pub(super) fn end_where(&mut self, pane: &Pane<'_>, is_over: impl Fn(&Pair) -> bool) {
        let mut over = Vec::new();
        for &key in self.episodes.keys() {
            let Some(domain) = self.domains.find(key.0, |d| d.hash == key.0) else { continue };
            let found = self.pairs.find(pair_hash(domain, key.1), |p| p.client == key.1 && p.domain == domain);
            let Some(row) = found else { continue };
            if is_over(self.pairs.get(row)) {
                over.push((key, domain, row));
            }
        }
        for &(key, domain, row) in &over {
            let Some(episode) = self.episodes.remove(&key) else { continue };
            self.heap -= episode.bytes();
            self.domains.get_mut(domain).refresh();
            if !episode.hidden {
                let record = self.tell(pane, row, RecordKind::End, &episode);
                self.records.extend(record);
            }
        }
        // Only now: a pair may be in the episodes of several detectors.
        for (_, domain, row) in over {
            let pair = self.pairs.get_mut(row);
            self.domains.get_mut(domain).judged.forget(pair.standing(), pair.client);
            pair.begin_anew();
        }
    }

    /// Clients with an open episode.
    pub fn clients_told(&self) -> impl Iterator<Item = u64> {
        self.episodes.keys().map(|&(_, client, _)| client)
    }
}
