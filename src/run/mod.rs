//! The drivers: what reads, runs the engine and writes. The wall clock and async live here and nowhere deeper.

pub mod blind;
pub mod block;
pub mod check;
mod clock;
pub mod feed;
mod first_hour;
mod http;
pub mod hunt;
mod inputs;
mod lessons;
mod lists;
mod log;
pub mod manual;
pub mod page;
pub mod progress;
mod receive;
mod recent;
pub mod records;
pub mod replay;
mod report;
mod signals;
pub mod state;
pub mod summary;
pub mod synth;
pub mod terminal;
pub mod watch;
mod why;

use crate::sink::SinkError;
use std::process::ExitCode;

/// How a command ended, as its exit status tells. What an error was has been printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Done; an empty input or a closed pipe included.
    Done,
    /// The `--fail-on` condition was met.
    Alarm,
    /// Usage or configuration.
    Usage,
    /// An input could not be read, or lines were read and none parsed.
    Input,
    /// Output could not be written.
    Output,
    /// Interrupted by a signal: its number.
    Interrupted(u8),
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> ExitCode {
        ExitCode::from(match ending {
            Ending::Done => 0,
            Ending::Alarm => 1,
            Ending::Usage => 2,
            Ending::Input => 3,
            Ending::Output => 4,
            Ending::Interrupted(signal) => 128 + signal,
        })
    }
}

/// Says what a sink could not do. A reader that went away is the end of the job, not a failure.
fn failed(error: &SinkError) -> Ending {
    if error.is_broken_pipe() {
        return Ending::Done;
    }
    terminal::say(&error.to_string());
    Ending::Output
}
