//! run

pub mod blind;
pub mod progress;
pub mod summary;
pub mod terminal;
