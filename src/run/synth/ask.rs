//! Asks: one kind of request of a routine, whom, what, how large, and what comes back.

use super::dice::Size;
use super::row::{Method, Mime};

/// Which host is asked.
#[derive(Clone, Debug)]
pub(super) enum Hosts {
    /// Always this one.
    One(u32),
    /// One of them at random.
    Any(Box<[u32]>),
    /// One after the other, each for some acts.
    Turn(Box<[u32]>, u32),
    /// A label never used before, below this one.
    Fresh(u32),
}

/// What the blanks of the path are filled from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fill {
    /// The same for everybody, always.
    Fixed(u64),
    /// The same for one client, always.
    Client(u64),
    /// One of so many.
    Few(u64),
    /// Always new.
    Fresh,
}

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reply {
    /// A server's answer with this status.
    Status(u16),
    /// Policy refuses.
    Denied,
    /// The name does not resolve.
    NoName,
    /// Nobody answers.
    Unreachable,
    /// From the cache.
    Cached,
}

/// The browser of whoever runs the routine, as its user agent.
pub(super) const BROWSER: u16 = u16::MAX;

/// One kind of request of a routine.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// Method.
    pub(super) method: Method,
    /// Port.
    pub(super) port: u16,
    /// Whom.
    pub(super) hosts: Hosts,
    /// What: a template …
    pub(super) path: u16,
    /// … and its blanks.
    pub(super) fill: Fill,
    /// User agent, or [`BROWSER`].
    pub(super) agent: u16,
    /// Content type of a good answer.
    pub(super) mime: Mime,
    /// Bytes from the client.
    pub(super) up: Size,
    /// Bytes to the client.
    pub(super) down: Size,
    /// Milliseconds.
    pub(super) took: Size,
    /// Answers and their weights.
    pub(super) replies: Box<[(f64, Reply)]>,
    /// How often in a row, at least and at most.
    pub(super) repeat: (u32, u32),
    /// Milliseconds between repeats.
    pub(super) gap: Size,
    /// Share of acts in which this is asked at all.
    pub(super) chance: f64,
}

impl Ask {
    /// A plain request answered 200.
    pub(super) fn new(method: Method, host: u32, path: u16) -> Self {
        let tunnel = method == Method::Connect;
        Ask {
            method,
            port: if tunnel { 443 } else { 80 },
            hosts: Hosts::One(host),
            path,
            fill: Fill::Fixed(1),
            agent: 0,
            mime: if tunnel { Mime::None } else { Mime::Bytes },
            up: Size::spread(if tunnel { 1500.0 } else { 320.0 }, if tunnel { 0.4 } else { 0.05 }, 1e9),
            down: Size::spread(if tunnel { 4600.0 } else { 700.0 }, 0.4, 1e10),
            took: Size::spread(if tunnel { 900.0 } else { 70.0 }, 1.2, 9e5),
            replies: Box::new([(1.0, Reply::Status(200))]),
            repeat: (1, 1),
            gap: Size::spread(300.0, 1.0, 6e4),
            chance: 1.0,
        }
    }
}
