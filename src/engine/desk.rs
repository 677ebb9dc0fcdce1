//! What a thread works with while it counts the shards of a pane. One for each thread and not one for each shard: of many
//! shards every one would keep the room of its busiest pane.

use crate::engine::fans;
use crate::engine::pane::Pane;
use crate::engine::programs::Mail;
use crate::engine::waiting::Waiting;
use crate::event::Contact;
use crate::window::ClientDelta;

/// Room for the contacts of a shard in a pane, and what is to be passed on of all shards.
#[derive(Default)]
pub struct Desk {
    /// The contacts of a shard in a pane.
    pub contacts: Vec<Here>,
    /// Rows of domain and pair for each key among them, if they are there already.
    pub located: Vec<Option<(u32, u32)>>,
    /// Contacts of a pair in their order, duplicates left out.
    pub scratch: Vec<Here>,
    /// What is passed on.
    pub out: Out,
}

/// What counting changes outside of the shard.
#[derive(Default)]
pub struct Out {
    /// What the pane changes of clients, and a contact of each to read its name from.
    pub deltas: Vec<(ClientDelta, Waiting)>,
    /// What it had with rare domains that were come back to.
    pub mail: Vec<Mail>,
    /// What it had with new domains, and with known ones that fail.
    pub met: Vec<fans::Mail>,
}

impl Out {
    /// Tells the client table what changed. In any order: see [`crate::window::Client`].
    pub fn tell_clients(&mut self, pane: &Pane<'_>) {
        for (delta, waiting) in self.deltas.drain(..) {
            pane.clients.add(&delta, pane.knowledge, || {
                let event = pane.event(waiting);
                event.and_then(|e| e.client.or(e.user.map(|u| u.raw))).unwrap_or(b"-").into()
            });
        }
    }
}

/// A contact of the pane that is counted, and where it stands.
pub type Here = (Contact, Waiting);

/// Whether two stand together in what is released: of one pair, or rarely of two.
pub fn same_key((_, a): &Here, (_, b): &Here) -> bool {
    a.key() == b.key()
}

/// Whether two are of one pair.
pub fn same_pair(a: &Contact, b: &Contact) -> bool {
    (a.domain, a.client) == (b.domain, b.client)
}

/// Puts contacts of one key, which stand by start, by pair and in the order in which they are counted.
pub fn arrange(here: &mut [Here], pane: &Pane<'_>) {
    if here.is_sorted_by(|(x, _), (y, _)| same_pair(x, y) && x.start() < y.start()) {
        return;
    }
    // What counts the same may read differently, and a sample is shown of it: the text decides last.
    here.sort_unstable_by(|(x, a), (y, b)| {
        let pair = (x.domain, x.client).cmp(&(y.domain, y.client));
        pair.then_with(|| x.order(y)).then_with(|| pane.line(*a).cmp(pane.line(*b)))
    });
}
