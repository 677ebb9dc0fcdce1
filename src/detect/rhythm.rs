//! The rhythm of a pair: how concentrated its intervals are, at the scale where they are most so.
//!
//! Robust by ranks, not by mean and variance: one night, one burst or one lost request must not hide a clock.

use crate::window::Detail;

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
    /// Measures intervals in ms; reorders them. `None` if there are fewer than `FEWEST`.
    pub fn of(intervals: &mut [u64]) -> Option<Rhythm> {
        let count = intervals.len();
        if count < FEWEST {
            return None;
        }
        let (below, median, above) = intervals.select_nth_unstable(count / 2);
        let median = (*median).max(1);
        let lower = *below.select_nth_unstable(count / 4).1;
        let upper = *above.select_nth_unstable(count * 3 / 4 - count / 2 - 1).1;
        let inside = |ms: &&u64| **ms * 10 >= median * 4 && **ms * 10 <= median * 16;
        let concentration = intervals.iter().filter(inside).count() as f64 / count as f64;
        let spread = (upper - lower) as f64 / 2.0 / median as f64;
        Some(Rhythm { count, median, concentration, spread })
    }

    /// How far the intervals are from chance, 0–1: concentration above what events at random reach, discounted while
    /// there are few.
    pub fn strength(&self) -> f64 {
        let above = ((self.concentration - 0.6) / 0.35).clamp(0.0, 1.0);
        // A tight clock shows after fewer beats than a jittered one: five within 5 % are no chance.
        let needed = if self.spread < 0.1 { 6.0 } else { 12.0 };
        let enough = ((self.count as f64 - 2.0) / needed).clamp(0.0, 1.0);
        above * enough
    }

    /// The strongest of the rhythms of a pair: between contacts, between tasks, between visits.
    pub fn strongest(detail: &Detail) -> Option<Rhythm> {
        let mut visits: Vec<u64> = detail.visits.iter().collect();
        let mut fine: Vec<u64> = detail.fine.iter().collect();
        let mut tasks = Vec::with_capacity(fine.len());
        let mut since = 0;
        for &ms in &fine {
            since += ms;
            if ms >= TASK_GAP {
                tasks.push(since);
                since = 0;
            }
        }
        let all = [Rhythm::of(&mut visits), Rhythm::of(&mut tasks), Rhythm::of(&mut fine)];
        all.into_iter().flatten().reduce(|best, next| if next.strength() > best.strength() { next } else { best })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evenly spaced quantiles of a distribution given by its inverse.
    fn quantiles(n: u32, inverse: impl Fn(f64) -> f64) -> Vec<u64> {
        (0..n).map(|i| (inverse((f64::from(i) + 0.5) / f64::from(n)) * 1000.0) as u64).collect()
    }

    #[test]
    fn jitter_of_sixty_percent_is_a_clock_and_chance_is_not() {
        let both = Rhythm::of(&mut quantiles(50, |q| 60.0 * (0.4 + 1.2 * q))).unwrap();
        let one_sided = Rhythm::of(&mut quantiles(50, |q| 60.0 * (0.4 + 0.6 * q))).unwrap();
        let chance = Rhythm::of(&mut quantiles(50, |q| -60.0 * (1.0 - q).ln())).unwrap();
        assert!(both.strength() > 0.9 && one_sided.strength() > 0.9, "{both:?} {one_sided:?}");
        assert!(chance.strength() < 0.05 && (chance.concentration - 0.43).abs() < 0.04, "{chance:?}");
    }
}
