//! What a log is known by: hashes of its head and of what stands before a place in it.

use std::hash::Hasher;
use std::io;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

use super::content::Content;
use super::files::Stat;

/// How much of the head counts, in bytes behind leading `#` lines.
const HEAD: usize = 4096;
/// Leading `#` lines (which many logs share) are passed over up to here, and hashed with what follows them.
const HEADER_MAX: usize = 4096;
/// The most that is read to know a head.
pub(super) const HEAD_MAX: usize = HEADER_MAX + HEAD;
/// The first of the lengths at which a head is hashed: enough for the time of a line in the formats that begin with
/// the client. A file cut to less cannot be recognised.
const FIRST: usize = 64;
/// How much before an offset counts.
pub(super) const TAIL: usize = 256;

/// 128 bits of keyed SipHash: log lines are chosen by attackers.
pub(super) type Sum = [u64; 2];

/// Key of all hashes: `hash_key` of the installation.
pub(super) type Key = [u8; 16];

pub(super) fn sum(key: &Key, bytes: &[u8]) -> Sum {
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write(bytes);
    let sum = hasher.finish128();
    [sum.h1, sum.h2]
}

/// The first `len` bytes and their hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rung {
    pub(super) len: u32,
    pub(super) sum: Sum,
}

/// One file in the life of a log, read up to `offset`: enough to find the place again after renaming, compressing,
/// copying, in whatever file it is then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Generation {
    /// Counts the files of a stream.
    pub(super) number: u64,
    pub(super) dev: u64,
    pub(super) ino: u64,
    pub(super) born: Option<u64>,
    /// As last seen: what is lost if it is never seen again.
    pub(super) size: u64,
    pub(super) modified: u64,
    /// Hashes of the head, ever longer, of consumed bytes only: what is not consumed may still change.
    pub(super) head: Vec<Rung>,
    /// Whether the last rung is the last there will be.
    pub(super) full: bool,
    /// Decoded bytes consumed; a line begins here.
    pub(super) offset: u64,
    pub(super) tail_len: u16,
    pub(super) tail: Sum,
    /// In the middle of an overlong line: how many NULs in a row came last.
    pub(super) skip: Option<u64>,
    /// Read to its end, of those that are over: a longer one is another.
    pub(super) whole: bool,
}

impl Generation {
    pub(super) fn new(number: u64, stat: &Stat) -> Self {
        let mut new = Self {
            number,
            dev: 0,
            ino: 0,
            born: None,
            size: 0,
            modified: 0,
            head: Vec::new(),
            full: false,
            offset: 0,
            tail_len: 0,
            tail: Sum::default(),
            skip: None,
            whole: false,
        };
        new.lives_in(stat);
        new
    }

    /// It goes on in this file.
    pub(super) fn lives_in(&mut self, stat: &Stat) {
        (self.dev, self.ino, self.born) = (stat.dev, stat.ino, stat.born);
        (self.size, self.modified) = stat.extent();
    }

    pub(super) fn id(&self) -> (u64, u64) {
        (self.dev, self.ino)
    }

    /// Whether `stat` may be the very same file: the numbers, and the birth where it is known.
    pub(super) fn is_inode(&self, stat: &Stat) -> bool {
        self.id() == stat.id() && (self.born.is_none() || stat.born.is_none() || self.born == stat.born)
    }

    /// Consumed up to `offset`; `before` ends there and holds at least [`TAIL`] bytes, if there are as many.
    pub(super) fn advance(&mut self, key: &Key, offset: u64, before: &[u8]) {
        let tail = &before[before.len().saturating_sub(TAIL)..];
        self.offset = offset;
        self.tail_len = tail.len() as u16;
        self.tail = sum(key, tail);
    }

    /// Hashes the head as far as it is consumed.
    pub(super) fn learn_head(&mut self, key: &Key, content: &mut Content) -> io::Result<()> {
        if self.full || self.head.last().is_some_and(|rung| u64::from(rung.len) == self.offset) {
            return Ok(());
        }
        let mut head = vec![0; usize::try_from(self.offset).unwrap_or(HEAD_MAX).min(HEAD_MAX)];
        let n = content.read_at(0, &mut head)?;
        head.truncate(n);
        let base = header(&head);
        self.head.clear();
        let mut step = FIRST;
        while step <= HEAD && base + step <= head.len() {
            self.push(key, &head[..base + step]);
            step *= 2;
        }
        self.full = step > HEAD;
        if !self.full && self.head.last().is_none_or(|rung| (rung.len as usize) < head.len()) {
            self.push(key, &head);
        }
        Ok(())
    }

    fn push(&mut self, key: &Key, head: &[u8]) {
        self.head.push(Rung { len: head.len() as u32, sum: sum(key, head) });
    }

    /// Puts the place at `offset` of `content`, which nobody has read up to there.
    pub(super) fn sit(&mut self, key: &Key, offset: u64, content: &mut Content) -> io::Result<()> {
        let from = offset.saturating_sub(TAIL as u64);
        let mut before = vec![0; (offset - from) as usize];
        let n = content.read_at(from, &mut before)?;
        before.truncate(n);
        self.advance(key, from + n as u64, &before);
        self.skip = None;
        self.head.clear();
        self.full = false;
        self.learn_head(key, content)
    }

    /// Whether what stands in `content` up to the offset is what was consumed: head and tail agree. What was never
    /// read from is not known by its content.
    pub(super) fn is_in(&self, key: &Key, content: &mut Content) -> io::Result<bool> {
        Ok(self.offset > 0 && self.head_is_in(key, content)? && self.tail_is_in(key, content)? == Some(true))
    }

    /// The same of a file that may hold less of it: a copy not yet or no longer whole.
    pub(super) fn is_partly_in(&self, key: &Key, content: &mut Content) -> io::Result<bool> {
        Ok(self.offset > 0 && self.head_is_in(key, content)? && self.tail_is_in(key, content)? != Some(false))
    }

    fn head_is_in(&self, key: &Key, content: &mut Content) -> io::Result<bool> {
        let Some(rung) = self.head.last() else { return Ok(false) };
        holds(key, content, 0, rung.len as usize, rung.sum).map(|found| found == Some(true))
    }

    fn tail_is_in(&self, key: &Key, content: &mut Content) -> io::Result<Option<bool>> {
        let len = usize::from(self.tail_len);
        holds(key, content, self.offset - len as u64, len, self.tail)
    }

    /// Whether a file cut to `size` bytes is still the old one, as far as can be told: its head up to the last rung.
    pub(super) fn is_cut_to(&self, key: &Key, size: u64, content: &mut Content) -> io::Result<bool> {
        match self.head.iter().rev().find(|rung| u64::from(rung.len) <= size && rung.len as usize >= FIRST) {
            Some(rung) => Ok(holds(key, content, 0, rung.len as usize, rung.sum)? == Some(true)),
            None => Ok(false),
        }
    }

    /// Whether a file is this one, which is over, or a copy of it, finished or not.
    pub(super) fn was(&self, key: &Key, stat: &Stat, content: &mut Content) -> io::Result<bool> {
        if !self.is_partly_in(key, content)? {
            return Ok(false);
        }
        if self.is_inode(stat) || !self.whole {
            return Ok(true);
        }
        // Room set aside behind the last line is nothing.
        let mut next = [0];
        content.read_at(self.offset, &mut next)?;
        Ok(next == [0])
    }

    /// What need be remembered of it when it is over; `whole`: because it was read to its end.
    pub(super) fn remembered(&self, whole: bool) -> Self {
        Self { head: self.head.last().copied().into_iter().collect(), full: true, skip: None, whole, ..self.clone() }
    }
}

/// Whether `len` bytes at `at` have this hash. `None`: the content ends before.
fn holds(key: &Key, content: &mut Content, at: u64, len: usize, wanted: Sum) -> io::Result<Option<bool>> {
    let mut bytes = vec![0; len];
    let n = content.read_at(at, &mut bytes)?;
    Ok((n == len).then(|| sum(key, &bytes) == wanted))
}

/// Length of the leading `#` lines, whole ones.
fn header(head: &[u8]) -> usize {
    let lines =
        head.split_inclusive(|&b| b == b'\n').take_while(|line| line.starts_with(b"#") && line.ends_with(b"\n"));
    lines.map(<[u8]>::len).sum::<usize>().min(HEADER_MAX)
}

/// A file of which others may be copies.
pub(super) enum Original {
    Plain {
        content: Content,
        len: u64,
    },
    /// Known by its head and the second of its last change, which a tool that packs it anew keeps.
    Archive {
        head: Vec<u8>,
        modified: u64,
    },
}

impl Original {
    /// `None`: nothing in it.
    pub(super) fn of(content: &Content, stat: &Stat) -> Option<Self> {
        if stat.len == 0 {
            return None;
        }
        let mut content = content.another().ok()?;
        Some(match content.is_archive() {
            false => Self::Plain { content, len: stat.len },
            true => Self::Archive { head: content.head().ok()?, modified: second(stat) },
        })
    }

    /// Whether all of `other`, as far as head and end can tell, is this one's, or its beginning: a copy, perhaps not
    /// finished. A file that goes on where this one ends is none: all may begin with the same lines.
    pub(super) fn has_copy(&mut self, other: &mut Content, stat: &Stat) -> bool {
        self.compare(other, stat).unwrap_or(false)
    }

    fn compare(&mut self, other: &mut Content, stat: &Stat) -> io::Result<bool> {
        let theirs = other.head()?;
        match self {
            Self::Archive { head, modified } => Ok(*modified == second(stat) && *head == theirs),
            Self::Plain { content, len } => {
                let ours = content.head()?;
                if !ours.starts_with(&theirs) || (!other.is_archive() && stat.len > *len) {
                    return Ok(false);
                }
                let end = if other.is_archive() { *len } else { stat.len };
                let from = end.saturating_sub(TAIL as u64);
                let (mut left, mut right) = (vec![0; TAIL], vec![0; TAIL + 1]);
                let n = content.read_at(from, &mut left)?;
                let m = other.read_at(from, &mut right)?;
                // An archive may be unfinished: what there is of it decides.
                Ok(m as u64 <= end - from && m <= n && left[..m] == right[..m])
            }
        }
    }
}

fn second(stat: &Stat) -> u64 {
    stat.modified / 1_000_000_000
}
