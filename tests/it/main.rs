//! The laws of the whole, one module each, in one binary.

mod metrics;
mod sink;
mod summary;
