//! The clients of a domain: exact while few, a sketch beyond. Unlike [`crate::window::Distinct`] it is the same whatever the
//! order in which they came, since it is written to a file that must not depend on it.

use crate::window::distinct::AsIs;
use crate::window::{Merge, room};
use hyperloglogplus::{HyperLogLog, HyperLogLogPlus};
use serde::{Deserialize, Serialize};

/// Clients kept one by one. At so many a sketch has left its sparse form for registers, which are the same for the same
/// set; its sparse form is not.
const EXACT: usize = 1024;
/// 2¹⁰ registers: standard error 3.3 % (Heule et al. 2013).
const PRECISION: u8 = 10;
/// Registers of six bits, five in a word.
const WORDS: usize = 205;

type Sketch = HyperLogLogPlus<u64, AsIs>;

/// Keyed hashes of clients.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Crowd(Kind);

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Kind {
    /// Ascending, each once.
    Exact(Vec<u64>),
    Sketch(Box<Sketch>),
}

impl Default for Crowd {
    fn default() -> Self {
        Crowd(Kind::Exact(Vec::new()))
    }
}

fn sketch_of(hashes: &[u64]) -> Sketch {
    let mut sketch = Sketch::new(PRECISION, AsIs).unwrap_or_else(|_| unreachable!("precision 10 is within 4..=18"));
    hashes.iter().for_each(|hash| sketch.insert(hash));
    sketch
}

impl Crowd {
    /// Adds a client.
    pub fn insert(&mut self, client: u64) {
        match &mut self.0 {
            Kind::Sketch(sketch) => sketch.insert(&client),
            Kind::Exact(seen) => {
                if let Err(at) = seen.binary_search(&client) {
                    seen.insert(at, client);
                    if seen.len() > EXACT {
                        self.0 = Kind::Sketch(Box::new(sketch_of(seen)));
                    }
                }
            }
        }
    }

    /// Whether it may hold a client: for certain while they are kept one by one.
    pub fn may_hold(&self, client: u64) -> bool {
        match &self.0 {
            Kind::Exact(seen) => seen.binary_search(&client).is_ok(),
            Kind::Sketch(_) => true,
        }
    }

    /// How many: exact up to 1,024, else within 3.3 % (one standard error).
    pub fn count(&self) -> u64 {
        match &self.0 {
            Kind::Exact(seen) => seen.len() as u64,
            Kind::Sketch(sketch) => sketch.clone().count().round() as u64,
        }
    }

    /// Whether there is at most one.
    pub fn is_single(&self) -> bool {
        matches!(&self.0, Kind::Exact(seen) if seen.len() < 2)
    }

    /// Heap bytes.
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Kind::Exact(seen) => room(seen.len()) * 8,
            Kind::Sketch(_) => 1_100,
        }
    }

    /// The clients, ascending, if they are kept one by one.
    pub(super) fn exact(&self) -> Option<&[u64]> {
        match &self.0 {
            Kind::Exact(seen) => Some(seen),
            Kind::Sketch(_) => None,
        }
    }

    /// A set of these; `None` if they do not ascend or are too many.
    pub(super) fn of_exact(seen: Vec<u64>) -> Option<Crowd> {
        let fits = seen.len() <= EXACT && seen.windows(2).all(|w| w[0] < w[1]);
        fits.then_some(Crowd(Kind::Exact(seen)))
    }

    /// The registers of the sketch, as words.
    pub(super) fn words(&self) -> Option<Vec<u32>> {
        let Kind::Sketch(sketch) = &self.0 else { return None };
        let value = serde_json::to_value(sketch).ok()?;
        let words = value.get("registers")?.get("buf")?.as_array()?;
        words.iter().map(|word| word.as_u64().and_then(|w| u32::try_from(w).ok())).collect()
    }

    /// A sketch with these registers; `None` if they cannot be of one.
    pub(super) fn of_words(words: &[u32]) -> Option<Crowd> {
        let at = |i: usize| words[i / 5] >> (i % 5 * 6) & 63;
        let greatest = 64 - u32::from(PRECISION) + 1;
        if words.len() != WORDS || (0..1024).any(|i| at(i) > greatest) {
            return None;
        }
        // The crate reads what it wrote: one that it made, with other registers.
        let any: Vec<u64> = (1..=2 * EXACT as u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let mut value = serde_json::to_value(sketch_of(&any)).ok()?;
        let registers = value.get_mut("registers")?;
        registers["buf"] = words.into();
        registers["zeros"] = (0..1024).filter(|&i| at(i) == 0).count().into();
        serde_json::from_value(value).ok().map(|sketch| Crowd(Kind::Sketch(Box::new(sketch))))
    }
}

impl PartialEq for Crowd {
    fn eq(&self, other: &Self) -> bool {
        self.exact() == other.exact() && self.words() == other.words()
    }
}

impl Merge for Crowd {
    fn merge(&mut self, later: &Self) {
        match (&mut self.0, &later.0) {
            (_, Kind::Exact(seen)) => seen.iter().for_each(|&client| self.insert(client)),
            (Kind::Sketch(sketch), Kind::Sketch(other)) => {
                // Of one precision by construction.
                let _ = sketch.merge(other);
            }
            (Kind::Exact(seen), Kind::Sketch(other)) => {
                let mut merged = other.clone();
                seen.iter().for_each(|client| merged.insert(client));
                self.0 = Kind::Sketch(merged);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spread(n: u64) -> u64 {
        let z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (z ^ z >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9)
    }

    fn of(items: impl Iterator<Item = u64>) -> Crowd {
        let mut crowd = Crowd::default();
        items.for_each(|n| crowd.insert(spread(n)));
        crowd
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_same_set_is_the_same_crowd(n in 0u64..3000, cut in 0u64..3000, other in 0u64..3000) {
            let (a, b) = (cut.min(other).min(n), cut.max(other).min(n));
            let whole = of(0..n);
            prop_assert_eq!(&whole, &of((0..n).rev()));
            let (x, y, z) = (of(0..b), of(a..n), of(a..b));
            let mut left = x.clone();
            left.merge(&y);
            left.merge(&z);
            let mut tail = y.clone();
            tail.merge(&z);
            let mut right = x.clone();
            right.merge(&tail);
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(&left, &whole);
            let error = (whole.count() as f64 - n as f64).abs();
            prop_assert!(error <= 0.17 * n as f64 && (n > EXACT as u64 || error == 0.0), "{} of {}", whole.count(), n);
        }

        #[test]
        fn registers_are_read_back(n in 1025u64..5000) {
            let crowd = of(0..n);
            let words = crowd.words().unwrap();
            let again = Crowd::of_words(&words).unwrap();
            prop_assert_eq!(again.count(), crowd.count());
            prop_assert_eq!(again, crowd);
            prop_assert!(Crowd::of_words(&words[1..]).is_none() && Crowd::of_words(&[u32::MAX; WORDS]).is_none());
        }
    }
}
