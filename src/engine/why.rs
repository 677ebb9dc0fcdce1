//! Why a pair alerts, or does not: what every detector says of it.

use crate::detect::Finding;
use crate::engine::pane::Pane;
use crate::engine::{Engine, SHARDS, batch, lock};
use crate::event::{Method, Millis, Normalizer};
use crate::window::pane_of;
use std::cmp::Reverse;

/// What is known of a pair, and what the detectors say.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// Registrable domain, IP literal or single label.
    pub domain: String,
    /// The client, as logged.
    pub client: String,
    /// Contacts; since the last episode, if one is over.
    pub requests: u32,
    /// Of them refused by the proxy.
    pub denied: u32,
    /// First start, ms UTC.
    pub first: Millis,
    /// Last start, ms UTC.
    pub last: Millis,
    /// Distinct clients of the domain.
    pub clients: u64,
    /// What each detector that has something to say finds, best score first.
    pub said: Vec<Said>,
    /// Why each of the others says nothing, in the order of the manual.
    pub silent: Vec<(&'static str, String)>,
}

/// What one detector says.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Its finding.
    pub finding: Finding,
    /// What it is about, if not what the pair does now.
    pub note: Option<String>,
    /// The domains it is about, where one clock goes over several.
    pub domains: Vec<String>,
}

impl Said {
    /// Of the pair as of now.
    pub fn now(finding: Finding) -> Said {
        Said { finding, note: None, domains: Vec::new() }
    }

    fn score(&self) -> u8 {
        self.finding.card.score()
    }
}

/// A pane of which the minute is chosen by whoever is asked.
pub(super) type At<'a> = dyn Fn(u32) -> Pane<'a> + 'a;

impl Engine {
    /// Everything every detector says of a client and the domain of a host, as of their last contact, of the last upload
    /// and of the last tunnel. Call before [`Engine::finish`]. `None` if they never met, or were dropped to stay within the
    /// memory limit.
    pub fn why(&self, client: &str, host: &str) -> Option<Why> {
        let mut normalizer = Normalizer::default();
        let name = normalizer.destination(host.as_bytes())?.domain.to_vec();
        let (domain, client) = (self.settings.key.name(&name), self.settings.key.name(client.as_bytes()));
        let at = |minute| self.pane(minute, self.events);
        let mut why = self.why_pair(domain, client)?;
        for method in Method::ALL {
            let of_program = self.programs.why((client, method), domain, &at, &self.shards);
            of_program.into_iter().for_each(|said| why.hear(said));
        }
        match self.fans.why(client, domain, &at, &self.shards) {
            Ok(said) => why.hear(said),
            Err(reason) => why.silent.iter_mut().filter(|s| s.0 == "fanout").for_each(|s| s.1.clone_from(&reason)),
        }
        why.silent.retain(|(detector, _)| why.said.iter().all(|said| said.finding.detector != *detector));
        why.said.sort_by_key(|said| (Reverse(said.score()), said.finding.detector));
        why.domain = String::from_utf8_lossy(&name).into_owned();
        Some(why)
    }

    /// What is said of the pair alone.
    fn why_pair(&self, domain: u64, client: u64) -> Option<Why> {
        let shard = batch::shard_of(domain);
        debug_assert!(shard < SHARDS);
        let mut shard = lock(&self.shards[shard]);
        let (row, times) = shard.meeting(domain, client)?;
        let mut why = None;
        for minute in times {
            let (facts, said) = shard.why(&self.pane(minute, self.events), row)?;
            let why = why.get_or_insert(facts);
            said.into_iter().for_each(|said| why.hear(said));
        }
        why
    }
}

impl Why {
    /// Keeps the best of each detector; of equal ones the first.
    fn hear(&mut self, said: Said) {
        match self.said.iter_mut().find(|held| held.finding.detector == said.finding.detector) {
            Some(held) if held.score() >= said.score() => {}
            Some(held) => *held = said,
            None => self.said.push(said),
        }
    }
}

/// Minutes at which a pair is looked at: that of the last contact, of the last upload and of the last tunnel, as a window
/// is judged at its end. 0: there was none.
pub(super) fn times(contact: Millis, upload: u32, tunnel: u32) -> Vec<u32> {
    let mut times = vec![pane_of(contact)];
    for minute in [upload, tunnel] {
        if minute > 0 && !times.contains(&minute) {
            times.push(minute);
        }
    }
    times
}
