//! What is kept of a candidate for people: its hours, sample URLs, hosts, user.

use crate::event::{Action, Contact};
use crate::window::{Urls, pane_of, room};
use serde::{Deserialize, Serialize};

/// What is remembered of a candidate, from the moment it is one.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Watched {
    /// Hour by hour, oldest first, at most 14 days.
    pub series: Vec<Hour>,
    /// Sample URLs as logged, oldest first, at most [`SAMPLES`].
    pub samples: Vec<Box<[u8]>>,
    /// Hosts, at most [`HOSTS`].
    pub hosts: Vec<Box<[u8]>>,
    /// User of the latest contact.
    pub user: Option<Box<[u8]>>,
    /// What its URLs carry, if they are long.
    pub urls: Option<Box<Urls>>,
    /// The entry of a list that it met.
    pub listed: Option<Box<ListedAs>>,
}

/// The entry of a list that a pair met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedAs {
    /// The very thing that is listed, not only a sibling under the same domain.
    pub exact: bool,
    /// The entry, and where it stands.
    pub entry: Box<str>,
}

/// Sample URLs kept of a candidate.
pub const SAMPLES: usize = 5;
/// Host names kept of a candidate.
pub const HOSTS: usize = 10;

/// One hour of a candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// Hours since 1970.
    pub hour: u32,
    /// Contacts.
    pub requests: u32,
    /// Refused.
    pub denied: u32,
    /// Bytes to the client.
    pub down: u64,
    /// Bytes from the client.
    pub up: u64,
}

impl Watched {
    pub(super) fn look(&mut self, contact: &Contact) {
        let hour = pane_of(contact.end) / 60;
        if self.series.last().is_none_or(|h| h.hour < hour) {
            if self.series.len() == 14 * 24 {
                self.series.remove(0);
            }
            self.series.push(Hour { hour, ..Hour::default() });
        }
        if let Some(last) = self.series.last_mut() {
            last.requests += 1;
            last.denied += u32::from(contact.action == Action::Denied);
            last.down = last.down.saturating_add(contact.bytes_down().unwrap_or(0));
            last.up = last.up.saturating_add(contact.bytes_up().unwrap_or(0));
        }
    }

    /// Keeps a sample of a contact: its URL, its host and its user, as logged.
    pub fn sample(&mut self, url: &[u8], host: &[u8], user: Option<&[u8]>) {
        if self.samples.len() < SAMPLES && !self.samples.iter().any(|s| **s == *url) {
            push_alone(&mut self.samples, url);
        }
        if self.hosts.len() < HOSTS && !self.hosts.iter().any(|h| **h == *host) {
            push_alone(&mut self.hosts, host);
        }
        if let Some(user) = user {
            self.user = Some(user.into());
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Watched>()
            + self.urls.as_ref().map_or(0, |urls| urls.bytes())
            + self.listed.as_ref().map_or(0, |listed| size_of::<ListedAs>() + listed.entry.len())
            + room(self.series.len()) * size_of::<Hour>()
            + self.samples.iter().chain(&self.hosts).map(|s| s.len() + 16).sum::<usize>()
    }
}

/// Adds to a list that mostly stays short: without room for more.
fn push_alone(list: &mut Vec<Box<[u8]>>, text: &[u8]) {
    list.reserve_exact(1);
    list.push(text.into());
}
