//! All stages joined: the exchange (order) and the shards (state). No I/O, no wall clock, no async.

mod summary;

pub use summary::{InputSummary, Rejected, Summary};
