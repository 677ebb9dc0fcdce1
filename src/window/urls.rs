//! What the URLs of a candidate carry: how many bytes, how many of them different, how much like chance.

use crate::window::Distinct;
use serde::{Deserialize, Serialize};
use serde_big_array::Array;

/// Paths and queries of a candidate, from the moment they were found to be long.
#[derive(Debug, Serialize, Deserialize)]
pub struct Urls {
    /// Looked at.
    pub count: u32,
    /// Their bytes.
    pub length: u64,
    /// Distinct ones.
    distinct: Distinct,
    /// How often each byte occurred in them.
    letters: Box<Array<u32, 256>>,
}

impl Default for Urls {
    fn default() -> Self {
        Urls { count: 0, length: 0, distinct: Distinct::default(), letters: Box::new(Array([0; 256])) }
    }
}

impl Urls {
    /// Takes in the path and query of a request; `hash` is a keyed hash of both.
    pub fn add(&mut self, path: &[u8], query: &[u8], hash: u64) {
        self.count = self.count.saturating_add(1);
        self.length += (path.len() + query.len()) as u64;
        self.distinct.insert(hash);
        for &byte in path.iter().chain(query) {
            let letter = &mut self.letters[usize::from(byte)];
            *letter = letter.saturating_add(1);
        }
    }

    /// Brings the number of distinct URLs up to date, before it is asked for.
    pub fn refresh(&mut self) {
        self.distinct.refresh();
    }

    /// Share of the requests whose URL was not seen before, 0–1.
    pub fn distinct_share(&self) -> f64 {
        (self.distinct.count() as f64 / f64::from(self.count.max(1))).min(1.0)
    }

    /// Bytes that different URLs carried: an upper bound of what left in them. What is asked for again carries nothing
    /// new.
    pub fn carried(&self) -> u64 {
        (self.length as f64 * self.distinct_share()) as u64
    }

    /// Shannon entropy of their bytes, bits: about 4.2 for words and numbers, 5 to 6 for base64.
    pub fn entropy(&self) -> f64 {
        let total = self.length.max(1) as f64;
        let shares = self.letters.iter().filter(|&&n| n > 0).map(|&n| f64::from(n) / total);
        -shares.map(|share| share * share.log2()).sum::<f64>()
    }

    /// Bytes, what is behind it included.
    pub fn bytes(&self) -> usize {
        size_of::<Urls>() + size_of::<[u32; 256]>() + self.distinct.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_carries_nothing_new() {
        let (mut same, mut fresh) = (Urls::default(), Urls::default());
        for i in 0..200u64 {
            same.add(b"/poll", b"version=7", 1);
            fresh.add(b"/p", format!("{:016x}", i.wrapping_mul(0x9E37_79B9_7F4A_7C15)).as_bytes(), i);
        }
        same.refresh();
        fresh.refresh();
        assert_eq!((same.carried(), fresh.distinct_share() > 0.9), (14, true));
        assert!(same.entropy() < fresh.entropy() && fresh.entropy() > 3.9, "{} {}", same.entropy(), fresh.entropy());
    }
}
