//! How many different ones: exact while few, a HyperLogLog++ sketch beyond.

use crate::window::Merge;
use hyperloglogplus::{HyperLogLog, HyperLogLogPlus};
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher};

/// Places of an exact set, 2 KB: exact while three quarters of them hold different ones. A sketch is no smaller, and dear
/// while it has as few: it keeps them in a compressed list, which is written anew at every ninth insertion.
const EXACT: usize = 256;
/// Precision of the sketch: 2¹⁰ registers, standard error 1.04/√1024 = 3.3 % (Heule et al. 2013), 0.9–2.7 KB.
const PRECISION: u8 = 10;

/// The items are keyed 64-bit hashes already; hashing them again would only cost.
#[derive(Clone, Copy, Default, Debug)]
pub struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = self.0 << 8 | u64::from(b);
        }
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Makes [`Identity`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::window) struct AsIs;

impl BuildHasher for AsIs {
    type Hasher = Identity;
    fn build_hasher(&self) -> Identity {
        Identity::default()
    }
}

type Sketch = HyperLogLogPlus<u64, AsIs>;

/// A set of keyed 64-bit hashes of which only the size is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Distinct(Kind);

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Kind {
    /// Of the places the first `len` are taken, of these the first `tidy` in ascending order, each once; the others as
    /// they came.
    Exact {
        seen: Box<[u64]>,
        len: u16,
        tidy: u16,
    },
    Sketch(Box<Sketched>),
}

/// A sketch, and what spares it work: it is dear to ask (`count` needs `&mut` and up to 26 µs) and to tell again (a repeat
/// costs as much as a new item).
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sketched {
    sketch: Sketch,
    /// The estimate as of the last refresh.
    count: u64,
    /// Insertions since.
    since: u32,
    /// Items told last, by their low bits: these are not told again.
    recent: [u64; 16],
}

impl Sketched {
    /// A sketch of these.
    fn of(seen: &[u64]) -> Sketched {
        let mut sketch = Sketch::new(PRECISION, AsIs).unwrap_or_else(|_| unreachable!("precision 10 is within 4..=18"));
        seen.iter().for_each(|hash| sketch.insert(hash));
        Sketched { sketch, count: seen.len() as u64, since: 0, recent: [0; 16] }
    }

    fn insert(&mut self, hash: u64) {
        let recent = &mut self.recent[hash as usize % 16];
        if *recent != hash {
            *recent = hash;
            self.sketch.insert(&hash);
            self.since += 1;
        }
    }
}

const _: () = assert!(size_of::<Distinct>() == 24, "every domain has two");

impl Default for Distinct {
    fn default() -> Self {
        Distinct(Kind::Exact { seen: Box::default(), len: 0, tidy: 0 })
    }
}

impl Distinct {
    /// Adds one.
    #[inline]
    pub fn insert(&mut self, hash: u64) {
        match &mut self.0 {
            Kind::Exact { seen, len, .. } if usize::from(*len) < seen.len() => {
                seen[usize::from(*len)] = hash;
                *len += 1;
            }
            Kind::Exact { .. } => self.insert_full(hash),
            Kind::Sketch(sketch) => sketch.insert(hash),
        }
    }

    /// Adds one where there is no place: repeats are looked for only now, since to look for each would wait for memory.
    fn insert_full(&mut self, hash: u64) {
        self.tidy();
        let Kind::Exact { seen, len, .. } = &mut self.0 else { return };
        let taken = usize::from(*len);
        if taken >= EXACT / 4 * 3 {
            let mut sketch = Sketched::of(&seen[..taken]);
            sketch.insert(hash);
            self.0 = Kind::Sketch(Box::new(sketch));
            return;
        }
        if taken >= seen.len() / 4 * 3 {
            let places = (2 * seen.len()).max(2);
            let mut all = std::mem::take(seen).into_vec();
            all.reserve_exact(places - all.len());
            all.resize(places, 0);
            *seen = all.into_boxed_slice();
        }
        seen[taken] = hash;
        *len += 1;
    }

    /// Sorts what came since and drops repeats.
    fn tidy(&mut self) {
        if let Kind::Exact { seen, len, tidy } = &mut self.0
            && *tidy < *len
        {
            // Stable: it merges runs, and nearly all of it is one.
            let taken = &mut seen[..usize::from(*len)];
            taken.sort();
            *len = 1;
            for i in 1..taken.len() {
                if taken[i] != taken[usize::from(*len) - 1] {
                    taken[usize::from(*len)] = taken[i];
                    *len += 1;
                }
            }
            *tidy = *len;
        }
    }

    /// How many; brings the count up to date first, that of a sketch if more than 2 % may have come since. Exact below
    /// 192, within 3.3 % (one standard error) and these 2 % beyond.
    pub fn refresh(&mut self) -> u64 {
        self.tidy();
        if let Kind::Sketch(sketch) = &mut self.0
            && u64::from(sketch.since) * 50 >= sketch.count
        {
            sketch.count = sketch.sketch.count().round() as u64;
            sketch.since = 0;
        }
        self.count()
    }

    /// How many, as of the last [`Distinct::refresh`]: to count needs `&mut` and time.
    pub fn count(&self) -> u64 {
        match &self.0 {
            Kind::Exact { tidy, .. } => u64::from(*tidy),
            Kind::Sketch(sketch) => sketch.count,
        }
    }

    /// Heap bytes; of a sketch, what it grows to.
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Kind::Exact { seen, .. } => seen.len() * 8,
            Kind::Sketch(_) => 2_900,
        }
    }
}

impl Merge for Distinct {
    fn merge(&mut self, later: &Self) {
        match (&mut self.0, &later.0) {
            (_, Kind::Exact { seen, len, .. }) => seen[..usize::from(*len)].iter().for_each(|&h| self.insert(h)),
            (Kind::Sketch(sketch), Kind::Sketch(other)) => {
                // Same precision and hasher by construction; a mismatch cannot be built.
                let _ = sketch.sketch.merge(&other.sketch);
                sketch.since = u32::MAX;
            }
            (Kind::Exact { seen, len, .. }, Kind::Sketch(other)) => {
                let mut merged = other.clone();
                seen[..usize::from(*len)].iter().for_each(|h| merged.sketch.insert(h));
                merged.since = u32::MAX;
                self.0 = Kind::Sketch(merged);
            }
        }
        self.refresh();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spread(n: u64) -> u64 {
        // splitmix64, so that test items look like hashes.
        let mut z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn within_the_bound(n in 1u64..20_000, base in 0u64..1 << 40) {
            let mut set = Distinct::default();
            (0..n).for_each(|i| { set.insert(spread(base + i)); });
            let error = (set.refresh() as f64 - n as f64).abs() / n as f64;
            prop_assert!(error <= 5.0 * 0.0325 + 0.02, "{} of {}", set.count(), n);
            if n <= EXACT as u64 { prop_assert_eq!(set.count(), n); }
        }

        #[test]
        fn a_small_set_with_repeats_is_exact(items in prop::collection::vec((0u64..180, any::<u8>()), 0..900)) {
            let (mut set, mut model) = (Distinct::default(), std::collections::BTreeSet::new());
            let mut bytes = 0;
            for (item, dice) in items {
                set.insert(spread(item));
                model.insert(item);
                prop_assert!(set.heap_bytes() >= bytes, "what is counted as state is never taken back here");
                bytes = set.heap_bytes();
                if dice < 20 {
                    prop_assert_eq!(set.refresh(), model.len() as u64);
                }
            }
            prop_assert_eq!(set.refresh(), model.len() as u64);
            prop_assert!(bytes <= 2048);
        }

        #[test]
        fn merge_counts_the_union(a in 0u64..300, b in 0u64..300, shared in 0u64..50) {
            let set = |range: std::ops::Range<u64>| {
                let mut s = Distinct::default();
                range.for_each(|i| { s.insert(spread(i)); });
                s
            };
            let mut merged = set(0..a + shared);
            merged.merge(&set(a..a + shared + b));
            let mut whole = set(0..a + shared + b);
            let (merged, whole) = (merged.refresh() as f64, whole.refresh() as f64);
            prop_assert!((merged - whole).abs() <= 0.2 * whole.max(1.0), "{} against {}", merged, whole);
        }
    }
}
