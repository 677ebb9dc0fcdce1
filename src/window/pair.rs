//! One client and one domain: counts for every pair, a [`Detail`] for those that come back.

use crate::event::{Action, Agent, Contact, Method, Millis, Signs};
use crate::window::{
    Client, Hand, Interval, Ladder, ListedAs, Majority, Rings, SLOT, Scale, Sent, Urls, Watched, ladder, pane_of,
    timing,
};
use serde::{Deserialize, Serialize};

/// Visits after which a pair is given a [`Detail`]: below, there are too few intervals to judge.
const DETAIL_AT: u32 = 4;

/// Intervals from which a pair without a clock is called irregular.
const ENOUGH: usize = 12;

/// A gap of half an hour or more counts as an interval only if the client was on for this share of it: a PC that is off
/// at night is not irregular.
const ON_ENOUGH: f64 = 0.5;

/// What is remembered of every pair.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pair {
    /// Keyed hash of the client.
    pub client: u64,
    /// Row of the domain in the same shard.
    pub domain: u32,
    /// Contacts.
    pub requests: u32,
    /// First start.
    pub first: Millis,
    /// Where the clock hand stands.
    pub hand: Hand,
    /// Refused by the proxy.
    pub denied: u32,
    /// By [`Method`], other than `Other`.
    pub methods: [u32; 3],
    /// Slots in which the client had been on the network when the pair began.
    pub online: u32,
    /// Bytes from the client, where logged.
    pub up: u64,
    /// Bytes to the client, where logged.
    pub down: u64,
    /// The first steps, until there is a detail; none is zero.
    early: [Interval; 5],
    /// Bytes of paths and queries until then, in units of [`URL_UNIT`], each rounded up.
    early_urls: u16,
    /// Only for pairs that come back or send bodies.
    pub detail: Option<Box<Detail>>,
}

const _: () = assert!(size_of::<Pair>() == 96, "there are millions of them");

/// What is remembered of a pair that comes back or sends bodies.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Detail {
    /// Intervals between contacts, and between visits while the client was on.
    pub intervals: Rings,
    /// Intervals left out because the client was off.
    pub breaks: u32,
    /// Contacts since the detail began: what the shares below are of.
    pub seen: u32,
    /// Most frequent shape and its lead (majority vote, Boyer and Moore 1981), and contacts that had it when it led.
    pub shape: Majority,
    /// The same for the size of the reply, in steps of 1/16.
    pub size: Majority,
    /// Contacts with a referer.
    pub referers: u32,
    /// Agent of the latest contact.
    pub agent: Agent,
    /// Whether the latest contact went to a port of its own.
    pub odd_port: bool,
    /// Contacts answered with 4xx or 5xx, or not at all.
    pub failed: u32,
    /// Bytes of paths and queries of all contacts of the pair.
    pub url_bytes: u64,
    /// Distinct hosts, by linear counting in 64 bits.
    pub hosts: u64,
    /// Contacts at which it is judged next.
    pub judge_at: u32,
    /// What judgements have found so far.
    pub found: Standing,
    /// Only for pairs that send bodies or keep tunnels open.
    pub heavy: Option<Box<Heavy>>,
    /// Only for candidates: pairs that a judgement found worth a closer look.
    pub watched: Option<Box<Watched>>,
}

const _: () = assert!(size_of::<Detail>() <= 96, "one pair in six has one");

/// What is remembered of a pair that does more than ask.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Heavy {
    /// What it sent, if it sends bodies.
    sent: Option<Box<Ladder>>,
    /// Tunnels that it kept open for long.
    tunnels: Tunnels,
}

/// Bytes in which URLs are counted until there is a detail.
const URL_UNIT: u64 = 8;

/// How far judgements have come with a pair; it only rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Standing {
    /// Not judged yet, or on too little.
    #[default]
    Unknown,
    /// Judged: no clock.
    Irregular,
    /// It keeps a clock.
    Clock,
    /// It keeps one since a time when the client had been on already: it came to the client.
    Reached,
}

/// A tunnel open for less says nothing, ms: browsers keep an idle connection for five minutes.
pub const LONG_TUNNEL: u32 = 6 * 60_000;

/// Tunnels kept open for [`LONG_TUNNEL`] and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnels {
    /// How many.
    pub count: u32,
    /// The longest, ms, saturating at 49 days.
    pub longest: u32,
    /// All together, ms.
    pub total: u64,
    /// Bytes from the client in them, where logged.
    pub up: u64,
    /// Bytes to the client in them, where logged.
    pub down: u64,
    /// Minute in which the last one ended.
    pub last: u32,
}

impl Tunnels {
    fn add(&mut self, contact: &Contact) {
        self.count = self.count.saturating_add(1);
        self.longest = self.longest.max(contact.duration);
        self.total += u64::from(contact.duration);
        self.up = self.up.saturating_add(contact.bytes_up().unwrap_or(0));
        self.down = self.down.saturating_add(contact.bytes_down().unwrap_or(0));
        self.last = self.last.max(pane_of(contact.end));
    }
}

impl Pair {
    /// A pair at its first contact; `online` is the client's clock of slots.
    pub fn new(contact: &Contact, domain: u32, online: u32) -> Pair {
        let start = contact.start();
        let mut pair = Pair {
            client: contact.client,
            domain,
            requests: 0,
            first: start,
            hand: Hand::at(start),
            denied: 0,
            methods: [0; 3],
            online,
            up: 0,
            down: 0,
            early: [Interval::default(); 5],
            early_urls: 0,
            detail: None,
        };
        pair.count(contact);
        pair
    }

    /// Counts one more contact. `client` shows the client as of the last pane, if it is known; asked for long gaps only.
    #[inline]
    pub fn add(&mut self, contact: &Contact, client: impl Fn(&dyn Fn(&Client) -> bool) -> Option<bool>) {
        if self.requests == 0 {
            *self = Pair::new(contact, self.domain, self.online);
            return;
        }
        self.count(contact);
        if contact.is(Signs::LATE) {
            self.first = self.first.min(contact.start());
            return;
        }
        let before = self.hand.last;
        let away = (contact.start() - before).max(0);
        let step = self.hand.step(contact.start());
        if step.visit.is_some() {
            let off = |client: &Client| {
                // Of a client that does nothing else nobody can say that it was off: a server, a camera.
                let elsewhere = client.online().saturating_sub(self.online) > 2 * self.hand.visits;
                elsewhere && client.on_between(before, contact.start()) < ON_ENOUGH
            };
            let off = away >= 3 * SLOT && client(&off) == Some(true);
            self.remember(if off { Interval::BREAK } else { Interval::from_ms(away as u64) }, step.visit);
        } else if let Some(since) = step.fine {
            self.remember(Interval::from_ms(since), None);
        }
        if let Some(detail) = &mut self.detail {
            detail.look(contact);
        }
    }

    fn count(&mut self, contact: &Contact) {
        self.requests = self.requests.saturating_add(1);
        self.denied += u32::from(contact.action == Action::Denied);
        if let Some(n) = self.methods.get_mut(contact.method as usize) {
            *n += 1;
        }
        self.up = self.up.saturating_add(contact.bytes_up().unwrap_or(0));
        self.down = self.down.saturating_add(contact.bytes_down().unwrap_or(0));
        self.count_url(u64::from(contact.url_bytes));
        if contact.method == Method::Connect && contact.duration >= LONG_TUNNEL && !contact.is(Signs::LATE) {
            self.detail_mut().heavy.get_or_insert_default().tunnels.add(contact);
        }
        if contact.method != Method::Get && contact.action != Action::Denied && !contact.is(Signs::LATE) {
            let sent =
                Sent { bytes: contact.bytes_up().unwrap_or(0), posts: u32::from(contact.method == Method::Post) };
            // Small tunnels are everywhere; only what could be a burst is worth a ladder.
            if self.sent().is_some() || sent.posts > 0 || sent.bytes >= ladder::SMALL {
                let heavy = self.detail_mut().heavy.get_or_insert_default();
                let sums = heavy.sent.get_or_insert_default();
                // A long transaction is a rate over its duration, not a burst at its end.
                let minutes = (contact.duration / 60_000).min(600) + 1;
                let last = pane_of(contact.end);
                for i in 0..minutes {
                    let bytes =
                        sent.bytes / u64::from(minutes) + if i == 0 { sent.bytes % u64::from(minutes) } else { 0 };
                    let posts = if i == 0 { sent.posts } else { 0 };
                    sums.add(last.saturating_sub(i), Sent { bytes, posts });
                }
            }
        }
    }

    #[inline]
    fn count_url(&mut self, bytes: u64) {
        match &mut self.detail {
            Some(detail) => detail.url_bytes += bytes,
            None => match self.early_urls.checked_add(bytes.div_ceil(URL_UNIT) as u16) {
                Some(sum) => self.early_urls = sum,
                None => self.detail_mut().url_bytes += bytes,
            },
        }
    }

    /// Bytes of paths and queries of all contacts: an upper bound of what left in them.
    pub fn url_bytes(&self) -> u64 {
        self.detail.as_ref().map_or(u64::from(self.early_urls) * URL_UNIT, |detail| detail.url_bytes)
    }

    /// Keeps a step: in the row while there are few, in a detail for a pair that comes back.
    fn remember(&mut self, step: Interval, visit: Option<u64>) {
        if self.detail.is_none()
            && self.hand.visits < DETAIL_AT
            && let Some(slot) = self.early.iter_mut().find(|step| **step == Interval::default())
        {
            *slot = step;
            return;
        }
        self.detail_mut().step(step, visit);
    }

    /// An episode is over: what comes next is a new story. Counts begin at the next contact.
    pub fn begin_anew(&mut self) {
        self.requests = 0;
        if let Some(detail) = &mut self.detail {
            detail.found = Standing::Unknown;
        }
    }

    /// The detail; made of the first steps if there is none.
    pub fn detail_mut(&mut self) -> &mut Detail {
        let urls = u64::from(self.early_urls) * URL_UNIT;
        let early = self.early.iter().take_while(|step| **step != Interval::default());
        self.detail.get_or_insert_with(|| {
            let mut detail = Box::new(Detail { url_bytes: urls, ..Detail::default() });
            let mut since = 0;
            for &step in early {
                since = if step == Interval::BREAK { 0 } else { since + step.ms() };
                let visit = (step == Interval::BREAK || step.ms() >= timing::VISIT_GAP).then_some(since);
                since = if visit.is_some() { 0 } else { since };
                detail.step(step, visit);
            }
            detail
        })
    }

    /// What it sent, if it sends bodies.
    pub fn sent(&self) -> Option<&Ladder> {
        self.detail.as_ref()?.sent()
    }

    /// Tunnels that it kept open for long, if there are any.
    pub fn tunnels(&self) -> Option<&Tunnels> {
        self.detail.as_ref()?.heavy.as_ref().map(|heavy| &heavy.tunnels).filter(|tunnels| tunnels.count > 0)
    }

    /// How far judgements have come with it.
    pub fn standing(&self) -> Standing {
        self.detail.as_ref().map_or(Standing::Unknown, |detail| detail.found)
    }

    /// Takes in what a judgement said of it; `all`: it was judged on all it did, and has no clock if none was found. The
    /// standing before and after, and what its requests have in common, if it rose.
    pub fn rise(&mut self, all: bool, standing: Standing) -> Option<(Standing, Standing, u32)> {
        let detail = self.detail.as_mut()?;
        let enough =
            all && [Scale::Contacts, Scale::Visits].iter().any(|&scale| detail.intervals.at(scale).len() >= ENOUGH);
        let standing = standing.max(if enough { Standing::Irregular } else { Standing::Unknown });
        let before = detail.found;
        detail.found = before.max(standing);
        (standing > before).then_some((before, standing, detail.shape.value()))
    }

    /// The entry of a list that it met.
    pub fn listed(&self) -> Option<&ListedAs> {
        self.detail.as_ref()?.watched.as_ref()?.listed.as_deref()
    }

    /// What its URLs carry, if it is watched for that.
    pub fn urls_mut(&mut self) -> Option<&mut Urls> {
        self.detail.as_mut()?.watched.as_mut()?.urls.as_deref_mut()
    }

    /// Reads a byte of each cache line that [`Pair::add`] will need: the caller overlaps these reads over many pairs.
    #[inline]
    pub fn warm(&self) -> u64 {
        self.detail.as_ref().map_or(0, |d| u64::from(d.seen) + u64::from(d.referers) + d.intervals.warm())
    }

    /// Contacts with a method other than GET, POST, CONNECT.
    pub fn other_methods(&self) -> u32 {
        self.requests - self.methods.iter().sum::<u32>().min(self.requests)
    }

    /// Heap bytes behind the row.
    pub fn heap_bytes(&self) -> usize {
        let heavy = self.detail.as_ref().is_some_and(|detail| detail.heavy.is_some());
        let sent = self.sent().map_or(0, |sums| size_of::<Ladder>() + sums.heap_bytes());
        self.timing_bytes() + sent + usize::from(heavy) * size_of::<Heavy>()
    }

    /// Heap bytes that can grow by any contact; what is left out grows only by contacts that send or tunnel.
    pub fn timing_bytes(&self) -> usize {
        self.detail
            .as_ref()
            .map_or(0, |d| size_of::<Detail>() + d.intervals.heap_bytes() + d.watched.as_ref().map_or(0, |w| w.bytes()))
    }
}

impl Detail {
    /// Takes in a step between contacts; `visit`: the time between visits, if it began one.
    fn step(&mut self, step: Interval, visit: Option<u64>) {
        if step == Interval::BREAK {
            self.breaks += 1;
            return;
        }
        self.intervals.push(Scale::Contacts, step.ms());
        if let Some(ms) = visit {
            self.intervals.push(Scale::Visits, ms);
        }
    }

    /// What it sent, if it sends bodies.
    pub fn sent(&self) -> Option<&Ladder> {
        self.heavy.as_ref()?.sent.as_deref()
    }

    /// Minute in which the last long tunnel ended, 0 if there was none.
    pub fn last_tunnel(&self) -> u32 {
        self.heavy.as_ref().map_or(0, |heavy| heavy.tunnels.last)
    }

    #[inline]
    fn look(&mut self, contact: &Contact) {
        self.seen += 1;
        self.shape.add(contact.shape);
        if let Some(down) = contact.bytes_down() {
            let code = Interval::from_ms(down);
            self.size.add((code.ms() / (code.ms().max(64).ilog2().saturating_sub(3) as u64).max(1)) as u32);
        }
        self.referers += u32::from(contact.is(Signs::REFERER));
        self.agent = contact.agent;
        self.odd_port = contact.is(Signs::ODD_PORT);
        self.failed += u32::from(contact.status >= 400 || contact.action == Action::Error);
        self.hosts |= 1 << (contact.host & 63);
        if let Some(watched) = &mut self.watched {
            watched.look(contact);
        }
    }

    /// Distinct hosts, by linear counting (Whang et al. 1990) in 64 bits: good to about 150, saturates at 266.
    pub fn host_count(&self) -> f64 {
        let empty = f64::from(self.hosts.count_zeros());
        if empty == 0.0 { 266.0 } else { -64.0 * (empty / 64.0).ln() }
    }
}
