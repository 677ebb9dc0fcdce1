//! The rhythm of a pair: how concentrated its intervals are, at the scale where they are most so.
//!
//! Robust by ranks, not by mean and variance: one night, one burst or one lost request must not hide a clock.

use crate::detect::Seen;
use crate::detect::beacon::seconds;
use crate::window::{Detail, FINE_KEPT, Interval, Ring, Scale, VISITS_KEPT};

/// Fewest intervals that can be called a rhythm.
pub const FEWEST: usize = 4;
/// Contacts closer than this are one at the middle scale, ms: requests of one check-in or task.
const TASK_GAP: u64 = 4_000;

/// Intervals in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rhythm {
    /// Intervals measured.
    pub count: usize,
    /// Median interval, ms.
    pub median: u64,
    /// Share of the intervals between 0.4 and 1.6 times the median: all of them for a clock with up to 60 % jitter,
    /// 43 % for events at random (exponential intervals: e^(−0.4 ln 2) − e^(−1.6 ln 2)).
    pub concentration: f64,
    /// Half the distance of the quartiles over the median: 0 for a clock without jitter, 0.3 for uniform ± 60 %, 0.79 at
    /// random.
    pub spread: f64,
}

impl Rhythm {
    /// Measures intervals, at most [`VISITS_KEPT`], by the ranks of their codes. `None` if there are fewer than `FEWEST` or the strength is below
    /// `least`: most pairs have no rhythm, and the share around the median tells so before the quartiles are known.
    pub fn of(codes: &[Interval], least: f64) -> Option<Rhythm> {
        let count = codes.len();
        if count < FEWEST {
            return None;
        }
        // Filled up to whole vectors with what lies beyond every range asked for.
        let mut room = [Interval::BREAK; VISITS_KEPT];
        room[..count].copy_from_slice(codes);
        let filled = &room[..count.next_multiple_of(16)];
        let shortest = filled.iter().copied().fold(Interval::BREAK, Ord::min);
        let longest = codes.iter().copied().fold(shortest, Ord::max);
        let middle = Interval::at_rank(filled, count / 2, shortest..=longest);
        let median = middle.ms().max(1);
        let around = Interval::at_least((median * 4).div_ceil(10))..=Interval::from_ms(median * 16 / 10);
        let concentration = Interval::count_in(filled, around) as f64 / count as f64;
        let mut rhythm = Rhythm { count, median, concentration, spread: 0.0 };
        // No spread makes it stronger than none.
        if rhythm.strength() < least {
            return None;
        }
        let lower = Interval::at_rank(filled, count / 4, shortest..=middle);
        let upper = Interval::at_rank(filled, count * 3 / 4, middle..=longest);
        rhythm.spread = (upper.ms() - lower.ms()) as f64 / 2.0 / median as f64;
        (rhythm.strength() >= least).then_some(rhythm)
    }

    /// How far the intervals are from chance, 0–1: concentration above what events at random reach, discounted while
    /// there are few.
    pub fn strength(&self) -> f64 {
        let above = ((self.concentration - 0.6) / 0.3).clamp(0.0, 1.0);
        // A tight clock shows after fewer beats than a jittered one: five within 5 % are no chance.
        let needed = if self.spread < 0.1 { 6.0 } else { 12.0 };
        let enough = ((self.count as f64 - 2.0) / needed).clamp(0.0, 1.0);
        above * enough
    }

    /// The strongest of the rhythms of a pair: between contacts, between tasks, between visits. `None` if none has a
    /// strength of `least`.
    pub fn strongest(detail: &Detail, least: f64) -> Option<Rhythm> {
        let [contacts, visits] = [Scale::Contacts, Scale::Visits].map(|scale| detail.intervals.at(scale));
        let mut room = [Interval::default(); FINE_KEPT];
        let mut best: Option<Rhythm> = None;
        for codes in [visits.codes(), tasks(contacts, &mut room), contacts.codes()] {
            let least = best.map_or(least, |best| best.strength());
            if least >= 1.0 {
                break;
            }
            best = match Rhythm::of(codes, least) {
                Some(next) if best.is_none_or(|best| next.strength() > best.strength()) => Some(next),
                _ => best,
            };
        }
        best
    }
}

/// Why a pair has no rhythm worth a word.
pub(super) fn no_rhythm(seen: &Seen<'_>) -> String {
    match seen.pair.detail.as_ref().and_then(|detail| Rhythm::strongest(detail, 0.0)) {
        Some(rhythm) => format!(
            "no clock: {:.0} % of {} intervals lie around {}, and 43 % would be chance",
            rhythm.concentration * 100.0,
            rhythm.count,
            seconds(rhythm.median)
        ),
        None => format!("too few contacts for a clock: it takes {FEWEST} intervals while the client is on"),
    }
}

/// Intervals between tasks; none if they are those between contacts, or too few.
fn tasks<'a>(contacts: Ring<'_>, room: &'a mut [Interval; FINE_KEPT]) -> &'a [Interval] {
    let fine = contacts.codes();
    let count = Interval::count_in(fine, Interval::at_least(TASK_GAP)..=Interval::BREAK);
    if count == fine.len() || count < FEWEST {
        return &[];
    }
    let mut ends = room.iter_mut();
    let mut since = 0;
    for ms in contacts.iter() {
        since += ms;
        if ms >= TASK_GAP
            && let Some(task) = ends.next()
        {
            *task = Interval::from_ms(since);
            since = 0;
        }
    }
    &room[..count]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Rings;
    use proptest::prelude::*;

    fn codes(ms: &[u64]) -> Vec<Interval> {
        ms.iter().map(|&ms| Interval::from_ms(ms)).collect()
    }

    /// The same by sorting, in ms; concentration between `low` and `high` times the median.
    fn sorted(ms: &[u64], low: f64, high: f64) -> Rhythm {
        let mut ms = ms.to_vec();
        ms.sort_unstable();
        let count = ms.len();
        let median = ms[count / 2].max(1);
        let inside = |ms: &&u64| **ms as f64 >= median as f64 * low && **ms as f64 <= median as f64 * high;
        let concentration = ms.iter().filter(inside).count() as f64 / count as f64;
        let spread = (ms[count * 3 / 4] - ms[count / 4]) as f64 / 2.0 / median as f64;
        Rhythm { count, median, concentration, spread }
    }

    proptest! {
        #[test]
        fn codes_tell_what_durations_tell(ms in prop::collection::vec(300u64..1 << 34, 4..192)) {
            let rhythm = Rhythm::of(&codes(&ms), 0.0).unwrap();
            let exact = sorted(&ms, 0.4, 1.6);
            // A code is up to a thousandth short, the median as well as what is compared with it.
            prop_assert!(rhythm.median <= exact.median && exact.median - rhythm.median <= exact.median / 1024);
            let (narrow, wide) = (sorted(&ms, 0.402, 1.597), sorted(&ms, 0.398, 1.603));
            prop_assert!(rhythm.concentration >= narrow.concentration && rhythm.concentration <= wide.concentration);
            prop_assert!((rhythm.spread - exact.spread).abs() <= 0.002 * (1.0 + exact.spread));
        }

        #[test]
        fn deciding_early_decides_the_same(ms in prop::collection::vec(60_000u64..200_000, 4..40), least in 0.0..1.0) {
            let all = Rhythm::of(&codes(&ms), 0.0).filter(|rhythm| rhythm.strength() >= least);
            prop_assert_eq!(Rhythm::of(&codes(&ms), least), all);
        }

        #[test]
        fn tasks_are_what_lies_between_longer_steps(ms in prop::collection::vec(300u64..8_000, 0..200)) {
            let mut rings = Rings::default();
            ms.iter().for_each(|&ms| rings.push(Scale::Contacts, ms));
            let contacts = rings.at(Scale::Contacts);
            let kept: Vec<u64> = contacts.iter().collect();
            let ends: Vec<usize> = (0..kept.len()).filter(|&i| kept[i] >= TASK_GAP).collect();
            let begins = std::iter::once(0).chain(ends.iter().map(|&end| end + 1));
            let expected: Vec<u64> = begins.zip(&ends).map(|(from, &to)| kept[from..=to].iter().sum()).collect();
            let mut room = [Interval::default(); FINE_KEPT];
            let found = tasks(contacts, &mut room);
            if expected.len() >= FEWEST && expected.len() < kept.len() {
                prop_assert_eq!(found, codes(&expected));
            } else {
                prop_assert!(found.is_empty());
            }
        }
    }

    /// Evenly spaced quantiles of a distribution given by its inverse.
    fn quantiles(n: u32, inverse: impl Fn(f64) -> f64) -> Rhythm {
        let ms = (0..n).map(|i| (inverse((f64::from(i) + 0.5) / f64::from(n)) * 1000.0) as u64);
        Rhythm::of(&codes(&ms.collect::<Vec<_>>()), 0.0).unwrap()
    }

    #[test]
    fn jitter_of_sixty_percent_is_a_clock_and_chance_is_not() {
        let both = quantiles(50, |q| 60.0 * (0.4 + 1.2 * q));
        let one_sided = quantiles(50, |q| 60.0 * (0.4 + 0.6 * q));
        let chance = quantiles(50, |q| -60.0 * (1.0 - q).ln());
        assert!(both.strength() > 0.9 && one_sided.strength() > 0.9, "{both:?} {one_sided:?}");
        assert!(chance.strength() < 0.05 && (chance.concentration - 0.43).abs() < 0.04, "{chance:?}");
    }
}
