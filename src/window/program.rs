//! One client and one method, over all rare domains it comes back to: what a program does that takes several domains in
//! turn.
//!
//! A pair sees only its own share of such a clock. Here the contacts of all are kept in one order, each with its place, so
//! that a judgement may ask which of the places share one clock.

use crate::event::{Action, Contact, Method, Millis};
use crate::window::timing::{FINE_GAP, VISIT_GAP};
use crate::window::{Interval, Majority, Scale, Watched, room};
use serde::{Deserialize, Serialize};

/// Places kept of a program; one more takes the room of the one that was silent longest.
pub const PLACES: usize = 100;
/// Contacts kept, and as many visits.
const KEPT: usize = 128;

/// What is remembered of the requests of one client with one method.
#[derive(Debug, Serialize, Deserialize)]
pub struct Program {
    /// Keyed hash of the client.
    pub client: u64,
    /// Their method.
    pub method: Method,
    /// What its contacts have in common besides.
    pub shape: Majority,
    /// Contacts, those of places forgotten included.
    pub seen: u32,
    /// Contacts at which it is judged next.
    pub judge_at: u32,
    /// Latest start.
    pub last: Millis,
    /// Where it goes, at most [`PLACES`].
    pub places: Vec<Place>,
    /// Contacts to any place, bursts left out.
    fine: Turns,
    /// Visits of any place.
    visits: Turns,
    /// Only for candidates.
    pub watched: Option<Box<Watched>>,
}

/// What a program has with one domain.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Place {
    /// Keyed hash of the domain.
    pub domain: u64,
    /// First start of the pair.
    pub first: Millis,
    /// Last start.
    pub last: Millis,
    /// Bytes from the client, where logged.
    pub up: u64,
    /// Bytes to the client, where logged.
    pub down: u64,
    /// Contacts.
    pub requests: u32,
    /// Visits.
    pub visits: u32,
    /// Bytes of paths and queries, saturating.
    pub url_bytes: u32,
    /// Refused by the proxy.
    pub denied: u32,
    /// Answered with 4xx or 5xx, or not at all.
    pub failed: u32,
    /// Slots in which the client had been on the network when the pair began.
    pub online: u32,
}

const _: () = assert!(size_of::<Place>() == 64);

/// The newest contacts in their order, each with its place.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Turns {
    ring: Vec<(Interval, u8)>,
    next: u8,
    last: Millis,
}

impl Turns {
    fn push(&mut self, start: Millis, place: u8) {
        let since = if self.last == 0 { 0 } else { (start - self.last).max(0) as u64 };
        self.last = self.last.max(start);
        let turn = (Interval::from_ms(since), place);
        if self.ring.len() < KEPT {
            if self.ring.len() == self.ring.capacity() {
                self.ring.reserve_exact(self.ring.len().clamp(8, 64));
            }
            self.ring.push(turn);
        } else {
            self.ring[usize::from(self.next)] = turn;
            self.next = (self.next + 1) % KEPT as u8;
        }
    }

    /// Start, ms since some time, and place of each, oldest first.
    fn iter(&self) -> impl Iterator<Item = (u64, u8)> + '_ {
        let (new, old) = self.ring.split_at(usize::from(self.next));
        let mut time = 0;
        old.iter().chain(new).map(move |&(since, place)| {
            time += since.ms();
            (time, place)
        })
    }
}

impl Program {
    /// Of a place that is forgotten.
    const NOWHERE: u8 = u8::MAX;

    /// A program before its first contact.
    pub fn new(contact: &Contact) -> Program {
        Program {
            client: contact.client,
            method: contact.method,
            shape: Majority::default(),
            seen: 0,
            judge_at: 0,
            last: 0,
            places: Vec::new(),
            fine: Turns::default(),
            visits: Turns::default(),
            watched: None,
        }
    }

    /// Counts a contact in order. `first` and `online` are those of its pair.
    pub fn add(&mut self, contact: &Contact, first: Millis, online: u32) {
        let start = contact.start();
        let index = self.place(contact.domain, first, online);
        let place = &mut self.places[index];
        let since = (start - place.last).max(0) as u64;
        let began = place.requests == 0;
        place.last = place.last.max(start);
        place.requests = place.requests.saturating_add(1);
        place.denied += u32::from(contact.action == Action::Denied);
        place.failed += u32::from(contact.status >= 400 || contact.action == Action::Error);
        place.up = place.up.saturating_add(contact.bytes_up().unwrap_or(0));
        place.down = place.down.saturating_add(contact.bytes_down().unwrap_or(0));
        place.url_bytes = place.url_bytes.saturating_add(u32::from(contact.url_bytes));
        if began || since >= VISIT_GAP {
            place.visits += 1;
            self.visits.push(start, index as u8);
        }
        if began || since >= FINE_GAP {
            self.fine.push(start, index as u8);
        }
        self.shape.add(contact.shape);
        self.seen = self.seen.saturating_add(1);
        self.last = self.last.max(start);
        if let Some(watched) = &mut self.watched {
            watched.look(contact);
        }
    }

    /// Number of the place of a domain.
    fn place(&mut self, domain: u64, first: Millis, online: u32) -> usize {
        if let Some(index) = self.places.iter().position(|p| p.domain == domain) {
            return index;
        }
        let place = Place { domain, first, online, ..Place::default() };
        if self.places.len() < PLACES {
            if self.places.len() == self.places.capacity() {
                self.places.reserve_exact(self.places.len().clamp(1, 16));
            }
            self.places.push(place);
            return self.places.len() - 1;
        }
        let oldest = (0..PLACES).min_by_key(|&i| (self.places[i].last, self.places[i].domain)).unwrap_or(0);
        self.places[oldest] = place;
        for turns in [&mut self.fine, &mut self.visits] {
            turns.ring.iter_mut().filter(|turn| usize::from(turn.1) == oldest).for_each(|turn| turn.1 = Self::NOWHERE);
        }
        oldest
    }

    /// Start, ms since some time, and number of the place of the newest contacts, oldest first.
    pub fn turns(&self, scale: Scale) -> impl Iterator<Item = (u64, u8)> + '_ {
        let turns = match scale {
            Scale::Contacts => &self.fine,
            Scale::Visits => &self.visits,
        };
        turns.iter().filter(|turn| turn.1 != Self::NOWHERE)
    }

    /// An episode is over: what comes next is a new story.
    pub fn forget(&mut self) {
        *self = Program::new(&Contact { client: self.client, method: self.method, ..Contact::default() });
    }

    /// Heap bytes behind the row.
    pub fn heap_bytes(&self) -> usize {
        room(self.places.len()) * size_of::<Place>()
            + (room(self.fine.ring.len()) + room(self.visits.ring.len())) * size_of::<(Interval, u8)>()
            + self.watched.as_ref().map_or(0, |w| w.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(domain: u64, start: Millis) -> Contact {
        Contact { domain, end: start, ..Contact::default() }
    }

    #[test]
    fn turns_are_in_order_and_bursts_are_left_out() {
        let mut program = Program::new(&contact(1, 0));
        for (domain, start) in [(1, 1_000), (2, 2_000), (1, 5_000), (1, 5_100), (2, 40_000)] {
            program.add(&contact(domain, start), start, 0);
        }
        assert_eq!(program.turns(Scale::Contacts).collect::<Vec<_>>(), [(0, 0), (1_000, 1), (4_000, 0), (38_976, 1)]);
        assert_eq!(program.turns(Scale::Visits).map(|turn| turn.1).collect::<Vec<_>>(), [0, 1, 1]);
        assert_eq!(program.places[0].requests, 3);
    }

    #[test]
    fn the_place_silent_longest_makes_room() {
        let mut program = Program::new(&contact(1, 0));
        for domain in 0..2 * PLACES as u64 {
            program.add(&contact(domain + 1, 1_000 * (domain as i64 + 1)), 0, 0);
        }
        assert_eq!(program.places.len(), PLACES);
        assert!(program.places.iter().all(|place| place.domain > PLACES as u64));
        let kept: Vec<u8> = program.turns(Scale::Contacts).map(|turn| turn.1).collect();
        assert_eq!(kept.len(), PLACES, "what went to forgotten places is forgotten");
    }
}
