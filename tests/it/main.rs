//! One binary for all integration tests: a module per law.

mod input;
mod metrics;
mod parse;
mod readme;
mod scenarios;
mod sink;
mod squid;
mod summary;
mod synth;
