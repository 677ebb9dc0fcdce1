//! `deguchi synth`: labelled logs of an organisation that does not exist.
//!
//! A seed makes a world: a web outside, people with working hours, PCs and servers with software that calls home, and
//! intruders. The world is then run, slice of time by slice, and what a proxy would have logged is written, with labels
//! counted from what was written.
//!
//! ```text
//! options ─► plan ─► build ─► world + actors ─► stream ─► rows ─► format ─► access.log
//!                                                             └─► label ──► labels.json, sites.toml
//! ```
//!
//! | file | noun |
//! | --- | --- |
//! | `dice` | chance: one generator, reproducible on any machine |
//! | `words`, `names`, `path` | texts |
//! | `web`, `client`, `presence` | who is outside, who is inside, and when |
//! | `person`, `visit` | people |
//! | `clock`, `ask`, `routine` | acting by the clock |
//! | `product`, `niche` | software that many have, and that few have |
//! | `attack`, `agent`, `scenario` | intruders |
//! | `walk` | those that go through lists, and harmless ones that do |
//! | `incident` | one story, told by its dates |
//! | `build`, `world`, `stream`, `row` | the world, and its time |
//! | `volume` | how much |
//! | `line`, `logformat`, `format`, `civil`, `label` | what is written |
//!
//! Rules: the same seed and options give the same bytes anywhere. Nothing looks at the wall clock. Memory follows the
//! number of clients, not the length of the log. Names are invented. Ranges of parameters are wide and none is shared
//! with a detector: a world a detector can be tuned to measures nothing.

mod agent;
mod ask;
mod attack;
mod build;
mod civil;
mod client;
mod clock;
mod dice;
mod format;
mod incident;
mod label;
mod line;
mod logformat;
mod names;
mod niche;
mod options;
mod path;
mod person;
mod presence;
mod product;
mod routine;
mod row;
mod scenario;
mod stream;
mod visit;
mod volume;
mod walk;
mod web;
mod words;
mod world;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;

pub use self::incident::{Stage, StageClient};
pub use self::label::{Attack, Labels, Lookalike, Pair};
pub use self::options::{Attacks, SynthOptions};
pub use self::scenario::scenarios;

use self::format::Format;
use self::label::Ledger;
use self::stream::Stream;

/// What was made.
#[derive(Clone, Debug)]
pub struct SynthReport {
    /// The log.
    pub log: PathBuf,
    /// Its labels.
    pub labels_file: PathBuf,
    /// Bytes of the log.
    pub bytes: u64,
    /// The labels.
    pub labels: Labels,
}

/// Writes `access.log`, `labels.json` and `sites.toml` to the directory of the options, which is made if it is missing.
///
/// # Errors
///
/// If the options make no sense, or a file cannot be written.
pub fn run(options: &SynthOptions) -> anyhow::Result<SynthReport> {
    let directory = &options.output;
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let log = directory.join("access.log");
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut out = BufWriter::with_capacity(1 << 18, file);
    let labels = generate(options, &mut out).with_context(|| format!("cannot write {}", log.display()))?;
    out.flush().with_context(|| format!("cannot write {}", log.display()))?;
    let labels_file = directory.join("labels.json");
    let mut text = serde_json::to_vec_pretty(&labels)?;
    text.push(b'\n');
    fs::write(&labels_file, text).with_context(|| format!("cannot write {}", labels_file.display()))?;
    let sites_file = directory.join("sites.toml");
    let sites: String = labels.sites.iter().map(|(name, network)| format!("{name:?} = [{network:?}]\n")).collect();
    fs::write(&sites_file, sites).with_context(|| format!("cannot write {}", sites_file.display()))?;
    let bytes = fs::metadata(&log).map(|meta| meta.len()).unwrap_or(0);
    Ok(SynthReport { log, labels_file, bytes, labels })
}

/// Writes the log to `out` and gives back its labels.
///
/// # Errors
///
/// If the options make no sense, or `out` does.
pub fn generate(options: &SynthOptions, out: &mut dyn Write) -> anyhow::Result<Labels> {
    let format = Format::new(&options.logformat)?;
    let plan = options.plan()?;
    let (sites, lines) = (plan.sites, plan.lines);
    let from = plan.from;
    let end = from + i64::from(plan.days) * presence::DAY;
    let (world, mut actors) = build::build(plan);
    let score = lines.map(|lines| volume::Score::new(&world, &mut actors, from, end, lines));
    // If the guess was short, the next day fills what is missing.
    let horizon = if lines.is_some() { end + 30 * presence::DAY } else { end };
    let mut stream = Stream::new(&world, actors, from, horizon);
    if world.scene.is_some() {
        stream.tempo = incident::TEMPO;
    }
    let mut ledger = Ledger::new(&world);
    let limit = lines.unwrap_or(u64::MAX);
    let (mut buffer, mut spare) = (Vec::with_capacity(1 << 20), Vec::new());
    let mut running = limit > 0;
    while running {
        if let Some(score) = &score {
            stream.tempo = score.tempo(stream.now(), ledger.lines());
        }
        running = stream.turn(|row| {
            if world.scene.as_ref().is_some_and(|scene| !scene.has(&world, row)) {
                return true;
            }
            let length = format.line(&world, row, options.strip_queries, &mut spare, &mut buffer);
            ledger.count(&world, row, length);
            ledger.lines() < limit
        });
        if buffer.len() >= 1 << 19 || !running {
            out.write_all(&buffer)?;
            buffer.clear();
        }
    }
    Ok(ledger.labels(&world, options.seed, options.scenario.as_deref(), sites))
}
