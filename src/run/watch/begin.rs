//! A watch at its beginning: what an earlier run left, the engine, the destinations.

use super::deliver::{Entry, Outlet};
use super::keep::{Keeper, Left};
use super::open::Open;
use super::reload::Reloader;
use super::work::{ENGINE, PLACES, Places, Work};
use super::{INPUT, METRICS, OPEN, RECENT, Refusal, STDOUT, Watch, connect};
use crate::detect::DETECTORS;
use crate::engine::Engine;
use crate::metrics::{IncidentInfo, Live, Metrics, Store};
use crate::parse;
use crate::run::http::Served;
use crate::run::log::{self, Part};
use crate::run::receive::Place;
use crate::run::recent::Recent;
use crate::run::{Ending, lists, terminal};
use crate::settings::{Format, SinkTo, WatchSettings};
use crate::sink::{Lines, Output, Sink, SinkError, TableOptions, Ticker};
use anyhow::Context;
use std::path::Path;
use std::sync::Arc;

impl Watch {
    /// Ready to hear, and the engine's side, ready to run; both go on from what an earlier run left.
    pub(super) async fn begin(settings: &WatchSettings) -> Result<(Watch, Work), Refusal> {
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
        let recent = Recent::remember(left.snapshot.get(RECENT));
        let mut recent = recent.map_err(|error| unusable(error.into()))?;
        for Entry { record, .. } in &left.records {
            open.apply(record);
            recent.take(record);
        }
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
        let info = settings.incident_info.then(|| IncidentInfo::new(&metrics));
        let served = Arc::new(Served::new(metrics, info, recent, common.zone.clone()));
        Ok((Watch { served, live, outlets, keeper, open, reloader, place }, work))
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
                Format::Auto(zone) => parse::told_as(name, zone).ok(),
                Format::Given(..) => parse::by_name_in(name, &common.zone).ok().map(Arc::from),
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
    [STDOUT].into_iter().chain(settings.sinks.iter().map(|sink| sink.name.as_str())).collect()
}

/// The destinations that the settings name: entries for people on standard output, unless records go there.
fn outlets(settings: &WatchSettings, open: &Open, live: &Arc<Live>) -> anyhow::Result<Vec<Outlet>> {
    let options = TableOptions {
        width: terminal::stdout_width(),
        paint: terminal::stdout_paint(settings.common.color),
        zone: settings.common.zone.clone(),
        top: 0,
    };
    let stdout: Box<dyn Sink> = match settings.piped {
        Some(format) => Box::new(Lines::new(Output::stdout(), format)),
        None => Box::new(Ticker::new(Output::stdout(), options)),
    };
    let mut outlets = vec![Outlet::stream(STDOUT, stdout)];
    for sink in &settings.sinks {
        outlets.push(connect::outlet(sink, open, live, settings.state.is_some())?);
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
