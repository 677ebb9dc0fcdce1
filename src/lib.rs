//! `deguchi` (出口, *exit*) reads the access logs of an organisation's outbound web proxy and says which inside
//! client is talking to a command-and-control server, since when, and what left.
//!
//! # The way of a line
//!
//! ```text
//! bytes ──► line ──► event ──► window ──► finding ──► alert ──► incident ──► the world
//!  input    parse    event     window      detect     alert      alert       sink
//! ```
//!
//! One noun a stage, and the same noun everywhere. The modules below stand in that order; a reader who follows them
//! has read the program. [`engine`] joins the stages, `run` drives them.
//!
//! # House rules
//!
//! 1. Imports follow the data; a test reads every `use crate::` and enforces it.
//! 2. A replay is the live run: same bytes, same settings, same alerts, for any number of threads, chunk size or file
//!    order. No map order in output, no wall clock, no unseeded randomness in results.
//! 3. A format cuts, `event` normalises, a window counts, a detector judges, an alert explains, a sink carries.
//! 4. No line of input can cause a panic, unbounded memory or super-linear time.
//! 5. Attacker-controlled text never reaches a metric label, and reaches terminal, page and CSV through one type each.

pub mod alert;
pub mod catalog;
pub mod cli;
pub mod detect;
pub mod engine;
pub mod event;
pub mod hunt;
pub mod input;
mod lock;
pub mod metrics;
pub mod parse;
pub mod run;
pub mod settings;
pub mod sink;
pub mod state;
pub mod window;
