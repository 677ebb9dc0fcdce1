//! Looks for what is listed in chunks of lines.

use crate::detect::{Hit, Indicators};
use crate::engine::{Hashes, Met};
use crate::event::{Action, Event, Millis, Normalizer, Target};
use crate::hunt::sighting::{Contact, Sightings};
use crate::input::Chunk;
use crate::parse::{Parser, Reason};
use std::ops::Range;
use std::sync::Arc;

/// Pairs of slots for authorities and addresses met last: 1 MB, which a second-level cache holds.
const PLACES: usize = 1 << 13;

/// What became of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub lines: u64,
    /// Parsed, of the time asked for.
    pub events: u64,
    /// Parsed, of another time.
    pub outside: u64,
    /// Headers, comments, blank lines.
    pub ignored: u64,
    /// Not of the format, by [`Reason`].
    pub rejected: [u64; Reason::ALL.len()],
}

impl Counts {
    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Counts) {
        self.lines += other.lines;
        self.events += other.events;
        self.outside += other.outside;
        self.ignored += other.ignored;
        self.rejected.iter_mut().zip(other.rejected).for_each(|(sum, n)| *sum += n);
    }

    /// Lines that are not of the format.
    pub fn all_rejected(&self) -> u64 {
        self.rejected.iter().sum()
    }
}

/// What one thread needs to search, and what it found.
pub struct Searcher<'a> {
    indicators: &'a Indicators,
    span: Range<Millis>,
    normalizer: Normalizer,
    /// Whether anything is listed under authorities met last. Never reaches a result: a miss looks it up.
    met: Met<PLACES>,
    /// What was found so far.
    pub sightings: Sightings<'a>,
    /// What became of the lines so far.
    pub counts: Counts,
}

impl<'a> Searcher<'a> {
    /// Looks for these, in events that end within `span`, ms UTC.
    pub fn new(indicators: &'a Indicators, span: Range<Millis>) -> Searcher<'a> {
        Searcher {
            indicators,
            span,
            normalizer: Normalizer::default(),
            met: Met::new(),
            sightings: Sightings::default(),
            counts: Counts::default(),
        }
    }

    /// Goes through the lines of a chunk, with the parser in force where it begins, of the format of that name.
    pub fn search(&mut self, chunk: &Chunk, mut parser: Arc<dyn Parser>, format: &str) {
        // Where the format tells what the proxy did, lines that do not are no requests to the outside (ICP).
        let mut acts = parser.carries().action;
        for (_, line) in chunk.lines() {
            self.counts.lines += 1;
            match parser.parse(line) {
                Ok(Some(event)) if !self.span.contains(&event.end()) => self.counts.outside += 1,
                Ok(Some(event)) => {
                    self.counts.events += 1;
                    if (event.action != Action::Unknown || !acts) && !event.handoff {
                        self.look(&event, format);
                    }
                }
                Ok(None) => {
                    self.counts.ignored += 1;
                    if let Some(next) = parser.after(line) {
                        acts = next.carries().action;
                        parser = next;
                    }
                }
                Err(error) => self.counts.rejected[error.wanted as usize] += 1,
            }
        }
    }

    #[inline]
    fn look(&mut self, event: &Event<'_>, format: &str) {
        let Some(target) = Target::of(event) else { return };
        if self.is_listed(target.authority) {
            self.see(event, &target, format);
        } else if let Some(peer) = event.peer
            && (self.indicators.has_addresses() || !is_address(peer))
            && self.is_listed(peer)
        {
            self.see_peer(event, &target, (peer, format));
        }
    }

    /// Whether anything is listed under the domain of an authority.
    #[inline]
    fn is_listed(&mut self, authority: &[u8]) -> bool {
        let (indicators, normalizer) = (self.indicators, &mut self.normalizer);
        let found = self.met.get(authority, || {
            let place = normalizer.destination(authority);
            let listed = place.is_some_and(|place| indicators.under(place.domain).is_some());
            Some(Hashes { domain: u64::from(listed), ..Hashes::default() })
        });
        found.is_some_and(|found| found.domain != 0)
    }

    /// A request to what is listed, or beside it.
    fn see(&mut self, event: &Event<'_>, target: &Target<'_>, format: &str) {
        let Some(place) = self.normalizer.destination(target.authority) else { return };
        let port = place.port.or(target.scheme_port);
        let listed = self.indicators.under(place.domain);
        if let Some(hit) = listed.and_then(|listed| listed.hit(place.host, port, event.target)) {
            let contact = Contact { event, target, host: place.host, format };
            self.sightings.see(hit, &contact);
        }
    }

    /// A request to another name that the proxy took to a listed address.
    fn see_peer(&mut self, event: &Event<'_>, target: &Target<'_>, (peer, format): (&[u8], &str)) {
        let indicators = self.indicators;
        let Some(address) = self.normalizer.destination(peer) else { return };
        let Some(listed) = indicators.under(address.domain) else { return };
        let Some(Hit { indicator, sibling: false }) = listed.hit(address.host, None, b"") else { return };
        if let Some(place) = self.normalizer.destination(target.authority) {
            let contact = Contact { event, target, host: place.host, format };
            self.sightings.see(Hit { indicator, sibling: false }, &contact);
        }
    }
}

/// Whether the peer of a line is an IPv4 address, as nearly all are.
#[inline]
fn is_address(peer: &[u8]) -> bool {
    peer.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}
