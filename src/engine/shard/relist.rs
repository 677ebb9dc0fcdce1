//! What a shard's memory holds of the lists follows them.

use crate::engine::Lists;
use crate::engine::shard::Shard;

impl Shard {
    /// Goes by other lists. A contact that was counted is not looked up again: a pair meets a new entry with its next
    /// contact, and forgets the one it had met when nothing of its domain is listed any more.
    pub(in crate::engine) fn relist(&mut self, lists: &Lists) {
        for domain in self.domains.rows_mut() {
            domain.listed = lists.indicators.under(&domain.name).is_some();
        }
        for pair in self.pairs.rows_mut().filter(|pair| pair.listed().is_some()) {
            if self.domains.get(pair.domain).listed {
                continue;
            }
            let before = pair.heap_bytes();
            if let Some(watched) = &mut pair.detail_mut().watched {
                watched.listed = None;
            }
            self.heap -= before.saturating_sub(pair.heap_bytes());
        }
    }
}
