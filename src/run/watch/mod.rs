//! `deguchi watch`: follows live logs, serves metrics, tells alerts as they come; what it alerts on is what a replay of
//! the same lines would alert on. `stream` is one log on its way into the engine,
//! `deliver` one destination of records, `keep` what survives a restart.

mod connect;
mod deliver;
mod happened;
mod keep;
mod local;
mod open;
mod reload;
mod remote;
mod stream;
mod work;

use crate::detect::DETECTORS;
use crate::engine::{Engine, Found, Summary};
use crate::metrics::{Live, Metrics, Store};
use crate::parse;
use crate::run::http::{self, Guard, Served, Web};
use crate::run::log::{self, Part};
use crate::run::receive::{Place, Receivers, Sockets};
use crate::run::signals::Signals;
use crate::run::{Ending, lists, terminal};
use crate::settings::{Format, LogSettings, SinkTo, WatchSettings};
use crate::sink::{Lines, Output, Sink, SinkError, TableOptions, Ticker};
use anyhow::Context;
use deliver::Outlet;
use keep::{Keeper, Left};
use open::Open;
use reload::Reloader;
use remote::Remote;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use work::{ENGINE, PLACES, Places, Said, Work};

/// Name of the input in metrics and records.
pub(super) const INPUT: &str = "log";
/// Names of the destinations on this machine.
const STDOUT: &str = "stdout";
const FILE: &str = "file";
/// Rounds the engine may be ahead of the destinations.
const ROUNDS: usize = 4;
/// Part of a snapshot: what metrics cannot count again.
const METRICS: &str = "metrics";
/// Part of a snapshot: alerts whose episodes are not over.
const OPEN: &str = "open";
/// How long the end waits for destinations over the network. What is left then is delivered by the next run, if there is
/// a state.
const LAST_TRIES: Duration = Duration::from_secs(2);
/// How often destinations that failed are tried again.
const TICK: Duration = Duration::from_millis(500);

/// Watches until it is told to stop.
///
/// # Errors
///
/// What hinders the work itself: threads, signals. All else is printed and in the [`Ending`].
pub async fn run(settings: WatchSettings) -> anyhow::Result<Ending> {
    let level = log::begin(&settings.log);
    let listener = match tokio::net::TcpListener::bind(settings.listen).await {
        Ok(listener) => listener,
        Err(error) => {
            let advice = "name another with --listen; is a deguchi running already?";
            terminal::say(&format!("cannot listen on {}: {error}; {advice}", settings.listen));
            return Ok(Ending::Usage);
        }
    };
    if let Some(dir) = settings.paths.iter().find(|path| path.is_dir()) {
        let dir = dir.display();
        terminal::say(&format!("{dir}: is a directory; name the log in it, or a pattern such as '{dir}/*.log'"));
        return Ok(Ending::Usage);
    }
    for path in settings.paths.iter().filter(|path| !path.exists()) {
        log::warn(Part::Input, &format!("{}: not there yet; it is followed when it comes", path.display()));
    }
    let web = match settings.web_config.as_deref().map(Web::load).transpose() {
        Ok(web) => web.unwrap_or_default(),
        Err(error) => {
            terminal::say(&error.to_string());
            return Ok(Ending::Usage);
        }
    };
    let guard = Arc::new(Guard::new(web));
    let sockets = match &settings.receive {
        Some(receive) => match Sockets::open(receive).await {
            Ok(sockets) => Some((sockets, receive)),
            Err(error) => {
                terminal::say(&format!("{error:#}"));
                return Ok(Ending::Usage);
            }
        },
        None => None,
    };
    let mut signals = Signals::new()?;
    let address = listener.local_addr().unwrap_or(settings.listen);
    let begun = match Watch::begin(&settings).await {
        Ok(begun) => begun,
        Err((error, ending)) => {
            terminal::say(&error.to_string());
            return Ok(ending);
        }
    };
    let (mut watch, work) = begun;
    let receivers = sockets.zip(watch.place.as_ref()).map(|((sockets, receive), place)| {
        let words = sockets.words(receive);
        words.iter().for_each(|word| log::info(Part::Receive, word));
        Receivers::start(sockets, receive, Arc::clone(&place.shelf), Arc::clone(&watch.live))
    });
    let mut receivers = match receivers.transpose() {
        Ok(receivers) => receivers,
        Err(error) => {
            terminal::say(&format!("{error:#}"));
            return Ok(Ending::Output);
        }
    };
    let server = tokio::spawn(http::serve(listener, Arc::clone(&watch.served), Arc::clone(&guard)));
    let stop = Arc::new(AtomicBool::new(false));
    let (said, mut heard) = mpsc::channel(ROUNDS);
    let stopped = Arc::clone(&stop);
    let worker = tokio::task::spawn_blocking(move || work.run(&stopped, &said));
    let scheme = if guard.tls().is_some() { "https" } else { "http" };
    log::info(Part::Service, &format!("metrics at {scheme}://{address}/metrics"));
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            biased;
            _ = signals.end.next(), if !stop.load(Ordering::Relaxed) => match receivers.take() {
                None => stop.store(true, Ordering::Relaxed),
                Some(receivers) => {
                    // First all that has come goes into the spool, then it is read.
                    let stop = Arc::clone(&stop);
                    tokio::spawn(async move {
                        receivers.end().await;
                        stop.store(true, Ordering::Relaxed);
                    });
                }
            },
            _ = signals.reopen.recv() => {
                watch.reload().await;
                http::reload(settings.web_config.as_deref(), &guard);
                // A file that cannot be read was told of with the lists.
                LogSettings::level_again(settings.config.as_deref(), settings.common.quiet).into_iter().for_each(|to| level.set(to));
            }
            next = heard.recv() => match next {
                Some(said) => watch.hear(said).await,
                None => break,
            },
            _ = tick.tick() => watch.rest().await,
        }
    }
    worker.await?;
    let ending = watch.end().await;
    server.abort();
    Ok(ending)
}

/// The driver's side of a watch: what it shows, whom it tells, what it keeps.
struct Watch {
    served: Arc<Served>,
    live: Arc<Live>,
    outlets: Vec<Outlet>,
    keeper: Keeper,
    open: Open,
    reloader: Reloader,
    place: Option<Place>,
}

/// Why a watch cannot begin, and how the command ends.
type Refusal = (anyhow::Error, Ending);

impl Watch {
    /// Ready to hear, and the engine's side, ready to run; both go on from what an earlier run left.
    async fn begin(settings: &WatchSettings) -> Result<(Watch, Work), Refusal> {
        let common = &settings.common;
        lists::warn(&common.listed, |text| log::warn(Part::Lists, text));
        let detectors: Vec<&'static str> = DETECTORS.iter().map(|d| d.name).collect();
        let mut metrics = Metrics::new(&detectors, &[INPUT]);
        metrics.memory_limit(common.engine.memory as u64);
        metrics.ioc_entries(common.listed.indicators());
        let names: Vec<&str> = names(settings);
        let live = Arc::new(Live::new(&metrics, &[INPUT], &names));
        let store = settings.state.as_ref().map(|_| Arc::new(Store::new(&metrics)));
        let (mut keeper, left) = match settings.state.as_ref().zip(store.as_ref()) {
            Some((dir, store)) => Keeper::open(dir, &common.engine.key.fingerprint(), Arc::clone(store))
                .map_err(|error| (error.into(), Ending::Output))?,
            None => (Keeper::none(), Left::default()),
        };
        let unusable = |error: anyhow::Error| {
            let state = settings.state.as_deref().unwrap_or(Path::new("")).display();
            (error.context(format!("{state}: the state cannot be used")), Ending::Output)
        };
        if let Some(memory) = left.snapshot.get(METRICS) {
            metrics.remember(memory).map_err(|error| unusable(error.into()))?;
        }
        let reminded = settings.sinks.iter().any(|sink| matches!(sink.to, SinkTo::Alertmanager { .. }));
        let open = Open::remember(reminded, left.snapshot.get(OPEN));
        let mut open = open.map_err(|error| unusable(error.into()))?;
        left.records.iter().for_each(|entry| open.apply(&entry.record));
        let mut outlets = outlets(settings, &open, &live).map_err(unusable_sink)?;
        let (engine, places) = engine(settings, &left).map_err(unusable)?;
        metrics.begin_behind(INPUT, &engine.summary());
        for outlet in &mut outlets {
            let done = left.delivered.get(outlet.name()).copied().unwrap_or_else(|| keeper.last());
            outlet.resume(done, &left.records, &live);
        }
        keeper.rest(&outlets, true).await;
        let place = Place::of(settings).map_err(|error| (error, Ending::Output))?;
        let shelf = place.as_ref().map(|place| Arc::clone(&place.shelf));
        let reloader = Reloader::new(common.list_files.clone(), &metrics);
        let told = (reloader.slot(), keeper.again());
        let work = Work::new(engine, settings, places, Arc::clone(&live), store, told, shelf);
        let work = work.map_err(|error| (error.into(), Ending::Usage))?;
        let served = Arc::new(Served::new(metrics));
        Ok((Watch { served, live, outlets, keeper, open, reloader, place }, work))
    }

    async fn hear(&mut self, said: Said) {
        match said {
            Said::Round(found, summary) => {
                self.count(&found, summary.as_deref());
                for entry in self.keeper.decide(found.records).await {
                    self.outlets.iter_mut().for_each(|outlet| outlet.take(&entry, &self.live));
                }
            }
            Said::Snapshot(mut parts, places) => {
                parts.insert(METRICS.into(), self.served.metrics().memory());
                parts.insert(OPEN.into(), self.open.memory());
                let shelf = self.place.as_ref().map(|place| Arc::clone(&place.shelf));
                let clear = move || shelf.iter().for_each(|shelf| shelf.clear(&places));
                self.keeper.snapshot(parts, clear).await;
            }
            Said::Error(reason) => self.served.metrics().input_error(INPUT, reason),
            Said::Ready => self.served.set_ready(),
        }
    }

    fn count(&mut self, found: &Found, summary: Option<&Summary>) {
        let mut metrics = self.served.metrics();
        for record in &found.records {
            self.open.apply(record);
            match self.keeper.knows(record) {
                true => metrics.told_before(record),
                false => metrics.record(record),
            }
        }
        found.panes.iter().for_each(|pane| metrics.pane(INPUT, pane));
        if let Some(summary) = summary {
            metrics.summary(INPUT, summary);
        }
    }

    /// Files were moved, lists were changed.
    async fn reload(&mut self) {
        self.outlets.iter_mut().for_each(Outlet::reopen);
        self.reloader.reload(|entries| self.served.metrics().ioc_entries(entries)).await;
    }

    /// Now and then: what failed is tried again.
    async fn rest(&mut self) {
        self.outlets.iter_mut().for_each(|outlet| outlet.go(&self.live));
        self.keeper.rest(&self.outlets, false).await;
    }

    /// The last tries.
    async fn end(mut self) -> Ending {
        self.keeper.finish().await;
        self.outlets.iter_mut().for_each(Outlet::stop);
        let until = Instant::now() + LAST_TRIES;
        let left: usize = self.outlets.iter_mut().map(|outlet| outlet.finish(&self.live, until)).sum();
        let kept = self.keeper.end(&self.outlets).await;
        if left > 0 && !self.keeper.keeps() {
            log::error(Part::Sink, &format!("{left} records could not be delivered"));
            return Ending::Output;
        }
        if kept { Ending::Done } else { Ending::Output }
    }
}

/// The engine, with the memory that an earlier run left, and the places in the logs behind it.
fn engine(settings: &WatchSettings, left: &Left) -> anyhow::Result<(Engine, Option<Places>)> {
    let common = &settings.common;
    let lists = common.listed.lists.clone();
    let (mut engine, places) = match left.snapshot.get(PLACES) {
        None => (Engine::with_lists(common.engine, lists)?, None),
        Some(places) => {
            let parts = left.snapshot.iter().filter(|(name, _)| name.starts_with(ENGINE));
            let parts: Vec<&[u8]> = parts.map(|(_, part)| part.as_slice()).collect();
            let parser = |name: &str| match &common.format {
                Format::Given(given, parser) if given == name => Some(Arc::clone(parser)),
                _ => parse::by_name_in(name, &common.zone).ok().map(Arc::from),
            };
            let places = postcard::from_bytes(places).context("the places in the logs are damaged")?;
            (Engine::thaw(common.engine, lists, &parts, &parser)?, Some(places))
        }
    };
    if let Some(ledger) = &common.ledger {
        engine.know(Arc::clone(ledger));
    }
    Ok((engine, places))
}

/// Names of the destinations.
fn names(settings: &WatchSettings) -> Vec<&str> {
    let file = settings.alerts.as_deref().filter(|path| *path != Path::new("-")).map(|_| FILE);
    [STDOUT].into_iter().chain(file).chain(settings.sinks.iter().map(|sink| sink.name.as_str())).collect()
}

/// The destinations that the settings name: entries for people on standard output, unless records go there.
fn outlets(settings: &WatchSettings, open: &Open, live: &Arc<Live>) -> anyhow::Result<Vec<Outlet>> {
    let options = TableOptions {
        width: terminal::stdout_width(),
        paint: terminal::stdout_paint(settings.common.color),
        zone: settings.common.zone.clone(),
        top: 0,
    };
    let piped = settings.alerts.as_deref() == Some(Path::new("-"));
    let stdout: Box<dyn Sink> = match piped {
        true => Box::new(Lines::new(Output::stdout(), settings.alerts_format)),
        false => Box::new(Ticker::new(Output::stdout(), options)),
    };
    let mut outlets = vec![Outlet::stream(STDOUT, stdout)];
    if let Some(path) = settings.alerts.as_ref().filter(|_| !piped) {
        outlets.push(Outlet::file(FILE, path.clone(), settings.alerts_format, settings.state.is_some())?);
    }
    for sink in &settings.sinks {
        let remote = Remote::new(&sink.name, sink.least, connect::sink(sink, open)?, Arc::clone(live))?;
        outlets.push(Outlet::Remote(remote));
    }
    Ok(outlets)
}

/// A file of alerts that cannot be opened is no fault of the settings.
fn unusable_sink(error: anyhow::Error) -> Refusal {
    let usage = !matches!(
        error.downcast_ref(),
        Some(SinkError::Create { .. } | SinkError::Write { .. } | SinkError::Directory { .. })
    );
    (error, if usage { Ending::Usage } else { Ending::Output })
}
