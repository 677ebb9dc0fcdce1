//! F14, F20, F56–F58: file systems that refuse, forget, and say what is not so.

use std::cell::Cell;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use deguchi::input::ErrorReason;
use deguchi::input::follow::{Open, Stat};

use super::*;

const EIO: i32 = 5;
const EACCES: i32 = 13;
const EMFILE: i32 = 24;
const ESTALE: i32 = 116;

/// The disk, with faults.
struct Unwilling {
    /// Nothing can be opened.
    open: Cell<Option<i32>>,
    /// Files opened now cannot be read.
    read: Cell<Option<i32>>,
    /// How often something was opened.
    opened: Cell<usize>,
    /// How many files may be open at once.
    limit: Cell<usize>,
    shared: Arc<Shared>,
}

/// What open files are told.
#[derive(Default)]
struct Shared {
    /// Files opened before the server came up this often are forgotten.
    starts: AtomicU64,
    /// Files opened before seem to end here, if that is not 0.
    end: AtomicU64,
    /// Reading, but not looking, finds that end.
    only_reading: AtomicU64,
    open: AtomicUsize,
}

impl Unwilling {
    fn new() -> Self {
        Self {
            open: Cell::new(None),
            read: Cell::new(None),
            opened: Cell::new(0),
            limit: Cell::new(usize::MAX),
            shared: Arc::default(),
        }
    }

    /// The server starts again: all handles are stale.
    fn start(&self) {
        self.shared.starts.fetch_add(1, Ordering::Relaxed);
    }

    /// Files that are open now seem to end at `end`; those opened later do not.
    fn shorten(&self, end: u64) {
        self.shared.end.store(end, Ordering::Relaxed);
    }
}

struct Handle {
    file: Arc<dyn Open>,
    read: Option<i32>,
    starts: u64,
    /// Opened while files seemed to end somewhere: by an answer that is newer.
    is_fresh: bool,
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Handle {
    fn end(&self) -> Option<u64> {
        let end = self.shared.end.load(Ordering::Relaxed);
        (end > 0 && !self.is_fresh).then_some(end)
    }

    fn ask(&self) -> io::Result<()> {
        let forgotten = self.starts < self.shared.starts.load(Ordering::Relaxed);
        if forgotten { Err(io::Error::from_raw_os_error(ESTALE)) } else { Ok(()) }
    }
}

impl Open for Handle {
    fn stat(&self) -> io::Result<Stat> {
        self.ask()?;
        let stat = self.file.stat()?;
        let end = self.end().filter(|_| self.shared.only_reading.load(Ordering::Relaxed) == 0);
        Ok(Stat { len: end.unwrap_or(u64::MAX).min(stat.len), ..stat })
    }

    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        self.ask()?;
        if let Some(code) = self.read {
            return Err(io::Error::from_raw_os_error(code));
        }
        let room = self.end().unwrap_or(u64::MAX).saturating_sub(at).min(out.len() as u64) as usize;
        // Little at a time.
        let few = room.min(7);
        self.file.read_at(at, &mut out[..few])
    }
}

impl Files for Unwilling {
    fn list(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        Disk.list(directory)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Disk.stat(path)
    }

    fn is_link(&self, path: &Path) -> bool {
        Disk.is_link(path)
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        Disk.resolve(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn Open>> {
        self.opened.set(self.opened.get() + 1);
        if let Some(code) = self.open.get() {
            return Err(io::Error::from_raw_os_error(code));
        }
        if self.shared.open.load(Ordering::Relaxed) >= self.limit.get() {
            return Err(io::Error::from_raw_os_error(EMFILE));
        }
        let file = Disk.open(path)?;
        self.shared.open.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Handle {
            file,
            read: self.read.get(),
            starts: self.shared.starts.load(Ordering::Relaxed),
            is_fresh: self.shared.end.load(Ordering::Relaxed) > 0,
            shared: Arc::clone(&self.shared),
        }))
    }
}

/// Polls for `seconds`.
fn pass(watch: &mut Watch, files: &Unwilling, seconds: u64) {
    for _ in 0..=2 * seconds {
        while watch.poll_on(files) {}
        watch.now += SECOND / 2;
    }
}

#[test]
fn f14_not_allowed_for_two_seconds() {
    for (code, trouble) in [(EACCES, ErrorReason::Permission), (EMFILE, ErrorReason::Limit)] {
        let mut watch = Watch::new("access.log");
        let files = Unwilling::new();
        watch.append("access.log", log(0, 10));
        watch.poll_on(&files);
        files.open.set(Some(code));
        watch.rename("access.log", "access.log.1");
        watch.append("access.log", log(10, 20));
        for _ in 0..20 {
            watch.poll_on(&files);
            watch.now += SECOND / 10;
        }
        assert!(files.opened.get() < 8, "{} times", files.opened.get());
        files.open.set(None);
        for _ in 0..80 {
            watch.poll_on(&files);
            watch.now += SECOND / 10;
        }
        watch.gave(&[&log(0, 20)]);
        assert!((2..8).contains(&watch.count(Happening::Failed(trouble))), "{:?}", watch.happened());
        assert_eq!(watch.lost(), 0);
        assert!(watch.notes.iter().any(|note| note.message.as_deref().is_some_and(|m| m.contains("access.log"))));
    }
}

#[test]
fn f14_reading_fails_and_recovers() {
    for (code, trouble) in [(EIO, ErrorReason::Read), (ESTALE, ErrorReason::StaleHandle)] {
        let mut watch = Watch::new("access.log");
        let files = Unwilling::new();
        watch.append("access.log", log(0, 10));
        watch.poll_on(&files);
        watch.rename("access.log", "access.log.1");
        watch.append("access.log", log(10, 20));
        files.read.set(Some(code));
        watch.poll_on(&files);
        for second in 0..10 {
            files.read.set((second < 5).then_some(code));
            watch.poll_on(&files);
            watch.now += SECOND;
            if code == EIO && second == 5 {
                // The handle stays broken; the next one is not.
                watch.restart();
            }
        }
        for _ in 0..60 {
            watch.poll_on(&files);
            watch.now += SECOND;
        }
        watch.gave(&[&log(0, 20)]);
        let _ = trouble;
        assert_eq!(watch.lost(), 0);
    }
}

#[test]
fn f20_the_place_moves_over_what_was_read_only() {
    let mut watch = Watch::new("access.log");
    let files = Unwilling::new();
    watch.append("access.log", log(0, 10));
    watch.poll_on(&files);
    watch.append("access.log", log(10, 20));
    // The length says twenty lines; there are twelve and a half to read.
    files.shared.only_reading.store(1, Ordering::Relaxed);
    files.shorten(log(0, 13).len() as u64 - 30);
    pass(&mut watch, &files, 3);
    watch.gave(&[&log(0, 12)]);
    assert_eq!(watch.checkpoint.positions()[0].offset(), log(0, 12).len() as u64);
    files.shorten(0);
    pass(&mut watch, &files, 1);
    watch.gave(&[&log(0, 20)]);
    watch.was_smooth();
}

/// As many logs as may be open are followed; the others are counted, and nothing of them is lost when there is room.
#[test]
fn f56_more_logs_than_may_be_open() {
    const LOGS: usize = 300;
    const LIMIT: usize = 40;
    let mut watch = Watch::with("*.log", FollowSettings { poll: 100_000, ..settings() });
    let files = Unwilling::new();
    files.limit.set(LIMIT);
    for n in 0..LOGS {
        watch.append(&format!("{n}.log"), log(0, 3));
    }
    pass(&mut watch, &files, 30);
    assert_eq!((watch.lines.len(), watch.follow.gauges().open), (LIMIT, LIMIT));
    assert!(watch.count(Happening::Failed(ErrorReason::Limit)) >= LOGS - LIMIT);
    assert!(files.opened.get() < 40 * LOGS, "no spinning: {} tries", files.opened.get());
    for n in 0..LOGS {
        watch.append(&format!("{n}.log"), log(3, 6));
    }
    pass(&mut watch, &files, 5);
    files.limit.set(usize::MAX);
    watch.restart();
    pass(&mut watch, &files, 60);
    let wanted: Vec<String> = log(0, 6).lines().map(str::to_string).collect();
    assert!(watch.lines.len() == LOGS && watch.lines.values().all(|lines| *lines == wanted));
    assert_eq!(watch.lost(), 0);
}

#[test]
fn f57_a_handle_the_server_has_forgotten() {
    for rotate in [false, true] {
        let mut watch = Watch::with("access.log", FollowSettings { chunk: 1000, poll: 2000, ..settings() });
        let files = Unwilling::new();
        watch.append("access.log", log(0, 100));
        assert!(watch.poll_on(&files));
        if rotate {
            watch.rename("access.log", "access.log.1");
            watch.append("access.log", log(100, 110));
            watch.poll_on(&files);
        }
        files.start();
        pass(&mut watch, &files, 20);
        if !rotate {
            watch.append("access.log", log(100, 110));
            pass(&mut watch, &files, 5);
        }
        watch.gave(&[&log(0, 110)]);
        assert_eq!(watch.count(Happening::Failed(ErrorReason::StaleHandle)), 1, "{:?}", watch.happened());
        assert_eq!(watch.lost(), 0);
    }
}

#[test]
fn f57_a_length_that_goes_backwards() {
    for only_reading in [0, 1] {
        let mut watch = Watch::new("access.log");
        let files = Unwilling::new();
        watch.append("access.log", log(0, 20));
        watch.poll_on(&files);
        files.shared.only_reading.store(only_reading, Ordering::Relaxed);
        // An old answer: what was read already is not there yet. Who opens the file anew knows better.
        files.shorten(log(0, 12).len() as u64);
        watch.append("access.log", log(20, 30));
        pass(&mut watch, &files, 5);
        watch.append("access.log", log(30, 40));
        pass(&mut watch, &files, 1);
        watch.gave(&[&log(0, 40)]);
        watch.was_smooth();
    }
}

#[test]
fn f58_a_directory_removed_and_made_again() {
    for pattern in ["logs/access.log", "logs/*.log", "*/access.log"] {
        for down in [false, true] {
            let mut watch = Watch::new(pattern);
            let make = |watch: &Watch| fs::create_dir(watch.path("logs")).unwrap();
            make(&watch);
            watch.append("logs/access.log", log(0, 10));
            watch.pass(1);
            if down {
                watch.restart();
            } else {
                // Still open.
                watch.append("logs/access.log", log(10, 20));
            }
            fs::remove_dir_all(watch.path("logs")).unwrap();
            watch.pass(3);
            make(&watch);
            watch.append("logs/access.log", log(20, 30));
            watch.pass(8);
            let open = if down { String::new() } else { log(10, 20) };
            watch.gave(&[&log(0, 10), &open, &log(20, 30)]);
            assert_eq!(watch.lost(), 0);
        }
    }
}
