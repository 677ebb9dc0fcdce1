//! EVENTS → MEMORY. What is remembered per pair, per client and per domain; bounded, mergeable; and the clock.
//!
//! Memory is kept in panes of one minute. Inside a pane the contacts of a pair are counted in an order that the data
//! alone decides, so nothing here depends on threads, chunks or files.

mod client;
mod clock;
mod distinct;
mod domain;
mod fan;
mod interval;
mod ladder;
pub mod ledger;
mod majority;
mod pair;
mod program;
mod table;
mod timing;
mod urls;
mod usual;
mod watched;

pub use client::{Client, ClientDelta, DOWNLOADS, Download, Learnable, SLOT};
pub use clock::{Clock, LATENESS, Tick};
pub use distinct::{Distinct, Identity};
pub use domain::{Domain, Judged};
pub use fan::{Burst, Fan, LONGEST, MEETINGS, Meeting, Story};
pub use interval::Interval;
pub use ladder::{Ladder, Sent};
pub use majority::Majority;
pub use pair::{Detail, Heavy, LONG_TUNNEL, Pair, Standing, Tunnels};
pub use program::{PLACES, Place, Program};
pub use table::Table;
pub use timing::{FINE_KEPT, Hand, Ring, Rings, Scale, Step, VISIT_GAP, VISITS_KEPT};
pub use urls::Urls;
pub use usual::Usual;
pub use watched::{HOSTS, Hour, ListedAs, SAMPLES, Watched};

use crate::event::Millis;

/// Length of a pane, ms.
pub const PANE: Millis = 60_000;

/// The pane that holds a time: minutes since 1970, saturating in year 10136.
#[inline]
pub fn pane_of(time: Millis) -> u32 {
    u32::try_from(time.max(0) / PANE).unwrap_or(u32::MAX)
}

/// Entries that are counted for a list of `len`: about the room that it is given as it grows. Not what the allocator gave
/// it, since memory that was written down and read back must count the same.
fn room(len: usize) -> usize {
    if len < 16 { len.next_power_of_two() * usize::from(len > 0) } else { len.next_multiple_of(16) }
}

/// A summary that can take in the one of a later span. Associative; for those without order also commutative.
pub trait Merge {
    /// Takes in `later`.
    fn merge(&mut self, later: &Self);
}
