//! What is usual: a log₂ histogram of what went out per active hour.

use crate::window::Merge;
use serde::{Deserialize, Serialize};

/// Counts of hours by the power of two of the bytes (or requests) sent in them. 33 bins: nothing, then 2⁰ … 2³¹ and up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usual {
    #[serde(with = "serde_big_array::BigArray")]
    bins: [u16; 33],
}

impl Default for Usual {
    fn default() -> Self {
        Usual { bins: [0; 33] }
    }
}

impl Usual {
    /// Adds an hour in which `amount` was sent.
    pub fn add(&mut self, amount: u64) {
        let bin = (64 - amount.leading_zeros()).min(32) as usize;
        self.bins[bin] = self.bins[bin].saturating_add(1);
    }

    /// The counts, those of the greatest amounts left out while they are 0.
    pub fn bins(&self) -> &[u16] {
        let used = self.bins.iter().rposition(|&n| n > 0).map_or(0, |last| last + 1);
        &self.bins[..used]
    }

    /// A histogram of such counts; `None` if they are too many.
    pub fn of_bins(counts: &[u16]) -> Option<Usual> {
        let mut usual = Usual::default();
        usual.bins.get_mut(..counts.len())?.copy_from_slice(counts);
        Some(usual)
    }

    /// Hours seen.
    pub fn hours(&self) -> u32 {
        self.bins.iter().map(|&n| u32::from(n)).sum()
    }

    /// Upper bound of what is sent in `percent` of the hours; `None` before the first hour.
    pub fn quantile(&self, percent: u32) -> Option<u64> {
        let hours = self.hours();
        if hours == 0 {
            return None;
        }
        let rank = (hours * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (bin, &n) in self.bins.iter().enumerate() {
            seen += u32::from(n);
            if seen >= rank {
                return Some((1u64 << bin) - 1);
            }
        }
        None
    }
}

impl Merge for Usual {
    fn merge(&mut self, later: &Self) {
        self.bins.iter_mut().zip(&later.bins).for_each(|(a, b)| *a = a.saturating_add(*b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quantile_bounds_the_rank(mut amounts in prop::collection::vec(0u64..1 << 31, 1..100), percent in 1u32..=100) {
            let mut usual = Usual::default();
            amounts.iter().for_each(|&a| usual.add(a));
            amounts.sort_unstable();
            let rank = (amounts.len() * percent as usize).div_ceil(100).max(1);
            let exact = amounts[rank - 1];
            let bound = usual.quantile(percent).unwrap();
            prop_assert!(bound >= exact && bound <= 2 * exact.max(1));
        }
    }
}
