//! EVENTS × LISTS → SIGHTINGS: which client was in contact with what is listed, in logs of any size.
//!
//! No windows and no judgement: a line is cut, its destination is looked up, and only what is listed is kept. So it runs
//! about as fast as lines can be parsed, and needs memory for what it finds only. What several threads find is added up;
//! the sum does not depend on who found what.

mod record;
mod searcher;
mod sighting;

pub use record::records;
pub use searcher::{Counts, Searcher};
pub use sighting::{Sighting, Sightings};
