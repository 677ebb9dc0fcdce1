//! A chunk after parsing: contacts by shard, and what became of every line.

use crate::engine::HashKey;
use crate::engine::agents::Agents;
use crate::engine::met::{Hashes, Met};
use crate::engine::waiting::Waiting;
use crate::event::{self, Action, Agent, Contact, Event, Fields, Method, Normalizer, Signs, Target, is_download};
use crate::input::{Chunk, LINE_MAX, Lines};
use crate::parse::{self, Parser, Reason};
use crate::window::pane_of;
use std::borrow::Cow;
use std::sync::Arc;

/// Logical shards: domains are spread over them by hash; threads take shards. More than any machine here has cores, few
/// enough that each has work in a pane.
pub const SHARDS: usize = 64;

/// The shard of a domain.
#[inline]
pub fn shard_of(domain: u64) -> usize {
    // The upper bits; the tables inside a shard use the lower.
    (domain >> 58) as usize
}

/// First rejected line of a kind in a batch, and how many.
#[derive(Clone, Debug, Default)]
pub struct Rejections {
    /// How many.
    pub lines: u64,
    /// Number of the first one in the batch, from 0.
    pub line: u64,
    /// Where it stopped being of the format.
    pub at: usize,
    /// Its start.
    pub sample: Vec<u8>,
}

/// A parsed chunk. Its bytes stay until the last contact is counted, since samples and new names are read from them.
pub struct Batch {
    /// The input it came from.
    pub input: u16,
    /// What the first lines are read with.
    parser: Arc<dyn Parser>,
    /// Where headers changed that: offsets of what follows them, ascending, and what it is read with.
    turns: Vec<(u32, Arc<dyn Parser>)>,
    /// Whole lines.
    pub bytes: Vec<u8>,
    /// One contact an event, in the order of the lines.
    pub contacts: Vec<Contact>,
    /// The same by shard, for the panes of their ends.
    waiting: Vec<Waiting>,
    starts: [u32; SHARDS + 1],
    /// Last pane that a contact waits for: until it is closed the bytes are needed.
    pub until: u32,
    /// Bytes read for it, overlong lines included.
    pub read: u64,
    /// Lines.
    pub lines: u64,
    /// Lines at the guard.
    pub truncated: u64,
    /// Headers, comments, blank lines.
    pub ignored: u64,
    /// Events without a destination.
    pub undirected: u64,
    /// Events with a query that is not empty.
    pub queries: u64,
    /// Events in another format than that of the file.
    pub foreign: u64,
    /// Rejected lines by reason.
    pub rejected: [Rejections; Reason::ALL.len()],
}

/// Its input, its bytes, which of its contacts came late, the last pane that one waits for, and the header in force
/// where it begins.
pub type Memory<B> = (u16, B, Vec<u32>, u32, B);

/// What is left of a batch when all of it is counted, for the next.
#[derive(Default)]
pub struct Spare {
    contacts: Vec<Contact>,
    waiting: Vec<Waiting>,
}

impl Batch {
    /// What waits in one shard, in the order of the lines.
    pub fn of_shard(&self, shard: usize) -> &[Waiting] {
        &self.waiting[self.starts[shard] as usize..self.starts[shard + 1] as usize]
    }

    /// Moves a contact from the pane of its end to another.
    pub fn move_to(&mut self, index: usize, pane: u32) {
        let shard = shard_of(self.contacts[index].domain);
        let range = self.starts[shard] as usize..self.starts[shard + 1] as usize;
        let waiting = &mut self.waiting[range];
        if let Ok(at) = waiting.binary_search_by_key(&(index as u32), |w| w.index) {
            waiting[at].move_to(pane);
        }
    }

    /// All that cutting its bytes again does not give, and the bytes, to write it down.
    pub fn memory(&self) -> Memory<Cow<'_, [u8]>> {
        let late = (0..).zip(&self.contacts).filter(|(_, c)| c.is(Signs::LATE)).map(|(i, _)| i).collect();
        (self.input, Cow::Borrowed(&self.bytes), late, self.until, Cow::Borrowed(self.parser.header()))
    }

    /// Cuts the line of a contact again. `None` cannot be, since it was cut before.
    pub fn event(&self, contact: &Contact) -> Option<Event<'_>> {
        let (_, line) = Lines::new(0, &self.bytes[contact.line as usize..]).next()?;
        let turns = self.turns.partition_point(|(from, _)| *from <= contact.line);
        let parser = turns.checked_sub(1).map_or(&self.parser, |last| &self.turns[last].1);
        parser.parse(line).ok().flatten()
    }

    /// The line of a contact, to compare.
    pub fn line(&self, contact: &Contact) -> &[u8] {
        Lines::new(0, &self.bytes[contact.line as usize..]).next().map_or(&[], |(_, line)| line)
    }
}

/// What one thread needs to parse: buffers, and the hashes of the hosts it met last.
pub struct Cutter {
    key: HashKey,
    normalizer: Normalizer,
    /// Authorities met last, as logged. Saves what is dear: the public suffix look-up and two keyed hashes. Never reaches
    /// a result: a miss computes the same.
    places: Met<PLACES>,
    /// Clients met last, in the same way.
    clients: Met<CLIENTS>,
    /// User agents met last, in the same way.
    agents: Agents,
}

/// Pairs of slots for authorities: 1 MB a thread, which a second-level cache holds.
const PLACES: usize = 1 << 13;
/// The same for clients: 256 KB.
const CLIENTS: usize = 1 << 11;

impl Cutter {
    /// A cutter with an empty cache.
    pub fn new(key: HashKey) -> Cutter {
        Cutter {
            key,
            normalizer: Normalizer::default(),
            places: Met::new(),
            clients: Met::new(),
            agents: Agents::default(),
        }
    }

    /// A batch that was written down: its contacts wait in their shards already. `parser` is one that has read no header.
    pub fn remember(&mut self, memory: Memory<Vec<u8>>, parser: Arc<dyn Parser>) -> Batch {
        let (input, bytes, late, until, header) = memory;
        let chunk = Chunk { at: 0, bytes, skipped: 0 };
        let mut batch = self.cut(chunk, input, parse::resume(parser, &header), Spare::default());
        batch.until = until;
        for index in late {
            if let Some(contact) = batch.contacts.get_mut(index as usize) {
                contact.signs |= Signs::LATE;
            }
        }
        batch
    }

    /// Parses a chunk, with the parser in force where it begins.
    pub fn cut(&mut self, chunk: Chunk, input: u16, mut parser: Arc<dyn Parser>, spare: Spare) -> Batch {
        let mut batch = Batch {
            input,
            parser: Arc::clone(&parser),
            turns: Vec::new(),
            read: chunk.bytes.len() as u64 + chunk.skipped,
            bytes: chunk.bytes,
            contacts: spare.contacts,
            waiting: spare.waiting,
            starts: [0; SHARDS + 1],
            until: 0,
            lines: 0,
            truncated: 0,
            ignored: 0,
            undirected: 0,
            queries: 0,
            foreign: 0,
            rejected: Default::default(),
        };
        // Where the format tells what the proxy did, lines that do not are no requests to the outside (ICP).
        let mut acts = parser.carries().action;
        batch.contacts.clear();
        batch.contacts.reserve_exact(batch.bytes.len() / 100 + 16);
        let mut bytes = std::mem::take(&mut batch.bytes);
        parser.simplify(&mut bytes);
        for (at, line) in Lines::new(0, &bytes) {
            batch.lines += 1;
            batch.truncated += u64::from(line.len() >= LINE_MAX);
            match parser.parse(line) {
                Ok(Some(ref event)) => self.contact(event, at as u32, acts, &mut batch),
                Ok(None) => {
                    batch.ignored += 1;
                    if let Some(next) = parser.after(line) {
                        batch.turns.push((at as u32, Arc::clone(&next)));
                        acts = next.carries().action;
                        parser = next;
                    }
                }
                Err(error) => {
                    let kind = &mut batch.rejected[error.wanted as usize];
                    kind.lines += 1;
                    if kind.lines == 1 {
                        kind.line = batch.lines - 1;
                        kind.at = error.at;
                        kind.sample = line[..line.len().min(160)].to_vec();
                    }
                }
            }
        }
        batch.bytes = bytes;
        batch.sort();
        batch
    }

    /// Hashes of an authority, from the cache or anew.
    #[inline]
    fn hashes(&mut self, authority: &[u8]) -> Option<Hashes> {
        self.places.get(authority, || {
            let place = self.normalizer.destination(authority)?;
            let (domain, host) = (self.key.name(place.domain), self.key.name(place.host) as u32);
            Some(Hashes { domain, host, port: place.port })
        })
    }

    /// Hash of a client, from the cache or anew.
    #[inline]
    fn client(&mut self, name: &[u8]) -> u64 {
        let make = || Some(Hashes { domain: self.key.name(name), ..Hashes::default() });
        self.clients.get(name, make).map_or(0, |hashes| hashes.domain)
    }

    #[inline]
    fn contact(&mut self, event: &Event<'_>, at: u32, acts: bool, batch: &mut Batch) {
        batch.foreign += u64::from(event.foreign);
        let client = self.client(event.client.or(event.user.map(|u| u.raw)).unwrap_or(b"-"));
        let method = Method::of(event.method);
        let target = Target::of(event).filter(|_| (event.action != Action::Unknown || !acts) && !event.handoff);
        let found = target.and_then(|target| self.hashes(target.authority).map(|place| (target, place)));
        let mut signs = Signs::empty();
        signs.set(Signs::REFERER, event.referer.is_some());
        let (place, shape, url_bytes) = match found {
            Some((target, place)) => {
                batch.queries += u64::from(target.query.is_some_and(|q| !q.is_empty()));
                let url_bytes = target.path.len() + target.query.map_or(0, |q| q.len() + 1);
                let port = place.port.or(target.scheme_port);
                signs.set(Signs::ODD_PORT, port.is_some_and(|port| port != 80 && port != 443));
                signs.set(Signs::DOWNLOAD, is_download(event, &target));
                (place, shape(method, &target, port), url_bytes.min(0xFFFF) as u16)
            }
            None => {
                batch.undirected += 1;
                (Hashes::default(), 0, 0)
            }
        };
        // Last, so that it is written once and from where the event stands.
        batch.contacts.push(Contact {
            end: event.end(),
            domain: place.domain,
            client,
            up: event.bytes_up.filter(|_| !event.handoff).unwrap_or(Contact::UNKNOWN),
            down: event.bytes_down.filter(|_| !event.handoff).unwrap_or(Contact::UNKNOWN),
            duration: event.duration.map_or(0, |d| u32::try_from(d).unwrap_or(u32::MAX)),
            host: place.host,
            shape,
            url_bytes,
            line: at,
            status: event.status.unwrap_or(0),
            action: event.action,
            method,
            signs,
            agent: event.agent.map_or(Agent::default(), |agent| self.agents.get(agent)),
        });
    }
}

impl Batch {
    /// Groups contacts by shard, by counting.
    fn sort(&mut self) {
        for contact in &self.contacts {
            self.starts[shard_of(contact.domain) + 1] += 1;
        }
        for shard in 0..SHARDS {
            self.starts[shard + 1] += self.starts[shard];
        }
        let mut next = self.starts;
        self.waiting.clear();
        self.waiting.resize(self.contacts.len(), Waiting::NOTHING);
        for (i, contact) in self.contacts.iter().enumerate() {
            let place = &mut next[shard_of(contact.domain)];
            self.waiting[*place as usize] = Waiting::new(pane_of(contact.end), contact, i as u32);
            *place += 1;
        }
    }

    /// Gives back its buffers: bytes for the next chunk, the rest for the next batch.
    pub fn into_parts(self) -> (Vec<u8>, Spare) {
        (self.bytes, Spare { contacts: self.contacts, waiting: self.waiting })
    }
}

/// What requests of one program have in common: method, depth of the path, extension, query or not, port.
#[inline]
fn shape(method: Method, target: &Target<'_>, port: Option<u16>) -> u32 {
    let depth = event::count(b'/', target.path);
    let end = &target.path[target.path.len().saturating_sub(5)..];
    let extension = match end.iter().rposition(|&b| b == b'.' || b == b'/') {
        Some(at) if end[at] == b'.' => end[at + 1..].iter().fold(1, |h, &b| h * 31 + u32::from(b)),
        _ => 0,
    };
    (method as u32)
        .wrapping_add(depth.min(511) << 2)
        .wrapping_add(u32::from(target.query.is_some()) << 11)
        .wrapping_add(u32::from(port.unwrap_or(0)) << 12)
        .wrapping_add(extension.wrapping_mul(0x9E37_79B1))
}

/// What several inputs together can know.
pub fn join(a: Fields, b: Fields) -> Fields {
    Fields {
        bytes_up: a.bytes_up || b.bytes_up,
        bytes_down: a.bytes_down || b.bytes_down,
        duration: a.duration || b.duration,
        agent: a.agent || b.agent,
        referer: a.referer || b.referer,
        action: a.action || b.action,
        user: a.user || b.user,
        subsecond: a.subsecond || b.subsecond,
    }
}
