//! A chunk after parsing: contacts by shard, and what became of every line.

use crate::engine::HashKey;
use crate::event::{Action, Contact, Destination, Event, Fields, Method, Millis, Normalizer};
use crate::input::{Chunk, LINE_MAX, Lines};
use crate::parse::{Parser, Reason};
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
    /// What the lines are read with.
    pub parser: Arc<dyn Parser>,
    /// Whole lines.
    pub bytes: Vec<u8>,
    /// One contact an event, in the order of the lines.
    pub contacts: Vec<Contact>,
    /// Indices of contacts by shard.
    order: Vec<u32>,
    starts: [u32; SHARDS + 1],
    /// Latest time of a contact that waits: until then the bytes are needed.
    pub until: Millis,
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
    /// Rejected lines by reason.
    pub rejected: [Rejections; Reason::ALL.len()],
}

impl Batch {
    /// Contacts of one shard.
    pub fn of_shard(&self, shard: usize) -> impl Iterator<Item = &Contact> {
        let range = self.starts[shard] as usize..self.starts[shard + 1] as usize;
        self.order[range].iter().map(|&i| &self.contacts[i as usize])
    }

    /// Cuts the line of a contact again. `None` cannot be, since it was cut before.
    pub fn event(&self, contact: &Contact) -> Option<Event<'_>> {
        let (_, line) = Lines::new(0, &self.bytes[contact.line as usize..]).next()?;
        self.parser.parse(line).ok().flatten()
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
    hosts: Vec<HostHashes>,
}

/// A slot of the host cache. Direct-mapped by a cheap hash; holds what is dear: the public suffix look-up and two keyed
/// hashes. Never reaches a result: a miss computes the same.
#[derive(Clone, Default)]
struct HostHashes {
    host: Vec<u8>,
    domain_hash: u64,
    host_hash: u32,
}

/// Slots of the host cache: about 1 MB a thread.
const HOSTS: usize = 1 << 13;

impl Cutter {
    /// A cutter with an empty cache.
    pub fn new(key: HashKey) -> Cutter {
        Cutter { key, normalizer: Normalizer::default(), hosts: vec![HostHashes::default(); HOSTS] }
    }

    /// Parses a chunk.
    pub fn cut(&mut self, chunk: Chunk, input: u16, parser: &Arc<dyn Parser>) -> Batch {
        let mut batch = Batch {
            input,
            parser: Arc::clone(parser),
            read: chunk.bytes.len() as u64 + chunk.skipped,
            bytes: chunk.bytes,
            contacts: Vec::new(),
            order: Vec::new(),
            starts: [0; SHARDS + 1],
            until: 0,
            lines: 0,
            truncated: 0,
            ignored: 0,
            undirected: 0,
            queries: 0,
            rejected: Default::default(),
        };
        batch.contacts.reserve_exact(batch.bytes.len() / 100 + 16);
        let bytes = std::mem::take(&mut batch.bytes);
        for (at, line) in Lines::new(0, &bytes) {
            batch.lines += 1;
            batch.truncated += u64::from(line.len() >= LINE_MAX);
            match parser.parse(line) {
                Ok(Some(event)) => self.contact(&event, at as u32, &mut batch),
                Ok(None) => batch.ignored += 1,
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

    #[inline]
    fn contact(&mut self, event: &Event<'_>, at: u32, batch: &mut Batch) {
        let client = event.client.or(event.user.map(|u| u.raw)).unwrap_or(b"-");
        let mut contact = Contact {
            end: event.end(),
            client: self.key.name(client),
            up: event.bytes_up.unwrap_or(Contact::UNKNOWN),
            down: event.bytes_down.unwrap_or(Contact::UNKNOWN),
            duration: event.duration.map_or(0, |d| u32::try_from(d).unwrap_or(u32::MAX)),
            line: at,
            input: batch.input,
            status: event.status.unwrap_or(0),
            action: event.action,
            method: Method::of(event.method),
            referer: event.referer.is_some(),
            ..Contact::default()
        };
        let destination = self.normalizer.destination(event).filter(|_| event.action != Action::Unknown);
        match destination {
            Some(to) => {
                contact.shape = shape(contact.method, &to);
                contact.url_bytes = (to.path.len() + to.query.map_or(0, |q| q.len())) as u32;
                batch.queries += u64::from(to.query.is_some_and(|q| !q.is_empty()));
                let hash = ahead_hash(to.host);
                let slot = &mut self.hosts[hash as usize % HOSTS];
                if slot.host != to.host {
                    slot.host.clear();
                    slot.host.extend_from_slice(to.host);
                    slot.domain_hash = self.key.name(to.domain);
                    slot.host_hash = self.key.name(to.host) as u32;
                }
                contact.domain = slot.domain_hash;
                contact.host = slot.host_hash;
            }
            None => batch.undirected += 1,
        }
        batch.contacts.push(contact);
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
        self.order = vec![0; self.contacts.len()];
        for (i, contact) in self.contacts.iter().enumerate() {
            let place = &mut next[shard_of(contact.domain)];
            self.order[*place as usize] = i as u32;
            *place += 1;
        }
    }

    /// Takes back the buffer of bytes for the next chunk.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Cheap hash of a host: FNV-1a over eight bytes at a time. Only picks a cache slot.
#[inline]
fn ahead_hash(host: &[u8]) -> u64 {
    let mut hash = host.len() as u64;
    for part in host.chunks(8) {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^= hash >> 32;
    }
    hash
}

/// What requests of one program have in common: method, depth of the path, extension, query or not, port.
#[inline]
fn shape(method: Method, to: &Destination<'_>) -> u32 {
    let depth = memchr::memchr_iter(b'/', to.path).take(15).count() as u32;
    let file = memchr::memrchr(b'/', to.path).map_or(&[][..], |i| &to.path[i..]);
    let extension = match memchr::memrchr(b'.', file) {
        Some(dot) if file.len() - dot <= 5 => {
            file[dot + 1..].iter().fold(1u32, |h, &b| h.wrapping_mul(31) + u32::from(b))
        }
        _ => 0,
    };
    (method as u32)
        .wrapping_add(depth << 2)
        .wrapping_add(u32::from(to.query.is_some()) << 6)
        .wrapping_add(u32::from(to.port.unwrap_or(0)) << 7)
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
