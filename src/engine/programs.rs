//! The programs of all clients: what goes to rare domains, by client and method.

mod share;
mod told;

use crate::engine::exchange::Exchange;
use crate::engine::shard::Shard;
use crate::engine::waiting::Waiting;
use crate::engine::why::{At, Said};
use crate::event::{Method, Millis};
pub use share::Share;
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
pub type Programs = Exchange<Share>;

impl Programs {
    /// What is said of the program of a client and method to which a domain belongs, with others.
    pub fn why(&self, program: (u64, Method), domain: u64, at: &At<'_>, shards: &[Mutex<Shard>]) -> Option<Said> {
        self.look(hash_of(program.0, program.1), |share| share.why(program, domain, at, shards))
    }
}
