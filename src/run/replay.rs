//! `deguchi replay`: archived logs → alerts.
//!
//! The engine runs on a thread of its own and hands what it finds over a bounded channel; here sinks are fed, progress is
//! drawn and signals are heard, so that an interrupted run ends at once and leaves no half-written file behind.

use crate::engine::{Engine, Found, LedgerSummary, Lesson, Summary, Why};
use crate::input::InputError;
use crate::run::feed::Feed;
use crate::run::inputs::Inputs;
use crate::run::progress::{Done, Progress};
use crate::run::report::Report;
use crate::run::signals::EndSignals;
use crate::run::why::{self as why_page, Question};
use crate::run::{Ending, failed, lists, summary, terminal};
use crate::settings::ReplaySettings;
use crate::window::ledger::Ledger;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::mpsc;

/// Decoded bytes a chunk holds: small enough that a round is shared evenly, large enough that nothing is per chunk.
const CHUNK: usize = 192 * 1024;
/// Chunks read ahead at least, over all inputs: 1.5 MiB. A round takes half of them, and each thread is to have one.
const AHEAD: usize = 8;
/// Rounds the engine may be ahead of the sinks.
const ROUNDS: usize = 4;

/// What the engine's thread says.
enum Said {
    Round(Found, Done),
    Error(usize, InputError),
    Warning(usize, String),
    Over(Box<Summary>, Option<Box<Ledger>>),
    /// What is known of the pair asked for, and what was told of it.
    Why(Option<Box<Why>>, Box<Question>),
}

/// Runs a replay.
///
/// # Errors
///
/// What hinders the work itself: threads, signals. All else is printed and in the [`Ending`].
pub async fn run(mut settings: ReplaySettings) -> anyhow::Result<Ending> {
    let begun = Instant::now();
    let inputs = match Inputs::look(&settings.paths, &settings.common) {
        Ok(inputs) => inputs,
        Err(ending) => return Ok(ending),
    };
    let mut report = match Report::create(&settings) {
        Ok(report) => report,
        Err(error) => return Ok(failed(&error)),
    };
    if !settings.common.quiet {
        lists::warn(&settings.common.listed, terminal::say);
    }
    let total = inputs.looked.iter().map(|l| l.size).sum::<Option<u64>>();
    let progress = Progress::new(total, settings.common.quiet);
    let stop = Arc::new(AtomicBool::new(false));
    let (said, mut heard) = mpsc::channel(ROUNDS);
    let mut engine = Engine::with_lists(settings.common.engine, settings.common.listed.lists.clone())?;
    let known = settings.common.ledger.as_ref().map_or(0, |ledger| ledger.domains.len() as u64);
    // Given away: a second owner would make a copy of it when it is saved.
    if let Some(ledger) = settings.common.ledger.take() {
        engine.know(ledger);
    }
    let save = settings.save_ledger.is_some();
    if save {
        engine.learn(if settings.learn { Lesson::Silent } else { Lesson::Learn });
    }
    let confidences: Vec<Option<u8>> = inputs.looked.iter().map(|l| l.confidence).collect();
    let paths: Vec<PathBuf> = inputs.looked.iter().map(|l| l.path.clone()).collect();
    let mut feed = Feed::new(inputs.looked, &mut engine, CHUNK, AHEAD.max(2 * settings.common.engine.threads));
    let stopped = Arc::clone(&stop);
    let asked = settings.why.as_ref().map(|(client, host)| Question::new(client, host));
    let wanted = Wanted { why: asked, save, known };
    let worker = tokio::task::spawn_blocking(move || work(&mut engine, &mut feed, wanted, &stopped, &said));

    let mut unread: Vec<(usize, String)> = Vec::new();
    let mut warned: Vec<(usize, String)> = Vec::new();
    let mut signals = EndSignals::new()?;
    let mut why = None;
    let (summary, ledger) = loop {
        let next = tokio::select! {
            biased;
            signal = signals.next() => {
                stop.store(true, Ordering::Relaxed);
                progress.finish();
                return Ok(Ending::Interrupted(signal));
            }
            next = heard.recv() => next,
        };
        match next {
            Some(Said::Round(found, done)) => {
                progress.update(done);
                if let Err(error) = report.take(&found) {
                    stop.store(true, Ordering::Relaxed);
                    progress.finish();
                    return Ok(failed(&error));
                }
            }
            Some(Said::Error(input, error)) => {
                progress.suspend(|| terminal::say(&error.to_string()));
                report.input_error(&error);
                unread.push((input, error.to_string()));
            }
            Some(Said::Warning(input, warning)) => warned.push((input, warning)),
            Some(Said::Why(told, asked)) => why = Some((told, asked)),
            Some(Said::Over(summary, ledger)) => break (*summary, ledger),
            None => {
                worker.await?;
                anyhow::bail!("the engine ended without a summary; please report this as a bug");
            }
        }
    };
    progress.finish();
    if let Some((told, asked)) = why {
        let text = why_page::page(told.as_deref(), &asked, &settings.common.zone);
        if let Err(source) = std::io::stdout().write_all(text.as_bytes())
            && source.kind() != std::io::ErrorKind::BrokenPipe
        {
            terminal::say(&format!("standard output: {source}"));
            return Ok(Ending::Output);
        }
    }
    let summary = complete(summary, &confidences, &paths, &unread, &warned);
    // First: what was learned is kept even if nobody reads the page.
    if let Some(ledger) = ledger
        && let Err(error) = report.save(&ledger)
    {
        return Ok(failed(&error));
    }
    if let Err(error) = report.finish(&summary, settings.common.engine.memory) {
        return Ok(failed(&error));
    }
    if !settings.common.quiet {
        let options = summary::SummaryOptions {
            width: terminal::stderr_width(),
            paint: terminal::stderr_paint(settings.common.color),
            zone: settings.common.zone.clone(),
            allow: settings.common.listed.lists.allow.clone(),
            without_alerts: settings.learn,
        };
        // Nobody reads it: not worth a word.
        let _ = write!(std::io::stderr(), "{}", summary::closing(&summary, begun.elapsed(), &options));
    }
    // What is missing is an error; what is there in part, or is no log, only to the strict.
    let unreadable = inputs.missing || settings.common.strict && (inputs.strange || !unread.is_empty());
    let parsed = summary.events + summary.outside + summary.duplicates;
    let nothing_parsed = summary.lines > 0 && parsed == 0 && !summary.rejected.is_empty();
    Ok(if unreadable || nothing_parsed {
        Ending::Input
    } else if report.alarmed() {
        Ending::Alarm
    } else {
        Ending::Done
    })
}

/// What is wanted at the end besides the summary.
struct Wanted {
    /// All that is said of this client and this domain.
    why: Option<Question>,
    /// A ledger.
    save: bool,
    /// Domains that the ledger knew before.
    known: u64,
}

/// The engine's thread: rounds until all is read or the others want no more.
fn work(engine: &mut Engine, feed: &mut Feed, wanted: Wanted, stop: &AtomicBool, said: &mpsc::Sender<Said>) {
    let mut alerts = 0;
    let mut asked = wanted.why;
    while let Some(round) = feed.round(engine) {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let mut found = Found::default();
        let buffers = engine.round(round.chunks, &round.ended, &mut found);
        feed.recycle(buffers);
        let alert = |r: &&crate::alert::Record| r.record == crate::alert::RecordKind::Alert;
        alerts += found.records.iter().filter(alert).count() as u64;
        asked.iter_mut().for_each(|asked| found.records.iter().for_each(|record| asked.hear(record)));
        let done = Done { bytes: feed.position(), lines: engine.lines(), alerts };
        // A closed channel means that nobody listens: the next look at `stop` ends this.
        let _ = said.blocking_send(Said::Round(found, done));
        for (input, error) in round.errors {
            let _ = said.blocking_send(Said::Error(input.into(), error));
        }
        for (input, warning) in round.warnings {
            let _ = said.blocking_send(Said::Warning(input.into(), warning.to_string()));
        }
    }
    // Before episodes end: with them what they told of ends.
    let why = asked.as_ref().and_then(|asked| engine.why(&asked.client, &asked.host)).map(Box::new);
    let mut found = Found::default();
    engine.finish(&mut found);
    if let Some(mut asked) = asked {
        found.records.iter().for_each(|record| asked.hear(record));
        let _ = said.blocking_send(Said::Why(why, Box::new(asked)));
    }
    let done = Done { bytes: feed.position(), lines: engine.lines(), alerts };
    let _ = said.blocking_send(Said::Round(found, done));
    let mut summary = engine.summary();
    let ledger = wanted.save.then(|| {
        let (ledger, lost) = engine.ledger();
        let domains = ledger.domains.len() as u64;
        summary.learned = Some(LedgerSummary {
            domains,
            new_domains: domains.saturating_sub(wanted.known),
            clients: ledger.clients.len() as u64,
            days: ledger.days.count(),
            lost_domains: lost.domains,
            lost_clients: lost.clients,
        });
        Box::new(ledger)
    });
    let _ = said.blocking_send(Said::Over(Box::new(summary), ledger));
}

/// Adds to the summary what only the driver knows.
fn complete(
    mut summary: Summary,
    confidences: &[Option<u8>],
    paths: &[PathBuf],
    unread: &[(usize, String)],
    warned: &[(usize, String)],
) -> Summary {
    for (i, input) in summary.inputs.iter_mut().enumerate() {
        input.confidence = confidences.get(i).copied().flatten();
        input.file = paths.get(i).map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        let of = |said: &[(usize, String)]| said.iter().find(|(n, _)| *n == i).map(|(_, text)| text.clone());
        input.error = of(unread);
        input.warning = of(warned);
    }
    summary
}
