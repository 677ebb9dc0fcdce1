//! The process edge: flags in, exit status out.

use clap::{CommandFactory, Parser};
use deguchi::cli::{Cli, Command};
use deguchi::run::{Ending, manual, replay, synth};
use deguchi::settings::{ReplaySettings, synth_options};
use std::io::Write;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(ending) => ending.into(),
        Err(error) => {
            eprintln!("deguchi: {error:#}");
            Ending::Output.into()
        }
    }
}

async fn run(command: Command) -> anyhow::Result<Ending> {
    match command {
        Command::Replay(args) => match ReplaySettings::of(*args) {
            Ok(settings) => replay::run(settings).await,
            Err(error) => Ok(usage(&error)),
        },
        Command::Synth(args) if args.scenario.as_deref() == Some("list") => {
            Ok(print(&(synth::scenarios().join("\n") + "\n")))
        }
        Command::Synth(args) => match synth_options(args) {
            Ok(options) => {
                let made = synth::run(&options)?;
                eprintln!("{}: {} lines, {} bytes", made.log.display(), made.labels.lines, made.bytes);
                Ok(Ending::Done)
            }
            Err(error) => Ok(usage(&error)),
        },
        Command::Formats => Ok(print(&manual::formats())),
        Command::Detectors => Ok(print(&manual::detectors())),
        Command::Explain { name } => match manual::explain(&name) {
            Ok(page) => Ok(print(&page)),
            Err(error) => Ok(usage(&error)),
        },
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "deguchi", &mut script);
            Ok(print(&String::from_utf8_lossy(&script)))
        }
    }
}

/// Prints to standard output. A reader that went away is no failure.
fn print(text: &str) -> Ending {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprintln!("deguchi: cannot write to standard output: {error}");
            Ending::Output
        }
        _ => Ending::Done,
    }
}

fn usage(error: &dyn std::error::Error) -> Ending {
    eprintln!("deguchi: {error}");
    Ending::Usage
}
