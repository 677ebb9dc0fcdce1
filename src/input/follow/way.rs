//! The plan: in which file the place is now, and which files come after it.
//!
//! It is made anew whenever another file is at the live path, or the place is no longer in its file, and after a start;
//! always in one way, from all the files that the log may be in.

use std::path::Path;
use std::sync::Arc;

use super::From;
use super::closing::Closing;
use super::content::Content;
use super::files::{Open, Stat};
use super::happening::Happening;
use super::mark::{Generation, Original};
use super::reader::Reader;
use super::search::{Bound, Candidates, Found, Known};
use super::stream::{Next, Stream};
use super::turn::Turn;

/// The file at the live path.
pub(super) type Live = (Stat, Arc<dyn Open>);

/// A plan.
struct Plan {
    /// The place it starts from.
    place: Option<Generation>,
    home: Home,
    after: Vec<Found>,
    live: Option<Live>,
}

/// Where the place is.
enum Home {
    /// In the file it was in, at which the reader sits.
    Here(Stat),
    /// In another file, or one that is yet to be opened.
    There(Found),
    /// Its file was cut before it: at the end of what is left.
    Cut(Found),
    /// Nothing was read of its file, so it is not known by its content: it is one of those that come.
    Unread,
    /// Nowhere.
    Nowhere,
}

impl Home {
    fn content<'a>(&'a self, reader: Option<&'a Reader>) -> Option<(&'a Content, &'a Stat)> {
        match self {
            Self::Here(stat) => reader.map(|reader| (&reader.content, stat)),
            Self::There(found) | Self::Cut(found) => Some((&found.content, &found.stat)),
            Self::Unread | Self::Nowhere => None,
        }
    }
}

impl Stream {
    /// Makes the plan. `false`: there may be more than could be seen. All is as it was then, to be tried again.
    pub(super) fn plan(&mut self, turn: &mut Turn<'_>, live: Option<Live>) -> bool {
        let place = self.reader.as_ref().map(|reader| &reader.generation).or(self.resume.as_ref()).cloned();
        let new = place.is_none() && self.known().next().is_none() && self.queue.is_empty();
        if new && self.from != From::Oldest && self.since.is_none() {
            if let Some(live) = live {
                self.begin(turn, live);
            }
            return true;
        }
        let mut found = self.candidates(turn, live.as_ref());
        let mut known = Known { key: turn.settings.key, past: self.known().cloned().collect() };
        let home = place.as_ref().map_or(Home::Nowhere, |place| self.home(turn, &mut found, place, &known));
        if let (Home::Nowhere, Some(place)) = (&home, &place) {
            known.past.push(place.remembered(false));
        }
        let at = home.content(self.reader.as_ref());
        let live_id = live.as_ref().map(|(stat, _)| stat.id());
        let bound = match (&place, at) {
            // Behind the live file comes nothing but what was seen to come.
            (_, Some((_, stat))) if Some(stat.id()) == live_id => Bound { modified: u64::MAX, age: None },
            (Some(place), _) => {
                let same = found.get(place.id()).filter(|candidate| place.is_inode(&candidate.stat));
                Bound { modified: place.modified, age: same.and_then(|candidate| candidate.age) }
            }
            (None, _) => {
                let first = self.since.unwrap_or(0);
                Bound { modified: self.known().last().map_or(first, |past| past.modified), age: None }
            }
        };
        let after = found.after(turn.files, &bound, at, &known);
        let unclosed = self.unclosed(turn, &mut found);
        for (path, cause) in std::mem::take(&mut found.failed) {
            turn.failed(Some(self.id), &path, cause);
        }
        if found.is_unsure() && self.looking.is_patient() {
            self.looking.failed(turn.now);
            return false;
        }
        self.looking.worked();
        self.go_on_closing(turn, &found, unclosed);
        self.carry_out(turn, &found, Plan { place, home, after, live });
        true
    }

    /// The first file of a stream.
    fn begin(&mut self, turn: &mut Turn<'_>, (stat, file): Live) {
        let mut reader = Reader::new(Content::live(file), Generation::new(self.number, &stat));
        if self.from == From::End
            && let Err(e) = reader.sit_before(&turn.settings.key, stat.len)
        {
            return self.failed(turn, e);
        }
        reader.attached = true;
        self.reader = Some(reader);
        self.targets.extend(turn.files.resolve(&self.path).ok());
        self.looking.worked();
        self.parked = None;
        self.settled = false;
        self.silent_since = turn.now;
        self.moved(turn);
    }

    /// All files that the log may be in.
    fn candidates(&mut self, turn: &Turn<'_>, live: Option<&Live>) -> Candidates {
        let target = turn.files.resolve(&self.path).ok();
        self.targets.extend(target.filter(|target| !self.targets.contains(target)));
        let is_taken = |path: &Path| path != self.path && turn.is_live(path);
        let mut found = Candidates::of(turn.files, &self.path, &self.targets, &is_taken);
        if let Some((stat, file)) = live {
            found.live(&self.path, *stat, file);
        }
        let read = self.reader.as_ref().and_then(|reader| Some((reader.stat().ok()?, Some(reader.content.file()))));
        let read = read.or_else(|| {
            let place = self.resume.as_ref()?;
            let stat = found.get(place.id())?.stat;
            place.is_inode(&stat).then_some((stat, None))
        });
        let waiting = self.queue.iter().map(|next| {
            let stat = next.file.as_ref().and_then(|file| file.stat().ok());
            (stat.unwrap_or(next.stat), next.file.as_ref())
        });
        found.hold(&self.path, read.into_iter().chain(waiting));
        found
    }

    fn home(&mut self, turn: &Turn<'_>, found: &mut Candidates, place: &Generation, known: &Known) -> Home {
        let key = turn.settings.key;
        if place.offset == 0 {
            return Home::Unread;
        }
        if let Some(reader) = &mut self.reader
            && reader.is_right(&key)
            && let Ok(stat) = reader.stat()
        {
            let has_name = found.get(stat.id()).is_some_and(|candidate| candidate.is_named());
            let copy = if has_name { None } else { found.live_one(turn.files) };
            if let Some(mut copy) = copy
                && is_all_in(reader, &stat, &mut copy)
            {
                // Replaced by a longer copy of itself.
                return Home::There(copy);
            }
            return Home::Here(stat);
        }
        if let Some(there) = found.home(turn.files, place, known) {
            return Home::There(there);
        }
        if let Some(mut rest) = found.same(turn.files, place)
            && rest.stat.len < place.offset
            && place.is_cut_to(&key, rest.stat.len, &mut rest.content).unwrap_or(false)
        {
            return Home::Cut(rest);
        }
        Home::Nowhere
    }

    /// The files that were left before a restart, where they are now.
    fn unclosed(&self, turn: &Turn<'_>, found: &mut Candidates) -> Vec<Option<Found>> {
        let known = Known { key: turn.settings.key, past: self.past.clone() };
        self.unclosed.iter().map(|left| found.home(turn.files, left, &known)).collect()
    }

    fn go_on_closing(&mut self, turn: &mut Turn<'_>, found: &Candidates, there: Vec<Option<Found>>) {
        for (left, there) in std::mem::take(&mut self.unclosed).into_iter().zip(there) {
            match there {
                Some(there) => {
                    let reader = Reader::resumed(there.content, left, &there.stat);
                    self.closing.push(Closing::new(reader, turn.now));
                }
                None => {
                    self.missing(turn, found, &left);
                    self.remember(left, false);
                }
            }
        }
    }

    fn carry_out(&mut self, turn: &mut Turn<'_>, found: &Candidates, plan: Plan) {
        let Plan { place, home, mut after, live } = plan;
        let was_attached = self.is_attached();
        self.resume = None;
        self.parked = None;
        if turn.files.resolve(&self.path).is_ok() {
            self.targets.drain(..self.targets.len().saturating_sub(1));
        }
        let mut moved = true;
        match (home, place) {
            (Home::Here(_), _) => moved = false,
            (Home::There(there), Some(place)) => self.go_there(turn, there, place),
            (Home::Cut(rest), Some(place)) => self.go_back(turn, rest, place),
            (Home::Unread, Some(place)) => match after.first() {
                Some(first) if place.is_inode(&first.stat) => {
                    let first = after.remove(0);
                    let mut reader = Reader::new(first.content, place);
                    reader.looked = first.stat.modified;
                    self.reader = Some(reader);
                    moved = false;
                }
                _ => {
                    self.reader = None;
                    if after.iter().all(|next| next.live) {
                        self.missing(turn, found, &place);
                    }
                }
            },
            (_, place) => {
                self.reader = None;
                if let Some(place) = place {
                    self.missing(turn, found, &place);
                    self.remember(place, false);
                }
            }
        }
        let live_id = live.as_ref().map(|(stat, _)| stat.id());
        let is_live = self.reader.as_ref().is_some_and(|reader| Some(reader.generation.id()) == live_id);
        if is_live
            && !after.is_empty()
            && let (Some(reader), Some((stat, file))) = (self.reader.take(), live)
        {
            // It was away, and others were in its place: they first, then it, from where it was left.
            self.remember(reader.generation, false);
            after.push(Found { stat, live: true, content: Content::live(file) });
        }
        self.queue.clear();
        for Found { stat, live, content } in after {
            let file = turn.may_hold().then(|| Arc::clone(content.file()));
            self.queue.push_back(Next { stat, file, live });
        }
        if let Some(reader) = &mut self.reader {
            reader.attached = is_live;
        }
        if moved || (was_attached && !is_live) {
            self.silent_since = turn.now;
        }
        if self.reader.is_none() && self.queue.is_empty() {
            self.parked = Some(turn.now);
        }
        if moved {
            self.moved(turn);
        }
    }

    /// Goes on in another file.
    fn go_there(&mut self, turn: &mut Turn<'_>, there: Found, place: Generation) {
        let is_other = place.id() != there.stat.id();
        // A copy is written by nobody.
        self.settled = self.reader.is_some() && is_other && !there.live;
        if is_other && there.live {
            turn.note(self, Happening::Rotated);
            let lost = place.size.saturating_sub(there.stat.len.max(place.offset));
            if lost > 0 {
                turn.note(self, Happening::TruncatedUnread { bytes: lost });
            }
        }
        match &mut self.reader {
            Some(reader) => reader.go_on_in(there.content, &there.stat),
            None => self.reader = Some(Reader::resumed(there.content, place, &there.stat)),
        }
    }

    /// Goes back to the end of what is left of a file.
    fn go_back(&mut self, turn: &mut Turn<'_>, rest: Found, mut place: Generation) {
        turn.note(self, cut(place.size.saturating_sub(place.offset)));
        place.lives_in(&rest.stat);
        let mut reader = Reader::new(rest.content, place);
        match reader.sit_before(&turn.settings.key, rest.stat.len) {
            Ok(()) => self.reader = Some(reader),
            Err(cause) => {
                self.reader = None;
                self.resume = Some(reader.generation);
                self.failed(turn, cause);
            }
        }
    }

    /// Says that the place is nowhere, and what that costs.
    fn missing(&self, turn: &mut Turn<'_>, found: &Candidates, place: &Generation) {
        let bytes = place.size.saturating_sub(place.offset);
        match found.get(place.id()) {
            Some(other) if !place.is_inode(&other.stat) => turn.note(self, Happening::InodeReused { bytes }),
            Some(same) if same.stat.len < place.offset => turn.note(self, cut(bytes)),
            Some(_) => turn.note(self, Happening::Rewritten { bytes }),
            None if bytes > 0 => turn.note(self, Happening::DeletedUnread { bytes }),
            None => {}
        }
    }
}

fn cut(unread: u64) -> Happening {
    if unread > 0 { Happening::TruncatedUnread { bytes: unread } } else { Happening::Truncated }
}

/// Whether a file begins with all of what is read.
fn is_all_in(reader: &mut Reader, stat: &Stat, other: &mut Found) -> bool {
    Original::of(&other.content, &other.stat).is_some_and(|mut other| other.has_copy(&mut reader.content, stat))
}
