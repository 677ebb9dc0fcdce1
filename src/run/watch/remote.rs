//! A destination over the network, on a thread of its own: however slow it is, nobody waits for it.

use super::deliver::{Entry, OUTBOX, oldest};
use crate::alert::Severity;
use crate::lock::lock;
use crate::metrics::{Delivery, Live};
use crate::run::log::{self, Part};
use crate::sink::{Sink, SinkError};
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between two reminders of what lasts.
const KEEP: Duration = Duration::from_secs(60);
/// Pauses between tries: doubled from the first to the last.
const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(60);

/// Makes the connection on its thread.
pub(super) struct Remote {
    name: String,
    shared: Arc<Shared>,
}

struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    live: Arc<Live>,
    name: String,
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Entry>,
    /// Number of the last record that is not to be delivered any more.
    done: u64,
    /// The run ends.
    ends: bool,
}

impl Remote {
    /// Delivers records of at least a severity to a sink.
    ///
    /// # Errors
    ///
    /// The system refuses the thread.
    pub(super) fn new(name: &str, least: Severity, sink: Box<dyn Sink>, live: Arc<Live>) -> std::io::Result<Remote> {
        let shared = Arc::new(Shared { waiting: Mutex::default(), changed: Condvar::new(), live, name: name.into() });
        let theirs = Arc::clone(&shared);
        // Not joined: a server that takes its time does not keep the process.
        std::thread::Builder::new().name(format!("sink {name}")).spawn(move || theirs.work(least, sink))?;
        Ok(Remote { name: name.into(), shared })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn done(&self) -> u64 {
        self.shared.lock().done
    }

    pub(super) fn resume(&mut self, done: u64, records: &[Entry]) {
        self.shared.lock().done = done;
        records.iter().filter(|entry| entry.number > done).for_each(|entry| self.take(entry));
    }

    pub(super) fn take(&mut self, entry: &Entry) {
        let mut waiting = self.shared.lock();
        if waiting.queue.len() == OUTBOX
            && let Some(dropped) = waiting.queue.pop_front()
        {
            waiting.done = dropped.number;
            self.shared.live.delivered(&self.name, Delivery::Dropped);
        }
        waiting.queue.push_back(entry.clone());
        self.shared.show(&waiting);
        self.shared.changed.notify_all();
    }

    pub(super) fn stop(&mut self) {
        self.shared.lock().ends = true;
        self.shared.changed.notify_all();
    }

    /// How many are left at the latest at `until`.
    pub(super) fn finish(&mut self, until: Instant) -> usize {
        let left = until.saturating_duration_since(Instant::now());
        let waits = |waiting: &mut Waiting| !waiting.queue.is_empty();
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), left, waits);
        waited.unwrap_or_else(PoisonError::into_inner).0.queue.len()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.waiting)
    }

    fn show(&self, waiting: &Waiting) {
        self.live.waits(&self.name, waiting.queue.len(), oldest(&waiting.queue));
    }

    /// The thread's.
    fn work(&self, least: Severity, mut sink: Box<dyn Sink>) {
        let mut kept = Instant::now();
        let mut failures = 0;
        let mut reminds = true;
        while let Some(next) = self.next(kept + KEEP) {
            if kept.elapsed() >= KEEP {
                kept = Instant::now();
                reminds = self.remind(&mut *sink, reminds);
            }
            let Some(entry) = next else { continue };
            if entry.record.severity < least {
                self.over(&entry);
                continue;
            }
            let begun = Instant::now();
            let delivered = sink.deliver(&entry.record);
            self.live.requested(&self.name, begun.elapsed());
            match delivered {
                Ok(()) => {
                    if std::mem::take(&mut failures) > 0 {
                        log::info(Part::Sink, &format!("{}: takes records again", self.name));
                    }
                    self.live.delivered(&self.name, Delivery::Ok);
                    self.over(&entry);
                }
                Err(error @ SinkError::Refused { .. }) => {
                    log::error(Part::Sink, &format!("{error}; record {} is not sent again", entry.record.id));
                    self.live.delivered(&self.name, Delivery::Dropped);
                    self.over(&entry);
                }
                Err(error) => {
                    self.live.delivered(&self.name, Delivery::Retry);
                    if failures == 0 {
                        log::error(Part::Sink, &format!("{error}; its records wait and are tried again"));
                    }
                    let asked = if let SinkError::Unreachable { after, .. } = error { after } else { None };
                    failures += 1;
                    self.pause(asked.unwrap_or_default().max(pause(failures)));
                }
            }
        }
        let _ = sink.finish();
    }

    /// Tells again what lasts; whether it was taken. That it was not is counted each time, and said once.
    fn remind(&self, sink: &mut dyn Sink, before: bool) -> bool {
        let kept = sink.keep();
        match &kept {
            Ok(()) if !before => log::info(Part::Sink, &format!("{}: takes reminders again", self.name)),
            Ok(()) => {}
            Err(error) => {
                self.live.delivered(&self.name, Delivery::Retry);
                if before {
                    log::error(
                        Part::Sink,
                        &format!("{error}; it is not reminded of what lasts, and may take it for over"),
                    );
                }
            }
        }
        kept.is_ok()
    }

    /// The next record to deliver, as soon as there is one; none at the latest at `until`. Nothing any more at the end.
    fn next(&self, until: Instant) -> Option<Option<Entry>> {
        let idle = |waiting: &mut Waiting| waiting.queue.is_empty() && !waiting.ends;
        let left = until.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(self.lock(), left, idle);
        let waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        match waiting.queue.front() {
            None if waiting.ends => None,
            next => Some(next.cloned()),
        }
    }

    /// It is not to be delivered any more.
    fn over(&self, entry: &Entry) {
        let mut waiting = self.lock();
        // It may have been dropped meanwhile.
        if waiting.queue.front().is_some_and(|front| front.number == entry.number) {
            waiting.queue.pop_front();
            waiting.done = entry.number;
        }
        self.show(&waiting);
        self.changed.notify_all();
    }

    fn pause(&self, pause: Duration) {
        let waiting = self.lock();
        // At the end one more try, and then as many as there is time for.
        let pause = if waiting.ends { pause.min(FIRST / 2) } else { pause };
        let ends = waiting.ends;
        drop(self.changed.wait_timeout_while(waiting, pause, |waiting| waiting.ends == ends));
    }
}

/// Doubled with each failure, and each somewhat another, so that many who wait for one server do not come at once.
fn pause(failures: u32) -> Duration {
    let pause = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LAST);
    let part = RandomState::new().hash_one(0) % 256;
    pause.mul_f64(0.75 + part as f64 / 512.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute() {
        assert!((FIRST / 2..FIRST * 2).contains(&pause(1)));
        assert!((FIRST * 8..FIRST * 24).contains(&pause(5)));
        assert!((LAST / 2..LAST * 2).contains(&pause(10_000)));
    }
}
