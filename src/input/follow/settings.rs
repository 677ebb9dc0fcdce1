//! How to follow.

use std::time::Duration;

/// Where to begin in files that are there when following begins and of which no position is stored. Files that come
/// later are always read from their beginning, also those that came since a checkpoint of the same paths was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// With the first line of the live file. Files rotated before are history: `replay` reads them.
    #[default]
    Start,
    /// Behind the last line.
    End,
    /// With the first line of the oldest of the files rotated before, also in files that come later: all of the log is
    /// to be read, as in a spool.
    Oldest,
}

/// How to follow.
#[derive(Clone, Copy, Debug)]
pub struct FollowSettings {
    /// About how many bytes a chunk holds; at least one line.
    pub chunk: usize,
    /// About how many bytes one poll hands out, over all streams.
    pub poll: usize,
    /// How long a renamed or deleted file must have been silent, with content in the next, until nobody is taken to write to
    /// it any more.
    pub rotate_wait: Duration,
    /// How long a deleted file, or one that was moved away, is kept open when nothing takes its place.
    pub delete_wait: Duration,
    /// Where to begin without a position.
    pub from: From,
    /// Key of the hashes by which files are known: that of the installation, the same after each restart.
    pub key: [u8; 16],
    /// How many files that are no longer live may be held open, over all streams.
    pub max_open: usize,
}

impl Default for FollowSettings {
    fn default() -> Self {
        Self {
            chunk: 192 * 1024,
            poll: 4 * 1024 * 1024,
            rotate_wait: Duration::from_secs(5),
            delete_wait: Duration::from_secs(300),
            from: From::Start,
            key: [0; 16],
            max_open: 64,
        }
    }
}
