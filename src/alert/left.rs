//! What left: how much the episodes of an incident carried out, as far as the log can say. Never nothing only because
//! nothing was logged.

use crate::alert::Story;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Sums over the pairs of an incident. Several detectors tell of one pair: its requests count once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Requests.
    pub requests: u64,
    /// Of these refused by the proxy.
    pub denied: u64,
    /// Requests with a body.
    pub posts: u64,
    /// Tunnels.
    pub tunnels: u64,
    /// Bytes from the clients; `None` where the format does not log them, also only of a part.
    pub bytes_up: Option<u64>,
    /// Bytes to the clients, the same.
    pub bytes_down: Option<u64>,
    /// Upper bound of what paths and queries carried, bytes.
    pub url_bytes_max: u64,
}

impl Left {
    const NOTHING: Left =
        Left { requests: 0, denied: 0, posts: 0, tunnels: 0, bytes_up: Some(0), bytes_down: Some(0), url_bytes_max: 0 };

    /// Of all episodes of an incident.
    pub fn of(stories: &[Story]) -> Left {
        let mut pairs: BTreeMap<(&str, &str), Left> = BTreeMap::new();
        let mut groups: Vec<(&Story, Left)> = Vec::new();
        for story in stories {
            let own = Left::one(story);
            match story.is_pair() {
                true => {
                    let key = (&*story.record.client, &*story.record.domain);
                    pairs.entry(key).and_modify(|held| *held = held.larger(own)).or_insert(own);
                }
                false => groups.push((story, own)),
            }
        }
        let mut sum = pairs.values().copied().reduce(Left::plus);
        // A finding over several holds its pairs: only what is beyond them is added.
        groups.sort_by_key(|(_, own)| Reverse(own.requests));
        let mut counted: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (story, own) in groups {
            let (mut inside, mut shared) = (Left::NOTHING, false);
            for client in story.clients() {
                for pair in story.domains().map(|domain| (client, domain)) {
                    inside = pairs.get(&pair).map_or(inside, |left| inside.plus(*left));
                    shared |= !counted.insert(pair);
                }
            }
            let mut rest = own.beyond(inside);
            if shared {
                // What two findings share is counted once; but an upper bound must stay one.
                let none = Left {
                    bytes_up: rest.bytes_up.map(|_| 0),
                    bytes_down: rest.bytes_down.map(|_| 0),
                    ..Left::default()
                };
                rest = Left { url_bytes_max: rest.url_bytes_max, ..none };
            }
            sum = Some(sum.map_or(rest, |sum| sum.plus(rest)));
        }
        sum.unwrap_or_default()
    }

    fn one(story: &Story) -> Left {
        let record = &story.record;
        let method = |name: &str| record.methods.get(name).copied().unwrap_or(0);
        Left {
            requests: record.requests,
            denied: record.denied,
            posts: method("POST") + method("PUT"),
            tunnels: method("CONNECT"),
            bytes_up: record.bytes_up,
            bytes_down: record.bytes_down,
            url_bytes_max: record.url_bytes_max,
        }
    }

    /// Field by field with another.
    fn with(self, other: Left, count: impl Fn(u64, u64) -> u64) -> Left {
        Left {
            requests: count(self.requests, other.requests),
            denied: count(self.denied, other.denied),
            posts: count(self.posts, other.posts),
            tunnels: count(self.tunnels, other.tunnels),
            bytes_up: self.bytes_up.zip(other.bytes_up).map(|(a, b)| count(a, b)),
            bytes_down: self.bytes_down.zip(other.bytes_down).map(|(a, b)| count(a, b)),
            url_bytes_max: count(self.url_bytes_max, other.url_bytes_max),
        }
    }

    fn plus(self, other: Left) -> Left {
        self.with(other, u64::saturating_add)
    }

    fn larger(self, other: Left) -> Left {
        self.with(other, u64::max)
    }

    fn beyond(self, inside: Left) -> Left {
        let rest = self.with(inside, u64::saturating_sub);
        Left {
            bytes_up: self.bytes_up.map(|up| up.saturating_sub(inside.bytes_up.unwrap_or(0))),
            bytes_down: self.bytes_down.map(|down| down.saturating_sub(inside.bytes_down.unwrap_or(0))),
            ..rest
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Record;
    use crate::alert::record;

    fn left(records: impl IntoIterator<Item = Record>) -> Left {
        Left::of(&records.into_iter().map(Story::new).collect::<Vec<_>>())
    }

    #[test]
    fn requests_that_several_detectors_tell_of_count_once() {
        let one = record("1", 86, "a", "evil.example");
        let again = Record { detector: "get_exfil".into(), url_bytes_max: 10_000, ..one.clone() };
        let other = Record { domain: "bad.example".into(), ..one.clone() };
        let told = left([one, again, other]);
        assert_eq!((told.requests, told.url_bytes_max, told.bytes_up), (316, 19_480, None));
    }

    #[test]
    fn of_a_finding_over_several_only_what_is_beyond_its_pairs_is_added() {
        let one = Record { bytes_up: Some(5), ..record("1", 86, "a", "evil.example") };
        let spread = Record {
            clients: Some(vec!["a".into(), "b".into()]),
            requests: 200,
            bytes_up: Some(9),
            url_bytes_max: 10_000,
            ..one.clone()
        };
        let told = left([spread.clone(), one.clone()]);
        assert_eq!((told.requests, told.url_bytes_max, told.bytes_up), (200, 10_000, Some(9)));
        let told = left([Record { bytes_up: None, ..spread }, one]);
        assert_eq!(told.bytes_up, None, "unknown of a part is unknown");
    }
}
