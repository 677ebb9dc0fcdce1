//! Pages for the next snapshot, made ready beside the engine: to be given them takes the system as long as to fill them.

use crate::engine::Frozen;
use std::thread::{JoinHandle, spawn};

/// Room for the parts of the next snapshot.
#[derive(Default)]
pub(super) struct Room(Option<JoinHandle<Vec<Frozen>>>);

impl Room {
    /// Whether there is room for parts of these sizes, bytes; it is made from the first call on.
    pub(super) fn is_ready(&mut self, sizes: impl FnOnce() -> Vec<usize>) -> bool {
        let begin = || {
            let sizes = sizes();
            spawn(move || sizes.into_iter().map_while(|bytes| Frozen::ready(bytes).ok()).collect())
        };
        self.0.get_or_insert_with(begin).is_finished()
    }

    /// The room that was made; what of it was not is found while it is filled.
    pub(super) fn take(&mut self) -> Vec<Frozen> {
        self.0.take().and_then(|made| made.join().ok()).unwrap_or_default()
    }
}
