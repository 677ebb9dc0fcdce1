//! The engine and the ledger: what it begins with, and what it gives back.

use crate::engine::knowledge::Lesson;
use crate::engine::{Engine, lock};
use crate::window::ledger::{Ledger, LeftOut};
use std::sync::Arc;

/// A ledger may take one part of the memory limit in so many.
pub const LEDGER_SHARE: usize = 2;

impl Engine {
    /// Begins with what a ledger says. Call before the first round. It counts in the memory limit, of which it should take
    /// half at most: see [`LEDGER_SHARE`].
    pub fn know(&mut self, ledger: Arc<Ledger>) {
        self.knowledge.know(ledger);
    }

    /// Learns from now on. Call before the first round.
    pub fn learn(&mut self, lesson: Lesson) {
        self.knowledge.learn(lesson);
    }

    /// What was known and what was learned together, and what of it did not fit. Call once, after [`Engine::finish`].
    pub fn ledger(&mut self) -> (Ledger, LeftOut) {
        let mut ledger = self.knowledge.take_known(self.settings.key);
        let mut lost = 0;
        for shard in &self.shards {
            lost += lock(shard).teach(&mut ledger);
        }
        let lost_clients = self.clients.teach(&mut ledger);
        self.knowledge.cover(self.inputs.iter().map(|input| input.counted), &mut ledger);
        let mut left_out = ledger.bound();
        left_out.domains += lost;
        left_out.clients += lost_clients;
        (ledger, left_out)
    }
}
