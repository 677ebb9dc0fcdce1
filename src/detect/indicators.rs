//! Lists of known bad domains, hosts, URLs and addresses (`--ioc`), and what a contact has in common with them.
//!
//! A list is told by its content: one entry a line, a hosts file, CSV, a STIX 2.1 bundle, a MISP export. Entries go through
//! the code that normalises what is logged. They are kept in one table, ordered by registrable domain, host and path: a
//! lookup is one hash and, where the domain is listed, a few steps by halves.

mod csv;
mod entry;
mod error;
mod indicator;
mod json;
mod lines;
mod load;
mod misp;
mod pattern;
mod stix;
#[cfg(test)]
mod tests;
mod url;

pub use error::{BadEntry, IndicatorError};
pub use indicator::{Indicator, IndicatorKind, ListFile, Place};

use crate::detect::is_shared;
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::path::PathBuf;
use std::sync::Arc;

/// All that is listed. Empty by default: nothing is.
#[derive(Debug, Default)]
pub struct Indicators {
    /// Those of one domain stand together, ordered by host and path, each thing once.
    rows: Vec<Indicator>,
    /// The rows of each domain: where they begin, and how many.
    domains: HashTable<(u32, u32)>,
    addresses: bool,
    lists: Vec<ListCounts>,
}

/// What was read of one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCounts {
    /// The list.
    pub file: Arc<ListFile>,
    /// Entries that can be used, repetitions included.
    pub entries: u64,
    /// Entries of other kinds (file hashes, …), revoked, or not meant for detection.
    pub skipped: u64,
    /// Entries that are wrong.
    pub bad: u64,
}

/// What is listed under one registrable domain or address.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// At least one.
    rows: &'a [Indicator],
}

/// What a contact has in common with a list.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    /// The entry.
    pub indicator: &'a Indicator,
    /// The contact is not what is listed: another host, port or URL under the same registrable domain.
    pub sibling: bool,
}

impl Indicators {
    /// Reads lists. Bad entries do not stop it: the first 100 are returned; all are counted in [`Indicators::lists`].
    ///
    /// # Errors
    ///
    /// A list that cannot be read, is broken as a whole, or holds nothing that can be used.
    pub fn load(paths: &[PathBuf]) -> Result<(Indicators, Vec<BadEntry>), IndicatorError> {
        let mut loader = load::Loader::default();
        for path in paths {
            let bytes = load::bytes(path)?;
            loader.list(path, &bytes)?;
        }
        Ok(loader.finish())
    }

    /// The same for one list in memory.
    ///
    /// # Errors
    ///
    /// As [`Indicators::load`].
    pub fn of(name: &str, bytes: &[u8]) -> Result<(Indicators, Vec<BadEntry>), IndicatorError> {
        let mut loader = load::Loader::default();
        loader.list(name.as_ref(), bytes)?;
        Ok(loader.finish())
    }

    /// Orders the rows, drops repetitions and makes the index. Of what is listed twice, the first by name of the list and
    /// place stays, whatever the order of the files. Each row comes with the hash of its domain.
    fn new(mut rows: Vec<(u64, Indicator)>, lists: Vec<ListCounts>) -> Indicators {
        let order = |(hash, row): &(u64, Indicator), (other_hash, other): &(u64, Indicator)| {
            let place = |row: &Indicator| row.place();
            hash.cmp(other_hash)
                .then_with(|| row.key().cmp(&other.key()))
                .then_with(|| (row.file(), place(row)).cmp(&(other.file(), place(other))))
        };
        rows.sort_unstable_by(order);
        rows.dedup_by(|later, first| later.0 == first.0 && later.1.key() == first.1.key());
        let mut rows: Vec<Indicator> = rows.into_iter().map(|(_, row)| row).collect();
        rows.shrink_to_fit();
        let count = rows.chunk_by(|a, b| a.domain() == b.domain()).count();
        let mut domains = HashTable::with_capacity(count);
        let mut begin = 0;
        for group in rows.chunk_by(|a, b| a.domain() == b.domain()) {
            let length = group.len() as u32;
            let hash = hash(group[0].domain().as_bytes());
            let of = |&(at, _): &(u32, u32)| self::hash(rows[at as usize].domain().as_bytes());
            domains.insert_unique(hash, (begin, length), of);
            begin += length;
        }
        let addresses = rows.iter().any(|row| row.kind() == IndicatorKind::Address);
        Indicators { rows, domains, addresses, lists }
    }

    /// What is listed under a registrable domain, IP address or single label in normal form.
    #[inline]
    pub fn under(&self, domain: &[u8]) -> Option<Listed<'_>> {
        if self.rows.is_empty() {
            return None;
        }
        let is = |&(at, _): &(u32, u32)| self.rows[at as usize].domain().as_bytes() == domain;
        let &(at, length) = self.domains.find(hash(domain), is)?;
        self.rows.get(at as usize..at as usize + length as usize).map(|rows| Listed { rows })
    }

    /// Different things listed.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether an address is listed: without one, an address that a proxy went to need not be looked up.
    pub fn has_addresses(&self) -> bool {
        self.addresses
    }

    /// The lists, in the order named.
    pub fn lists(&self) -> &[ListCounts] {
        &self.lists
    }
}

impl<'a> Listed<'a> {
    /// What a contact has in common with the list: the URL, the host or its domain, or at least a neighbour.
    ///
    /// `host` is in normal form and under the domain this was asked for; `port` is that of the request, also if only its
    /// scheme says it; `url` is the target as logged. A CONNECT names no URL: it can only match by host. Where strangers
    /// share the domain ([`is_shared`]) there are no siblings.
    pub fn hit(&self, host: &[u8], port: Option<u16>, url: &[u8]) -> Option<Hit<'a>> {
        let same = self.at(host);
        let urls = same.partition_point(|row| row.kind() != IndicatorKind::Url);
        let (hosts, urls) = same.split_at(urls);
        let exact = (!urls.is_empty())
            .then(|| url::find(urls, url::rest(url), port))
            .flatten()
            .or_else(|| hosts.iter().find(|row| row.takes(port)))
            .or_else(|| self.above(host, port));
        if let Some(indicator) = exact {
            return Some(Hit { indicator, sibling: false });
        }
        let near = same.first().or(self.rows.first())?;
        (!is_shared(near.domain().as_bytes())).then_some(Hit { indicator: near, sibling: true })
    }

    /// Number of things listed; at least 1.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows of a host: names first, URLs behind them, since their path is not empty.
    fn at(&self, host: &[u8]) -> &'a [Indicator] {
        let begin = self.rows.partition_point(|row| row.host().as_bytes() < host);
        let length = self.rows[begin..].partition_point(|row| row.host().as_bytes() == host);
        &self.rows[begin..begin + length]
    }

    /// A whole domain that the host is below.
    fn above(&self, host: &[u8], port: Option<u16>) -> Option<&'a Indicator> {
        let domain = self.rows.first()?.domain().len();
        let mut below = host;
        while let Some(dot) = memchr::memchr(b'.', below) {
            below = &below[dot + 1..];
            if below.len() < domain {
                break;
            }
            let named = |row: &&Indicator| row.kind() == IndicatorKind::Domain && row.takes(port);
            let mut rows = self.at(below).iter().take_while(|row| row.kind() != IndicatorKind::Url);
            if let Some(found) = rows.find(named) {
                return Some(found);
            }
        }
        None
    }
}

/// The key is a constant: it reaches no result, and what is in a list was chosen by those who defend.
#[inline]
fn hash(domain: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344);
    hasher.write(domain);
    hasher.finish()
}
