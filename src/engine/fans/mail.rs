//! What a shard tells the fans: domains that are new to all and odd, and known ones that fail.

use crate::detect::is_strange;
use crate::engine::desk::Here;
use crate::engine::pane::Pane;
use crate::engine::waiting::Waiting;
use crate::event::{Action, Contact, HostKind, Method, Millis, Signs};
use crate::window::{Detail, Domain, LONGEST, Meeting, PANE, Pair};

/// A domain is new to all for so long, ms: a day.
const NEW: Millis = LONGEST as Millis * PANE;
/// A pair of this age that fails says something of the line, ms.
const OLD: Millis = 60 * PANE;
/// Contacts in its first minute from which a client stays with a domain: no walk from one to the next.
const STAYS: usize = 4;

/// What a client has with a domain in a minute, on its way to its fan.
#[derive(Clone, Copy, Debug)]
pub struct Mail {
    /// Keyed hash of the client.
    pub client: u64,
    /// Its first contact.
    pub contact: Waiting,
    /// The meeting; `None` for a domain that had answered before and does not now.
    pub meeting: Option<Meeting>,
}

impl Mail {
    /// What is worth to be told of the contacts of a pair in a pane, one or more. `new`: they are its first.
    #[inline]
    pub fn of(pane: &Pane<'_>, contacts: &[Here], pair: &Pair, domain: &Domain, new: bool) -> Option<Mail> {
        if new {
            return Mail::of_new(pane, contacts, domain);
        }
        let first = &contacts[0].0;
        let fails = has_failed(first) && pair.first + OLD <= first.start();
        let answered = |detail: &Detail| detail.seen >= 8 && detail.failed * 4 < detail.seen;
        let fails =
            fails && contacts.iter().all(|(c, _)| has_failed(c)) && pair.detail.as_deref().is_some_and(answered);
        fails.then_some(Mail { client: pair.client, contact: contacts[0].1, meeting: None })
    }

    fn of_new(pane: &Pane<'_>, contacts: &[Here], domain: &Domain) -> Option<Mail> {
        let (first, contact) = contacts[0];
        let since = domain.past.as_ref().map_or(domain.first, |past| past.first.min(domain.first));
        if since + NEW <= pane.end()
            || domain.kind == HostKind::Label
            || contacts.iter().any(|(c, _)| c.signs.intersects(Signs::REFERER | Signs::LATE))
        {
            return None;
        }
        // The proxy may have asked for a name and password first.
        let challenged = |c: &Contact| c.action == Action::Challenge;
        let failed = contacts.iter().all(|(c, _)| has_failed(c) || challenged(c))
            && !contacts.iter().all(|(c, _)| challenged(c));
        let method = contacts[contacts.len() - 1].0.method;
        let of_one = contacts.len() < STAYS && contacts.iter().all(|(c, _)| c.method == method);
        // Without referers all that a page brings with it would look alone; bodies are few.
        let alone = of_one && (method == Method::Post || method == Method::Get && pane.carries.referer);
        let strange =
            domain.kind == HostKind::Name && is_strange(&domain.name) && (failed || !has_strangers(&domain.name));
        if !failed && !strange && !alone {
            return None;
        }
        let sum = |of: fn(&Contact) -> u64| contacts.iter().fold(0, |sum: u64, (c, _)| sum.saturating_add(of(c)));
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let meeting = Meeting {
            domain: first.domain,
            minute: pane.minute,
            lead: u32::try_from(pane.end() - first.start()).unwrap_or(u32::MAX),
            met: pane.clients.with(first.client, |client| client.domains).unwrap_or(0),
            up: small(sum(|c| c.bytes_up().unwrap_or(0))),
            down: small(sum(|c| c.bytes_down().unwrap_or(0))),
            url_bytes: sum(|c| c.url_bytes.into()).min(u16::MAX.into()) as u16,
            shape: first.shape as u16,
            requests: contacts.len().min(u8::MAX.into()) as u8,
            denied: sum(|c| u64::from(c.action == Action::Denied)).min(u8::MAX.into()) as u8,
            method,
            failed,
            strange,
            alone,
            ..Meeting::default()
        };
        Some(Mail { client: first.client, contact, meeting: Some(meeting) })
    }
}

/// Whether no server answered: the proxy did, for one that does not exist or is silent.
fn has_failed(contact: &Contact) -> bool {
    contact.action == Action::Error || matches!(contact.status, 502..=504)
}

/// Whether strangers have names of their own below its suffix: there, hashes are given out as names.
fn has_strangers(name: &[u8]) -> bool {
    psl::suffix(name).is_some_and(|suffix| suffix.typ() == Some(psl::Type::Private))
}
