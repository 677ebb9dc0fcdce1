//! LIVE FILES → LINES. Follows the logs behind one path or pattern through rotation, and hands out every line once.
//!
//! | file | noun |
//! | --- | --- |
//! | `streams` | all streams behind one pattern |
//! | `discover` | which paths are new logs |
//! | `settings` | how to follow |
//! | `files` | the file system as seen: list, look, open for reading |
//! | `pattern` | the name a user gave → the paths behind it |
//! | `stream` | one log: what is read now, what waits, what was read |
//! | `way` | the plan: in which file the place is now, and which files come after it |
//! | `end` | when a file is over, what is left of it, and the next |
//! | `closing` | files left for the next one, while somebody may still write to them |
//! | `reader` | one file from a place on → chunks of whole lines |
//! | `content` | decoded bytes at any offset: plain, gzip, zstd |
//! | `mark` | what a file is known by: keyed hashes of its head and of what stands before the place |
//! | `siblings` | names that rotation gives |
//! | `search` | the files a log may be in, opened and compared |
//! | `position` | the place behind a chunk, to be stored |
//! | `happening` | what happened to a log, for counters and the operator |
//! | `turn` | one poll |
//! | `backoff` | how long to wait before trying again |
//!
//! A **stream** is one log of one writer: the file at its path now, and before it the files rotated from it, whatever
//! they are called by now. A **generation** is one of these files. A place in a stream is known by content (a hash of
//! the head and of the 256 bytes before the place); device and inode number are hints. Files are opened for reading and
//! never renamed, locked or touched. No thread, no clock: the caller polls and says what time it is, as often as it can
//! take what comes.
//!
//! # Promised
//! - Every line that is written is handed out once and whole, in the order written: through renaming, copying and
//!   truncating, compressing, deleting, links, several rotations between two polls, crashes and restarts, as long as its
//!   bytes are in a file that can be found: open, at the live path, or beside it under a name that begins with the live
//!   one (rotation's numbers, dates and archive endings behind it).
//! - The next file is begun as soon as it has content and the last line before it has its end. What others that share the
//!   log still write to the old one is read beside it, until that was silent for `rotate_wait`.
//! - A last line without end waits; it is handed out, once, when its file is over: another has content, and it was
//!   silent for `rotate_wait`. A deleted file, or one moved away, with nothing in its place is over after `delete_wait`.
//! - Bytes seen and never read are counted, at least as far as the follower saw them: [`Happening::lost`].
//! - Memory: two chunks and a line a stream; names a writer could choose never matter, only content.
//!
//! # Not promised
//! - What a writer puts between a copy and the truncation (`copytruncate`) is lost by the rotation itself, unseen.
//! - What is written and gone between two polls is lost unseen.
//! - A file rewritten with the same length within one tick of the file system's clock is noticed when it grows.
//! - Bytes written to a rotated file after it was silent for `rotate_wait` and the next file has content.
//! - A file cut, while nobody followed, to less than 64 bytes (behind leading `#` lines) is taken for a new one.
//! - The order between two files that are written to at the same time.
//! - Rotated files that nobody saw come are read in the order of their times of change: one that was still written to after
//!   its successor was over is read behind that, and its lines are late (they count, and are counted as late). What is in
//!   a line, its time included, is not known here; births do not tell either, since a compressed file is born anew.
//! - A rotated file that was compressed without keeping the time of change (`gzip`, `zstd` and `logrotate` keep it),
//!   and was there before following began, may be taken for one that was missed.
//! - `xz`, `bzip2` and other archives are not read: compress with gzip or zstd, or with `delaycompress`.

mod backoff;
mod closing;
mod content;
mod discover;
mod end;
mod files;
mod happening;
mod mark;
mod pattern;
mod position;
mod reader;
mod search;
mod settings;
mod siblings;
mod stream;
mod streams;
mod turn;
mod way;

pub use files::{Disk, Files, Open, Stat};
pub use happening::{Happening, Note};
pub use pattern::is_there;
pub use position::{Checkpoint, CheckpointError, Position};
pub use settings::{FollowSettings, From};
pub use streams::{Follow, Gauges, Poll, Step};
