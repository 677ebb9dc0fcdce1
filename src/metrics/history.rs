//! The past as OpenMetrics text: one sample per pane, stamped with event time, for
//! `promtool tsdb create-blocks-from openmetrics`. This puts archives into Grafana.
//!
//! Panes are held as differences in variable-length integers, some ten bytes each; beyond [`PANES`] two neighbours become
//! one, so memory is bounded however long the archive. Prometheus forgets a sample after five minutes: where no pane
//! closed, the last value is repeated, for at most [`FILL_SPAN`] and [`FILL_SAMPLES`] in all.

use super::active::Active;
use super::varint::{put, take};
use super::{ACTIVE, ALERTS, DENIED, EVENTS, Family};
use crate::alert::Record;
use crate::engine::PaneCount;
use crate::event::Millis;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Panes held at most: a year of minutes.
const PANES: usize = 1 << 19;
/// A value is repeated after this long, ms.
const FILL_STEP: Millis = 240_000;
/// A gap longer than this stays empty after it, ms: two weeks, twice the quiet that ends an episode.
const FILL_SPAN: Millis = 14 * 86_400_000;
/// Repeated samples a series at most.
const FILL_SAMPLES: usize = 1 << 20;
/// Text is handed on in blocks of about this many bytes.
const BLOCK: usize = 1 << 16;

/// Counts by event time, and the alerts between them.
#[derive(Debug)]
pub struct History {
    input: String,
    step: Millis,
    limit: usize,
    coded: Vec<u8>,
    rows: usize,
    first: Millis,
    coded_end: Millis,
    last: Option<PaneCount>,
    active: Active,
    changes: BTreeMap<(Millis, usize), (u32, i32)>,
}

impl History {
    /// For panes of `pane` ms of one input (its configured name).
    pub fn new(detectors: &[&'static str], input: &str, pane: Millis) -> Self {
        History {
            input: input.to_owned(),
            step: pane.max(1),
            limit: PANES,
            coded: Vec::new(),
            rows: 0,
            first: 0,
            coded_end: 0,
            last: None,
            active: Active::new(detectors),
            changes: BTreeMap::new(),
        }
    }

    /// Adds a closed pane. They come in the order of their ends; one that does not counts with the last.
    pub fn pane(&mut self, pane: PaneCount) {
        let end = bucket(pane.end, self.step);
        match &mut self.last {
            Some(last) if end <= last.end => {
                last.events += pane.events;
                last.denied += pane.denied;
            }
            last => {
                let before = last.replace(PaneCount { end, ..pane });
                match before {
                    Some(before) => self.encode(before),
                    None => (self.first, self.coded_end) = (end, end),
                }
            }
        }
        if self.rows >= self.limit {
            self.coarsen();
        }
    }

    /// Adds a record at its own time.
    pub fn record(&mut self, record: &Record) {
        let at = record.time.parse::<jiff::Timestamp>().map_or(Millis::MIN, jiff::Timestamp::as_millisecond);
        let last = self.last.map_or(Millis::MIN, |last| last.end);
        let end = if at <= last { last } else { bucket(at, self.step) };
        let changes = self.active.apply(record);
        if changes == [None; 2] || end == Millis::MIN {
            return;
        }
        if end > last {
            self.pane(PaneCount { end, ..PaneCount::default() });
        }
        let end = self.last.map_or(end, |last| last.end);
        for change in changes.into_iter().flatten() {
            let held = self.changes.entry((end, change.series)).or_default();
            held.0 += change.alerts;
            held.1 += change.active;
        }
    }

    /// Hands on the whole text in blocks, `# EOF` last.
    ///
    /// # Errors
    /// What `take` returns.
    pub fn write<E>(&self, mut take: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        let mut text = Text { block: String::with_capacity(BLOCK + 256), take: &mut take };
        let input = [("input", self.input.as_str())];
        for (family, value) in [(EVENTS, (|p: &PaneCount| p.events) as fn(&PaneCount) -> u64), (DENIED, |p| p.denied)] {
            text.family(&family, "counter")?;
            let mut total = 0;
            self.each(|at, pane| {
                total += pane.map_or(0, value);
                text.sample(&family, &input, total as f64, at)
            })?;
        }
        for (family, kind) in [(ALERTS, "counter"), (ACTIVE, "gauge")] {
            text.family(&family, kind)?;
            for (series, (detector, severity)) in self.active.series().enumerate() {
                let labels = [("detector", detector), ("severity", severity.as_str())];
                let mut changes = self.changes.iter().filter(|((_, of), _)| *of == series).peekable();
                let quiet = changes.peek().is_none();
                let mut total = 0;
                self.each(|at, _| {
                    while let Some((_, (alerts, active))) = changes.next_if(|((time, _), _)| *time <= at) {
                        total += if kind == "counter" { i64::from(*alerts) } else { i64::from(*active) };
                    }
                    // A series that never moves says so at both ends only.
                    if quiet && at != self.first - self.step && Some(at) != self.last.map(|last| last.end) {
                        return Ok(());
                    }
                    text.sample(&family, &labels, total as f64, at)
                })?;
            }
        }
        text.block.push_str("# EOF\n");
        (text.take)(&text.block)
    }

    /// Visits every time a sample stands at: one step before the first pane (all is 0 there, so that `increase()` sees the
    /// first pane), the panes, and the repeats between them (`None`).
    fn each<E>(&self, mut visit: impl FnMut(Millis, Option<&PaneCount>) -> Result<(), E>) -> Result<(), E> {
        let Some(last) = self.last else { return Ok(()) };
        let mut before = self.first - self.step;
        let mut repeats = FILL_SAMPLES;
        visit(before, None)?;
        for pane in self.decode().chain([last]) {
            let until = pane.end.min(before.saturating_add(FILL_SPAN));
            let mut at = before + FILL_STEP;
            while at < until && repeats > 0 {
                visit(at, None)?;
                at += FILL_STEP;
                repeats -= 1;
            }
            visit(pane.end, Some(&pane))?;
            before = pane.end;
        }
        Ok(())
    }

    fn encode(&mut self, pane: PaneCount) {
        let since = u64::try_from(pane.end - self.coded_end).unwrap_or(0);
        for n in [since, pane.events, pane.denied] {
            put(&mut self.coded, n);
        }
        self.coded_end = pane.end;
        self.rows += 1;
    }

    fn decode(&self) -> impl Iterator<Item = PaneCount> {
        let mut rest = self.coded.as_slice();
        let mut end = self.first;
        std::iter::from_fn(move || {
            let since = take(&mut rest)?;
            end += Millis::try_from(since).unwrap_or(0);
            Some(PaneCount { end, events: take(&mut rest)?, denied: take(&mut rest)? })
        })
    }

    /// Makes one pane of two.
    fn coarsen(&mut self) {
        let mut coarser = History {
            input: std::mem::take(&mut self.input),
            step: self.step * 2,
            limit: self.limit,
            active: std::mem::replace(&mut self.active, Active::new(&[])),
            ..History::new(&[], "", 1)
        };
        // Far apart, even doubled panes stay as many: then the limit moves on until they meet.
        coarser.limit = usize::MAX;
        self.decode().chain(self.last).for_each(|pane| coarser.pane(pane));
        coarser.limit = self.limit;
        for ((end, series), (alerts, active)) in std::mem::take(&mut self.changes) {
            let held = coarser.changes.entry((bucket(end, coarser.step), series)).or_default();
            held.0 += alerts;
            held.1 += active;
        }
        *self = coarser;
        if self.rows >= self.limit {
            self.coarsen();
        }
    }
}

/// The end of the pane of `step` that `time` is in.
fn bucket(time: Millis, step: Millis) -> Millis {
    time.saturating_add(step - 1).div_euclid(step).saturating_mul(step)
}

/// OpenMetrics text, handed on in blocks.
struct Text<'a, F> {
    block: String,
    take: &'a mut F,
}

impl<E, F: FnMut(&str) -> Result<(), E>> Text<'_, F> {
    fn family(&mut self, family: &Family, kind: &str) -> Result<(), E> {
        let name = family.0.strip_suffix("_total").unwrap_or(family.0);
        let _ = writeln!(self.block, "# TYPE {name} {kind}\n# HELP {name} {}", family.1);
        Ok(())
    }

    fn sample(&mut self, family: &Family, labels: &[(&str, &str)], value: f64, at: Millis) -> Result<(), E> {
        self.block.push_str(family.0);
        for (n, (label, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.block, "{}{label}=\"{value}\"", if n == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.block, "}} {value} {}.{:03}", at.div_euclid(1000), at.rem_euclid(1000));
        if self.block.len() >= BLOCK {
            (self.take)(&self.block)?;
            self.block.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn total(history: &History) -> (u64, u64) {
        history.decode().chain(history.last).fold((0u64, 0u64), |t, p| (t.0 + p.events, t.1 + p.denied))
    }

    proptest! {
        #[test]
        fn however_many_panes_memory_is_bounded_and_no_count_is_lost(
            gaps in prop::collection::vec((0i64..5_000_000_000, 0u64..1 << 40), 0..200)
        ) {
            let mut history = History::new(&["beacon"], "log", 60_000);
            history.limit = 16;
            let (mut at, mut sum) = (0, 0);
            for (gap, n) in gaps {
                at += gap;
                sum += n;
                history.pane(PaneCount { end: at, events: n, denied: n });
                prop_assert!(history.rows <= 16);
            }
            prop_assert_eq!(total(&history), (sum, sum));
            let mut times = Vec::new();
            history.each(|at, _| { times.push(at); Ok::<(), ()>(()) }).unwrap();
            prop_assert!(times.is_sorted_by(|a, b| a < b));
            prop_assert!(times.len() <= FILL_SAMPLES + 18);
        }
    }
}
