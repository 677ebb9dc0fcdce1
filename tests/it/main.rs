//! One binary for all integration tests: a module per law.

mod api;
mod block;
mod browser;
mod check;
mod cli;
mod dashboards;
mod determinism;
mod duplicates;
mod end_to_end;
mod fanout;
mod first_hour;
mod flood;
mod follow;
mod formats;
mod house_rules;
mod hunt;
mod incident;
mod input;
mod invariants;
mod lab;
mod ledger;
mod metrics;
mod packaging;
mod page;
mod parse;
mod process;
mod readme;
mod real;
mod receive;
mod reload;
mod scenarios;
mod servers;
mod sink;
mod sinks;
mod squid;
mod state;
mod summary;
mod synth;
mod time;
mod watch;
mod web;
mod why;

// As in the library: a file of the recipe in CONTRIBUTING.md names `crate::event`.
use deguchi::event;
