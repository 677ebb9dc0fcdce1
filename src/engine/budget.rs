//! Bounded memory: what goes when the limit is reached.
//!
//! The limit is one for the whole engine, checked when a pane closes, and not a quota per shard: one popular domain lives
//! in one shard with all its pairs, and a quota would evict there while the others are empty. Sizes are entries × size and
//! the same on every run, and so is the cut: (tier, pane of the last contact). What has the same pane goes together, so no
//! order inside a shard can reach the choice.

use crate::engine::{Engine, SHARDS, knowledge, lock};
use std::collections::BTreeMap;

impl Engine {
    /// Most that the state may take, bytes: the rest of the limit is for the ledger, for buffers in flight, for tables while
    /// they grow or shrink, and the allocator's slack.
    fn state_limit(&self) -> usize {
        let eighth = self.settings.memory / 8;
        (eighth * 5).saturating_sub(self.knowledge.bytes).max(eighth)
    }

    /// Whether something must go. `shards`: bytes of all shards.
    pub(super) fn is_over(&self, shards: usize) -> bool {
        let clients = self.clients.bytes();
        // Clients have a share of their own: what they leave behind lies in small pieces that rows cannot use.
        clients > self.state_limit() / 4 || shards + clients > self.state_limit()
    }

    /// Drops what is least worth until the state is well below its limit.
    pub(super) fn evict(&mut self) {
        let limit = self.state_limit();
        // Programs and fans have a share of their own as well; what is left of them counts with the pairs.
        if self.programs.bytes() > limit / 8 {
            self.programs.evict(&self.pane(self.last_pane, self.events));
        }
        if self.fans.bytes() > limit / 8 {
            self.fans.evict(&self.pane(self.last_pane, self.events));
        }
        let shards = self.shards.iter().map(|s| lock(s).bytes()).sum::<usize>();
        let pairs = shards + self.programs.bytes() + self.fans.bytes();
        if self.clients.bytes() > limit / 4 {
            let mut last = self.clients.last_contacts();
            last.sort_unstable();
            // The end of an episode names its client.
            let told = self.shards.iter().flat_map(|shard| lock(shard).clients_told().collect::<Vec<_>>());
            let told = told.chain(self.programs.clients_told()).chain(self.fans.clients_told()).collect();
            self.tally.evicted[2] +=
                self.clients.drop_before(last[last.len() / 2] + 1, &told, knowledge::client_room(self.settings.memory));
        }
        if pairs + self.clients.bytes() <= limit {
            return;
        }
        let mut ages = BTreeMap::new();
        self.shards.iter().for_each(|shard| lock(shard).ages(&mut ages));
        let excess = (pairs + self.clients.bytes()).saturating_sub(limit / 8 * 7);
        let mut freed = 0;
        let enough = |(_, bytes): &(&(u8, u32), &usize)| {
            freed += **bytes;
            freed >= excess
        };
        // If all of it is not enough, all of it goes.
        let Some((&cut, _)) = ages.iter().find(enough).or_else(|| ages.iter().next_back()) else { return };
        let pane = self.pane(self.last_pane, self.events);
        let room = knowledge::room(self.settings.memory, SHARDS);
        let dropped = self.shards.iter().map(|shard| lock(shard).evict(&pane, cut, room)).collect::<Vec<_>>();
        for (pairs, domains) in dropped {
            self.tally.evicted[0] += pairs;
            self.tally.evicted[1] += domains;
        }
    }
}
