//! The dossier: all that the records of one incident tell, read back from them: who, where, when, and what left.

use crate::alert::{Left, Party, Record, RecordKind, Severity, Story};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Episodes kept; of more, those of the lowest scores are only counted.
const KEPT: usize = 20_000;

/// All that is told of one incident.
#[derive(Clone, Debug, Default)]
pub struct Dossier {
    /// Its id, fixed by its first alert.
    pub id: String,
    /// Its episodes, the highest score first; of one score the earliest.
    pub stories: Vec<Story>,
    /// Episodes that are not among them.
    pub dropped: u64,
    /// Clients by name.
    pub clients: BTreeMap<String, Party>,
    /// Domains by name.
    pub domains: BTreeMap<String, Party>,
    /// Detectors, and when each told of it first, RFC 3339 UTC.
    pub detectors: BTreeMap<String, String>,
    /// What left.
    pub left: Left,
}

impl Dossier {
    fn new(id: String, mut stories: Vec<Story>, dropped: u64) -> Dossier {
        stories.sort_by(|a, b| {
            let key = |story: &Story| Reverse(story.record.score);
            (key(a), &a.record.time, &a.record.id).cmp(&(key(b), &b.record.time, &b.record.id))
        });
        let mut dossier = Dossier { id, dropped, left: Left::of(&stories), ..Dossier::default() };
        for story in &stories {
            dossier.add(story);
        }
        dossier.stories = stories;
        dossier
    }

    fn add(&mut self, story: &Story) {
        let record = &story.record;
        let told = self.detectors.entry(record.detector.clone()).or_insert_with(|| record.time.clone());
        if record.time < *told {
            told.clone_from(&record.time);
        }
        let pair = story.is_pair();
        for client in story.clients() {
            let party = self.clients.entry(client.to_owned()).or_default();
            party.meet(record, story.domains(), pair, client == record.client);
            if client == record.client {
                party.site = party.site.take().or_else(|| record.site.clone());
                party.user = party.user.take().or_else(|| record.user.clone());
            }
        }
        for domain in story.domains() {
            let party = self.domains.entry(domain.to_owned()).or_default();
            party.meet(record, story.clients(), pair, domain == record.domain);
            party.hosts.extend(record.hosts.iter().filter(|host| is_below(host, domain)).cloned());
            if domain == record.domain {
                party.know(&record.domain_stats);
            }
        }
    }

    /// The highest score of its episodes.
    pub fn score(&self) -> u8 {
        self.stories.first().map_or(0, |story| story.record.score)
    }

    /// The severity of that score.
    pub fn severity(&self) -> Severity {
        Severity::of(self.score()).unwrap_or(Severity::Low)
    }

    /// First contact, RFC 3339 UTC.
    pub fn first_seen(&self) -> &str {
        self.stories.iter().map(|story| &*story.record.first_seen).min().unwrap_or_default()
    }

    /// Last contact told of.
    pub fn last_seen(&self) -> &str {
        self.stories.iter().map(|story| &*story.record.last_seen).max().unwrap_or_default()
    }

    /// Number of clients by site; those of no site under `None`. Ordered by number, then name.
    pub fn sites(&self) -> Vec<(Option<&str>, usize)> {
        let mut sites: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        self.clients.values().for_each(|party| *sites.entry(party.site.as_deref()).or_default() += 1);
        let mut sites: Vec<_> = sites.into_iter().collect();
        sites.sort_by_key(|&(site, count)| (site.is_none(), Reverse(count), site));
        sites
    }

    /// Detectors in the order in which they told of it first.
    pub fn stages(&self) -> Vec<&str> {
        let mut stages: Vec<_> = self.detectors.iter().map(|(name, time)| (&**time, &**name)).collect();
        stages.sort_unstable();
        stages.into_iter().map(|(_, name)| name).collect()
    }
}

/// Whether a host is a domain, or below it.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// All incidents that records tell of.
#[derive(Clone, Debug, Default)]
pub struct Dossiers {
    /// By episode: the incident as named by its records, and the story.
    stories: BTreeMap<String, (String, Story)>,
    /// Where an incident went that proved part of another.
    merged: BTreeMap<String, String>,
    dropped: BTreeMap<String, u64>,
    last: String,
}

impl Dossiers {
    /// Takes a record; the same again changes nothing.
    pub fn take(&mut self, record: Record) {
        if record.time > self.last {
            self.last.clone_from(&record.time);
        }
        if record.record == RecordKind::Merge {
            let Some(merged) = &record.merged else { return };
            let (from, into) = (self.root(merged).to_owned(), self.root(&record.incident).to_owned());
            if from != into {
                self.merged.insert(from, into);
            }
            return;
        }
        match self.stories.get_mut(&record.episode) {
            Some((_, story)) => story.take(record),
            None => {
                self.stories.insert(record.episode.clone(), (record.incident.clone(), Story::new(record)));
            }
        }
        if self.stories.len() >= 2 * KEPT {
            self.shrink();
        }
    }

    /// The incidents, the worst and largest first.
    pub fn ranked(&self) -> Vec<Dossier> {
        let mut incidents: BTreeMap<&str, (Vec<Story>, u64)> = BTreeMap::new();
        for (incident, story) in self.stories.values() {
            incidents.entry(self.root(incident)).or_default().0.push(story.clone());
        }
        for (incident, dropped) in &self.dropped {
            incidents.entry(self.root(incident)).or_default().1 += dropped;
        }
        let dossiers = incidents.into_iter().filter(|(_, (stories, _))| !stories.is_empty());
        let mut dossiers: Vec<Dossier> =
            dossiers.map(|(id, (stories, dropped))| Dossier::new(id.to_owned(), stories, dropped)).collect();
        dossiers.sort_by(|a, b| {
            let key = |d: &Dossier| Reverse((d.severity(), d.clients.len(), d.score()));
            (key(a), a.first_seen(), &a.id).cmp(&(key(b), b.first_seen(), &b.id))
        });
        dossiers
    }

    /// Time of the last record, RFC 3339 UTC; empty without any.
    pub fn last(&self) -> &str {
        &self.last
    }

    /// The incident that one is part of: itself, unless a record says otherwise.
    pub fn root<'a>(&'a self, incident: &'a str) -> &'a str {
        let mut at = incident;
        // No circle: only what leads nowhere yet is led elsewhere, and never to what leads to it.
        while let Some(next) = self.merged.get(at) {
            at = next;
        }
        at
    }

    /// Keeps the half with the highest scores.
    fn shrink(&mut self) {
        let mut all: Vec<(String, (String, Story))> = std::mem::take(&mut self.stories).into_iter().collect();
        all.sort_by(|(a, (_, one)), (b, (_, other))| {
            (Reverse(one.record.score), a).cmp(&(Reverse(other.record.score), b))
        });
        for (_, (incident, _)) in all.drain(KEPT..) {
            *self.dropped.entry(incident).or_default() += 1;
        }
        self.stories = all.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::record;

    fn of(records: impl IntoIterator<Item = Record>) -> Dossiers {
        let mut dossiers = Dossiers::default();
        records.into_iter().for_each(|record| dossiers.take(record));
        dossiers
    }

    #[test]
    fn incidents_that_proved_one_are_one_whatever_the_order() {
        let of_incident = |episode: &str, client: &str, incident: &str| Record {
            incident: incident.into(),
            ..record(episode, 70, client, "evil.example")
        };
        let merge = |into: &str, from: &str| Record {
            record: RecordKind::Merge,
            merged: Some(from.into()),
            ..of_incident("m", "a", into)
        };
        let all = [of_incident("1", "a", "x"), of_incident("2", "b", "y"), of_incident("3", "c", "z")];
        // The last two say the same again, and the reverse: neither makes a circle.
        let merges = [merge("x", "y"), merge("y", "z"), merge("y", "z"), merge("z", "x")];
        let mut backwards: Vec<Record> = all.iter().chain(&merges).cloned().collect();
        backwards.reverse();
        for records in [all.iter().chain(&merges).cloned().collect(), backwards] {
            let ranked = of(records).ranked();
            assert_eq!((ranked.len(), ranked[0].clients.len(), ranked[0].stories.len()), (1, 3, 3));
        }
    }

    #[test]
    fn who_and_where() {
        let mut spread = record("s", 55, "a", "evil.example");
        spread.detector = "spread".into();
        spread.clients = Some(vec!["a".into(), "b".into()]);
        let one = Record { site: Some("Site B".into()), ..record("1", 86, "a", "evil.example") };
        let again = Record {
            detector: "get_exfil".into(),
            time: "2015-05-08T03:00:00Z".into(),
            ..record("2", 60, "a", "evil.example")
        };
        let dossier = &of([spread, one, again]).ranked()[0];
        assert_eq!((dossier.severity(), dossier.stages()), (Severity::High, vec!["beacon", "spread", "get_exfil"]));
        assert_eq!(dossier.sites(), [(Some("Site B"), 1), (None, 1)]);
        let (a, b) = (&dossier.clients["a"], &dossier.clients["b"]);
        assert_eq!((a.score, b.score, a.requests(), b.requests()), (86, 55, Some(158), None));
        assert_eq!(dossier.domains["evil.example"].others.len(), 2);
    }

    #[test]
    fn a_flood_is_counted_and_the_worst_stay() {
        let mut all: Vec<Record> =
            (0..2 * KEPT + 5).map(|n| record(&n.to_string(), 45, "192.0.2.17", "evil.example")).collect();
        all[3].score = 95;
        let dossiers = of(all).ranked();
        let dossier = &dossiers[0];
        assert_eq!(dossier.stories.len() as u64 + dossier.dropped, 2 * KEPT as u64 + 5);
        assert_eq!(dossier.stories[0].record.episode, "3");
    }
}
