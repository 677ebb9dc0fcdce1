//! One binary for all integration tests: a module per law.

mod cli;
mod determinism;
mod duplicates;
mod fanout;
mod flood;
mod house_rules;
mod incident;
mod input;
mod invariants;
mod lab;
mod ledger;
mod metrics;
mod parse;
mod readme;
mod real;
mod scenarios;
mod sink;
mod squid;
mod summary;
mod synth;
mod time;
mod why;
