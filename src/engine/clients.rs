//! The client table: the one memory that all shards write, hence a concurrent map.
//!
//! Every update commutes (see [`Client`]), so the order in which shards take the locks cannot reach a result.

use crate::engine::knowledge::Knowledge;
use crate::lock::lock;
use crate::window::ledger::{ClientEntry, Ledger};
use crate::window::{Client, ClientDelta, Merge};
use dashmap::DashMap;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

type Identity = BuildHasherDefault<crate::window::Identity>;

/// What a client takes besides what is behind its row: a map that doubles is half full on average after it has, and a name
/// is an allocation.
const ROW: usize = 2 * size_of::<(u64, Client)>() + 16;

/// Entries of clients that were evicted, and how many did not fit.
type Gone = (BTreeMap<String, ClientEntry>, u64);
/// Clients by hash, ascending, their bytes, and those evicted.
pub type Memory = (Vec<(u64, Client)>, usize, Gone);

/// Clients by keyed hash.
pub struct Clients {
    map: DashMap<u64, Client, Identity>,
    heap: AtomicUsize,
    /// Its length: to ask the map takes all its locks.
    count: AtomicU64,
    /// What of clients was evicted and is still to be learned, and how many did not fit.
    gone: Mutex<Gone>,
}

impl Default for Clients {
    fn default() -> Self {
        Clients { map: DashMap::default(), heap: AtomicUsize::new(0), count: AtomicU64::new(0), gone: Mutex::default() }
    }
}

impl Clients {
    /// Takes in what a pane changed of a client; `name` is asked for a new one only.
    pub fn add(&self, delta: &ClientDelta, knowledge: &Knowledge, name: impl FnOnce() -> Box<[u8]>) {
        let mut entry = self.map.entry(delta.client).or_insert_with(|| {
            let mut client = Client::new(name(), delta);
            knowledge.introduce_client(&mut client);
            self.heap.fetch_add(ROW + client.heap_bytes(), Ordering::Relaxed);
            self.count.fetch_add(1, Ordering::Relaxed);
            client
        });
        if delta.sent == crate::window::Sent::default() && delta.download.is_none() {
            entry.add(delta);
            return;
        }
        // Only what is sent or fetched takes memory.
        let before = entry.heap_bytes();
        entry.add(delta);
        self.heap.fetch_add(entry.heap_bytes().saturating_sub(before), Ordering::Relaxed);
    }

    /// All of it, to write it down: rows in the order of their hashes, and what is still to be learned.
    pub fn memory(&self) -> impl Serialize {
        let mut rows: Vec<_> = self.map.iter().map(|entry| (*entry.key(), entry)).collect();
        rows.sort_unstable_by_key(|row| row.0);
        struct Row<R>(R);
        impl<R: std::ops::Deref<Target = Client>> Serialize for Row<R> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }
        let rows: Vec<_> = rows.into_iter().map(|(hash, row)| (hash, Row(row))).collect();
        (rows, self.bytes(), lock(&self.gone).clone())
    }

    /// What [`Clients::memory`] wrote down.
    pub fn remember((rows, heap, gone): Memory) -> Clients {
        let clients = Clients { gone: Mutex::new(gone), ..Clients::default() };
        clients.heap.store(heap, Ordering::Relaxed);
        clients.count.store(rows.len() as u64, Ordering::Relaxed);
        rows.into_iter().for_each(|(hash, client)| drop(clients.map.insert(hash, client)));
        clients
    }

    /// Looks at a client.
    pub fn with<T>(&self, client: u64, look: impl FnOnce(&Client) -> T) -> Option<T> {
        self.map.get(&client).map(|entry| look(&entry))
    }

    /// Clients.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Bytes, in entries × size.
    pub fn bytes(&self) -> usize {
        self.heap.load(Ordering::Relaxed)
    }

    /// Adds what was learned of clients; how many were lost.
    pub fn teach(&self, ledger: &mut Ledger) -> u64 {
        let gone = lock(&self.gone);
        gone.0.iter().for_each(|(name, entry)| ledger.add_client(name, entry));
        for client in self.map.iter() {
            if let Some(learning) = &client.learning {
                ledger.add_client(&String::from_utf8_lossy(&client.name), &learning.entry());
            }
        }
        gone.1
    }

    /// Drops clients whose last contact is before `time`, except those to `keep`; how many. What is to be learned of them
    /// is kept for the first `room` by name.
    pub fn drop_before(&self, time: crate::event::Millis, keep: &HashSet<u64>, room: usize) -> u64 {
        let before = self.map.len();
        let mut gone = lock(&self.gone);
        self.map.retain(|hash, client| {
            let stays = client.last >= time || keep.contains(hash);
            if let Some(learning) = client.learning.as_ref().filter(|_| !stays) {
                let name = String::from_utf8_lossy(&client.name).into_owned();
                gone.0.entry(name).or_default().merge(&learning.entry());
            }
            stays
        });
        // The map is walked in no order that the data has.
        while gone.0.len() > room {
            gone.0.pop_last();
            gone.1 += 1;
        }
        self.map.shrink_to_fit();
        let left = self.map.iter().map(|c| ROW + c.heap_bytes()).sum();
        self.heap.store(left, Ordering::Relaxed);
        self.count.store(self.map.len() as u64, Ordering::Relaxed);
        (before - self.map.len()) as u64
    }

    /// Last contacts of all clients, unordered: what an eviction chooses by.
    pub fn last_contacts(&self) -> Vec<crate::event::Millis> {
        self.map.iter().map(|c| c.last).collect()
    }
}
