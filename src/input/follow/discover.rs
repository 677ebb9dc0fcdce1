//! New logs behind a pattern: paths that are neither rotated files nor second names of known ones.
//!
//! Every look goes over all names, and a folder may hold ten thousand of them. So none is compared with each other one: a
//! rotated name says which live files it may be of, and those are looked up.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::content::Content;
use super::files::Stat;
use super::settings::From;
use super::siblings::{age, live_names};
use super::stream::Stream;
use super::streams::Follow;
use super::turn::Turn;

impl Follow {
    /// Makes streams of the paths that are new.
    pub(super) fn discover(&mut self, turn: &mut Turn<'_>) {
        let (paths, failed) = self.pattern.paths(turn.files);
        for (path, cause) in failed {
            self.fail(turn, &path, cause);
        }
        let own: BTreeSet<PathBuf> = self.streams.iter().map(|stream| stream.path.clone()).collect();
        let known: BTreeSet<&Path> = own.iter().chain(&paths).map(PathBuf::as_path).collect();
        let mut taken: Option<BTreeSet<(u64, u64)>> = None;
        let mut new = BTreeSet::new();
        for path in &paths {
            if own.contains(path) || self.failing.get(path).is_some_and(|backoff| !backoff.is_due(turn.now)) {
                continue;
            }
            if is_rotated(&known, path) {
                continue;
            }
            match turn.files.stat(path) {
                Ok(stat) if stat.is_file => {
                    self.failing.remove(path);
                    let taken = taken.get_or_insert_with(|| self.taken(turn));
                    if !taken.contains(&stat.id()) && !self.has_read(turn, path, &stat) {
                        taken.insert(stat.id());
                        new.insert(path.as_path());
                    }
                }
                Ok(_) if paths.len() > 1 => {}
                Ok(_) => self.fail(turn, path, io::Error::other("is not a regular file")),
                Err(e) if e.kind() == io::ErrorKind::NotFound && !turn.files.is_link(path) => {}
                Err(e) => self.fail(turn, path, e),
            }
        }
        self.add(&new, turn);
    }

    fn fail(&mut self, turn: &mut Turn<'_>, path: &Path, cause: io::Error) {
        let backoff = self.failing.entry(path.to_path_buf()).or_default();
        if backoff.is_due(turn.now) {
            backoff.failed(turn.now);
            turn.failed(None, path, cause);
        }
    }

    /// Files that streams read, will read next, or have at their path: under another name they are hard links, bind mounts
    /// or links.
    fn taken(&self, turn: &Turn<'_>) -> BTreeSet<(u64, u64)> {
        let at_path = |stream: &Stream| turn.files.stat(&stream.path).ok().map(|stat| stat.id());
        self.streams.iter().flat_map(|stream| stream.ids().chain(at_path(stream))).collect()
    }

    /// Whether a stream has read a file before, under another name.
    fn has_read(&self, turn: &Turn<'_>, path: &Path, stat: &Stat) -> bool {
        let mut readers = self.streams.iter().filter(|stream| stream.may_have_read(stat.id())).peekable();
        if readers.peek().is_none() {
            return false;
        }
        let Ok(file) = turn.files.open(path) else { return false };
        readers.any(|stream| stream.has_read(turn, stat, &mut Content::live(Arc::clone(&file))))
    }

    /// Streams of these paths. Those of files that prove to be rotated from them by that are over when they are read.
    fn add(&mut self, new: &BTreeSet<&Path>, turn: &Turn<'_>) {
        if new.is_empty() {
            return;
        }
        for stream in self.streams.iter_mut().filter(|stream| is_rotated(new, &stream.path)) {
            stream.retire(turn.now);
        }
        let from = match self.settings.from {
            From::End if !self.first => From::Start,
            from => from,
        };
        for path in new {
            let id = self.name(path);
            let mut stream = Stream::new(id, path.to_path_buf(), from);
            stream.since = self.since.filter(|_| self.first);
            self.streams.push(stream);
        }
    }
}

/// Whether `path` is a name that rotation gives to one of these files.
fn is_rotated(live: &BTreeSet<&Path>, path: &Path) -> bool {
    let Some((folder, name)) = path.parent().zip(path.file_name()) else { return false };
    live_names(name).iter().any(|of| live.contains(&*folder.join(of)) && age(of, name).is_some())
}
