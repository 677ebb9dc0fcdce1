//! One binary for all integration tests: a module per law.

mod determinism;
mod duplicates;
mod input;
mod lab;
mod metrics;
mod parse;
mod readme;
mod scenarios;
mod sink;
mod squid;
mod summary;
mod synth;
mod time;
