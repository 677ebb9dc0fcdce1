//! More out than in: what leaves goes the other way than pages, mail and updates. Shared by the detectors of what leaves.

use crate::detect::{Card, Seen};

/// From this ratio on nearly all goes out.
const NEARLY_ALL: f64 = 10.0;

/// What the ratio of bytes out to bytes in is worth to a detector.
pub(super) struct Direction {
    /// Points where nearly all goes out.
    pub most: i32,
    /// Points from this ratio on.
    pub more: (f64, i32),
    /// Points, below zero, under this ratio.
    pub less: (f64, i32),
}

impl Direction {
    /// Adds it to a card; whether the log has both directions. `what` says it, given the ratio.
    pub fn judge(
        &self,
        seen: &Seen<'_>,
        (up, down): (u64, u64),
        card: &mut Card,
        what: impl Fn(f64) -> String,
    ) -> bool {
        let known = seen.carries.bytes_up && seen.carries.bytes_down;
        if known {
            let ratio = up as f64 / down.max(1) as f64;
            let points = match ratio {
                r if r >= NEARLY_ALL => self.most,
                r if r >= self.more.0 => self.more.1,
                r if r < self.less.0 => self.less.1,
                _ => 0,
            };
            card.add("up_down_ratio", ratio, None, points, || what(ratio));
        }
        known
    }
}
