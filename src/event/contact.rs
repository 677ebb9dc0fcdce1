//! The contact: what of an event crosses the exchange from the parsing threads to the shards.
//!
//! Compact, owned, without text: names are keyed 64-bit hashes. What needs the text (a new name, a sample URL) finds the
//! line again by its batch and [`Contact::line`] and cuts it once more; that is rare.

use crate::event::{Action, Agent, Millis};
use serde::{Deserialize, Serialize};

/// The method, as far as a judgement needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Method {
    /// GET and HEAD: carry data out in the URL only.
    Get,
    /// POST, PUT and PATCH: carry a body.
    Post,
    /// CONNECT: a tunnel.
    Connect,
    /// Any other, or none.
    #[default]
    Other,
}

impl Method {
    /// Every method, in the order of the declaration.
    pub const ALL: [Method; 4] = [Method::Get, Method::Post, Method::Connect, Method::Other];

    /// Sorts a logged method.
    #[inline]
    pub fn of(raw: Option<&[u8]>) -> Method {
        // Compared as wholes: a pattern of bytes would be matched byte by byte.
        let is = |words: &[&[u8]]| raw.is_some_and(|raw| words.contains(&raw));
        match () {
            () if is(&[b"GET", b"HEAD", b"get"]) => Method::Get,
            () if is(&[b"CONNECT", b"connect"]) => Method::Connect,
            () if is(&[b"POST", b"PUT", b"PATCH", b"post"]) => Method::Post,
            () => Method::Other,
        }
    }

    /// The word for it in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Connect => "CONNECT",
            Method::Other => "other",
        }
    }
}

/// One transaction of one client with one destination. A cache line: it is written by one thread, read by another.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[repr(align(64))]
pub struct Contact {
    /// End, ms UTC.
    pub end: Millis,
    /// Keyed hash of the registrable domain; 0 where the event has no destination.
    pub domain: u64,
    /// Keyed hash of the client.
    pub client: u64,
    /// Bytes from the client; [`Contact::UNKNOWN`] where not logged.
    pub up: u64,
    /// Bytes to the client; [`Contact::UNKNOWN`] where not logged.
    pub down: u64,
    /// Duration, ms, saturating at 49 days.
    pub duration: u32,
    /// Low half of the keyed hash of the host.
    pub host: u32,
    /// Hash of what requests of one program have in common: method, depth and extension of the path, query or not, port.
    pub shape: u32,
    /// Offset of the line in its batch.
    pub line: u32,
    /// Bytes of path and query: an upper bound of what the URL carried out. No line is longer.
    pub url_bytes: u16,
    /// Status; 0 where none was sent.
    pub status: u16,
    /// What the proxy did.
    pub action: Action,
    /// Method.
    pub method: Method,
    /// What holds of it, a bit each.
    pub signs: Signs,
    /// Its user agent.
    pub agent: Agent,
}

bitflags::bitflags! {
    /// What holds of a contact or does not.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    pub struct Signs: u8 {
        /// It came below the watermark: counts only, no intervals.
        const LATE = 1;
        /// It came with a referer; never where the format has none.
        const REFERER = 1 << 1;
        /// Its port is neither 80 nor 443.
        const ODD_PORT = 1 << 2;
        /// It brought a program, a script or an archive, by the path or the media type.
        const DOWNLOAD = 1 << 3;
    }
}

const _: () = assert!(size_of::<Contact>() == 64);

impl Contact {
    /// Stands for a size that the format does not log.
    pub const UNKNOWN: u64 = u64::MAX;

    /// Start, ms UTC.
    #[inline]
    pub fn start(&self) -> Millis {
        (self.end - Millis::from(self.duration)).max(0)
    }

    /// Bytes from the client, if logged.
    #[inline]
    pub fn bytes_up(&self) -> Option<u64> {
        (self.up != Self::UNKNOWN).then_some(self.up)
    }

    /// Bytes to the client, if logged.
    #[inline]
    pub fn bytes_down(&self) -> Option<u64> {
        (self.down != Self::UNKNOWN).then_some(self.down)
    }

    /// Whether something holds of it.
    #[inline]
    pub fn is(&self, sign: Signs) -> bool {
        self.signs.contains(sign)
    }

    /// It, as if it had come in time or late like another.
    pub fn as_late_as(&self, other: &Contact) -> Contact {
        let mut like = *self;
        like.signs.set(Signs::LATE, other.is(Signs::LATE));
        like
    }

    /// The order in which contacts of one pair are counted: by start, then by everything that can reach a result.
    /// Contacts that compare equal are interchangeable, so the order is a property of the data alone.
    #[inline]
    pub fn order(&self, other: &Contact) -> std::cmp::Ordering {
        let rest = |c: &Contact| {
            let counts = (c.end, c.up, c.down, c.host, c.shape, c.url_bytes, c.status);
            (counts, c.action, c.method, c.agent, c.signs)
        };
        self.start().cmp(&other.start()).then_with(|| rest(self).cmp(&rest(other)))
    }
}
