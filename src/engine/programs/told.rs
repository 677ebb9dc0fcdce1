//! What was told of a program.

use crate::alert::{Episode, Record, RecordKind, Telling};
use crate::detect::Rotation;
use crate::engine::exchange::join;
use crate::engine::pane::Pane;
use crate::event::Millis;
use crate::window::{Domain, PLACES, Pair, Place, Program, Watched};
use serde::{Deserialize, Serialize};

/// Hashes and names of domains, in the order of the first contacts.
pub type Names = Vec<(u64, Box<[u8]>)>;

/// What was told of a program.
#[derive(Serialize, Deserialize)]
pub struct Told {
    /// The worst so far.
    pub episode: Episode,
    /// The clock it was found by.
    pub rotation: Rotation,
    /// Its domains as one, by the name of the first when it was told first.
    pub domain: Domain,
    /// All it was found with so far.
    pub names: Names,
    /// First contact when it was told first: what the episode is known by.
    pub first: Millis,
}

impl Told {
    /// Bytes, what is behind it included.
    pub fn bytes(&self) -> usize {
        let names: usize = self.names.iter().map(|(_, name)| name.len() + 32).sum();
        // A few hundred intervals and places at most.
        size_of::<Told>() + self.episode.bytes() + self.domain.heap_bytes() + names + 1280
    }

    /// Keeps what the episode is known by, and all domains that were told.
    pub fn keep(&mut self, before: &Told) {
        (self.first, self.domain.name) = (before.first, before.domain.name.clone());
        self.episode.finding.detector = before.episode.finding.detector;
        join(&mut self.names, before.names.clone(), PLACES);
    }

    /// What there is to say of it at the end of a pane.
    pub fn record(&self, pane: &Pane<'_>, program: &Program, kind: RecordKind) -> Option<Record> {
        let nothing = Watched::default();
        let watched = program.watched.as_deref().unwrap_or(&nothing);
        let told_of = |place: &Place| self.names.iter().any(|(hash, _)| *hash == place.domain);
        let places = (0..).zip(&program.places).filter(|(_, place)| told_of(place)).map(|(i, _)| i).collect();
        let mut rotation = self.rotation.clone();
        rotation.places = places;
        let mut pair = rotation.pooled(program);
        pair.first = self.first;
        let format = pane.formats.get(self.episode.input as usize).map_or("", |f| f);
        let id = |fields: &[&[u8]]| pane.key.id(fields);
        let names: Vec<&[u8]> = self.names.iter().map(|(_, name)| &**name).collect();
        pane.clients.with(program.client, |client| {
            let seen = pane.seen(&pair, &self.domain, client, (true, true));
            let sites = &pane.lists.sites;
            Telling { seen, watched, crowd: None, domains: Some(&names), format, source: "log", sites, id: &id }.record(
                kind,
                &self.episode.finding,
                self.episode.severity,
            )
        })
    }
}

/// The rule that hides it: all of the domains must be allowed.
pub fn hidden_by(pane: &Pane<'_>, pair: &Pair, names: &Names, detector: &str) -> Option<usize> {
    if pane.lists.allow.is_empty() {
        return None;
    }
    let client = pane.clients.with(pair.client, |client| String::from_utf8_lossy(&client.name).into_owned())?;
    let covers = |(_, name): &(u64, Box<[u8]>)| {
        pane.lists.allow.covers(&client, &String::from_utf8_lossy(name), detector, pane.end())
    };
    let rules: Option<Vec<usize>> = names.iter().map(covers).collect();
    rules?.first().copied()
}
