//! The event while a line is read: values go in under the field they are for, in whatever order the format has them.

use super::code::Field;
use crate::event::{Action, Encoding, Event, MAX_TIME, Millis, Stamp, Text};
use crate::parse::cut::absent;
use crate::parse::result::{self, Outcome};
use crate::parse::{ParseError, Reason};

/// An event in the making.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Draft<'a> {
    event: Event<'a>,
    time: Option<Millis>,
    subsecond: u64,
    start: Option<Millis>,
    sni: Option<&'a [u8]>,
    header: Option<&'a [u8]>,
    domain: Option<&'a [u8]>,
    failure: Option<&'a [u8]>,
    /// The format has a peer, and the line says there was none.
    no_peer: bool,
}

impl<'a> Draft<'a> {
    /// A number.
    #[inline]
    pub(super) fn number(&mut self, field: Field, value: Option<u64>) {
        let event = &mut self.event;
        match field {
            Field::Seconds => self.time = value.and_then(|value| i64::try_from(value).ok()?.checked_mul(1000)),
            Field::Subsecond => self.subsecond = value.unwrap_or(0),
            Field::Duration => event.duration = value,
            Field::Status => {
                event.status = value.and_then(|value| u16::try_from(value).ok()).filter(|&value| value > 0)
            }
            Field::BytesUp => event.bytes_up = value,
            Field::BytesDown => event.bytes_down = value,
            _ => {}
        }
    }

    /// A time.
    #[inline]
    pub(super) fn time(&mut self, field: Field, value: Option<Millis>) {
        match field {
            Field::Time | Field::Date => self.time = value,
            Field::Start => self.start = value,
            _ => {}
        }
    }

    /// Any other value; `-` is none.
    #[inline]
    pub(super) fn text(&mut self, field: Field, raw: &'a [u8], encoding: Encoding) {
        let event = &mut self.event;
        let plain = absent(raw);
        match field {
            Field::Client => event.client = plain,
            Field::User => event.user = plain.map(|raw| Text { raw, encoding }),
            Field::Method => event.method = plain.filter(|method| *method != b"NONE"),
            Field::Target => event.target = plain.unwrap_or_default(),
            Field::Sni => self.sni = plain,
            Field::Header => self.header = plain,
            Field::Domain => self.domain = plain,
            Field::Result => event.result = plain,
            Field::Agent => event.agent = plain.map(|raw| Text { raw, encoding }),
            Field::Referer => event.referer = plain.map(|raw| Text { raw, encoding }),
            Field::ContentType => event.content_type = plain,
            Field::Hierarchy => event.hierarchy = plain.map(result::without_timeout),
            Field::Peer => {
                event.peer = plain;
                self.no_peer = plain.is_none();
            }
            Field::Failure => self.failure = plain,
            _ => {}
        }
    }

    /// URL and user are a guess.
    pub(super) fn guess(&mut self) {
        self.event.ambiguous = true;
    }

    /// The event, once every value is in.
    #[inline]
    pub(super) fn finish(&self) -> Result<Option<Event<'a>>, ParseError> {
        let lacks = |wanted| ParseError { at: 0, wanted };
        let (time, stamp) = match (self.time, self.start) {
            (Some(time), _) => (time.saturating_add_unsigned(self.subsecond.min(999)), Stamp::End),
            (None, Some(start)) => (start, Stamp::Start),
            (None, None) => return Err(lacks(Reason::Time)),
        };
        if !(0..=MAX_TIME).contains(&time) {
            return Err(lacks(Reason::Time));
        }
        let took = self.start.and_then(|start| u64::try_from(time - start).ok()).filter(|_| stamp == Stamp::End);
        let host = self.sni.or(self.header).or(self.domain);
        let target = match (self.event.target, host) {
            ([], None) => return Err(lacks(Reason::Target)),
            ([], Some(host)) => host,
            (target, _) => target,
        };
        let action = self.action(target);
        let duration = self.event.duration.or(took);
        Ok(Some(Event { time, stamp, duration, host, target, action, ..self.event }))
    }

    #[inline]
    fn action(&self, target: &[u8]) -> Action {
        let event = &self.event;
        match (event.result, self.failure) {
            (Some(_), _) if event.method == Some(b"ICP_QUERY") => Action::Unknown,
            (Some(tag), _) => {
                let reached = !self.no_peer && !event.hierarchy.is_some_and(result::asked_nobody);
                let pseudo = target.starts_with(b"error:");
                Outcome { tag, status: event.status, reached, pseudo }.action()
            }
            (None, Some(b"ERR_ACCESS_DENIED")) => Action::Denied,
            (None, Some(b"ERR_CACHE_ACCESS_DENIED")) => Action::Challenge,
            (None, Some(_)) => Action::Error,
            (None, None) => Action::Unknown,
        }
    }
}
