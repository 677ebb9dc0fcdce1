//! Everything a replay writes: records to sinks, counts to metric files.

use crate::alert::{RecordKind, Severity};
use crate::detect::DETECTORS;
use crate::engine::{Found, Summary};
use crate::input::InputError;
use crate::metrics::{History, Metrics};
use crate::run::lessons::Lessons;
use crate::run::terminal;
use crate::settings::{ReplaySettings, Shape};
use crate::sink::{Csv, Lines, Output, Page, PageOptions, RecordFormat, Sink, SinkError, Table, TableOptions};
use crate::window::PANE;
use crate::window::ledger::Ledger;
use std::path::Path;

/// Name of the input in metrics and records.
const INPUT: &str = "log";

/// The open outputs of a run.
pub(super) struct Report {
    sinks: Vec<Box<dyn Sink>>,
    metrics: Option<(Output, Metrics)>,
    history: Option<(Output, History)>,
    ledger: Option<Output>,
    lessons: Option<Lessons>,
    fail_on: Option<Severity>,
    alarmed: bool,
}

impl Report {
    /// Opens what the settings ask for: an output that cannot be written is known before the first line is read.
    pub(super) fn create(settings: &ReplaySettings) -> Result<Report, SinkError> {
        let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
        match &settings.alerts {
            Some(path) if path == Path::new("-") => {
                sinks.push(Box::new(Lines::new(Output::stdout(), settings.alerts_format)))
            }
            Some(path) => sinks.push(Box::new(Lines::new(Output::create(path)?, settings.alerts_format))),
            None => {}
        }
        match settings.output {
            Some(Shape::Table) => {
                let options = TableOptions {
                    width: terminal::stdout_width(),
                    paint: terminal::stdout_paint(settings.common.color),
                    zone: settings.common.zone.clone(),
                    top: settings.top,
                };
                sinks.push(Box::new(Table::new(Output::stdout(), options)));
            }
            Some(Shape::Json) => sinks.push(Box::new(Lines::new(Output::stdout(), RecordFormat::Json))),
            Some(Shape::Csv) => sinks.push(Box::new(Csv::new(Output::stdout()))),
            None => {}
        }
        if let Some(path) = &settings.report {
            let options = PageOptions { lang: settings.lang, zone: settings.common.zone.clone() };
            sinks.push(Box::new(Page::new(Output::create(path)?, options)));
        }
        let detectors: Vec<&'static str> = DETECTORS.iter().map(|d| d.name).collect();
        let history = match &settings.history {
            Some(path) => Some((Output::create(path)?, History::new(&detectors, INPUT, PANE))),
            None => None,
        };
        let metrics = match &settings.metrics {
            Some(path) => {
                let mut metrics = Metrics::new(&detectors, &[INPUT]);
                metrics.ioc_entries(settings.common.listed.indicators());
                Some((Output::create(path)?, metrics))
            }
            None => None,
        };
        let ledger = settings.save_ledger.as_deref().map(Output::create).transpose()?;
        let lessons = settings.learn.then(Lessons::default);
        Ok(Report { sinks, metrics, history, ledger, lessons, fail_on: settings.fail_on, alarmed: false })
    }

    /// Takes what a round found.
    pub(super) fn take(&mut self, found: &Found) -> Result<(), SinkError> {
        if let Some((_, history)) = &mut self.history {
            found.panes.iter().for_each(|&pane| history.pane(pane));
        }
        if let Some((_, metrics)) = &mut self.metrics {
            found.panes.iter().for_each(|pane| metrics.pane(INPUT, pane));
        }
        if let Some(lessons) = &mut self.lessons {
            found.records.iter().for_each(|record| lessons.take(record));
            if let Some((_, metrics)) = &mut self.metrics {
                found.records.iter().for_each(|record| metrics.learned_over(record));
            }
            return Ok(());
        }
        for record in &found.records {
            self.alarmed |=
                record.record != RecordKind::End && self.fail_on.is_some_and(|least| record.severity >= least);
            if let Some((_, metrics)) = &mut self.metrics {
                metrics.record(record);
            }
            if let Some((_, history)) = &mut self.history {
                history.record(record);
            }
            for sink in &mut self.sinks {
                sink.deliver(record)?;
            }
        }
        Ok(())
    }

    /// Counts an input that could not be read to its end.
    pub(super) fn input_error(&mut self, error: &InputError) {
        if let Some((_, metrics)) = &mut self.metrics {
            metrics.input_error(INPUT, error.reason());
        }
    }

    /// Writes the ledger: what is known and learned, whatever else could be written.
    pub(super) fn save(&mut self, ledger: &Ledger) -> Result<(), SinkError> {
        if let Some(mut output) = self.ledger.take() {
            let mut bytes = Vec::new();
            // Memory has no errors of its own.
            let _ = ledger.write(&mut bytes);
            output.line(&bytes)?;
            output.finish()?;
        }
        Ok(())
    }

    /// Completes all outputs.
    pub(super) fn finish(&mut self, summary: &Summary, limit: usize) -> Result<(), SinkError> {
        for sink in &mut self.sinks {
            sink.finish()?;
        }
        if let Some(lessons) = &self.lessons {
            Output::stdout().line(lessons.page().as_bytes())?;
        }
        if let Some((mut output, mut metrics)) = self.metrics.take() {
            metrics.memory_limit(limit as u64);
            metrics.summary(INPUT, summary);
            output.line(metrics.text().as_bytes())?;
            output.finish()?;
        }
        if let Some((mut output, history)) = self.history.take() {
            history.write(|text| output.line(text.as_bytes()))?;
            output.finish()?;
        }
        Ok(())
    }

    /// Whether an alert was as severe as `--fail-on` says.
    pub(super) fn alarmed(&self) -> bool {
        self.alarmed
    }
}
