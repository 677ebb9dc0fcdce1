//! The programs of all clients: what goes to rare domains, by client and method. A second exchange, small, since most
//! contacts go to where many go.
//!
//! Shards send while they count. After the barrier that ends a pane's counting each share takes its mail, sorted by what
//! the data alone decides, and looks up the domains of those to judge, which nobody writes then. Judged is with the next
//! pane's counting, when nobody writes the clients.

mod share;
mod told;

use crate::alert::{QUIET, Record};
use crate::engine::batch::{SHARDS, shard_of};
use crate::engine::lock;
use crate::engine::pane::Pane;
use crate::engine::shard::Shard;
use crate::engine::waiting::Waiting;
use crate::event::{Method, Millis};
use share::Share;
use std::sync::Mutex;

/// Clients of a domain from which it is not rare.
pub const RARE: u64 = 3;
/// Visits of a pair from which it has come back.
pub const BACK: u32 = 2;
/// A contact with a rare domain, on its way to its program.
#[derive(Clone, Copy, Debug)]
pub struct Mail {
    /// Keyed hash of the client.
    pub client: u64,
    /// First start of its pair.
    pub first: Millis,
    /// Its method.
    pub method: Method,
    /// Slots in which the client had been on when the pair began.
    pub online: u32,
    /// Where it stands.
    pub contact: Waiting,
}

fn hash_of(client: u64, method: Method) -> u64 {
    (client ^ (method as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// All programs.
pub struct Programs {
    mail: Vec<Mutex<Vec<Mail>>>,
    shares: Vec<Mutex<Share>>,
}

impl Default for Programs {
    fn default() -> Self {
        Programs {
            mail: (0..SHARDS).map(|_| Mutex::default()).collect(),
            shares: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl Programs {
    /// Takes what a shard met in a pane.
    pub fn send(&self, mail: impl Iterator<Item = Mail>) {
        mail.for_each(|mail| lock(&self.mail[shard_of(hash_of(mail.client, mail.method))]).push(mail));
    }

    /// Counts the mail of a share, and looks up the domains of what is to be judged; the bytes of the share. Call where no
    /// shard is written.
    pub fn count(&self, i: usize, pane: &Pane<'_>, shards: &[Mutex<Shard>]) -> usize {
        let mut mail = std::mem::take(&mut *lock(&self.mail[i]));
        let mut share = lock(&self.shares[i]);
        if !mail.is_empty() {
            // Those that differ in what is at hand are not looked up.
            let key = |mail: &Mail| (mail.client, mail.method, mail.contact.start());
            mail.sort_unstable_by(|a, b| {
                key(a).cmp(&key(b)).then_with(|| {
                    let (x, y) = (pane.contact(a.contact), pane.contact(b.contact));
                    let order = x.order(y).then_with(|| x.domain.cmp(&y.domain));
                    order.then_with(|| pane.line(a.contact).cmp(pane.line(b.contact)))
                })
            });
            for group in mail.chunk_by(|a, b| (a.client, a.method) == (b.client, b.method)) {
                share.count(pane, group, shards);
            }
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
        lock(&self.shares[i]).end_where(pane, |program| all || pane.end() - program.last >= QUIET);
    }

    /// Takes the records of all shares, and the rules that hid others, unordered.
    pub fn take_records(&self, into: &mut Vec<Record>, hidden: &mut Vec<usize>) {
        for share in &self.shares {
            let mut share = lock(share);
            into.append(&mut share.records);
            hidden.append(&mut share.hidden);
        }
    }

    /// Bytes of all.
    pub fn bytes(&self) -> usize {
        self.shares.iter().map(|share| lock(share).bytes()).sum()
    }

    /// Clients of open episodes.
    pub fn clients_told(&self) -> Vec<u64> {
        self.shares.iter().flat_map(|share| lock(share).clients_told().collect::<Vec<_>>()).collect()
    }

    /// Drops the half of all that was silent longest; what is told of them ends with it.
    pub fn evict(&self, pane: &Pane<'_>) {
        let ages = |share: &Mutex<Share>| lock(share).ages().collect::<Vec<_>>();
        let mut last: Vec<u32> = self.shares.iter().flat_map(ages).collect();
        last.sort_unstable();
        if let Some(&cut) = last.get(last.len() / 2) {
            self.shares.iter().for_each(|share| lock(share).drop_until(pane, cut));
        }
    }
}
