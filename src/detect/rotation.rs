//! Rotation: one clock over several places in turn. The judgement of a [`Program`] that `beacon` and `denied_beacon` tell of.
//!
//! Places belong to one clock if they are regular together, and each fills a gap that the others leave. Two programs that
//! poll two places are not: one is an intruder in the clock of the other, and each keeps its own more exactly than both
//! together do.

use crate::detect::beacon::{judge_machine, seconds};
use crate::detect::denied_beacon::is_denied;
use crate::detect::{Card, Finding, Rhythm, Seen};
use crate::event::{Contact, Method};
use crate::window::{Detail, Hand, Interval, Pair, Program, Scale, Standing, VISIT_GAP, VISITS_KEPT};
use serde::{Deserialize, Serialize};

/// Places that are tried together, those with the most contacts.
const TRIED: usize = 16;
/// Places with more contacts than the first of those taken together: pollers with a clock of their own.
const SKIPPED: usize = 3;
/// Weakest clock of several places: above what a pair needs, since the best of several sets is taken.
const STRONG: f64 = 0.6;
/// Changes of place from which they are a habit; of long stays two are enough.
const CHANGES: usize = 4;
/// Contacts in a stay that is long.
const LONG_STAY: usize = 8;
/// Share of the contacts that may go to several places at once, percent.
const MEETINGS: usize = 6;
/// Requests of one task follow within this time, ms.
const TASK: u64 = 4_000;

/// Places that share one clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotation {
    /// Numbers of the places, ascending.
    pub places: Vec<u8>,
    /// Intervals of their common clock, ms, oldest first.
    intervals: Vec<u64>,
    /// Changes of place among the contacts kept.
    changes: usize,
    /// Whether the clock is one of visits.
    visits: bool,
}

/// Contacts in their order: time and place.
type Turn = (u64, u8);

impl Rotation {
    /// The clock that most places share, of those that are `usable`; of several, the strongest.
    pub fn find(program: &Program, usable: impl Fn(u8) -> bool) -> Option<Rotation> {
        let scales = [(Scale::Visits, VISIT_GAP), (Scale::Contacts, TASK), (Scale::Contacts, 0)];
        let mut best = None;
        for (scale, gap) in scales {
            let turns: Vec<Turn> = program.turns(scale).filter(|turn| usable(turn.1)).collect();
            best = Rotation::better(&turns, gap, best);
        }
        best.map(|(_, rotation)| rotation)
    }

    /// The same of these contacts, if it is better than `best`; those closer than `gap` are one.
    fn better(turns: &[Turn], gap: u64, mut best: Option<(f64, Rotation)>) -> Option<(f64, Rotation)> {
        let mut counts = [0u32; 256];
        turns.iter().for_each(|turn| counts[usize::from(turn.1)] += 1);
        let mut places: Vec<u8> = (0..=u8::MAX).filter(|&p| counts[usize::from(p)] >= 2).collect();
        places.sort_by_key(|&p| (u32::MAX - counts[usize::from(p)], p));
        places.truncate(TRIED);
        for from in 0..places.len().min(SKIPPED + 1) {
            for to in (from + 2..=places.len()).rev() {
                let (least, most) = best.as_ref().map_or((STRONG, 1), |(s, best)| (*s, best.places.len()));
                if to - from < most {
                    break;
                }
                // What more places share may be less exact.
                let all = from == 0 && to == places.len();
                let next = Rotation::of(turns, &places[from..to], gap, all);
                best = match next {
                    Some(next) if next.1.places.len() > most || next.0 > least => Some(next),
                    _ => best,
                };
            }
        }
        best
    }

    /// What the given places are together, if they are one clock; those that are no part of it are left out. `patient`:
    /// others that hide a clock are looked for one by one.
    fn of(turns: &[Turn], places: &[u8], gap: u64, patient: bool) -> Option<(f64, Rotation)> {
        let mut places = places.to_vec();
        loop {
            let (clock, together) = collapse(turns, &places, gap);
            let intervals = steps(&clock);
            let Some(rhythm) = rhythm(&intervals, STRONG * 0.8) else {
                if !patient || places.len() < 3 {
                    return None;
                }
                let without = |&place: &u8| {
                    let rest: Vec<u8> = places.iter().copied().filter(|&p| p != place).collect();
                    rhythm(&steps(&collapse(turns, &rest, gap).0), 0.0).map_or(0.0, |rhythm| rhythm.concentration)
                };
                let shares: Vec<f64> = places.iter().map(without).collect();
                let best = (0..places.len()).max_by(|&a, &b| shares[a].total_cmp(&shares[b]))?;
                places.remove(best);
                continue;
            };
            let parts: Vec<u8> = places.iter().copied().filter(|&p| is_part(&clock, p, rhythm.median)).collect();
            if parts.len() < 2 {
                return None;
            }
            if parts.len() < places.len() {
                places = parts;
                continue;
            }
            // What asks several at once does not take turns; and clocks beside each other meet now and then.
            let alone = together * 100 <= clock.len() * MEETINGS;
            if rhythm.strength() < STRONG || !alone || !is_one(&clock, &intervals, &rhythm, &places) {
                return None;
            }
            let changes = clock.windows(2).filter(|two| is_change(two)).count();
            places.sort_unstable();
            return Some((rhythm.strength(), Rotation { places, intervals, changes, visits: gap >= VISIT_GAP }));
        }
    }

    /// All that the program did in these places, as one pair; `denied_beacon` and `beacon` judge it as any other.
    pub fn pooled(&self, program: &Program) -> Pair {
        let places = self.places.iter().filter_map(|&p| program.places.get(usize::from(p)));
        let places: Vec<_> = places.collect();
        let sum = |of: fn(&crate::window::Place) -> u32| places.iter().map(|p| of(p)).fold(0, u32::saturating_add);
        let long = |of: fn(&crate::window::Place) -> u64| places.iter().map(|p| of(p)).fold(0, u64::saturating_add);
        let first = places.iter().min_by_key(|p| (p.first, p.domain));
        let contact = Contact { client: program.client, method: Method::Other, ..Contact::default() };
        let mut pair = Pair::new(&contact, 0, first.map_or(0, |p| p.online));
        pair.requests = sum(|p| p.requests);
        pair.first = first.map_or(0, |p| p.first);
        pair.hand = Hand::at(places.iter().map(|p| p.last).max().unwrap_or(0));
        pair.hand.visits = sum(|p| p.visits);
        pair.denied = sum(|p| p.denied);
        if let Some(n) = pair.methods.get_mut(program.method as usize) {
            *n = pair.requests;
        }
        (pair.up, pair.down) = (long(|p| p.up), long(|p| p.down));
        let mut detail = Detail { seen: pair.requests, failed: sum(|p| p.failed), ..Detail::default() };
        detail.shape = program.shape;
        detail.url_bytes = long(|p| p.url_bytes.into());
        for &ms in &self.intervals {
            detail.intervals.push(if self.visits { Scale::Visits } else { Scale::Contacts }, ms);
        }
        pair.detail = Some(Box::new(detail));
        pair
    }

    /// Judges it. `seen` holds the pooled pair, and what is known of all its domains together.
    pub fn judge(&self, seen: &Seen<'_>) -> Option<Finding> {
        let rhythm = Rhythm::strongest(seen.pair.detail.as_ref()?, crate::detect::beacon::FAINT)?;
        let mut card = Card::new(seen.words);
        judge_machine(seen, &rhythm, &mut card);
        let places = self.places.len();
        // No program of a person does so; of two places one may be the stand-in of the other.
        let points = if places > 2 { 14 } else { 10 };
        card.add("rotation", places as f64, None, points, || {
            format!("one clock over {places} domains in turn, with {} changes lately", self.changes)
        });
        let (detector, contact) =
            if is_denied(seen) { ("denied_beacon", "denied contact") } else { ("beacon", "contact") };
        let what = match seen.words {
            true => {
                let lasted = (seen.pair.hand.last - seen.pair.first).max(0) as u64;
                format!("{contact} about every {} for {}", seconds(rhythm.median), seconds(lasted))
            }
            false => String::new(),
        };
        let attack: &[&str] = &["T1071.001", "T1008"];
        Some(Finding { detector, card, what, attack, standing: Standing::Unknown })
    }
}

/// Times between these contacts.
fn steps(clock: &[Turn]) -> Vec<u64> {
    clock.windows(2).map(|two| two[1].0 - two[0].0).collect()
}

/// Stands for several places at once.
const SEVERAL: u8 = u8::MAX;

/// The contacts with these places, those closer than `gap` as one; and how many of these went to several.
fn collapse(turns: &[Turn], places: &[u8], gap: u64) -> (Vec<Turn>, usize) {
    let mut clock: Vec<Turn> = Vec::with_capacity(turns.len());
    let (mut last, mut together) = (0, 0);
    let mut is_one = [false; 256];
    places.iter().for_each(|&place| is_one[usize::from(place)] = true);
    for &(time, place) in turns.iter().filter(|turn| is_one[usize::from(turn.1)]) {
        match clock.last_mut() {
            // Who comes just before another must not seem to fill its place.
            Some((_, first)) if time - last < gap => {
                if place != *first && std::mem::replace(first, SEVERAL) != SEVERAL {
                    together += 1;
                }
            }
            _ => clock.push((time, place)),
        }
        last = time;
    }
    (clock, together)
}

fn rhythm(intervals: &[u64], least: f64) -> Option<Rhythm> {
    let mut codes = [Interval::default(); VISITS_KEPT];
    let count = codes.iter_mut().zip(intervals).map(|(code, &ms)| *code = Interval::from_ms(ms)).count();
    Rhythm::of(&codes[..count], least)
}

/// The rhythm of contacts, if it is a clock.
fn rhythm_of(clock: &[Turn]) -> Option<Rhythm> {
    rhythm(&steps(clock), STRONG)
}

/// Whether a place is part of a clock: without it there are holes. Of an intruder, the others leave no room.
fn is_part(clock: &[Turn], place: u8, median: u64) -> bool {
    let mut shares: Vec<f64> = Vec::new();
    let mut at = 0;
    for run in clock.chunk_by(|a, b| a.1 == b.1) {
        let end = at + run.len();
        if run[0].1 == place {
            let inner = at > 0 && end < clock.len();
            // At an end of what is kept, only one side is known.
            let (from, to) = (at.saturating_sub(1), end.min(clock.len() - 1));
            let steps = if inner { run.len() + 1 } else { to - from };
            if steps > 0 && (inner || run.len() >= LONG_STAY) {
                shares.push((clock[to].0 - clock[from].0) as f64 / steps as f64 / median as f64);
            }
        }
        at = end;
    }
    shares.sort_by(f64::total_cmp);
    shares.get(shares.len() / 2).is_some_and(|&share| share >= 0.72)
}

fn is_change(two: &[Turn]) -> bool {
    two[0].1 != two[1].1 && two[0].1 != SEVERAL && two[1].1 != SEVERAL
}

/// Whether it is one clock and not several beside each other.
fn is_one(clock: &[Turn], intervals: &[u64], rhythm: &Rhythm, places: &[u8]) -> bool {
    let changes = clock.windows(2).zip(intervals).filter(|(two, _)| is_change(two));
    let changes: Vec<u64> = changes.map(|(_, &ms)| ms).collect();
    // Two that take turns do so alike; of more, some may be new.
    let count = |place: u8| clock.iter().filter(|turn| turn.1 == place).count();
    if let [a, b] = *places
        && (count(a).min(count(b)) < (count(a).max(count(b)) / 4).max(CHANGES)
            || changes.len() < 2 * CHANGES && clock.len() < 3 * LONG_STAY)
    {
        return false;
    }
    // The first contact with a place is not among those kept: before a first stay there is a hole.
    let around = rhythm.median * 4 / 10..=rhythm.median * 24 / 10;
    let kept = changes.iter().filter(|ms| around.contains(ms)).count();
    let runs = changes.len() + 1;
    let habit = changes.len() >= CHANGES || changes.len() >= 2 && clock.len() >= runs * LONG_STAY;
    if !habit || kept * 10 < changes.len() * 7 {
        return false;
    }
    // Places that each keep a clock share one only if they come in the same order every time, or stay for long.
    let times = |place: u8| clock.iter().filter(|turn| turn.1 == place).copied().collect::<Vec<_>>();
    let keeps = |&&place: &&u8| rhythm_of(&times(place)).is_some();
    let ordered = || {
        let back = places.len();
        let same = clock.windows(back + 1).filter(|window| window[0].1 == window[back].1).count();
        same * 100 >= clock.len().saturating_sub(back) * 85
    };
    let clocks = places.iter().filter(keeps).count();
    if clocks * 2 >= places.len() && clock.len() < runs * LONG_STAY && !ordered() {
        return false;
    }
    // Clocks beside each other are more exact each than together; in turn, a place adds up the jitter of the others.
    if rhythm.spread < 0.05 {
        return true;
    }
    let together = rhythm.spread * rhythm.median as f64;
    let own = |place: u8| {
        let times: Vec<u64> = clock.iter().filter(|turn| turn.1 == place).map(|turn| turn.0).collect();
        let mut steps: Vec<u64> = times.windows(2).map(|two| two[1] - two[0]).collect();
        steps.sort_unstable();
        (steps.len() >= 4).then(|| (steps[steps.len() * 3 / 4] - steps[steps.len() / 4]) as f64 / 2.0)
    };
    let spreads: Vec<f64> = places.iter().filter_map(|&p| own(p)).collect();
    let exact = spreads.iter().filter(|&&ms| ms < together * 0.6).count();
    exact * 2 <= spreads.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(turns: &[Turn], gap: u64) -> Option<Rotation> {
        Rotation::better(turns, gap, None).map(|(_, rotation)| rotation)
    }

    /// Numbers in 0–1 that look like chance.
    fn dice(seed: u64) -> impl FnMut() -> f64 {
        let mut z = seed;
        move || {
            z = z.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (z >> 33) as f64 / (1u64 << 31) as f64
        }
    }

    /// Contacts of one clock with jitter, each to a place that `to` says.
    fn turns(period: f64, jitter: f64, count: usize, mut to: impl FnMut(usize) -> u8) -> Vec<Turn> {
        let (mut dice, mut time) = (dice(7), 0.0);
        let mut next = |i| {
            time += period * (1.0 + jitter * (2.0 * dice() - 1.0));
            (time as u64, to(i))
        };
        (0..count).map(&mut next).collect()
    }

    fn mixed(several: &[Vec<Turn>]) -> Vec<Turn> {
        let mut all = several.concat();
        all.sort_unstable();
        all
    }

    #[test]
    fn one_clock_over_places_in_turn_or_at_random_or_for_a_while_each() {
        for jitter in [0.0, 0.2, 0.5] {
            let mut any = dice(3);
            for turns in [
                turns(60_000.0, jitter, 60, |i| (i % 5) as u8),
                turns(60_000.0, jitter, 60, |_| (any() * 5.0) as u8),
                turns(60_000.0, jitter, 100, |i| (i / 20) as u8),
            ] {
                let found = among(&turns, 30_000).unwrap_or_else(|| panic!("{jitter}"));
                assert_eq!(found.places, [0, 1, 2, 3, 4], "{jitter}");
            }
        }
    }

    #[test]
    fn pollers_beside_each_other_are_not_one_clock() {
        for jitter in [0.0, 0.1, 0.4] {
            let beside = mixed(&[
                turns(61_000.0, jitter, 60, |_| 0),
                turns(47_000.0, jitter, 70, |_| 1),
                turns(313_000.0, jitter, 10, |_| 2),
            ]);
            assert_eq!(among(&beside, 0), None, "{jitter}");
            let one = mixed(&[turns(60_000.0, jitter, 60, |_| 0), turns(400_000.0, 0.9, 8, |_| 1)]);
            assert_eq!(among(&one, 0), None, "{jitter}");
        }
    }

    #[test]
    fn others_beside_it_are_left_out() {
        let clock = turns(60_000.0, 0.3, 60, |i| (i % 3) as u8);
        let found = among(&mixed(&[clock, turns(500_000.0, 0.9, 7, |_| 9)]), 0).unwrap();
        assert_eq!(found.places, [0, 1, 2]);
    }
}
