//! The value that most of a stream has, in eight bytes.

use serde::{Deserialize, Serialize};

/// The value that most of a stream has, in constant space: exact if one has more than half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Majority {
    value: u32,
    lead: u32,
}

impl Majority {
    /// Adds one.
    #[inline]
    pub fn add(&mut self, value: u32) {
        if self.lead == 0 {
            self.value = value;
            self.lead = 1;
        } else if self.value == value {
            self.lead += 1;
        } else {
            self.lead -= 1;
        }
    }

    /// The leading value.
    pub fn value(&self) -> u32 {
        self.value
    }

    /// Lower bound of the share of the leading value among `all`, 0–1: each unit of the lead is one that had it.
    pub fn at_least(&self, all: u32) -> f64 {
        f64::from(self.lead.min(all)) / f64::from(all.max(1))
    }
}
