//! The block list: the domains of alerts, each with what else its block would hit.
//!
//! A domain is blocked as a whole, since a block of one host is gone round with the next host under it. Where strangers
//! share a domain that would hit all of them: there the exact hosts are offered instead.

use crate::alert::{Dossier, Severity};
use crate::detect::is_shared;
use crate::event::{HostKind, Normalizer};
use std::collections::{BTreeMap, BTreeSet};

/// One name to block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Registrable domain, host or address, in normal form: letters, digits, `-`, `_`, `.` and `:` only.
    pub name: String,
    /// It is an IP address: nobody asks a name server for it.
    pub address: bool,
    /// With all hosts below it.
    pub below: bool,
    /// Hosts under it that were contacted, in normal form; for forms that cannot say "all below".
    pub hosts: BTreeSet<String>,
    /// Severity of the worst alert.
    pub severity: Severity,
    /// Clients that alerted.
    pub clients: u64,
    /// Other clients that go to the domain: the block hits them too.
    pub other_clients: u64,
    /// Hosts under the domain that anybody asked for.
    pub all_hosts: u64,
    /// Requests of all clients to the domain.
    pub all_requests: u64,
    /// First contact of any client, RFC 3339 UTC, as the records say.
    pub first_seen: String,
    /// Last contact of an alerting client, RFC 3339 UTC, as the records say.
    pub last_seen: String,
    /// Ids of the incidents.
    pub incidents: BTreeSet<String>,
}

/// A domain that is not blocked as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Strangers share it; its hosts that were contacted are on the list instead.
    Shared(String),
    /// It is no name that a block list could hold.
    NoName(String),
}

/// What to block, ordered by name, and what not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockList {
    /// One entry a name.
    pub blocks: Vec<Block>,
    /// Domains that are not blocked as a whole.
    pub refusals: Vec<Refusal>,
}

impl BlockList {
    /// The domains that alerts of this severity or a higher one name; `force` blocks shared ones as a whole too.
    pub fn of<'a>(dossiers: impl IntoIterator<Item = &'a Dossier>, least: Severity, force: bool) -> BlockList {
        let mut domains: BTreeMap<&str, Vec<(&Dossier, u8)>> = BTreeMap::new();
        for dossier in dossiers {
            for (domain, party) in &dossier.domains {
                if Severity::of(party.score).is_some_and(|severity| severity >= least) {
                    domains.entry(domain).or_default().push((dossier, party.score));
                }
            }
        }
        let mut list = BlockList::default();
        let mut normalizer = Normalizer::default();
        for (domain, told) in domains {
            let Some((name, kind)) = normal(&mut normalizer, domain) else {
                list.refusals.push(Refusal::NoName(domain.to_owned()));
                continue;
            };
            let whole = Block::of(name, kind, domain, &told, &mut normalizer);
            // A single label may be a top-level domain: never what lies below it.
            match is_shared(whole.name.as_bytes()) && !force {
                false => list.blocks.push(whole),
                true => {
                    list.refusals.push(Refusal::Shared(whole.name.clone()));
                    let exact = whole.hosts.iter().filter(|host| **host != whole.name);
                    let exact = exact.map(|host| Block {
                        name: host.clone(),
                        below: false,
                        hosts: BTreeSet::new(),
                        ..whole.clone()
                    });
                    list.blocks.extend(exact);
                }
            }
        }
        list.blocks.sort_by(|a, b| a.name.cmp(&b.name));
        list
    }
}

impl Block {
    fn of(name: String, kind: HostKind, domain: &str, told: &[(&Dossier, u8)], normalizer: &mut Normalizer) -> Block {
        let mut block = Block {
            below: kind == HostKind::Name,
            severity: Severity::Low,
            clients: 0,
            other_clients: 0,
            all_hosts: 0,
            all_requests: 0,
            first_seen: String::new(),
            last_seen: String::new(),
            hosts: BTreeSet::new(),
            incidents: BTreeSet::new(),
            name,
            address: kind == HostKind::Address,
        };
        let (mut clients, mut all) = (BTreeSet::new(), 0);
        for (dossier, score) in told {
            let party = &dossier.domains[domain];
            block.severity = block.severity.max(Severity::of(*score).unwrap_or(Severity::Low));
            block.incidents.insert(dossier.id.clone());
            clients.extend(&party.others);
            if party.last_seen > block.last_seen {
                block.last_seen.clone_from(&party.last_seen);
            }
            let mut first = &party.first_seen;
            if let Some(stats) = &party.all {
                all = all.max(stats.clients);
                block.all_hosts = block.all_hosts.max(stats.hosts);
                block.all_requests = block.all_requests.max(stats.requests);
                first = &stats.first_seen;
            }
            if block.first_seen.is_empty() || *first < block.first_seen {
                block.first_seen.clone_from(first);
            }
            let below =
                |host: &String| host.strip_suffix(&block.name).is_some_and(|b| b.is_empty() || b.ends_with('.'));
            let hosts = party.hosts.iter().filter_map(|host| normal(normalizer, host)).map(|(host, _)| host);
            block.hosts.extend(hosts.filter(below));
        }
        block.clients = clients.len() as u64;
        block.other_clients = all.saturating_sub(block.clients);
        block
    }
}

/// The normal form of a name that a proxy, name server or browser can be given. What records name comes from a log.
fn normal(normalizer: &mut Normalizer, name: &str) -> Option<(String, HostKind)> {
    let found = normalizer.destination(name.as_bytes()).filter(|found| found.port.is_none())?;
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.:".contains(byte);
    let label = |label: &[u8]| (1..=63).contains(&label.len());
    let fits = found.host.len() <= 253 && found.host.iter().all(plain);
    let fits = fits && (found.kind == HostKind::Address || found.host.split(|&byte| byte == b'.').all(label));
    let text = fits.then(|| String::from_utf8_lossy(found.host).into_owned())?;
    Some((text, found.kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::record;
    use crate::alert::{Dossiers, Record};
    use proptest::prelude::*;

    fn list(records: Vec<Record>, force: bool) -> BlockList {
        let mut dossiers = Dossiers::default();
        records.into_iter().for_each(|record| dossiers.take(record));
        BlockList::of(&dossiers.ranked(), Severity::Medium, force)
    }

    fn names(list: &BlockList) -> Vec<(&str, bool)> {
        list.blocks.iter().map(|block| (&*block.name, block.below)).collect()
    }

    #[test]
    fn the_domain_with_what_else_it_hits() {
        let mut one = record("1", 86, "a", "evil.example");
        (one.domain_stats.clients, one.domain_stats.requests) = (4, 900);
        let hint = record("2", 45, "b", "hint.example");
        let list = list(vec![one, hint], false);
        assert_eq!(names(&list), [("evil.example", true)]);
        let block = &list.blocks[0];
        assert_eq!((block.clients, block.other_clients, block.all_requests), (1, 3, 900));
        assert!(block.hosts.contains("www.evil.example"));
    }

    #[test]
    fn what_strangers_share_is_not_blocked_as_a_whole_unless_forced() {
        let shared = record("1", 86, "a", "dropbox.com");
        let suffix = record("2", 86, "a", "s3.amazonaws.com");
        let refused = list(vec![shared.clone(), suffix.clone()], false);
        assert_eq!(names(&refused), [("www.dropbox.com", false), ("www.s3.amazonaws.com", false)]);
        assert_eq!(refused.refusals.len(), 2);
        assert_eq!(names(&list(vec![shared, suffix], true)), [("dropbox.com", true), ("s3.amazonaws.com", true)]);
    }

    #[test]
    fn a_label_and_an_address_have_nothing_below_them() {
        let named = |domain: &str| Record { hosts: vec![domain.into()], ..record(domain, 86, "a", domain) };
        let list = list(vec![named("com"), named("192.0.2.7"), named("2001:db8::7")], false);
        assert!(list.blocks.len() == 3 && list.blocks.iter().all(|block| !block.below), "{list:?}");
    }

    proptest! {
        /// Whatever a record names: a line of a list holds a name and nothing else.
        #[test]
        fn names_hold_nothing_else(name in "[a-z0-9.\\-_#;\\n\\r \"'*/\\\\:é]{0,30}|\\PC{0,30}") {
            let list = list(vec![record("1", 86, "a", &name)], true);
            prop_assert_eq!(list.blocks.len() + list.refusals.len(), 1);
            for block in &list.blocks {
                let all = block.hosts.iter().chain([&block.name]);
                for name in all {
                    prop_assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b)), "{name:?}");
                }
            }
        }
    }
}
