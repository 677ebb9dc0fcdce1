//! The process edge: flags in, exit status out.

use clap::{CommandFactory, Parser};
use deguchi::cli::{self, Cli, Command, StateCommand};
use deguchi::run::state::{self, Care};
use deguchi::run::synth::{Attacks, SynthOptions};
use deguchi::run::{Ending, block, check, hunt, manual, page, replay, synth, terminal, watch};
use deguchi::settings::{
    BlockSettings, CheckSettings, HuntSettings, ReplaySettings, ReportSettings, SettingsError, WatchSettings,
};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let ending = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| {
        let ending = runtime.block_on(run(command));
        // Not awaited: after a signal a thread may still wait for a pipe that never says more.
        runtime.shutdown_background();
        ending
    });
    let failed = |error: anyhow::Error| {
        terminal::say(&format!("{error:#}"));
        Ending::Output
    };
    ending.unwrap_or_else(failed).into()
}

async fn run(command: Command) -> anyhow::Result<Ending> {
    match command {
        Command::Replay(args) => match ReplaySettings::of(*args) {
            Ok(settings) => replay::run(settings).await,
            Err(error) => Ok(usage(&error)),
        },
        Command::Watch(args) => match WatchSettings::of(*args) {
            Ok(settings) => watch::run(settings).await,
            Err(error) => Ok(usage(&error)),
        },
        Command::Check(args) => match CheckSettings::of(*args) {
            Ok(settings) => {
                let (page, ending) = check::run(&settings)?;
                Ok(if print(&page) == Ending::Done { ending } else { Ending::Output })
            }
            Err(error) => Ok(usage(&error)),
        },
        Command::Hunt(args) => match HuntSettings::of(*args) {
            Ok(settings) => hunt::run(settings).await,
            Err(error) => Ok(usage(&error)),
        },
        Command::Report(args) => match ReportSettings::of(args) {
            Ok(settings) => Ok(page::run(&settings)),
            Err(error) => Ok(usage(&error)),
        },
        Command::Block(args) => Ok(block::run(&BlockSettings::of(args))),
        Command::State(command) => {
            let (care, dir) = match &command {
                StateCommand::Info { dir } => (Care::Info, dir),
                StateCommand::Verify { dir } => (Care::Verify, dir),
                StateCommand::Compact { dir } => (Care::Compact, dir),
                StateCommand::Export { dir } => (Care::Export, dir),
            };
            Ok(state::run(care, dir).map_or_else(|ending| ending, |text| print(&String::from_utf8_lossy(&text))))
        }
        Command::Synth(args) if args.scenario.as_deref() == Some("list") => {
            Ok(print(&(synth::scenarios().join("\n") + "\n")))
        }
        Command::Synth(args) => match synth_options(args) {
            Ok(options) => {
                let made = synth::run(&options)?;
                let counts = format!("{} lines, {} bytes", made.labels.lines, made.bytes);
                terminal::say(&format!("{}: {counts}", made.log.display()));
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
        Command::Man { output } => Ok(write_manual(&output).map_or_else(
            |error| {
                terminal::say(&format!("{}: the manual pages cannot be written: {error}", output.display()));
                Ending::Output
            },
            |()| Ending::Done,
        )),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "deguchi", &mut script);
            Ok(print(&String::from_utf8_lossy(&script)))
        }
    }
}

/// A manual page for each command, in a folder.
fn write_manual(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Cli::command(), folder)
}

/// What the user typed for `synth`.
fn synth_options(args: cli::Synth) -> Result<SynthOptions, SettingsError> {
    let start = args.start.parse().map_err(|_| SettingsError::Value {
        name: "--start",
        value: args.start.clone(),
        wanted: "write a date like 2026-01-05".into(),
    })?;
    Ok(SynthOptions {
        seed: args.seed,
        lines: args.lines,
        days: args.days,
        clients: args.clients,
        sites: args.sites,
        domains: args.domains,
        attacks: args.attacks.map_or(Attacks::Mix, |count| Attacks::Count(count, Vec::new())),
        scenario: args.scenario,
        logformat: args.logformat,
        start,
        strip_queries: args.strip_queries,
        output: args.output,
        ..SynthOptions::default()
    })
}

/// Prints to standard output. A reader that went away is no failure.
fn print(text: &str) -> Ending {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            terminal::say(&format!("cannot write to standard output: {error}"));
            Ending::Output
        }
        _ => Ending::Done,
    }
}

fn usage(error: &dyn std::error::Error) -> Ending {
    terminal::say(&error.to_string());
    Ending::Usage
}
