//! How much the spool holds, whose files are in it, and which pieces are no longer needed.

use super::super::follow::{Disk, Files, Position, Stat};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
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

/// So many senders may have a file, so that nobody who makes up addresses fills the disk with files.
pub const PEERS: usize = 64;
/// A sender that was silent for so long is forgotten at the next start.
const SILENT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Digits of the number of a piece: the follower takes so many for a date, of which the larger is the newer.
const DIGITS: usize = 12;

/// The folder of the spool, as those see it who write to it, clear it and read from it.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    limit: u64,
    bytes: AtomicU64,
    names: Mutex<BTreeSet<String>>,
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
        let (mut bytes, mut names) = (0, BTreeSet::new());
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            bytes += entry.metadata().map_or(0, |meta| meta.len());
            names.extend(live_name(&entry.file_name().to_string_lossy()).map(str::to_owned));
        }
        Ok(Shelf { folder, limit, bytes: AtomicU64::new(bytes), names: Mutex::new(names) })
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
        self.folder.join(format!("{peer}.log"))
    }

    /// The files of senders.
    pub(super) fn all_live(&self) -> Vec<PathBuf> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().map(|name| self.folder.join(name)).collect()
    }

    /// Whether there is room for a file of that sender, or it has one.
    pub fn admits(&self, peer: Peer) -> bool {
        let name = format!("{peer}.log");
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = names.contains(&name) || names.len() < PEERS;
        if admitted {
            names.insert(name);
        }
        admitted
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

    /// Drops the files of senders that were silent for a week and of which all is covered; their paths.
    pub fn forget_silent(&self, covered: &[Position], now: SystemTime) -> Vec<PathBuf> {
        let is_over = |place: &&Position| {
            let path = place.path();
            let long_ago = |meta: fs::Metadata| {
                meta.modified().is_ok_and(|at| now.duration_since(at).is_ok_and(|since| since > SILENT))
            };
            let live = Disk.stat(&path).ok().filter(|live| live.len > 0);
            let files: Vec<Stat> = self.pieces(&path).iter().map(|piece| piece.stat).chain(live).collect();
            path.parent() == Some(&self.folder)
                && matches!(&files[..], [last] if place.is_in(last) && place.offset() == last.len)
                && fs::metadata(&path).is_ok_and(long_ago)
        };
        let paths = covered.iter().filter(is_over).map(Position::path);
        let gone: Vec<PathBuf> = paths.filter(|path| fs::remove_file(path).is_ok()).collect();
        for piece in gone.iter().flat_map(|path| self.pieces(path)) {
            if fs::remove_file(&piece.path).is_ok() {
                self.shrank(piece.stat.len);
            }
        }
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|name| !gone.iter().any(|path| path.ends_with(name)));
        gone
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
