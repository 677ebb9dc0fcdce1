//! A log whose format changes on the way: of a proxy that was set up anew, or of several whose lines a relay wrote into one
//! file.

use std::sync::Arc;

use jiff::tz::TimeZone;
use memchr::memchr;

use super::detect::{known, plausible};
use super::wrapped::{WRAPPERS, Wrapped, peel};
use super::{FORMATS, ParseError, Parser, W3c};
use crate::event::{Event, Fields};

/// A format, and all others for the lines that are not of it.
///
/// Which of them reads a line depends on nothing but the line and the headers before it: not on its neighbours, which may
/// be in another chunk. So a line must look more like a request than the many do by which the format of a file is told.
#[derive(Clone)]
pub(super) struct Mixed {
    own: Arc<dyn Parser>,
    /// The format that knows most first.
    others: Arc<[Arc<dyn Parser>]>,
    /// W3C extended, which a file whose own format has no headers may turn into.
    extended: Option<Arc<dyn Parser>>,
    header: Vec<u8>,
}

impl Mixed {
    /// That format, with all others of proxies in that zone.
    pub(super) fn new(own: Arc<dyn Parser>, zone: &TimeZone) -> Mixed {
        let extended =
            own.mark().is_none().then(|| -> Arc<dyn Parser> { Arc::new(Wrapped::new(Arc::new(W3c::new(zone)))) });
        let mut others: Vec<Arc<dyn Parser>> =
            FORMATS.iter().filter(|entry| entry.name != "w3c").map(|entry| (entry.build)(zone).into()).collect();
        // Where the format tells what the proxy did, what does not tell it is no request to the outside.
        others.retain(|other| other.carries().action || !own.carries().action);
        others.sort_by_key(|other| std::cmp::Reverse(known(&other.carries())));
        Mixed { own, others: others.into(), extended, header: Vec::new() }.told()
    }

    /// With the header of both.
    fn told(mut self) -> Mixed {
        let extended = self.extended.as_ref().map_or(&[][..], |extended| extended.header());
        self.header = [self.own.header(), extended].concat();
        self
    }

    /// What one of the other formats reads, with what is around the line and without; of W3C extended headers and comments too.
    #[cold]
    fn other<'a>(&self, line: &'a [u8]) -> Option<Option<Event<'a>>> {
        let read = |parser: &Arc<dyn Parser>, text| parser.parse(text).ok().flatten().filter(sure);
        match self.extended.as_ref().map(|extended| extended.parse(line)) {
            Some(Ok(Some(event))) if sure(&event) => return Some(Some(event)),
            Some(Ok(None)) if memchr(b'#', line).is_some() => return Some(None),
            _ => {}
        }
        let mut rest = Some(line);
        for _ in 0..=WRAPPERS {
            let text = rest?;
            if let Some(event) = self.others.iter().find_map(|other| read(other, text)) {
                return Some(Some(event));
            }
            rest = peel(text);
        }
        None
    }
}

/// Whether one line alone is a request beyond doubt. A backslash in a URL is an escape that was not undone.
fn sure(event: &Event<'_>) -> bool {
    let graphic = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'\\');
    plausible(event)
        && event.method.is_some_and(|method| !method.is_empty())
        && event.client.is_some_and(|client| !client.is_empty() && graphic(client))
        && graphic(event.target)
        && event.host.is_none_or(graphic)
}

impl Parser for Mixed {
    #[inline]
    fn parse<'a>(&self, line: &'a [u8]) -> Result<Option<Event<'a>>, ParseError> {
        // One place for both, so that what the own format reads is not moved.
        let mut read = self.own.parse(line);
        if let Err(error) = read {
            let other = self.other(line).ok_or(error);
            read = other.map(|event| event.map(|event| Event { foreign: true, ..event }));
        }
        read
    }

    fn carries(&self) -> Fields {
        self.own.carries()
    }

    fn after(&self, line: &[u8]) -> Option<Arc<dyn Parser>> {
        let mut next = self.clone();
        match (self.own.after(line), &self.extended) {
            (Some(own), _) => next.own = own,
            (None, extended) => next.extended = Some(extended.as_ref()?.after(line)?),
        }
        // What is read as a row is no header, whoever asks.
        let mut simple = line.to_vec();
        self.simplify(&mut simple);
        matches!(self.parse(&simple), Ok(None)).then(|| -> Arc<dyn Parser> { Arc::new(next.told()) })
    }

    fn simplify(&self, lines: &mut Vec<u8>) {
        self.own.simplify(lines);
    }

    fn mark(&self) -> Option<&[u8]> {
        self.own.mark().or_else(|| self.extended.as_ref()?.mark())
    }

    fn header(&self) -> &[u8] {
        &self.header
    }
}
