//! The thread that writes the spool. While it waits for room everybody waits, and datagrams are dropped.

use crate::input::receive::{Peer, Shelf, Spool};
use crate::metrics::{Discontinuity, Live};
use crate::run::log::{self, Part};
use crate::run::watch::INPUT;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::Receiver;

/// How many may wait for it: with what is read at a time, 16 MiB.
pub(super) const BATCHES: usize = 1024;
/// Between two looks whether there is room.
const PAUSE: Duration = Duration::from_millis(50);
/// Between two tries to write.
const RETRY: Duration = Duration::from_millis(500);

/// Whole lines of one sender; none: one that found no room for its own.
pub(super) struct Batch {
    pub(super) peer: Peer,
    pub(super) lines: Vec<u8>,
}

/// All that the thread has.
pub(super) struct Desk {
    pub(super) spool: Spool,
    pub(super) shelf: Arc<Shelf>,
    pub(super) live: Arc<Live>,
    /// No more will come: what is here is written, whatever the limit.
    pub(super) ending: Arc<AtomicBool>,
}

impl Desk {
    /// Writes until nobody is left who could send.
    pub(super) fn run(mut self, mut batches: Receiver<Batch>) {
        while let Some(batch) = batches.blocking_recv() {
            if batch.lines.is_empty() {
                self.make_room();
                continue;
            }
            self.wait();
            self.write(&batch);
        }
    }

    fn make_room(&mut self) {
        let gone = self.spool.make_room(SystemTime::now());
        self.live.forgot(INPUT, gone as u64);
        if gone > 0 {
            log::info(Part::Receive, &format!("{gone} senders that were silent for long made room for others"));
        }
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Waits while the spool is full.
    fn wait(&self) {
        if !self.shelf.is_full() || self.is_ending() {
            return;
        }
        let folder = self.shelf.folder().display();
        log::warn(
            Part::Receive,
            &format!(
                "{folder}: the spool is full; connections wait, datagrams are dropped and counted, until what is in it is read \
             and covered by a snapshot (spool-limit in the table [receive])"
            ),
        );
        while self.shelf.is_full() && !self.is_ending() {
            std::thread::sleep(PAUSE);
        }
    }

    /// Writes it all, however long it takes.
    fn write(&mut self, batch: &Batch) {
        let mut rest = &batch.lines[..];
        let mut failed = false;
        loop {
            match self.spool.put(batch.peer, &mut rest) {
                Ok(torn) => {
                    if torn > 0 {
                        self.live.broke(INPUT, Discontinuity::TcpGap, torn);
                    }
                    if failed {
                        log::info(Part::Receive, "the spool is written again");
                    }
                    return;
                }
                Err(error) => {
                    // Said once for each time that it breaks.
                    if !std::mem::replace(&mut failed, true) {
                        let folder = self.shelf.folder().display();
                        log::error(
                            Part::Receive,
                            &format!("{folder}: {error}; what is received waits, and is written when it can be"),
                        );
                    }
                    if self.is_ending() {
                        return self.live.lost(INPUT, rest.len() as u64);
                    }
                    std::thread::sleep(RETRY);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use std::path::Path;
    use tokio::sync::mpsc::{self, Sender};

    fn desk(folder: &Path, limit: u64) -> (Desk, Sender<Batch>, Receiver<Batch>) {
        let shelf = Arc::new(Shelf::open(folder, limit).unwrap());
        let live = Arc::new(Live::new(&Metrics::new(&[], &[INPUT]), &[INPUT], &[]));
        let spool = Spool::open(Arc::clone(&shelf)).unwrap();
        let (sender, receiver) = mpsc::channel(BATCHES);
        (Desk { spool, shelf, live, ending: Arc::default() }, sender, receiver)
    }

    fn batch() -> Batch {
        Batch { peer: Peer::Unix, lines: b"line\n".to_vec() }
    }

    fn wait(until: impl Fn() -> bool) {
        while !until() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn who_finds_the_spool_full_waits_and_at_the_end_it_is_all_written() {
        let dir = tempfile::tempdir().unwrap();
        let (desk, sender, receiver) = desk(dir.path(), 12);
        let (shelf, ending) = (Arc::clone(&desk.shelf), Arc::clone(&desk.ending));
        let thread = std::thread::spawn(move || desk.run(receiver));
        (0..9).for_each(|_| assert!(sender.try_send(batch()).is_ok()));
        wait(|| shelf.is_full());
        std::thread::sleep(3 * PAUSE);
        assert_eq!(shelf.bytes(), 15, "the limit, and what was begun before it");
        ending.store(true, Ordering::Relaxed);
        drop(sender);
        thread.join().unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join("unix.log")).unwrap(), "line\n".repeat(9));
    }

    /// A folder that is gone stands for a disk that is full.
    #[test]
    fn f52_what_cannot_be_written_waits_until_it_can() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("spool");
        let (desk, sender, receiver) = desk(&folder, 1 << 20);
        std::fs::rename(&folder, dir.path().join("away")).unwrap();
        let thread = std::thread::spawn(move || desk.run(receiver));
        (0..3).for_each(|_| assert!(sender.try_send(batch()).is_ok()));
        std::thread::sleep(RETRY / 2);
        std::fs::rename(dir.path().join("away"), &folder).unwrap();
        drop(sender);
        thread.join().unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("unix.log")).unwrap(), "line\n".repeat(3));
    }
}
