//! One file, read from a place on: chunks of whole lines, as far as they are whole.

use std::io;

use memchr::{memchr, memrchr};

use super::super::overlong::{Portion, Skip, nuls};
use super::super::{Chunk, LINE_MAX};
use super::content::Content;
use super::files::Stat;
use super::mark::{Generation, Key, sum};

const BOM: &[u8] = b"\xef\xbb\xbf";
/// How many NULs one pull looks through for what comes behind them.
const HOLE: u64 = 8 * 1024 * 1024;

/// What a pull brings.
pub(super) enum Pull {
    /// Whole lines.
    Lines(Chunk),
    /// Nothing to hand out yet, but more to look at.
    Again,
    /// No whole line at the moment; for an archive: its end, or its damage.
    Dry,
    /// Shorter than what was read, or other content: the place is no longer in this file.
    Lost,
    /// Cut behind the place: bytes not yet read are gone.
    Cut { bytes: u64 },
    /// Changed before anything was read of it: what is in it now may not be what was in it.
    Unsure,
}

/// What is left at the end of a file.
pub(super) enum Finish {
    /// The unfinished line, or nothing.
    Over(Option<Chunk>),
    /// Whole lines, written just now.
    NotYet,
}

/// A file being read.
pub(super) struct Reader {
    pub(super) content: Content,
    pub(super) generation: Generation,
    /// It is the file at the live path, and no other waits.
    pub(super) attached: bool,
    /// Before anything is read: the change up to which nothing was missed.
    pub(super) looked: u64,
    /// The file as it was when reading last came to its end.
    dry: Option<(u64, u64)>,
    /// Bytes of overlong lines skipped and not yet told.
    skipped: u64,
    /// NULs are known from the place to here.
    hole: u64,
    /// A damaged archive as it was when last tried.
    seen: Option<(u64, u64)>,
}

impl Reader {
    pub(super) fn new(content: Content, generation: Generation) -> Self {
        let looked = generation.modified;
        Self { content, generation, attached: false, looked, dry: None, skipped: 0, hole: 0, seen: None }
    }

    /// Goes on at the place, in the file it was found in. The times stay: files that came after it are told by what it was.
    /// So does the size of the same file: the next look tells whether bytes are gone.
    pub(super) fn resumed(content: Content, mut generation: Generation, stat: &Stat) -> Self {
        let (modified, size) = (generation.modified, generation.size);
        let same = generation.is_inode(stat);
        generation.lives_in(stat);
        generation.modified = modified;
        if same {
            generation.size = size;
        }
        Self::new(content, generation)
    }

    /// Whether all of it was read, and the last line has its end.
    pub(super) fn is_at_end(&self) -> bool {
        let Generation { offset, size, skip, .. } = &self.generation;
        !self.content.is_archive() && *offset > 0 && offset == size && skip.is_none()
    }

    /// Whether the place is still in the file.
    pub(super) fn is_right(&mut self, key: &Key) -> bool {
        self.generation.is_in(key, &mut self.content).unwrap_or(false)
    }

    pub(super) fn stat(&self) -> io::Result<Stat> {
        self.content.file().stat()
    }

    /// Bytes seen and not read; unknown for an archive.
    pub(super) fn pending(&self) -> u64 {
        if self.content.is_archive() { 0 } else { self.generation.size.saturating_sub(self.generation.offset) }
    }

    /// The next lines. Nothing is read when the file is as it was. The place moves only over bytes that were read, and
    /// only while what stands before it is still what was consumed.
    pub(super) fn pull(&mut self, key: &Key, size: usize) -> io::Result<Pull> {
        let stat = self.stat()?;
        if !self.content.is_archive() {
            if self.dry == Some(stat.extent()) {
                return Ok(Pull::Dry);
            }
            if stat.len < self.generation.offset {
                return Ok(Pull::Lost);
            }
            if self.generation.offset == 0 && stat.modified != self.looked {
                return Ok(Pull::Unsure);
            }
        }
        let size = size.max(1);
        let mut want = size;
        loop {
            let tail = usize::from(self.generation.tail_len);
            let mut buffer = vec![0; tail + want];
            let from = self.generation.offset - tail as u64;
            let n = self.content.read_at(from, &mut buffer)?;
            let whole = n == buffer.len();
            buffer.truncate(n);
            if want > size
                && let Some(end) = memchr(b'\n', &buffer[tail.min(n)..])
            {
                // One long line was wanted, not all that follows it.
                buffer.truncate(tail + end + 1);
            }
            if n < tail || (tail > 0 && sum(key, &buffer[..tail]) != self.generation.tail) {
                return Ok(Pull::Lost);
            }
            if let Some(bytes) = self.look(&stat) {
                return Ok(Pull::Cut { bytes });
            }
            let pull = self.cut(key, &buffer, tail, whole)?;
            match pull {
                Cut::Lines(chunk) => return Ok(Pull::Lines(chunk)),
                Cut::Moved => return Ok(Pull::Again),
                Cut::More if whole && want <= LINE_MAX => want = LINE_MAX + 1 + size,
                Cut::More if whole => return Ok(Pull::Again),
                Cut::More | Cut::Hole => {
                    // A file that gave less than its length says is asked again.
                    self.dry = (whole || from + n as u64 >= stat.len).then(|| stat.extent());
                    return Ok(Pull::Dry);
                }
            }
        }
    }

    /// Notes length and time; how much shorter the file is than it was, in bytes that were not read. The time is that of
    /// the last look while the file was live and known by its content: files that came after it are later.
    fn look(&mut self, stat: &Stat) -> Option<u64> {
        if self.content.is_archive() {
            return None;
        }
        let known = self.generation.size;
        self.generation.size = stat.len;
        if self.attached && self.generation.offset > 0 {
            self.generation.modified = stat.modified;
        }
        (stat.len < known).then(|| known - stat.len)
    }

    /// Cuts `buffer`, whose first `tail` bytes are consumed, into what can be handed out.
    fn cut(&mut self, key: &Key, buffer: &[u8], tail: usize, whole: bool) -> io::Result<Cut> {
        let mut data = &buffer[tail..];
        let mut more = whole;
        // NULs with nothing behind them are room a writer has set aside, not lines.
        let solid = data.len() - data.iter().rev().take_while(|&&b| b == 0).count();
        if solid < data.len() {
            match if whole { self.behind_hole(data.len(), solid)? } else { Behind::Nothing } {
                Behind::Bytes => {}
                Behind::Unknown => return self.take(key, buffer, tail, &data[..solid], Cut::Moved),
                Behind::Nothing => {
                    data = &data[..solid];
                    more = false;
                }
            }
        }
        self.take(key, buffer, tail, data, if more { Cut::More } else { Cut::Hole })
    }

    fn take(&mut self, key: &Key, buffer: &[u8], tail: usize, mut data: &[u8], nothing: Cut) -> io::Result<Cut> {
        let mut used = 0;
        if self.generation.offset == 0 && data.starts_with(BOM) {
            used = BOM.len();
        }
        if let Some(run) = self.generation.skip {
            let mut skip = Skip { run };
            let (n, done) = skip.pass(&data[used..]);
            self.skipped += n as u64;
            used += n;
            self.generation.skip = (!done).then_some(skip.run);
            if !done {
                return self.consumed(key, buffer, tail, used, nothing);
            }
        }
        data = &data[used..];
        let portion = Portion::of(data);
        if portion == Portion::default() {
            // A BOM alone is no progress: it is passed with the first line.
            return if used > BOM.len() { self.consumed(key, buffer, tail, used, nothing) } else { Ok(nothing) };
        }
        let at = self.generation.offset + used as u64;
        let mut bytes = data[..portion.take].to_vec();
        if portion.cut
            && let Some(last) = bytes.last_mut()
        {
            *last = b'\n';
        }
        self.skipped += portion.drop as u64 + u64::from(portion.cut);
        self.generation.skip = portion.skip.map(|skip| skip.run);
        self.consumed(key, buffer, tail, used + portion.take + portion.drop, Cut::Moved)?;
        if portion.take == 0 {
            return Ok(Cut::Moved);
        }
        Ok(Cut::Lines(Chunk { at, bytes, skipped: std::mem::take(&mut self.skipped) }))
    }

    /// Moves the place over `used` bytes.
    fn consumed(&mut self, key: &Key, buffer: &[u8], tail: usize, used: usize, nothing: Cut) -> io::Result<Cut> {
        if used == 0 {
            return Ok(nothing);
        }
        let offset = self.generation.offset + used as u64;
        self.generation.advance(key, offset, &buffer[..tail + used]);
        self.generation.learn_head(key, &mut self.content)?;
        Ok(Cut::Moved)
    }

    /// What stands behind `solid` of `read` bytes and the NULs after them. Remembers how far it looked.
    fn behind_hole(&mut self, read: usize, solid: usize) -> io::Result<Behind> {
        let begin = self.generation.offset + solid as u64;
        let end = self.generation.offset + read as u64;
        let mut at = if self.hole > end && begin < self.hole { self.hole } else { end };
        let until = at + HOLE;
        let mut buffer = vec![0; LINE_MAX];
        while at < until {
            let n = self.content.read_at(at, &mut buffer)?;
            let run = nuls(&buffer[..n]);
            at += run as u64;
            self.hole = at;
            if run < n {
                return Ok(Behind::Bytes);
            }
            if n < buffer.len() {
                return Ok(Behind::Nothing);
            }
        }
        Ok(Behind::Unknown)
    }

    /// The unfinished last line, when the file is over: handed out as it is, without room set aside behind it.
    pub(super) fn finish(&mut self, key: &Key) -> io::Result<Finish> {
        if self.content.fault().is_some() {
            return Ok(Finish::Over(None));
        }
        let tail = usize::from(self.generation.tail_len);
        let mut buffer = vec![0; tail + LINE_MAX];
        let n = self.content.read_at(self.generation.offset - tail as u64, &mut buffer)?;
        buffer.truncate(n.max(tail));
        let solid = buffer.len() - buffer.iter().rev().take_while(|&&b| b == 0).count();
        let data = &buffer[tail..solid.max(tail)];
        if data.contains(&b'\n') {
            self.dry = None;
            return Ok(Finish::NotYet);
        }
        let leading = if self.generation.offset == 0 && data.starts_with(BOM) { BOM.len() } else { 0 };
        let (line, at) = if self.generation.skip.take().is_some() {
            self.skipped += data.len() as u64;
            (Vec::new(), self.generation.offset + data.len() as u64)
        } else {
            (data[leading..].to_vec(), self.generation.offset + leading as u64)
        };
        let skipped = std::mem::take(&mut self.skipped);
        let used = data.len();
        self.consumed(key, &buffer, tail, used, Cut::More)?;
        Ok(Finish::Over((!line.is_empty() || skipped > 0).then_some(Chunk { at, bytes: line, skipped })))
    }

    /// Goes back to the last line end at or before `size`, or begins there: the file was cut to that length.
    pub(super) fn sit_before(&mut self, key: &Key, size: u64) -> io::Result<()> {
        let from = size.saturating_sub(LINE_MAX as u64);
        let mut buffer = vec![0; (size - from) as usize];
        let n = self.content.read_at(from, &mut buffer)?;
        let end = memrchr(b'\n', &buffer[..n]).map(|end| from + end as u64 + 1);
        self.hole = 0;
        self.dry = None;
        self.generation.sit(key, end.unwrap_or(if from == 0 { 0 } else { size }), &mut self.content)
    }

    /// Goes on at the same place in another file with the same content.
    pub(super) fn go_on_in(&mut self, content: Content, stat: &Stat) {
        *self = Self { skipped: self.skipped, ..Self::resumed(content, self.generation.clone(), stat) };
    }

    /// Whether an archive that ended too early has grown since this was asked last; it is then decoded anew.
    pub(super) fn has_grown(&mut self) -> bool {
        let extent = self.stat().map(|stat| stat.extent()).ok();
        let grown = self.seen != extent;
        if grown {
            self.seen = extent;
            self.content.again();
        }
        grown
    }
}

/// What a buffer gave.
enum Cut {
    Lines(Chunk),
    /// The place moved.
    Moved,
    /// The beginning of a line; there may be more behind the buffer.
    More,
    /// The beginning of a line, and nothing behind it.
    Hole,
}

enum Behind {
    Bytes,
    Nothing,
    Unknown,
}
