//! Where bytes go: a file that is complete or absent, or a stream.
//!
//! A regular file is written as `FILE.partial` in the same directory and takes its name when it is complete, so what
//! stands under the name is never half-written. Pipes, terminals, devices and `-` are written as they come.

use super::{SinkError, Terminal};
use std::fmt::{self, Debug, Formatter};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A destination for bytes. Dropped without [`Output::finish`], a file is removed and never takes its name.
pub struct Output {
    name: String,
    to: To,
}

enum To {
    Stream(Box<dyn Write + Send>),
    File(BufWriter<Whole>),
    Closed,
}

/// The last bytes of a regular file.
fn last_bytes(path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut tail = Vec::new();
    if file.metadata()?.is_file() {
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(bytes)))?;
        file.take(bytes).read_to_end(&mut tail)?;
    }
    Ok(tail)
}

/// The temporary sibling. Removes itself unless kept.
struct Whole {
    file: File,
    partial: PathBuf,
    path: PathBuf,
    keep: bool,
}

impl Output {
    /// Opens `path`; `-` is standard output.
    ///
    /// # Errors
    /// The path is a directory, or its directory is missing or not writable.
    pub fn create(path: &Path) -> Result<Self, SinkError> {
        let name = shown(path);
        if path == Path::new("-") || path == Path::new("/dev/stdout") {
            return Ok(Output::stdout());
        }
        if path == Path::new("/dev/stderr") {
            return Ok(Output::stream("standard error", Box::new(io::stderr())));
        }
        let create = |source| SinkError::Create { name: name.clone(), source };
        // Inherited descriptors may be regular files, but their name is not ours to replace.
        let inherited = path.starts_with("/dev/fd") || path.starts_with("/proc");
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => Err(SinkError::Directory { name }),
            Ok(meta) if inherited || !meta.is_file() => {
                let file = OpenOptions::new().write(true).open(path).map_err(create)?;
                let buffered = meta.file_type().is_block_device() || meta.is_file();
                let stream: Box<dyn Write + Send> =
                    if buffered { Box::new(BufWriter::new(file)) } else { Box::new(file) };
                Ok(Output::stream(&name, stream))
            }
            found => {
                let whole = Whole::create(path, found.ok()).map_err(create)?;
                Ok(Output { name, to: To::File(BufWriter::with_capacity(1 << 16, whole)) })
            }
        }
    }

    /// Opens `path` to write behind what is there, each line at once, and gives the last `tail` bytes of it.
    ///
    /// # Errors
    /// The path is a directory, or it cannot be written.
    pub fn append(path: &Path, tail: u64) -> Result<(Self, Vec<u8>), SinkError> {
        let name = shown(path);
        let create = |source| SinkError::Create { name: name.clone(), source };
        if path.is_dir() {
            return Err(SinkError::Directory { name });
        }
        let file = OpenOptions::new().append(true).create(true).open(path).map_err(create)?;
        // What may be written need not be readable; then it is as if nothing were there.
        let tail = last_bytes(path, tail).unwrap_or_default();
        Ok((Output::stream(&name, Box::new(file)), tail))
    }

    /// Standard output, unlocked: other writers may come between two lines.
    pub fn stdout() -> Self {
        Output::stream("standard output", Box::new(io::stdout()))
    }

    /// Any stream; `name` stands in error messages.
    pub fn stream(name: &str, stream: Box<dyn Write + Send>) -> Self {
        Output { name: name.to_owned(), to: To::Stream(stream) }
    }

    /// Writes whole lines. A stream shows them at once, so that a reader at the other end of a pipe can act.
    ///
    /// # Errors
    /// The write failed, or the output is closed.
    pub fn line(&mut self, bytes: &[u8]) -> Result<(), SinkError> {
        let written = match &mut self.to {
            To::Stream(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
            To::File(file) => file.write_all(bytes),
            To::Closed => return Err(SinkError::Closed { name: self.name.clone() }),
        };
        written.map_err(|source| self.failed(source))
    }

    /// Writes out what is buffered and gives a file its name.
    ///
    /// # Errors
    /// The write or the renaming failed. The output is closed either way.
    pub fn finish(&mut self) -> Result<(), SinkError> {
        match std::mem::replace(&mut self.to, To::Closed) {
            To::Stream(mut stream) => stream.flush().map_err(|source| self.failed(source)),
            To::File(mut file) => {
                file.flush().map_err(|source| self.failed(source))?;
                let whole = file.get_mut();
                whole.file.sync_all().map_err(|source| SinkError::Write { name: self.name.clone(), source })?;
                whole.take_name(&self.name)
            }
            To::Closed => Err(SinkError::Closed { name: self.name.clone() }),
        }
    }

    fn failed(&mut self, source: io::Error) -> SinkError {
        // After a failed write the content has a hole: nothing may follow it.
        self.to = match std::mem::replace(&mut self.to, To::Closed) {
            To::File(file) => {
                drop(file.into_parts());
                To::Closed
            }
            _ => To::Closed,
        };
        SinkError::Write { name: self.name.clone(), source }
    }
}

impl Debug for Output {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Writes `bytes` as the whole content of `path`, as [`Output`] does.
///
/// # Errors
/// As for [`Output::create`] and [`Output::finish`].
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), SinkError> {
    let mut output = Output::create(path)?;
    output.line(bytes)?;
    output.finish()
}

impl Whole {
    fn create(path: &Path, existing: Option<fs::Metadata>) -> io::Result<Self> {
        // A symbolic link keeps pointing where it does; its target is replaced.
        let path = match fs::symlink_metadata(path) {
            Ok(meta) if meta.is_symlink() => match fs::canonicalize(path) {
                Ok(target) => target,
                Err(_) => path.parent().unwrap_or(Path::new("")).join(fs::read_link(path)?),
            },
            _ => path.to_owned(),
        };
        let mut partial = path.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        match fs::remove_file(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {} // what an interrupted run left
        }
        // `create_new` does not follow a link someone planted under that name.
        let file = OpenOptions::new().write(true).create_new(true).open(&partial)?;
        let whole = Whole { file, partial, path, keep: false };
        if let Some(meta) = existing {
            whole.file.set_permissions(meta.permissions())?;
        }
        Ok(whole)
    }

    fn take_name(&mut self, name: &str) -> Result<(), SinkError> {
        let same = |a: &fs::Metadata, b: &fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        match (&self.file.metadata(), &fs::symlink_metadata(&self.partial)) {
            (Ok(ours), Ok(there)) if same(ours, there) => {}
            _ => {
                self.keep = true; // not ours to remove
                return Err(SinkError::Contended { name: name.to_owned() });
            }
        }
        self.keep = true;
        fs::rename(&self.partial, &self.path).map_err(|source| SinkError::Rename {
            name: name.to_owned(),
            partial: shown(&self.partial),
            source,
        })
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if !self.keep {
            // Nothing can be done about a failure here, and the name says that the file is not complete.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

fn shown(path: &Path) -> String {
    Terminal::path(path).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_lines_are_there_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "zero\none").unwrap();
        let (mut output, tail) = Output::append(&path, 5).unwrap();
        assert_eq!(tail, b"o\none");
        output.line(b" two\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "zero\none two\n");
        assert!(matches!(Output::append(dir.path(), 0), Err(SinkError::Directory { .. })));
    }

    #[test]
    fn a_file_appears_when_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("alerts.jsonl");
        fs::write(&path, "old\n").unwrap();
        fs::write(dir.path().join("alerts.jsonl.partial"), "left by a crash").unwrap();
        let mut output = Output::create(&path).unwrap();
        output.line(b"new\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
        output.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(matches!(output.line(b"x"), Err(SinkError::Closed { .. })));
    }

    #[test]
    fn dropped_unfinished_it_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("alerts.jsonl");
        let mut output = Output::create(&path).unwrap();
        output.line(b"half").unwrap();
        drop(output);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write_whole(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn two_writers_do_not_mix() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let mut first = Output::create(&path).unwrap();
        let mut second = Output::create(&path).unwrap();
        first.line(b"1").unwrap();
        second.line(b"2").unwrap();
        assert!(matches!(first.finish(), Err(SinkError::Contended { .. })));
        second.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "2");
    }

    #[test]
    fn errors_name_the_file_and_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let text = Output::create(&dir.path().join("no/\x1b[31m")).unwrap_err().to_string();
        assert!(text.contains(r"no/\u{1b}[31m: No such file or directory"), "{text}");
        assert!(text.ends_with("that you may write to"), "{text}");
        let text = Output::create(dir.path()).unwrap_err().to_string();
        assert!(text.ends_with("it is a directory; name a file in it"), "{text}");
    }

    #[test]
    fn a_full_disk_is_told() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            eprintln!("skipped: no /dev/full here");
            return;
        }
        let error = write_whole(full, b"x\n").unwrap_err();
        assert!(!error.is_broken_pipe());
        let text = error.to_string();
        assert!(text.starts_with("cannot write /dev/full: No space left on device"), "{text}");
        assert!(text.ends_with("name a file on another disk"), "{text}");
    }

    #[test]
    fn a_closed_pipe_is_told_apart() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut output = Output::stream("standard output", Box::new(writer));
        assert!(output.line(b"x\n").unwrap_err().is_broken_pipe());
    }
}
