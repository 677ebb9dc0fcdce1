//! `deguchi hunt`: archived logs → sightings of what is listed.
//!
//! As many threads decode files as search them, with a short queue of chunks between: one archive is searched while it is
//! unpacked, many are unpacked side by side.

use crate::engine::{HashKey, pass};
use crate::hunt::{Counts, Searcher, Sighting, Sightings, records};
use crate::input::{Chunk, InputError, Source};
use crate::lock::lock;
use crate::parse::Parser;
use crate::run::feed::Looked;
use crate::run::inputs::Inputs;
use crate::run::progress::{Done, Progress};
use crate::run::signals::EndSignals;
use crate::run::{Ending, failed, lists, terminal};
use crate::settings::{HuntSettings, Shape};
use crate::sink::{
    Output, SinkError, TableOptions, json_line, scaled, sightings_csv, sightings_json, sightings_table, thousands,
};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Decoded bytes a chunk holds.
const CHUNK: usize = 192 * 1024;
/// Between two looks at how far it is.
const TICK: Duration = Duration::from_millis(100);

/// Runs a hunt.
///
/// # Errors
///
/// What hinders the work itself: threads, signals. All else is printed and in the [`Ending`].
pub async fn run(settings: HuntSettings) -> anyhow::Result<Ending> {
    let begun = Instant::now();
    let inputs = match Inputs::look(&settings.paths, &settings.common) {
        Ok(inputs) => inputs,
        Err(ending) => return Ok(ending),
    };
    let alerts = match settings.emit_alerts.as_deref().map(Output::create).transpose() {
        Ok(alerts) => alerts,
        Err(error) => return Ok(failed(&error)),
    };
    if !settings.common.quiet {
        lists::warn(&settings.common.listed, terminal::say);
    }
    let (missing, strange) = (inputs.missing, inputs.strange);
    let total = inputs.looked.iter().map(|looked| looked.size).sum::<Option<u64>>();
    let progress = Progress::new(total, settings.common.quiet);
    let mut signals = EndSignals::new()?;
    let settings = Arc::new(settings);
    let far = Arc::new(Far::default());
    let (with, reached) = (Arc::clone(&settings), Arc::clone(&far));
    let mut worker = tokio::task::spawn_blocking(move || search(inputs.looked, &with, &reached));
    let mut tick = tokio::time::interval(TICK);
    let (sightings, counts, errors) = loop {
        tokio::select! {
            biased;
            signal = signals.next() => {
                far.stop.store(true, Ordering::Relaxed);
                progress.finish();
                return Ok(Ending::Interrupted(signal));
            }
            done = &mut worker => break done?,
            _ = tick.tick() => progress.update(far.done()),
        }
    };
    progress.finish();
    errors.iter().for_each(|error| terminal::say(&error.to_string()));
    if let Err(error) = write(&sightings, &settings, alerts) {
        return Ok(failed(&error));
    }
    if !settings.common.quiet {
        terminal::say(&closing(&counts, begun.elapsed()));
    }
    let unreadable = missing || settings.common.strict && (strange || !errors.is_empty());
    let nothing_parsed = counts.all_rejected() > 0 && counts.events + counts.outside == 0;
    Ok(match () {
        () if unreadable || nothing_parsed => Ending::Input,
        () if settings.fail_on_hit && !sightings.is_empty() => Ending::Alarm,
        () => Ending::Done,
    })
}

/// How far the threads are, and whether they are to stop.
#[derive(Default)]
struct Far {
    bytes: AtomicU64,
    lines: AtomicU64,
    hits: AtomicU64,
    stop: AtomicBool,
}

impl Far {
    fn done(&self) -> Done {
        let now = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Done { bytes: now(&self.bytes), lines: now(&self.lines), alerts: now(&self.hits) }
    }
}

/// A chunk on its way to a searcher, with the number of its input and the parser in force where it begins.
type Job = (usize, Arc<dyn Parser>, Chunk);
/// Buffers of chunks that were searched.
type Used = Mutex<Vec<Vec<u8>>>;
/// What went wrong, by number of the input.
type Errors = Mutex<Vec<(usize, InputError)>>;

/// Reads all inputs and searches them with as many threads as the settings say.
fn search(looked: Vec<Looked>, settings: &HuntSettings, far: &Far) -> (Vec<Sighting>, Counts, Vec<InputError>) {
    let threads = settings.common.engine.threads;
    let formats: Vec<String> = looked.iter().map(|look| look.format.clone()).collect();
    let inputs = Mutex::new(looked.into_iter().enumerate());
    let errors = Mutex::new(Vec::new());
    let used = Mutex::new(Vec::new());
    let (sender, receiver) = sync_channel(2 * threads);
    let jobs = Arc::new(Mutex::new(receiver));
    let lists = &settings.common.listed.lists;
    let (sightings, counts) = std::thread::scope(|scope| {
        for _ in 0..threads.min(formats.len()) {
            let sender = sender.clone();
            scope.spawn(|| read(&inputs, sender, (&used, &errors), far));
        }
        drop(sender);
        let takers: Vec<_> = (0..threads).map(|_| Taker { jobs: Arc::clone(&jobs), far }).collect();
        drop(jobs);
        let (formats, used) = (&formats, &used);
        let searchers: Vec<_> = takers
            .into_iter()
            .map(|taker| {
                scope.spawn(move || {
                    let mut searcher = Searcher::new(&lists.indicators, settings.span.clone());
                    for (input, parser, mut chunk) in taker {
                        parser.simplify(&mut chunk.bytes);
                        let before = (searcher.counts.lines, searcher.sightings.len());
                        searcher.search(&chunk, parser, &formats[input]);
                        far.lines.fetch_add(searcher.counts.lines - before.0, Ordering::Relaxed);
                        far.hits.fetch_add((searcher.sightings.len() - before.1) as u64, Ordering::Relaxed);
                        lock(used).push(chunk.bytes);
                    }
                    (searcher.sightings, searcher.counts)
                })
            })
            .collect();
        let mut sum = (Sightings::default(), Counts::default());
        for searcher in searchers {
            // A thread that panicked has said so; what it found is missing, which must not pass for nothing.
            let (sightings, counts) = searcher.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            sum.0.add(sightings);
            sum.1.add(&counts);
        }
        sum
    });
    let mut errors = errors.into_inner().unwrap_or_else(PoisonError::into_inner);
    errors.sort_by_key(|(input, _): &(usize, InputError)| *input);
    (sightings.finish(&lists.sites), counts, errors.into_iter().map(|(_, error)| error).collect())
}

/// One thread that decodes: takes the next input until there is none.
fn read(
    inputs: &Mutex<impl Iterator<Item = (usize, Looked)>>,
    sender: SyncSender<Job>,
    (used, errors): (&Used, &Errors),
    far: &Far,
) {
    let input = || lock(inputs).next();
    while let Some((number, mut looked)) = input() {
        let opened = looked.open(CHUNK);
        let mut source = match opened {
            Ok((source, kept)) => Reading { source, kept: kept.into_iter(), parser: looked.parser, number },
            Err(error) => {
                lock(errors).push((number, error));
                continue;
            }
        };
        if let Err(error) = source.hand_over(&sender, used, far) {
            lock(errors).push((number, error));
        }
    }
}

/// One input that is being decoded.
struct Reading {
    source: Source,
    /// Chunks that were read already.
    kept: std::vec::IntoIter<Chunk>,
    /// What the next line is read with.
    parser: Arc<dyn Parser>,
    number: usize,
}

impl Reading {
    /// Hands over its chunks; the good part of one that is damaged has been handed over when this fails.
    fn hand_over(&mut self, sender: &SyncSender<Job>, used: &Used, far: &Far) -> Result<(), InputError> {
        let position = self.source.compressed_position();
        let mut before = 0;
        let buffer = || lock(used).pop().unwrap_or_default();
        loop {
            let next = match self.kept.next() {
                Some(chunk) => Some(chunk),
                None => self.source.next_chunk(buffer())?,
            };
            let Some(chunk) = next else { return Ok(()) };
            let now = position.load(Ordering::Relaxed);
            far.bytes.fetch_add(now.saturating_sub(before), Ordering::Relaxed);
            before = now;
            let parser = pass(&mut self.parser, &chunk.bytes);
            if far.stop.load(Ordering::Relaxed) || sender.send((self.number, parser, chunk)).is_err() {
                return Ok(());
            }
        }
    }
}

/// The end of a queue that several threads take from: with the last of them it goes, and who would hand over more learns of
/// that. One that panics ends the hunt for all.
struct Taker<'a, T> {
    jobs: Arc<Mutex<Receiver<T>>>,
    far: &'a Far,
}

impl<T> Iterator for Taker<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        lock(&self.jobs).recv().ok()
    }
}

impl<T> Drop for Taker<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.far.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// What was seen to standard output, and as alerts to a file.
fn write(sightings: &[Sighting], settings: &HuntSettings, alerts: Option<Output>) -> Result<(), SinkError> {
    // First: the file is there even if nobody reads the page.
    if let Some(mut alerts) = alerts {
        let key: HashKey = settings.common.engine.key;
        let mut line = Vec::new();
        for record in records(sightings, &|fields| key.id(fields)) {
            line.clear();
            json_line(&record, &mut line);
            alerts.line(&line)?;
        }
        alerts.finish()?;
    }
    let text = match settings.output {
        Shape::Json => sightings_json(sightings),
        Shape::Csv => sightings_csv(sightings),
        Shape::Table => {
            let options = TableOptions {
                width: terminal::stdout_width(),
                paint: terminal::stdout_paint(settings.common.color),
                zone: settings.common.zone.clone(),
                top: 0,
            };
            let listed = settings.common.listed.indicators();
            sightings_table(sightings, listed, &options).into_bytes()
        }
    };
    let mut output = Output::stdout();
    output.line(&text)?;
    output.finish()
}

/// What was read, and what became of it.
fn closing(counts: &Counts, elapsed: Duration) -> String {
    let rate = counts.lines as f64 / elapsed.as_secs_f64().max(0.001);
    let mut parts = vec![format!("{} lines", thousands(counts.lines))];
    let others =
        [(counts.outside, "of another time"), (counts.ignored, "ignored"), (counts.all_rejected(), "rejected")];
    parts.extend(others.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", thousands(n))));
    parts.push(format!("{:.1} s", elapsed.as_secs_f64()));
    parts.push(format!("{} lines/s", scaled(rate).trim_end()));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All threads that take die at their first job: who hands over is told, and does not wait for ever.
    #[test]
    fn who_takes_no_more_is_not_waited_for() {
        let far = Far::default();
        let (sender, receiver) = sync_channel::<u32>(1);
        let jobs = Arc::new(Mutex::new(receiver));
        let takers = [0, 1].map(|_| Taker { jobs: Arc::clone(&jobs), far: &far });
        drop(jobs);
        std::thread::scope(|scope| {
            let takers = takers.map(|mut taker| scope.spawn(move || assert_eq!(taker.next(), None, "a fault")));
            let handed = (0..100).take_while(|&job| sender.send(job).is_ok()).count();
            assert!((2..100).contains(&handed), "{handed}");
            takers.into_iter().for_each(|taker| assert!(taker.join().is_err()));
        });
        assert!(far.stop.load(Ordering::Relaxed));
    }
}
