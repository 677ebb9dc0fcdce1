//! The name a user gave → the paths behind it, now.

use std::io;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::files::{Disk, Files};

/// How deep `**` goes.
const DEEP: usize = 16;

/// Whether there is a file at a path or, of a pattern, at any that it matches.
pub fn is_there(path: &Path) -> bool {
    let (paths, _) = Pattern::new(path).paths(&Disk);
    paths.iter().any(|path| path.exists())
}

/// A path, or a pattern of paths.
pub(super) struct Pattern {
    path: PathBuf,
    glob: Option<GlobMatcher>,
    base: PathBuf,
    depth: usize,
}

impl Pattern {
    /// A pattern when it has wildcards and is one; otherwise a path. A file with just that name matches too.
    pub(super) fn new(path: &Path) -> Self {
        let wild = |part: &Component<'_>| part.as_os_str().as_encoded_bytes().iter().any(|b| b"*?[{".contains(b));
        let parts: Vec<Component<'_>> = path.components().collect();
        let literal = parts.iter().take_while(|part| !wild(part)).count();
        let glob = path.to_str().filter(|_| literal < parts.len());
        let glob = glob.and_then(|text| GlobBuilder::new(text).literal_separator(true).build().ok());
        let deep = parts.iter().any(|part| part.as_os_str() == "**");
        Self {
            path: path.to_path_buf(),
            glob: glob.map(|glob| glob.compile_matcher()),
            base: parts[..literal].iter().collect(),
            depth: if deep { DEEP } else { parts.len() - literal },
        }
    }

    /// Whether a path is one of them, be it there or not.
    pub(super) fn has(&self, path: &Path) -> bool {
        path == self.path || self.glob.as_ref().is_some_and(|glob| glob.is_match(path))
    }

    /// The paths that match, in order of name; and the directories that could not be listed. A plain path matches
    /// whether it is there or not.
    pub(super) fn paths(&self, files: &dyn Files) -> (Vec<PathBuf>, Vec<(PathBuf, io::Error)>) {
        if self.glob.is_none() {
            return (vec![self.path.clone()], Vec::new());
        }
        let (mut found, mut failed) = (Vec::new(), Vec::new());
        let mut directories = vec![(self.base.clone(), 1)];
        while let Some((directory, depth)) = directories.pop() {
            let names = match files.list(&directory) {
                Ok(names) => names,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => {
                    failed.push((directory, e));
                    continue;
                }
            };
            for name in names {
                let path = directory.join(&name);
                let hidden = name.as_encoded_bytes().starts_with(b".");
                if self.has(&path) {
                    found.push(path);
                } else if depth < self.depth && !hidden && files.stat(&path).is_ok_and(|stat| stat.is_dir) {
                    directories.push((path, depth + 1));
                }
            }
        }
        found.sort();
        (found, failed)
    }
}
