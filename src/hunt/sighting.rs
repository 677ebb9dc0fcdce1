//! What is known of one client's contacts with one listed thing.

use crate::alert::{self, Sites, rfc3339, text};
use crate::detect::{Hit, Indicator, IndicatorKind};
use crate::event::{Action, Event, Method, Millis, Target};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Hosts kept of one sighting: the first by name.
const HOSTS: usize = 100;
/// Bytes of a URL kept as a sample.
const URL: usize = 2048;

/// A contact with what is listed.
pub(super) struct Contact<'c, 'e> {
    pub(super) event: &'c Event<'e>,
    pub(super) target: &'c Target<'e>,
    pub(super) host: &'c [u8],
    /// Name of the format.
    pub(super) format: &'c str,
}

/// Which client, and what is listed; an entry is known by its text and kind.
type Key<'a> = (&'a str, IndicatorKind, Box<[u8]>);

/// All sightings, by what is listed and by client.
#[derive(Debug, Default)]
pub struct Sightings<'a>(BTreeMap<Key<'a>, Sum<'a>>);

/// Sums over the contacts of a client with one listed thing. None depends on the order of the contacts.
#[derive(Debug)]
struct Sum<'a> {
    indicator: &'a Indicator,
    requests: u64,
    exact: u64,
    denied: u64,
    methods: [u64; Method::ALL.len()],
    first: Millis,
    last: Millis,
    down: Option<u64>,
    up: Option<u64>,
    url_bytes: u64,
    hosts: BTreeSet<Vec<u8>>,
    more_hosts: bool,
    users: BTreeSet<Vec<u8>>,
    /// The earliest, with its time.
    sample: Option<(Millis, Vec<u8>)>,
    format: String,
}

/// A client that was in contact with what is listed, or beside it. Field order is the order of the JSON keys; unknown is
/// `null`, never 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sighting {
    /// `deguchi/1`.
    pub schema: &'static str,
    /// `sighting`.
    pub record: &'static str,
    /// What is listed, in normal form.
    pub indicator: String,
    /// `domain`, `host`, `url` or `address`.
    pub kind: &'static str,
    /// Name of the list.
    pub list: String,
    /// Where in the list: `line 3`.
    pub place: String,
    /// What the list says about it.
    pub description: Option<String>,
    /// All of that in words; not written.
    #[serde(skip)]
    pub entry: String,
    /// The inside party.
    pub client: String,
    /// The first user by name, where logged.
    pub user: Option<String>,
    /// Its site, where networks are configured.
    pub site: Option<String>,
    /// Registrable domain of what is listed, or the address.
    pub domain: String,
    /// Hosts contacted, in normal form; at most 100.
    pub hosts: Vec<String>,
    /// There were more.
    pub more_hosts: bool,
    /// First contact, RFC 3339 UTC.
    pub first_seen: String,
    /// Last contact, RFC 3339 UTC.
    pub last_seen: String,
    /// Requests to what is listed or beside it.
    pub requests: u64,
    /// Of them to the very thing; the others went to siblings under the same registrable domain.
    pub exact: u64,
    /// Refused by the proxy.
    pub denied: u64,
    /// By method.
    pub methods: BTreeMap<&'static str, u64>,
    /// Bytes to the client, where logged.
    pub bytes_down: Option<u64>,
    /// Bytes from the client, where logged.
    pub bytes_up: Option<u64>,
    /// Upper bound of what paths and queries carried out, bytes.
    pub url_bytes_max: u64,
    /// The earliest URL, its query cut after 64 bytes.
    pub sample: Option<String>,
    /// Name of the format it was read from; the first by name of several.
    pub format: String,
}

impl<'a> Sightings<'a> {
    /// Counts one.
    pub(super) fn see(&mut self, hit: Hit<'a>, contact: &Contact<'_, '_>) {
        let Contact { event, target, host, format } = contact;
        let client = event.client.or(event.user.map(|user| user.raw)).unwrap_or(b"-");
        let key = (hit.indicator.value(), hit.indicator.kind(), client.into());
        let time = event.end();
        let sum = self.0.entry(key).or_insert_with(|| Sum::new(hit.indicator, time, format));
        sum.requests += 1;
        sum.exact += u64::from(!hit.sibling);
        sum.denied += u64::from(event.action == Action::Denied);
        sum.methods[Method::of(event.method) as usize] += 1;
        (sum.first, sum.last) = (sum.first.min(time), sum.last.max(time));
        sum.down = plus(sum.down, event.bytes_down);
        sum.up = plus(sum.up, event.bytes_up);
        sum.url_bytes += (target.path.len() + target.query.map_or(0, |query| query.len() + 1)) as u64;
        if *format < sum.format.as_str() {
            sum.format = (*format).to_owned();
        }
        if !sum.hosts.contains(*host) {
            sum.hosts.insert(host.to_vec());
            sum.bound();
        }
        if let Some(user) = event.user.map(|user| user.decode())
            && !sum.users.contains(&*user)
        {
            sum.users.insert(user.into_owned());
            sum.bound();
        }
        let sample = || (time, event.target[..event.target.len().min(URL)].to_vec());
        if sum.sample.as_ref().is_none_or(|(earliest, _)| time <= *earliest) {
            sum.sample = Some(sum.sample.take().map_or_else(sample, |held| held.min(sample())));
        }
    }

    /// Adds what was seen elsewhere.
    pub fn add(&mut self, other: Sightings<'a>) {
        for (key, sum) in other.0 {
            match self.0.entry(key) {
                std::collections::btree_map::Entry::Vacant(place) => drop(place.insert(sum)),
                std::collections::btree_map::Entry::Occupied(mut place) => place.get_mut().add(sum),
            }
        }
    }

    /// Clients and listed things that met.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, ordered by what is listed, then by client.
    pub fn finish(self, sites: &Sites) -> Vec<Sighting> {
        self.0.into_iter().map(|((_, _, client), sum)| sum.finish(text(&client), sites)).collect()
    }
}

impl<'a> Sum<'a> {
    fn new(indicator: &'a Indicator, time: Millis, format: &str) -> Sum<'a> {
        Sum {
            indicator,
            requests: 0,
            exact: 0,
            denied: 0,
            methods: [0; Method::ALL.len()],
            first: time,
            last: time,
            down: None,
            up: None,
            url_bytes: 0,
            hosts: BTreeSet::new(),
            more_hosts: false,
            users: BTreeSet::new(),
            sample: None,
            format: format.to_owned(),
        }
    }

    fn add(&mut self, other: Sum<'a>) {
        self.requests += other.requests;
        self.exact += other.exact;
        self.denied += other.denied;
        self.methods.iter_mut().zip(other.methods).for_each(|(sum, n)| *sum += n);
        (self.first, self.last) = (self.first.min(other.first), self.last.max(other.last));
        self.down = plus(self.down, other.down);
        self.up = plus(self.up, other.up);
        self.url_bytes += other.url_bytes;
        self.format = std::mem::take(&mut self.format).min(other.format);
        self.hosts.extend(other.hosts);
        self.users.extend(other.users);
        self.more_hosts |= other.more_hosts;
        self.bound();
        self.sample = self.sample.take().into_iter().chain(other.sample).min();
    }

    /// Whoever owns a domain names hosts at will: the first by name are kept, whatever the order they come in.
    fn bound(&mut self) {
        while self.hosts.len() > HOSTS {
            self.hosts.pop_last();
            self.more_hosts = true;
        }
        while self.users.len() > 1 {
            self.users.pop_last();
        }
    }

    fn finish(self, client: String, sites: &Sites) -> Sighting {
        let methods = Method::ALL.into_iter().zip(self.methods).filter(|(_, n)| *n > 0);
        Sighting {
            schema: "deguchi/1",
            record: "sighting",
            indicator: self.indicator.value().to_owned(),
            kind: self.indicator.kind().name(),
            list: self.indicator.file().to_owned(),
            place: self.indicator.place().to_string(),
            description: self.indicator.description().map(str::to_owned),
            entry: self.indicator.to_string(),
            site: sites.of(&client).map(str::to_owned),
            client,
            user: self.users.first().map(|user| text(user)),
            domain: self.indicator.domain().to_owned(),
            hosts: self.hosts.iter().map(|host| text(host)).collect(),
            more_hosts: self.more_hosts,
            first_seen: rfc3339(self.first),
            last_seen: rfc3339(self.last),
            requests: self.requests,
            exact: self.exact,
            denied: self.denied,
            methods: methods.map(|(method, n)| (method.as_str(), n)).collect(),
            bytes_down: self.down,
            bytes_up: self.up,
            url_bytes_max: self.url_bytes,
            sample: self.sample.map(|(_, url)| alert::sample(&url)),
            format: self.format,
        }
    }
}

/// Unknown only if both are.
fn plus(sum: Option<u64>, more: Option<u64>) -> Option<u64> {
    match (sum, more) {
        (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
        (sum, more) => sum.or(more),
    }
}
