//! The faults of live files, by number. F01–F14: rotation; F15–F22: identity; F23–F31: content; F42: archives; F20, F56–F58: file systems that refuse.

mod archives;
mod content;
mod identity;
mod logrotate;
mod many;
mod model;
mod rotation;
mod second_names;
mod unwilling;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use deguchi::input::LINE_MAX;
use deguchi::input::follow::{Checkpoint, Disk, Files, Follow, FollowSettings, From, Happening, Note, Step};
use flate2::Compression;
use flate2::write::GzEncoder;

const KEY: [u8; 16] = *b"0123456789abcdef";
const SECOND: Duration = Duration::from_secs(1);

fn settings() -> FollowSettings {
    FollowSettings { rotate_wait: 2 * SECOND, delete_wait: 20 * SECOND, key: KEY, ..FollowSettings::default() }
}

/// A way to compress.
type Compress = fn(&[u8]) -> Vec<u8>;

/// A folder with logs and somebody who follows them.
struct Watch {
    folder: tempfile::TempDir,
    pattern: PathBuf,
    settings: FollowSettings,
    follow: Follow,
    checkpoint: Checkpoint,
    now: Duration,
    /// What each stream gave, by the name of its live file.
    lines: BTreeMap<String, Vec<String>>,
    notes: Vec<Note>,
    skipped: u64,
}

impl Watch {
    fn new(pattern: &str) -> Self {
        Self::with(pattern, settings())
    }

    fn with(pattern: &str, settings: FollowSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pattern = folder.path().join(pattern);
        Self {
            follow: Follow::new(&pattern, settings, None).unwrap(),
            checkpoint: Checkpoint::new(&KEY),
            folder,
            pattern,
            settings,
            now: Duration::ZERO,
            lines: BTreeMap::new(),
            notes: Vec::new(),
            skipped: 0,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        append(&self.path(name), text.as_ref());
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn truncate(&self, name: &str, len: u64) {
        OpenOptions::new().write(true).open(self.path(name)).unwrap().set_len(len).unwrap();
    }

    fn gzip(&self, name: &str, to: &str) {
        self.compress(name, to, gzip);
    }

    /// As gzip and zstd do: the time is kept, the original removed.
    fn compress(&self, name: &str, to: &str, how: Compress) {
        let modified = fs::metadata(self.path(name)).unwrap().modified().unwrap();
        let mut file = File::create(self.path(to)).unwrap();
        file.write_all(&how(&fs::read(self.path(name)).unwrap())).unwrap();
        file.set_modified(modified).unwrap();
        fs::remove_file(self.path(name)).unwrap();
    }

    /// One poll; a checkpoint of all it gave.
    fn poll(&mut self) -> bool {
        self.poll_on(&Disk)
    }

    fn poll_on(&mut self, files: &impl Files) -> bool {
        let poll = self.follow.poll(files, self.now);
        for step in poll.steps {
            self.take(step);
        }
        poll.more
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Lines { stream, chunk, position } => {
                let path = self.follow.path(stream).unwrap();
                assert_eq!(position.path(), path);
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let lines = chunk.lines().map(|(_, line)| String::from_utf8_lossy(line).into_owned());
                self.lines.entry(name).or_default().extend(lines);
                self.skipped += chunk.skipped;
                assert!(chunk.bytes.len() <= self.settings.chunk + 2 * LINE_MAX + 1);
                self.checkpoint.cover(&position);
            }
            Step::Moved { position, .. } => self.checkpoint.cover(&position),
            Step::Happened(note) => self.notes.push(note),
            Step::Ended { path, .. } => self.checkpoint.forget(&path),
        }
    }

    /// Polls for a while of `seconds`, and at once while there is more.
    fn pass(&mut self, seconds: u64) {
        for _ in 0..=2 * seconds {
            while self.poll() {}
            self.now += SECOND / 2;
        }
    }

    /// `kill -9` and start again: from the checkpoint as it is stored.
    fn restart(&mut self) {
        let stored = serde_json::to_string(&self.checkpoint).unwrap();
        self.checkpoint = serde_json::from_str(&stored).unwrap();
        self.follow = Follow::new(&self.pattern, self.settings, Some(&self.checkpoint)).unwrap();
        self.now = Duration::ZERO;
    }

    /// The lines of the one log there is.
    #[track_caller]
    fn given(&self) -> Vec<String> {
        assert!(self.lines.len() <= 1, "{:?}", self.lines.keys());
        self.lines.values().next().cloned().unwrap_or_default()
    }

    #[track_caller]
    fn gave(&self, wanted: &[&str]) {
        let wanted: Vec<String> = wanted.iter().flat_map(|text| text.lines().map(str::to_string)).collect();
        let given = self.given();
        if given != wanted {
            let at = given.iter().zip(&wanted).position(|(a, b)| a != b).unwrap_or(given.len().min(wanted.len()));
            let around = |lines: &[String]| lines[at.saturating_sub(1)..lines.len().min(at + 3)].to_vec();
            let (g, w) = (around(&given), around(&wanted));
            panic!("{} lines for {}; at {at}: {g:?} for {w:?}; {:?}", given.len(), wanted.len(), self.happened());
        }
    }

    fn happened(&self) -> Vec<Happening> {
        self.notes.iter().map(|note| note.what).collect()
    }

    fn count(&self, what: Happening) -> usize {
        self.notes.iter().filter(|note| note.what == what).count()
    }

    fn lost(&self) -> u64 {
        self.notes.iter().map(|note| note.what.lost()).sum()
    }

    /// Nothing was odd.
    #[track_caller]
    fn was_smooth(&self) {
        assert!(self.happened().iter().all(|what| *what == Happening::Rotated), "{:?}", self.notes);
    }
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(bytes).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// Lines `from..to` of a log, no two alike.
fn log(from: usize, to: usize) -> String {
    let line = |i: usize| {
        format!(
            "{}.{:03} {i:>6} 192.0.2.{} TCP_MISS/200 GET http://a{}.example/\n",
            1430000000 + i,
            i % 997,
            i % 250,
            i
        )
    };
    (from..to).map(line).collect()
}
