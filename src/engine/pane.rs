//! The pane that is counted or judged: what all shards and programs read meanwhile.

use crate::detect::Seen;
use crate::engine::batch::Batch;
use crate::engine::clients::Clients;
use crate::engine::knowledge::Knowledge;
use crate::engine::lists::Lists;
use crate::engine::names::HashKey;
use crate::engine::waiting::Waiting;
use crate::event::{Contact, Event, Fields, Millis, Normalizer, Target};
use crate::window::{Client, Domain, PANE, Pair, Watched};

/// What all shards read while they work on a pane.
pub struct Pane<'a> {
    /// Minutes since 1970.
    pub minute: u32,
    /// Batches by number, for texts.
    pub batches: &'a [Option<Batch>],
    /// The client table.
    pub clients: &'a Clients,
    /// Name of the format of each input.
    pub formats: &'a [String],
    /// What the inputs can know.
    pub carries: Fields,
    /// First event of all.
    pub begun: Millis,
    /// Events counted before it.
    pub before: u64,
    /// Lines that several inputs hold are counted as often as they stand in all of them.
    pub keep_duplicates: bool,
    /// Key of ids.
    pub key: HashKey,
    /// What a user said before the first line.
    pub lists: &'a Lists,
    /// What the ledger says, and whether one is learned.
    pub knowledge: &'a Knowledge,
}

impl Pane<'_> {
    /// Its end, ms UTC.
    pub fn end(&self) -> Millis {
        (Millis::from(self.minute) + 1) * PANE
    }

    /// The batch in which a contact stands. It is there: batches are dropped after their last pane.
    pub fn batch(&self, waiting: Waiting) -> &Batch {
        self.batches[waiting.batch as usize].as_ref().unwrap_or_else(|| unreachable!("a batch outlives its contacts"))
    }

    /// A contact.
    #[inline]
    pub fn contact(&self, waiting: Waiting) -> &Contact {
        &self.batch(waiting).contacts[waiting.index as usize]
    }

    /// The line of a contact.
    pub fn line(&self, waiting: Waiting) -> &[u8] {
        self.batch(waiting).line(self.contact(waiting))
    }

    /// The event of a contact, cut once more.
    pub fn event(&self, waiting: Waiting) -> Option<Event<'_>> {
        self.batch(waiting).event(self.contact(waiting))
    }

    /// Everything known of a pair; `due` and `words` are those of [`Seen`].
    pub fn seen<'a>(
        &'a self,
        pair: &'a Pair,
        domain: &'a Domain,
        client: &'a Client,
        (due, words): (bool, bool),
    ) -> Seen<'a> {
        Seen {
            pair,
            domain,
            client,
            clients: self.clients.count(),
            begun: self.begun,
            ledger: self.knowledge.learned,
            events: self.before,
            now: self.end(),
            carries: self.carries,
            due,
            words,
        }
    }

    /// Keeps what the line of a contact of a candidate says: URL, host and user.
    pub fn sample(&self, contact: Waiting, watched: &mut Watched) {
        let Some(event) = self.event(contact) else { return };
        let mut normalizer = Normalizer::default();
        let user = event.user.map(|u| u.decode().into_owned());
        let destination = Target::of(&event).and_then(|t| normalizer.destination(t.authority));
        let host = destination.map(|d| d.host.to_vec()).unwrap_or_default();
        watched.sample(&event.url(), &host, user.as_deref());
    }
}
