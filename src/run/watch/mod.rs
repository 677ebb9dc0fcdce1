//! `deguchi watch`: follows live logs, serves metrics, tells alerts as they come; what it alerts on is what a replay of
//! the same lines would alert on. `begin` is how it starts, `front` what faces the network, `stream` one log on its way into the engine,
//! `deliver` one destination of records, `keep` what survives a restart.

mod begin;
mod connect;
mod deliver;
mod front;
mod happened;
mod keep;
mod local;
mod open;
mod reload;
mod remote;
mod room;
mod stream;
mod work;

use crate::engine::{Found, Summary};
use crate::input::follow::is_there;
use crate::metrics::Live;
use crate::run::http::Served;
use crate::run::log::{self, Level, Part};
use crate::run::receive::Place;
use crate::run::signals::Signals;
use crate::run::{Ending, terminal};
use crate::settings::{LogSettings, WatchSettings};
use deliver::Outlet;
use front::{Front, Sockets};
use keep::Keeper;
use open::Open;
use reload::Reloader;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use work::{Said, Work};

/// Name of the input in metrics and records.
pub(super) const INPUT: &str = "log";
/// Name of the destination that is always there.
const STDOUT: &str = "stdout";
/// Rounds the engine may be ahead of the destinations.
const ROUNDS: usize = 4;
/// Part of a snapshot: what metrics cannot count again.
const METRICS: &str = "metrics";
/// Part of a snapshot: alerts whose episodes are not over.
const OPEN: &str = "open";
/// Part of a snapshot: the newest records.
const RECENT: &str = "recent";
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
    let signals = Signals::new()?;
    let (watch, work, front) = match begin(&settings).await {
        Ok(begun) => begun,
        Err((error, ending)) => {
            terminal::say(&format!("{error:#}"));
            return Ok(ending);
        }
    };
    work_until_told(&settings, (watch, work, front), signals, &level).await
}

/// All sockets first: what is taken or not allowed is said before any log is read.
async fn begin(settings: &WatchSettings) -> Result<(Watch, Work, Front), Refusal> {
    let sockets = Sockets::open(settings).await?;
    if let Some(dir) = settings.paths.iter().find(|path| path.is_dir()) {
        let dir = dir.display();
        let error = anyhow::anyhow!("{dir}: is a directory; name the log in it, or a pattern such as '{dir}/*.log'");
        return Err((error, Ending::Usage));
    }
    for path in settings.paths.iter().filter(|path| !is_there(path)) {
        log::warn(Part::Input, &format!("{}: not there yet; it is followed when it comes", path.display()));
    }
    let (watch, work) = Watch::begin(settings).await?;
    let front = sockets.attend(settings, &watch)?;
    Ok((watch, work, front))
}

/// The driver's loop.
async fn work_until_told(
    settings: &WatchSettings,
    (mut watch, work, mut front): (Watch, Work, Front),
    mut signals: Signals,
    level: &Level,
) -> anyhow::Result<Ending> {
    let stop = Arc::new(AtomicBool::new(false));
    let (said, mut heard) = mpsc::channel(ROUNDS);
    let stopped = Arc::clone(&stop);
    let worker = tokio::task::spawn_blocking(move || work.run(&stopped, &said));
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            biased;
            _ = signals.end.next(), if !stop.load(Ordering::Relaxed) => front.leave(&stop),
            _ = signals.reopen.recv() => {
                watch.reload().await;
                front.reload(settings);
                // A file that cannot be read was told of with the lists.
                let again = LogSettings::level_again(settings.config.as_deref(), settings.common.quiet);
                again.into_iter().for_each(|to| level.set(to));
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
    front.close();
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
    async fn hear(&mut self, said: Said) {
        match said {
            Said::Round(found, summary) => {
                self.count(&found, summary.as_deref());
                for entry in self.keeper.decide(found.records).await {
                    self.outlets.iter_mut().for_each(|outlet| outlet.take(&entry, &self.live));
                }
            }
            Said::Snapshot(mut parts, places) => {
                parts.insert(METRICS.into(), Box::new(self.served.metrics().memory()));
                parts.insert(OPEN.into(), Box::new(self.open.memory()));
                parts.insert(RECENT.into(), Box::new(self.served.recent().memory()));
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
            self.served.recent().take(record);
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
        // What a file has that is moved away is not looked for in the next.
        self.keeper.rest(&self.outlets, true).await;
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
