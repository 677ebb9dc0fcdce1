//! The pictures of an incident: what happened when, who was in contact when, how regular that was.

use super::chart::{Histogram, Strip, Timeline};
use super::hours::{Axis, Hours};
use super::when::{When, hour_of};
use super::words::Words;
use crate::alert::{Dossier, Party, Story};
use crate::sink::{Html, defang};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Clients that have a strip.
pub(super) const STRIPS: usize = 60;

/// What is drawn of an incident.
pub(super) struct Pictures {
    pub timeline: Option<Timeline>,
    pub strips: Vec<(Html, Html, Strip)>,
    pub labels: Vec<String>,
    pub histogram: Option<(Html, Histogram)>,
}

impl Pictures {
    pub(super) fn new(dossier: &Dossier, when: &When, words: &Words) -> Pictures {
        let hours = (hour_of(dossier.first_seen()), hour_of(dossier.last_seen()));
        let (Some(first), Some(last)) = hours else {
            return Pictures { timeline: None, strips: Vec::new(), labels: Vec::new(), histogram: None };
        };
        let axis = Axis::new(first, last.max(first), when);
        // What several detectors tell of one pair are the same hours: those that know most of them count.
        let mut pairs: BTreeMap<(&str, &str), &Story> = BTreeMap::new();
        for story in dossier.stories.iter().filter(|story| story.is_pair() && story.record.series.is_some()) {
            let held = pairs.entry((&story.record.client, &story.record.domain)).or_insert(story);
            let known = |story: &Story| story.record.series.as_ref().map_or(0, Vec::len);
            if known(story) > known(held) {
                *held = story;
            }
        }
        let mut all = Hours::default();
        let mut of_client: BTreeMap<&str, Hours> = BTreeMap::new();
        for ((client, _), story) in &pairs {
            let series = story.record.series.as_deref().unwrap_or_default();
            all.add(series);
            of_client.entry(client).or_default().add(series);
        }
        let mut clients: Vec<_> = dossier.clients.iter().collect();
        clients.sort_by_key(|(name, party)| (Reverse(party.score), &party.first_seen, *name));
        clients.truncate(STRIPS);
        clients.sort_by_key(|(name, party)| (&party.first_seen, address_order(name)));
        let fullest = |hours: &Hours| hours.buckets(&axis).values().map(|sum| sum.requests).max();
        let most = of_client.values().filter_map(fullest).max().unwrap_or(0);
        let nothing = Hours::default();
        let strip = |(name, party): &(&String, &Party)| {
            let span = (hour_of(&party.first_seen).unwrap_or(first), hour_of(&party.last_seen).unwrap_or(last));
            let hours = of_client.get(&***name).unwrap_or(&nothing);
            let site = party.site.as_deref().unwrap_or_default();
            (Html::name(name), Html::name(site), Strip::new(hours, &axis, span, hour_of(&party.told), most))
        };
        let regular = dossier.stories.iter().find_map(|story| {
            let drawn = Histogram::new(story.record.interval_histogram.as_deref()?)?;
            let who = format!("{} → {}", story.record.client, defang(&story.record.domain));
            Some((Html::name(&who), drawn))
        });
        Pictures {
            timeline: (!all.is_empty()).then(|| Timeline::new(&all, &axis, when, words)),
            strips: clients.iter().map(strip).collect(),
            labels: axis.labels(when),
            histogram: regular,
        }
    }
}

/// Addresses in their own order, names behind them.
pub(super) fn address_order(name: &str) -> (bool, Option<std::net::IpAddr>, &str) {
    let address = name.parse().ok();
    (address.is_none(), address, name)
}
