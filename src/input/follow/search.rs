//! The files a log may be in: beside its path under the names that rotation gives, held open, and at the path itself.

use std::cmp::{Ordering, Reverse};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::codec::Fault;
use super::content::Content;
use super::files::{Files, Open, Stat};
use super::mark::{Generation, Key, Original};
use super::siblings::{Age, age};

/// A file that may hold a part of the log.
pub(super) struct Candidate {
    path: PathBuf,
    pub(super) stat: Stat,
    /// When it was changed last while it was live, as far as can be told: its place among the others.
    time: u64,
    /// What its name says; `None` for one that has no name any more that rotation gives, and for the live one.
    pub(super) age: Option<Age>,
    file: Option<Arc<dyn Open>>,
    /// Seen at the live path: somebody may still write to it, so that it counts even when it is empty.
    held: bool,
    live: bool,
}

/// One of them, opened.
pub(super) struct Found {
    pub(super) stat: Stat,
    pub(super) live: bool,
    pub(super) content: Content,
}

/// From where on files come after the place.
pub(super) struct Bound {
    /// When the file of the place was changed last while it was live.
    pub(super) modified: u64,
    /// What its name says now.
    pub(super) age: Option<Age>,
}

/// All of them, and what could not be looked at.
#[derive(Default)]
pub(super) struct Candidates {
    all: Vec<Candidate>,
    pub(super) failed: Vec<(PathBuf, io::Error)>,
    /// Names changed while they were looked at, or a copy is not yet as long as the place is far.
    moving: bool,
}

/// The files that were read before.
pub(super) struct Known {
    pub(super) key: Key,
    pub(super) past: Vec<Generation>,
}

impl Known {
    fn has(&self, stat: &Stat, content: &mut Content) -> bool {
        self.past.iter().any(|past| past.was(&self.key, stat, content).unwrap_or(false))
    }
}

impl Candidate {
    /// Whether somebody can still see it.
    pub(super) fn is_named(&self) -> bool {
        self.age.is_some() || self.live
    }
}

impl Candidates {
    /// The rotated files of `live`: beside it, and beside where its link points or pointed. Not those `taken` by others.
    pub(super) fn of(files: &dyn Files, live: &Path, targets: &[PathBuf], taken: &dyn Fn(&Path) -> bool) -> Self {
        let mut found = Self::default();
        found.beside(files, live, taken);
        for target in targets.iter().filter(|target| *target != live) {
            found.add(files, target, Age::Unknown);
            found.beside(files, target, taken);
        }
        found
    }

    fn beside(&mut self, files: &dyn Files, live: &Path, taken: &dyn Fn(&Path) -> bool) {
        let (Some(directory), Some(live_name)) = (live.parent(), live.file_name()) else { return };
        let names = match rotated(files, directory, live_name) {
            Ok(names) => names,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return,
            Err(e) => return self.failed.push((directory.to_path_buf(), e)),
        };
        for (name, age) in &names {
            let path = directory.join(name);
            if !taken(&path) && !self.add(files, &path, *age) {
                self.moving = true;
            }
        }
        // One may have been passed by while they were renamed.
        self.moving |= rotated(files, directory, live_name).is_ok_and(|now| now != names);
    }

    /// Whether something has this name.
    fn add(&mut self, files: &dyn Files, path: &Path, age: Age) -> bool {
        match files.stat(path) {
            Ok(stat) if stat.is_file && self.get(stat.id()).is_none() => {
                let path = path.to_path_buf();
                self.all.push(Candidate {
                    path,
                    stat,
                    time: stat.modified,
                    age: Some(age),
                    file: None,
                    held: false,
                    live: false,
                });
            }
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => return files.is_link(path),
            Err(e) => self.failed.push((path.to_path_buf(), e)),
        }
        true
    }

    /// Adds the files that were seen at the live path, in the order of seeing, whatever their names are now. What was
    /// written to one after the next was there does not make it younger than that.
    pub(super) fn hold<'a>(
        &mut self,
        path: &Path,
        seen: impl DoubleEndedIterator<Item = (Stat, Option<&'a Arc<dyn Open>>)>,
    ) {
        let mut next = self.all.iter().find(|known| known.live).map_or(u64::MAX, |known| known.time);
        for (stat, file) in seen.rev() {
            if self.get(stat.id()).is_none()
                && let Some(file) = file
            {
                let (path, file) = (path.to_path_buf(), Some(Arc::clone(file)));
                self.all.push(Candidate { path, stat, time: stat.modified, age: None, file, held: true, live: false });
            }
            if let Some(known) = self.all.iter_mut().find(|known| known.stat.id() == stat.id() && !known.live) {
                known.held = true;
                known.time = known.time.min(next.saturating_sub(1));
                next = known.time;
            }
        }
    }

    /// Adds the file that is at the live path.
    pub(super) fn live(&mut self, path: &Path, stat: Stat, file: &Arc<dyn Open>) {
        self.all.retain(|known| known.stat.id() != stat.id());
        let (path, file) = (path.to_path_buf(), Some(Arc::clone(file)));
        self.all.push(Candidate { path, stat, time: stat.modified, age: None, file, held: true, live: true });
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.all.iter().map(|known| known.path.as_path())
    }

    pub(super) fn get(&self, id: (u64, u64)) -> Option<&Candidate> {
        self.all.iter().find(|known| known.stat.id() == id)
    }

    /// The live file, opened.
    pub(super) fn live_one(&mut self, files: &dyn Files) -> Option<Found> {
        let at = self.all.iter().position(|known| known.live)?;
        self.open(files, at)
    }

    /// The very file of a generation, opened.
    pub(super) fn same(&mut self, files: &dyn Files, generation: &Generation) -> Option<Found> {
        let at = self.all.iter().position(|known| generation.is_inode(&known.stat))?;
        self.open(files, at)
    }

    /// Whether there may be more than was found: names changed meanwhile, or something failed that may recover.
    pub(super) fn is_unsure(&self) -> bool {
        self.moving || self.failed.iter().any(|(_, cause)| cause.raw_os_error().is_some())
    }

    /// Opens one of them. What cannot be opened is remembered.
    fn open(&mut self, files: &dyn Files, at: usize) -> Option<Found> {
        let Candidate { path, stat, file, live, .. } = &self.all[at];
        let open = || {
            let Some(file) = file else {
                let file = files.open(path)?;
                // Another may have the name by now.
                let same = file.stat()?.id() == stat.id();
                return if same { Content::told(file).map_err(cause) } else { Err(io::ErrorKind::NotFound.into()) };
            };
            let file = Arc::clone(file);
            if *live { Ok(Content::live(file)) } else { Content::told(file).map_err(cause) }
        };
        match open() {
            Ok(content) => return Some(Found { stat: *stat, live: *live, content }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => self.moving = true,
            Err(e) => self.failed.push((path.clone(), e)),
        }
        None
    }

    /// The file in which `generation`, of which something was read, goes on: the same inode with the same content before
    /// all; otherwise the oldest with the same content that is not `known` for another.
    pub(super) fn home(&mut self, files: &dyn Files, generation: &Generation, known: &Known) -> Option<Found> {
        self.all.sort_by_key(|c| (!generation.is_inode(&c.stat), c.live, c.time, Reverse(c.stat.len)));
        for at in 0..self.all.len() {
            let Some(mut found) = self.open(files, at) else { continue };
            let certain = generation.is_inode(&found.stat) || found.live;
            let content = &mut found.content;
            if generation.is_in(&known.key, content).unwrap_or(false) {
                if certain || !known.has(&found.stat, content) {
                    return Some(found);
                }
            } else if !certain && found.stat.modified >= generation.modified {
                let begun = generation.is_partly_in(&known.key, content).unwrap_or(false);
                self.moving |= begun && !known.has(&found.stat, content);
            }
        }
        None
    }

    /// The files that came after the place, oldest first, the live one last; without `home`, where the place is, those
    /// `known`, and copies. Rotation keeps the time of change, which therefore has the say; names where times are equal.
    pub(super) fn after(
        &mut self,
        files: &dyn Files,
        bound: &Bound,
        home: Option<(&Content, &Stat)>,
        known: &Known,
    ) -> Vec<Found> {
        self.all.sort_by(|a, b| {
            let times = (a.live, a.time).cmp(&(b.live, b.time));
            times.then(older_first(a.age, b.age)).then(b.stat.len.cmp(&a.stat.len))
        });
        let mut originals: Vec<Original> = Vec::new();
        if let Some((content, stat)) = home {
            originals.extend(Original::of(content, stat));
        }
        let mut after: Vec<Found> = Vec::new();
        for at in 0..self.all.len() {
            let candidate = &self.all[at];
            let is_home = home.is_some_and(|(_, stat)| stat.id() == candidate.stat.id());
            if is_home || !(candidate.held || bound.is_before(candidate)) {
                continue;
            }
            let Some(mut found) = self.open(files, at) else { continue };
            let (content, stat) = (&mut found.content, &found.stat);
            if !found.live
                && stat.len > 0
                && (known.has(stat, content) || originals.iter_mut().any(|original| original.has_copy(content, stat)))
            {
                continue;
            }
            originals.extend(Original::of(content, stat));
            after.push(found);
        }
        after
    }
}

impl Bound {
    fn is_before(&self, candidate: &Candidate) -> bool {
        let order = self.modified.cmp(&candidate.time).then(older_first(self.age, candidate.age));
        // An empty one may still be written to.
        order.is_le()
    }
}

fn older_first(a: Option<Age>, b: Option<Age>) -> Ordering {
    a.zip(b).map_or(Ordering::Equal, |(a, b)| a.older_first(b))
}

/// The names in a directory that rotation gives to `live`, in order.
fn rotated(files: &dyn Files, directory: &Path, live: &std::ffi::OsStr) -> io::Result<Vec<(OsString, Age)>> {
    let names = files.list(directory)?.into_iter();
    let mut names: Vec<_> = names.filter_map(|name| age(live, &name).map(|age| (name, age))).collect();
    names.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(names)
}

/// The system's error behind a fault, or one that says what is wrong.
pub(super) fn cause(fault: Fault) -> io::Error {
    match fault {
        Fault::Io(cause) => cause,
        other => io::Error::other(format!("{other:?}")),
    }
}
