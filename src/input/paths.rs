//! What the user named → the files to read, each once.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;
use walkdir::{DirEntry, WalkDir};

use super::STDIN;
use super::error::InputError;

/// The files found, and what could not be used.
#[derive(Debug, Default)]
pub struct Expanded {
    /// Files, named pipes and `-`, in the order named, a directory's in the order of their names, each once.
    pub files: Vec<PathBuf>,
    /// Missing, unreadable or useless paths.
    pub errors: Vec<InputError>,
}

/// Like [`survey`], but the first error stands for all.
///
/// # Errors
/// A path is missing, cannot be read, is a device, or holds no file to read.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    let found = survey(paths);
    match found.errors.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(found.files),
    }
}

/// Finds the files behind `paths`: files and named pipes as they are, directories with all below them (hidden entries
/// skipped, symbolic links followed), a pattern when no file has that very name, `-` for standard input. A file is
/// listed once, whatever names it has.
pub fn survey(paths: &[PathBuf]) -> Expanded {
    let mut finder = Finder::default();
    for path in paths {
        finder.named(path);
    }
    finder.found
}

/// Refuses what is neither a regular file nor a pipe.
pub(super) fn check(path: &Path, metadata: &Metadata) -> Result<(), InputError> {
    let kind = metadata.file_type();
    if kind.is_file() || is_pipe(kind) {
        Ok(())
    } else if kind.is_dir() {
        Err(InputError::refused(path, "is a directory", "name the files in it"))
    } else {
        Err(InputError::refused(
            path,
            "is a device or socket, not a file or pipe",
            "name a log file, or `-` for standard input",
        ))
    }
}

#[derive(Default)]
struct Finder {
    found: Expanded,
    files: HashSet<Identity>,
    stdin: bool,
}

impl Finder {
    fn named(&mut self, path: &Path) {
        if path.as_os_str() == STDIN {
            if !std::mem::replace(&mut self.stdin, true) {
                self.found.files.push(path.to_path_buf());
            }
            return;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.directory(path),
            Ok(metadata) => match check(path, &metadata) {
                Ok(()) => self.file(path, &metadata),
                Err(error) => self.found.errors.push(error),
            },
            Err(e) if e.kind() == io::ErrorKind::NotFound && is_pattern(path) => self.pattern(path),
            Err(e) => self.fail(path, e),
        }
    }

    fn file(&mut self, path: &Path, metadata: &Metadata) {
        if self.files.insert(identity(path, metadata)) {
            self.found.files.push(path.to_path_buf());
        }
    }

    fn fail(&mut self, path: &Path, cause: io::Error) {
        self.found.errors.push(InputError::opening(path, cause));
    }

    fn directory(&mut self, directory: &Path) {
        let any = self.walk(directory, usize::MAX, false, |_| true);
        if !any {
            self.found.errors.push(InputError::refused(
                directory,
                "no file to read in this directory (hidden ones do not count)",
                "name a directory with logs, or the files themselves",
            ));
        }
    }

    fn pattern(&mut self, pattern: &Path) {
        let glob = pattern.to_str().map(|text| GlobBuilder::new(text).literal_separator(true).build());
        let Some(Ok(glob)) = glob else {
            let advice = "quote the special characters: `[[]` stands for `[`, `[*]` for `*`";
            self.found.errors.push(InputError::refused(pattern, "no such file, and not a valid pattern", advice));
            return;
        };
        let matcher = glob.compile_matcher();
        let parts: Vec<Component<'_>> = pattern.components().collect();
        let literal = parts.iter().take_while(|part| !has_wildcard(part.as_os_str())).count();
        let base: PathBuf = parts[..literal].iter().collect();
        let depth = if parts.iter().any(|part| part.as_os_str() == "**") { usize::MAX } else { parts.len() - literal };
        let hidden = parts[literal..].iter().any(|part| matches!(part, Component::Normal(name) if is_hidden(name)));
        let leading_dot = pattern.starts_with(".");
        let start = if base.as_os_str().is_empty() { Path::new(".") } else { &base };
        let matches = |path: &Path| {
            let plain = if leading_dot { path } else { path.strip_prefix("./").unwrap_or(path) };
            matcher.is_match(plain)
        };
        let any = start.is_dir() && self.walk(start, depth, hidden, matches);
        if !any {
            let advice = "check the name; quote a pattern against the shell";
            self.found.errors.push(InputError::refused(
                pattern,
                "no such file, and as a pattern it matches none",
                advice,
            ));
        }
    }

    /// Lists the files below `root` that `wanted` accepts; whether there was anything. A directory is entered once, so
    /// links back and forth cannot multiply the work.
    fn walk(&mut self, root: &Path, depth: usize, hidden: bool, wanted: impl Fn(&Path) -> bool) -> bool {
        let mut entered = HashSet::new();
        let enter = move |entry: &DirEntry| {
            if entry.depth() > 0 && !hidden && is_hidden(entry.file_name()) {
                return false;
            }
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => entered.insert(identity(entry.path(), &metadata)),
                _ => true,
            }
        };
        let mut any = false;
        for entry in
            WalkDir::new(root).follow_links(true).max_depth(depth).sort_by_file_name().into_iter().filter_entry(enter)
        {
            match entry {
                Ok(entry) if entry.file_type().is_file() && wanted(entry.path()) => match entry.metadata() {
                    Ok(metadata) => {
                        let path = entry.path();
                        self.file(path.strip_prefix("./").unwrap_or(path), &metadata);
                        any = true;
                    }
                    Err(error) => any |= self.broken(error, root, &wanted),
                },
                Ok(_) => {}
                Err(error) => any |= self.broken(error, root, &wanted),
            }
        }
        any
    }

    /// Reports a loop, a dangling link or a directory that cannot be read; whether it was one that is wanted.
    fn broken(&mut self, error: walkdir::Error, root: &Path, wanted: impl Fn(&Path) -> bool) -> bool {
        let path = error.path().unwrap_or(root).to_path_buf();
        let hidden = path.file_name().is_some_and(is_hidden);
        if error.loop_ancestor().is_some() {
            let what = "a symbolic link to a directory above it";
            self.found.errors.push(InputError::refused(&path, what, "remove the link, or name the files"));
        } else if wanted(&path) && !hidden {
            let missing = error.io_error().is_some_and(|e| e.kind() == io::ErrorKind::NotFound);
            if missing && path.is_symlink() {
                let what = "a symbolic link to nothing";
                self.found.errors.push(InputError::refused(&path, what, "remove the link, or restore its target"));
            } else {
                let cause = error.into_io_error().unwrap_or_else(|| io::Error::other("cannot be listed"));
                self.fail(&path, cause);
            }
        } else {
            return false;
        }
        true
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") && name != "." && name != ".."
}

fn has_wildcard(part: &OsStr) -> bool {
    part.as_encoded_bytes().iter().any(|b| b"*?[{".contains(b))
}

fn is_pattern(path: &Path) -> bool {
    has_wildcard(path.as_os_str())
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_: FileType) -> bool {
    false
}

/// What makes two names one file.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(_: &Path, metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> Identity {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}
