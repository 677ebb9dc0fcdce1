//! The file system as the follower sees it: a list of names, a look at a path, a file opened for reading.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::lock::lock;

/// What is known of a file without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Device. With `ino` a hint at identity, no more: numbers are used again.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// When the inode was born, in nanoseconds since 1970, where the file system tells: two births, two files.
    pub born: Option<u64>,
    /// Bytes.
    pub len: u64,
    /// Last change of the content, in nanoseconds since 1970 by the clock of the file system. Only compared with others.
    pub modified: u64,
    /// Names it has; 0: deleted, and kept only by who has it open.
    pub links: u64,
    /// Whether it is a regular file: nothing else is opened.
    pub is_file: bool,
    /// Whether it is a directory.
    pub is_dir: bool,
}

impl Stat {
    /// Device and inode.
    pub(super) fn id(&self) -> (u64, u64) {
        (self.dev, self.ino)
    }

    /// What tells that nothing was written since: length and time of change.
    pub(super) fn extent(&self) -> (u64, u64) {
        (self.len, self.modified)
    }
}

/// A file open for reading. Its owner keeps no cursor, so one handle may serve several readers.
pub trait Open: Send + Sync {
    /// The file behind the handle, whatever its name is by now.
    ///
    /// # Errors
    /// The system's.
    fn stat(&self) -> io::Result<Stat>;

    /// Reads from offset `at`; may give less than asked for, `0` at the end.
    ///
    /// # Errors
    /// The system's.
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize>;
}

/// A file system. [`Disk`] is the real one; tests bring their own. Nothing here can write, rename or lock.
pub trait Files {
    /// The names in a directory, in any order.
    ///
    /// # Errors
    /// The system's.
    fn list(&self, directory: &Path) -> io::Result<Vec<OsString>>;

    /// The file behind a path, links followed.
    ///
    /// # Errors
    /// The system's.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// Whether the path itself is a symbolic link.
    fn is_link(&self, path: &Path) -> bool;

    /// The path with all links followed.
    ///
    /// # Errors
    /// The system's.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// Opens for reading only.
    ///
    /// # Errors
    /// The system's.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn Open>>;
}

/// The file system of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn list(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        fs::read_dir(here)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        fs::metadata(path).map(|metadata| stat(&metadata))
    }

    fn is_link(&self, path: &Path) -> bool {
        path.is_symlink()
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn Open>> {
        Ok(Arc::new(OnDisk(Mutex::new(File::open(path)?))))
    }
}

/// The lock is for the cursor the system keeps.
struct OnDisk(Mutex<File>);

impl Open for OnDisk {
    fn stat(&self) -> io::Result<Stat> {
        let file = lock(&self.0);
        file.metadata().map(|metadata| stat(&metadata))
    }

    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut file = lock(&self.0);
        file.seek(SeekFrom::Start(at))?;
        file.read(out)
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

fn stat(metadata: &Metadata) -> Stat {
    let seen = Stat {
        born: metadata.created().ok().map(nanoseconds),
        len: metadata.len(),
        modified: metadata.modified().map_or(0, nanoseconds),
        links: 1,
        is_file: metadata.is_file(),
        is_dir: metadata.is_dir(),
        ..Stat::default()
    };
    numbered(seen, metadata)
}

#[cfg(unix)]
fn numbered(seen: Stat, metadata: &Metadata) -> Stat {
    use std::os::unix::fs::MetadataExt;
    Stat { dev: metadata.dev(), ino: metadata.ino(), links: metadata.nlink(), ..seen }
}

/// Without numbers a file is known by when it was born.
#[cfg(not(unix))]
fn numbered(seen: Stat, _: &Metadata) -> Stat {
    Stat { ino: seen.born.unwrap_or(0), ..seen }
}

/// An open file as a stream of bytes, from its beginning; for the decoders.
pub(super) struct Stream {
    file: Arc<dyn Open>,
    at: u64,
}

impl Stream {
    pub(super) fn new(file: Arc<dyn Open>) -> Self {
        Self { file, at: 0 }
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(self.at, out)?;
        self.at += n as u64;
        Ok(n)
    }
}
