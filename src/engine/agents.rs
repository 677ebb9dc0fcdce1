//! User agents met last, and what they say they are: most lines repeat one of a few, and to sort one takes reading it.

use crate::event::{Agent, Text};

/// Slots: an organisation has some hundred agents.
const SLOTS: usize = 256;

/// Longest agent kept, bytes: with all slots, 128 KB a thread.
const LONGEST: usize = 512;

/// A memo. Never reaches a result: a miss computes the same.
pub struct Agents {
    slots: Vec<(Vec<u8>, Agent)>,
}

impl Default for Agents {
    fn default() -> Agents {
        Agents { slots: vec![Default::default(); SLOTS] }
    }
}

impl Agents {
    /// What an agent says it is.
    #[inline]
    pub fn get(&mut self, text: Text<'_>) -> Agent {
        let raw = text.raw;
        if raw.len() > LONGEST {
            return Agent::of(&text.decode());
        }
        let slot = &mut self.slots[Agent::hash(raw) as usize % SLOTS];
        if slot.0 != raw {
            slot.1 = Agent::of(&text.decode());
            slot.0.clear();
            slot.0.extend_from_slice(raw);
        }
        slot.1
    }
}
