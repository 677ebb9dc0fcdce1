//! A contact on its way through the exchange: which pane it counts in, whose it is, where it stands.

use crate::event::{Contact, Millis};
use serde::{Deserialize, Serialize};

/// A few bytes for a contact that stays where it was cut.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Waiting {
    /// Pane in the upper half, bits of the domain's and of the client's hash in the lower: sorted by it, the contacts of a
    /// pane stand together by domain and by pair, and rarely two pairs among each other.
    key: u64,
    /// When it started: the contacts of a pair are counted in that order.
    start: Millis,
    /// The batch that holds it.
    pub batch: u32,
    /// Which of the contacts of the batch it is.
    pub index: u32,
}

impl Waiting {
    /// Pane of what does not count, or not yet.
    pub const NEVER: u32 = u32::MAX;

    /// No contact.
    pub const NOTHING: Waiting = Waiting { key: u64::MAX, start: 0, batch: u32::MAX, index: u32::MAX };

    /// The contact at `index` of its batch, for `pane`.
    #[inline]
    pub fn new(pane: u32, contact: &Contact, index: u32) -> Waiting {
        // The topmost bits of the domain are the same in all of a shard.
        let pair = (contact.domain >> 42 & 0xFFFF) << 16 | contact.client >> 48;
        Waiting { key: u64::from(pane) << 32 | pair, start: contact.start(), batch: 0, index }
    }

    /// The same, of this batch.
    #[inline]
    pub fn of_batch(self, batch: u32) -> Waiting {
        Waiting { batch, ..self }
    }

    /// The pane it counts in.
    #[inline]
    pub fn pane(self) -> u32 {
        (self.key >> 32) as u32
    }

    /// Moves it to another pane.
    pub fn move_to(&mut self, pane: u32) {
        self.key = u64::from(pane) << 32 | self.key & 0xFFFF_FFFF;
    }

    /// When it started, ms UTC.
    #[inline]
    pub fn start(self) -> Millis {
        self.start
    }

    /// Equal for all contacts of a pair in a pane, ascending by pane.
    #[inline]
    pub fn key(self) -> u64 {
        self.key
    }

    /// Ascending by [`Waiting::key`], then by start.
    #[inline]
    pub fn order(self) -> u128 {
        // One number, which is compared without a branch; no start is before 1970.
        u128::from(self.key) << 64 | u128::from(self.start.cast_unsigned())
    }
}
