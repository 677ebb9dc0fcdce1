//! A second exchange, by client instead of by domain, and smaller than the first: most contacts go to where many go.
//!
//! Shards send while they count. After the barrier that ends a pane's counting each share takes its mail, sorted by what
//! the data alone decides, and looks up the domains of those to judge, which nobody writes then. Judged is with the next
//! pane's counting, when nobody writes the clients.

use crate::alert::{QUIET, Record};
use crate::engine::batch::{SHARDS, shard_of};
use crate::engine::pane::Pane;
use crate::engine::shard::Shard;
use crate::event::Millis;
use crate::lock::lock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::{Mutex, MutexGuard};

/// What a share of all clients remembers.
pub trait Share: Default + Send + Serialize + DeserializeOwned {
    /// What shards send.
    type Mail: Send;

    /// A hash of the row that mail is for: it picks the share.
    fn row_of(mail: &Self::Mail) -> u64;
    /// Puts mail in the order in which it is counted: by row, then by what the data alone decides.
    fn arrange(mail: &mut [Self::Mail], pane: &Pane<'_>);
    /// Whether two are for one row.
    fn is_same(a: &Self::Mail, b: &Self::Mail) -> bool;
    /// Counts the mail of one row, and looks up the domains of what is to be judged.
    fn count(&mut self, pane: &Pane<'_>, mail: &[Self::Mail], shards: &[Mutex<Shard>]);
    /// Judges what is to be judged.
    fn judge(&mut self, pane: &Pane<'_>);
    /// Ends the episodes of rows whose last contact `is_over` says is too long ago.
    fn end_where(&mut self, pane: &Pane<'_>, is_over: impl Fn(Millis) -> bool);
    /// Panes of the last contacts of all rows: what an eviction chooses by.
    fn ages(&self) -> Vec<u32>;
    /// Drops what was silent since the pane `cut`; what is told of it ends with it.
    fn drop_until(&mut self, pane: &Pane<'_>, cut: u32);
    /// Clients of open episodes.
    fn clients_told(&self) -> Vec<u64>;
    /// Bytes, in entries × size.
    fn bytes(&self) -> usize;
    /// Finds its rows again after they were read back.
    fn reindex(&mut self);
    /// Records of this pane, unordered, and the rules that hid others, one for each alert.
    fn outcome(&mut self) -> &mut Outcome;
}

/// What a share has to say.
#[derive(Default)]
pub struct Outcome {
    /// Records.
    pub records: Vec<Record>,
    /// Rules that hid an alert, and its detector.
    pub hidden: Vec<(usize, &'static str)>,
}

/// Puts what an episode named `before` first; of the new names those that are not among them, while there are fewer than
/// `most`.
pub fn join<N: PartialEq>(names: &mut Vec<N>, before: Vec<N>, most: usize) {
    let new = std::mem::replace(names, before);
    for name in new {
        if names.len() < most && !names.contains(&name) {
            names.push(name);
        }
    }
}

/// All shares, and the mail for each.
pub struct Exchange<S: Share> {
    mail: Vec<Mutex<Vec<S::Mail>>>,
    shares: Vec<Mutex<S>>,
}

impl<S: Share> Default for Exchange<S> {
    fn default() -> Self {
        Exchange {
            mail: (0..SHARDS).map(|_| Mutex::default()).collect(),
            shares: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl<S: Share> Exchange<S> {
    /// Takes what a shard met in a pane.
    pub fn send(&self, mail: impl Iterator<Item = S::Mail>) {
        mail.for_each(|mail| lock(&self.mail[shard_of(S::row_of(&mail))]).push(mail));
    }

    /// Counts the mail of a share; its bytes. Call where no shard is written.
    pub fn count(&self, i: usize, pane: &Pane<'_>, shards: &[Mutex<Shard>]) -> usize {
        let mut mail = std::mem::take(&mut *lock(&self.mail[i]));
        let mut share = lock(&self.shares[i]);
        if !mail.is_empty() {
            S::arrange(&mut mail, pane);
            mail.chunk_by(S::is_same).for_each(|group| share.count(pane, group, shards));
            // The room is kept for the next pane.
            mail.clear();
            *lock(&self.mail[i]) = mail;
        }
        share.bytes()
    }

    /// Judges what is due in a share. Call where no client is written.
    pub fn judge(&self, i: usize, pane: &Pane<'_>) {
        lock(&self.shares[i]).judge(pane);
    }

    /// Ends the episodes of a share that have been quiet for long, or `all` of them.
    pub fn end_episodes(&self, i: usize, pane: &Pane<'_>, all: bool) {
        lock(&self.shares[i]).end_where(pane, |last| all || pane.end() - last >= QUIET);
    }

    /// Takes the records of all shares, and the rules that hid others, unordered.
    pub fn take_records(&self, into: &mut Vec<Record>, hidden: &mut Vec<(usize, &'static str)>) {
        for share in &self.shares {
            let mut share = lock(share);
            let outcome = share.outcome();
            into.append(&mut outcome.records);
            hidden.append(&mut outcome.hidden);
        }
    }

    /// Looks at the share in which a row is, by the hash of [`Share::row_of`].
    pub fn look<T>(&self, row: u64, look: impl FnOnce(&S) -> T) -> T {
        look(&lock(&self.shares[shard_of(row)]))
    }

    /// A share, to write it down. Between rounds there is no mail.
    pub fn share(&self, i: usize) -> MutexGuard<'_, S> {
        lock(&self.shares[i])
    }

    /// Puts in a share that was read back.
    pub fn put(&self, i: usize, mut share: S) {
        share.reindex();
        *lock(&self.shares[i]) = share;
    }

    /// Bytes of all.
    pub fn bytes(&self) -> usize {
        self.shares.iter().map(|share| lock(share).bytes()).sum()
    }

    /// Clients of open episodes.
    pub fn clients_told(&self) -> Vec<u64> {
        self.shares.iter().flat_map(|share| lock(share).clients_told()).collect()
    }

    /// Drops the half of all that was silent longest; what is told of them ends with it.
    pub fn evict(&self, pane: &Pane<'_>) {
        let mut last: Vec<u32> = self.shares.iter().flat_map(|share| lock(share).ages()).collect();
        last.sort_unstable();
        if let Some(&cut) = last.get(last.len() / 2) {
            self.shares.iter().for_each(|share| lock(share).drop_until(pane, cut));
        }
    }
}
