//! The pictures of the page: shapes as SVG paths, which scale with the page; words and numbers beside them are HTML.

use super::hours::{Axis, Hours};
use super::when::When;
use super::words::Words;
use crate::alert::IntervalBin;
use crate::sink::{scaled, thousands};
use std::fmt::Write;

/// Width of a bucket in the coordinates of a picture.
const UNIT: usize = 10;
/// Height of a picture.
const TALL: u64 = 100;
/// Labels below a histogram.
const LABELS: usize = 8;
/// Bins of a histogram at most: powers of two of a millisecond.
const BINS: i32 = 45;

/// Requests and bytes over time.
#[derive(Debug)]
pub(super) struct Timeline {
    /// In coordinates of the picture.
    pub width: usize,
    pub requests: String,
    pub denied: String,
    pub down: String,
    /// `None` where the log does not have it.
    pub up: Option<String>,
    /// What the highest bars say.
    pub most_requests: String,
    pub most_bytes: String,
    /// Below, evenly spread.
    pub labels: Vec<String>,
    /// Where days begin.
    pub days: String,
    /// What each bucket says to a pointer or a screen reader.
    pub tips: Vec<Tip>,
    /// Length of a bucket in words.
    pub step: String,
}

/// What a bucket says.
#[derive(Debug)]
pub(super) struct Tip {
    pub x: usize,
    pub text: String,
}

impl Timeline {
    /// Of the hours of all pairs.
    pub(super) fn new(hours: &Hours, axis: &Axis, when: &When, words: &Words) -> Timeline {
        let buckets = hours.buckets(axis);
        let most = |of: fn(&super::hours::Sum) -> u64| buckets.values().map(of).max().unwrap_or(0);
        let requests = most(|sum| sum.requests);
        let bytes = most(|sum| sum.down).max(most(|sum| sum.up.unwrap_or(0)));
        let known = buckets.values().any(|sum| sum.up.is_some());
        let (mut bars, mut denied, mut down, mut up) = Default::default();
        let mut tips = Vec::new();
        for (&at, sum) in &buckets {
            bar(&mut bars, at, 0, sum.requests, requests, (1, 8));
            bar(&mut denied, at, 0, sum.denied, requests, (1, 8));
            bar(&mut down, at, 0, sum.down, bytes, (1, 4));
            bar(&mut up, at, 0, sum.up.unwrap_or(0), bytes, (5, 4));
            let mut text = format!("{}: {} {}", when.hour(axis.hour(at)), thousands(sum.requests), words.requests);
            if sum.denied > 0 {
                let _ = write!(text, ", {} {}", thousands(sum.denied), words.denied);
            }
            let _ = write!(text, ", {}B {}", scaled(sum.down as f64), words.bytes_down);
            if let Some(up) = sum.up {
                let _ = write!(text, ", {}B {}", scaled(up as f64), words.bytes_up);
            }
            tips.push(Tip { x: at * UNIT, text });
        }
        let mut days = String::new();
        for at in axis.midnights(when) {
            let _ = write!(days, "M{} 0v{TALL}", at * UNIT);
        }
        Timeline {
            width: axis.buckets * UNIT,
            requests: bars,
            denied,
            down,
            up: known.then_some(up),
            most_requests: thousands(requests),
            most_bytes: format!("{}B", scaled(bytes as f64)),
            labels: axis.labels(when),
            days,
            tips,
            step: axis.step_words(),
        }
    }
}

/// A bar from the bottom up; `place` is where in its bucket it stands and how wide it is.
fn bar(path: &mut String, at: usize, from: u64, value: u64, most: u64, (left, wide): (usize, usize)) {
    if value == 0 {
        return;
    }
    // At least a line: what is there is seen.
    let tall = (u128::from(value) * u128::from(TALL) / u128::from(most.max(1))).clamp(2, u128::from(TALL)) as u64;
    let _ = write!(path, "M{} {}v-{tall}h{wide}v{tall}z", at * UNIT + left, TALL - from);
}

/// When one client was in contact.
#[derive(Debug)]
pub(super) struct Strip {
    pub width: usize,
    /// From first to last contact.
    pub span: String,
    /// Buckets by how many requests they hold, from few to many.
    pub shades: [String; 4],
    /// Buckets in which the proxy refused all.
    pub denied: String,
    /// When the first alert was told.
    pub told: String,
}

impl Strip {
    /// `span`: hours of the first and the last contact; `told`: of the first alert; `most`: requests of the fullest bucket of all strips.
    pub(super) fn new(hours: &Hours, axis: &Axis, span: (i64, i64), told: Option<i64>, most: u64) -> Strip {
        let mut strip = Strip {
            width: axis.buckets * UNIT,
            span: String::new(),
            shades: Default::default(),
            denied: String::new(),
            told: String::new(),
        };
        let (from, to) = (axis.bucket(span.0), axis.bucket(span.1));
        let _ = write!(strip.span, "M{} 5H{}", from * UNIT, (to + 1) * UNIT);
        // Cells of one shade that touch are one shape.
        let mut run: Option<(usize, usize, Option<usize>)> = None;
        let mut draw = |run: Option<(usize, usize, Option<usize>)>| {
            if let Some((from, to, shade)) = run {
                let path = shade.map_or(&mut strip.denied, |shade| &mut strip.shades[shade]);
                let wide = (to - from + 1) * UNIT;
                let _ = write!(path, "M{} 0h{wide}v10h-{wide}z", from * UNIT);
            }
        };
        for (&at, sum) in hours.buckets(axis).iter().filter(|(_, sum)| sum.requests > 0) {
            let shade = (sum.denied < sum.requests).then(|| shade(sum.requests, most));
            run = match run {
                Some((from, to, held)) if to + 1 == at && held == shade => Some((from, at, held)),
                other => {
                    draw(other);
                    Some((at, at, shade))
                }
            };
        }
        draw(run);
        if let Some(told) = told {
            let _ = write!(strip.told, "M{} 0v10", axis.bucket(told) * UNIT + UNIT / 2);
        }
        strip
    }
}

/// One of four shades by order of magnitude.
fn shade(requests: u64, most: u64) -> usize {
    let share = (requests.max(1) as f64).ln() / (most.max(2) as f64).ln();
    ((share * 4.0) as usize).min(3)
}

/// How often which time lay between two contacts.
#[derive(Debug)]
pub(super) struct Histogram {
    pub width: usize,
    pub bars: String,
    /// Lower bounds; some are empty, so that they can be read.
    pub labels: Vec<String>,
    pub most: String,
    pub tips: Vec<Tip>,
}

impl Histogram {
    /// `None` without any interval.
    pub(super) fn new(bins: &[IntervalBin]) -> Option<Histogram> {
        // By their powers of two, so that what lies between two bins is seen.
        let power = |bin: &IntervalBin| ((bin.from * 1000.0).max(1.0).log2().round() as i32).clamp(0, BINS);
        let mut counts = std::collections::BTreeMap::new();
        for bin in bins.iter().filter(|bin| bin.count > 0 && bin.from.is_finite()) {
            let held = counts.entry(power(bin)).or_insert(0u64);
            *held = held.saturating_add(bin.count);
        }
        let (first, last) = (*counts.keys().next()?, *counts.keys().next_back()?);
        // A lone bar says more among its neighbours.
        let (first, last) = (first.saturating_sub(2).max(0), last + 2);
        let most = counts.values().copied().max().unwrap_or(0);
        let count = (last - first + 1) as usize;
        let each = count.div_ceil(LABELS);
        let (mut bars, mut tips, mut labels) = (String::new(), Vec::new(), Vec::new());
        for (at, power) in (first..=last).enumerate() {
            let lower = duration(2f64.powi(power) / 1000.0);
            labels.push(if at % each == 0 { lower.clone() } else { String::new() });
            if let Some(&n) = counts.get(&power) {
                bar(&mut bars, at, 0, n, most, (1, 8));
                let text = format!("{lower} – {}: {}", duration(2f64.powi(power + 1) / 1000.0), thousands(n));
                tips.push(Tip { x: at * UNIT, text });
            }
        }
        Some(Histogram { width: count * UNIT, bars, labels, most: thousands(most), tips })
    }
}

/// `262 ms`, `4 s`, `9 min`, `4.7 h`, `3 d`.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", s * 1000.0),
        s if s < 60.0 => format!("{s:.0} s"),
        s if s < 3_600.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.0} d", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_interval_stands_among_its_neighbours() {
        let bins = [IntervalBin { from: 262.144, to: 524.288, count: 192 }];
        let drawn = Histogram::new(&bins).unwrap();
        assert_eq!((drawn.width, &*drawn.bars, &*drawn.most), (50, "M21 100v-100h8v100z", "192"));
        assert_eq!(drawn.labels, ["1 min", "2 min", "4 min", "9 min", "17 min"]);
        assert_eq!(drawn.tips[0].text, "4 min – 9 min: 192");
        assert!(Histogram::new(&[]).is_none());
    }

    #[test]
    fn shades_go_by_magnitude() {
        assert_eq!([1, 9, 40, 1_000, 5_000].map(|n| shade(n, 1_000)), [0, 1, 2, 3, 3]);
        assert_eq!(shade(0, 0), 0);
    }
}
