//! How much the spool holds, whose files are in it, and which pieces are no longer needed.

use super::super::follow::{Disk, Files, Position, Stat};
use crate::lock::lock;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

/// Who sends: each has a file of its own, and is a log of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// Connections of one address.
    Tcp(IpAddr),
    /// Datagrams that say they are of one address.
    Udp(IpAddr),
    /// Programs of this machine.
    Unix,
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Peer::Tcp(address) => write!(f, "tcp-{address}"),
            Peer::Udp(address) => write!(f, "udp-{address}"),
            Peer::Unix => write!(f, "unix"),
        }
    }
}

/// So many senders may have a file at a time, so that nobody who makes up addresses fills the disk with files.
pub const PEERS: usize = 64;
/// A sender that is not connected, was silent for so long and of which all is covered makes room for another that comes.
pub const SILENT: Duration = Duration::from_secs(600);
/// One that was silent for so long is forgotten at the next start in any case.
const GONE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Digits of the number of a piece: the follower takes so many for a date, of which the larger is the newer.
const DIGITS: usize = 12;

/// The folder of the spool, as those see it who write to it, clear it and read from it.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    limit: u64,
    bytes: AtomicU64,
    /// The live files of senders, by name, and how many connections of each are open.
    names: Mutex<BTreeMap<String, usize>>,
    /// Somebody found no room since places were covered last, and this was said.
    crowded: AtomicBool,
    /// What a snapshot on the disk covers.
    covered: Mutex<Vec<Position>>,
}

/// A file that is over.
pub(super) struct Piece {
    pub(super) path: PathBuf,
    pub(super) number: u64,
    pub(super) stat: Stat,
}

impl Shelf {
    /// The folder is made if it is missing; only its owner may look into it. `limit` in bytes.
    ///
    /// # Errors
    ///
    /// It cannot be made or listed.
    pub fn open(folder: &Path, limit: u64) -> io::Result<Shelf> {
        private(folder)?;
        // What is stored of places names files by their paths.
        let folder = fs::canonicalize(folder)?;
        let (mut bytes, mut names) = (0, BTreeMap::new());
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            bytes += entry.metadata().map_or(0, |meta| meta.len());
            names.extend(live_name(&entry.file_name().to_string_lossy()).map(|name| (name.to_owned(), 0)));
        }
        let (bytes, names) = (AtomicU64::new(bytes), Mutex::new(names));
        Ok(Shelf { folder, limit, bytes, names, crowded: AtomicBool::default(), covered: Mutex::default() })
    }

    /// Where it is, links followed.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What to follow: the files that are written to.
    pub fn pattern(&self) -> PathBuf {
        PathBuf::from(globset::escape(&self.folder.to_string_lossy())).join("*.log")
    }

    /// Where a file of a spool is now whose folder, with the state around it, was moved here.
    pub fn moved(&self, path: &Path) -> Option<PathBuf> {
        let here = self.folder.join(path.file_name()?);
        let from = path.parent().filter(|from| *from != self.folder)?;
        (from.file_name() == self.folder.file_name() && self.all_live().contains(&here)).then_some(here)
    }

    /// The file of a sender.
    pub(super) fn live(&self, peer: Peer) -> PathBuf {
        self.folder.join(live_of(peer))
    }

    /// The files of senders.
    pub(super) fn all_live(&self) -> Vec<PathBuf> {
        self.names().keys().map(|name| self.folder.join(name)).collect()
    }

    fn names(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        lock(&self.names)
    }

    /// Whether there is room for a file of that sender, or it has one.
    pub fn admits(&self, peer: Peer) -> bool {
        let name = live_of(peer);
        let mut names = self.names();
        let admitted = names.contains_key(&name) || names.len() < PEERS;
        if admitted {
            names.entry(name).or_default();
        }
        admitted
    }

    /// Whether who finds no room is to say so: once each time that there may be some.
    pub fn is_to_make_room(&self) -> bool {
        !self.crowded.swap(true, Ordering::Relaxed)
    }

    /// A connection of a sender begins; it keeps its file until [`Shelf::disconnect`].
    pub fn connect(&self, peer: Peer) {
        *self.names().entry(live_of(peer)).or_default() += 1;
    }

    /// A connection of a sender ends.
    pub fn disconnect(&self, peer: Peer) {
        if let Some(open) = self.names().get_mut(&live_of(peer)) {
            *open = open.saturating_sub(1);
        }
    }

    /// A sender is written for, admitted before its file went or not.
    pub(super) fn begin(&self, peer: Peer) {
        self.names().entry(live_of(peer)).or_default();
    }

    /// The most that the live files may hold together is half of the limit: the other half are pieces, which go.
    pub(super) fn piece(&self) -> u64 {
        (self.limit / (2 * PEERS as u64)).clamp(128 << 10, 64 << 20)
    }

    pub(super) fn grew(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn shrank(&self, bytes: u64) {
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |b| Some(b.saturating_sub(bytes)));
    }

    /// Bytes in it.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Nothing more may be put in for now.
    pub fn is_full(&self) -> bool {
        self.bytes() >= self.limit
    }

    /// Whether it is time to make room: a snapshot does.
    pub fn is_filling(&self) -> bool {
        self.bytes() >= self.limit / 4 * 3
    }

    /// Drops the pieces that are wholly before these places, which a snapshot on the disk covers.
    pub fn clear(&self, covered: &[Position]) {
        *lock(&self.covered) = covered.to_vec();
        self.crowded.store(false, Ordering::Relaxed);
        for place in covered {
            let live = place.path();
            if live.parent() != Some(&self.folder) {
                continue;
            }
            let pieces = self.pieces(&live);
            let over = match pieces.iter().position(|piece| place.is_in(&piece.stat)) {
                Some(at) => at,
                // Cut off since the pieces were listed it is not there any more, and nothing is dropped.
                None if Disk.stat(&live).is_ok_and(|stat| place.is_in(&stat)) => pieces.len(),
                None => 0,
            };
            for piece in &pieces[..over] {
                if fs::remove_file(&piece.path).is_ok() {
                    self.shrank(piece.stat.len);
                }
            }
        }
    }

    /// Drops the files of senders that were silent for a week and of which all is covered; their paths. Nobody writes yet.
    pub fn forget_silent(&self, covered: &[Position], now: SystemTime) -> Vec<PathBuf> {
        let gone = self.silent(covered, now, GONE);
        gone.into_iter().filter(|path| self.forget(path)).collect()
    }

    /// The live files of senders that make room: as [`Shelf::silent`] of what is covered now.
    pub(super) fn silent_now(&self, now: SystemTime) -> Vec<PathBuf> {
        let covered = lock(&self.covered).clone();
        self.silent(&covered, now, SILENT)
    }

    /// The live files of senders that are not connected, were silent for so long, and of which all is covered.
    fn silent(&self, covered: &[Position], now: SystemTime, since: Duration) -> Vec<PathBuf> {
        let long_ago = |meta: fs::Metadata| {
            meta.modified().is_ok_and(|at| now.duration_since(at).is_ok_and(|passed| passed > since))
        };
        let is_over = |path: &PathBuf| {
            let Ok(meta) = fs::metadata(path) else { return true };
            let live = Disk.stat(path).ok().filter(|live| live.len > 0);
            let files: Vec<Stat> = self.pieces(path).iter().map(|piece| piece.stat).chain(live).collect();
            let place = covered.iter().find(|place| place.path() == *path);
            let all = match (&files[..], place) {
                ([], _) => true,
                ([last], Some(place)) => place.is_in(last) && place.offset() == last.len,
                _ => false,
            };
            all && long_ago(meta)
        };
        let names: Vec<PathBuf> =
            self.names().iter().filter(|(_, open)| **open == 0).map(|(name, _)| self.folder.join(name)).collect();
        names.into_iter().filter(is_over).collect()
    }

    /// Drops the files of a sender, by that which is written to; whether it is gone. Only who writes them may.
    pub(super) fn forget(&self, live: &Path) -> bool {
        let bytes = fs::metadata(live).map_or(0, |meta| meta.len());
        match fs::remove_file(live) {
            Ok(()) => self.shrank(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return false,
        }
        for piece in self.pieces(live) {
            if fs::remove_file(&piece.path).is_ok() {
                self.shrank(piece.stat.len);
            }
        }
        self.names().retain(|name, _| !live.ends_with(name));
        true
    }

    /// The pieces of a live file, oldest first.
    pub(super) fn pieces(&self, live: &Path) -> Vec<Piece> {
        let Some(live) = live.file_name().map(|name| name.to_string_lossy().into_owned()) else { return Vec::new() };
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let piece = |entry: fs::DirEntry| {
            let name = entry.file_name();
            let number = number(&live, &name.to_string_lossy())?;
            Some(Piece { number, stat: Disk.stat(&entry.path()).ok()?, path: entry.path() })
        };
        let mut pieces: Vec<Piece> = entries.flatten().filter_map(piece).collect();
        pieces.sort_by_key(|piece| piece.number);
        pieces
    }
}

/// The name of the file of a sender.
fn live_of(peer: Peer) -> String {
    format!("{peer}.log")
}

/// The path of a piece.
pub(super) fn piece_path(live: &Path, number: u64) -> PathBuf {
    let mut path = live.as_os_str().to_owned();
    path.push(format!(".{number:0DIGITS$}"));
    path.into()
}

/// The number of the piece `name` of the file `live`.
fn number(live: &str, name: &str) -> Option<u64> {
    let digits = name.strip_prefix(live)?.strip_prefix('.')?;
    (digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// The live file that a file of the folder is or is a piece of.
fn live_name(name: &str) -> Option<&str> {
    let end = name.rfind(".log")? + ".log".len();
    let live = &name[..end];
    (name == live || number(live, name).is_some()).then_some(live)
}

/// A folder that only its owner may look into: what people asked the proxy for is nobody else's business.
fn private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}
