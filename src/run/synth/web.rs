//! The web outside: domains, their hosts, who embeds whom.

use std::collections::HashSet;

use super::dice::Dice;
use super::names;
use super::path::{self, Template};

/// What a domain is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// People read it.
    Site,
    /// Advertising.
    Ads,
    /// Counting visitors.
    Tracker,
    /// Delivering others' files.
    Delivery,
    /// Anything added by name: makers, services, intruders.
    Service,
}

/// A registrable domain, or an address.
#[derive(Debug)]
pub(super) struct Domain {
    /// As text.
    pub(super) name: Box<str>,
    /// Number of its first host; the others follow.
    pub(super) first: u32,
    /// How many hosts it has.
    pub(super) hosts: u32,
    /// What it is for.
    pub(super) role: Role,
    /// Spoken to by TLS.
    pub(super) tls: bool,
    /// Refused by this organisation's policy.
    pub(super) blocked: bool,
    /// Own files of a page, on average.
    pub(super) weight: u8,
    /// Where its third parties start in [`Web::parts`], and how many.
    pub(super) parts: (u32, u8),
}

/// A host name.
#[derive(Clone, Copy, Debug)]
struct Host {
    at: u32,
    len: u8,
    address: u32,
    domain: u32,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Web {
    /// Domains by number.
    pub(super) domains: Vec<Domain>,
    hosts: Vec<Host>,
    text: Vec<u8>,
    taken: HashSet<Box<str>>,
    /// Domains people read, most popular first.
    pub(super) sites: Vec<u32>,
    /// Domains embedded by others.
    pub(super) parts: Vec<u32>,
    /// Templates of paths.
    pub(super) paths: Vec<Template>,
    /// User agents; the first is none.
    pub(super) agents: Vec<Box<str>>,
}

/// Labels of hosts below a site.
const LABELS: &[&str] = &[
    "img", "static", "news", "shop", "m", "api", "login", "mail", "blog", "cdn", "media", "assets", "support", "my",
    "search", "data", "files", "forum", "help", "id", "info", "live", "map", "photo", "s", "secure", "store", "test",
    "ws", "app",
];

impl Web {
    /// Adds a template of paths.
    pub(super) fn path(&mut self, notation: &str) -> u16 {
        self.paths.push(Template::new(notation));
        (self.paths.len() - 1) as u16
    }

    /// Adds a user agent.
    pub(super) fn agent(&mut self, text: &str) -> u16 {
        if let Some(known) = self.agents.iter().position(|agent| &**agent == text) {
            return known as u16;
        }
        self.agents.push(text.into());
        (self.agents.len() - 1) as u16
    }

    /// A name from `make` that is not yet taken.
    pub(super) fn unused(&self, dice: &mut Dice, make: impl Fn(&mut Dice) -> String) -> String {
        let mut name = make(dice);
        let mut tries = 0;
        while self.taken.contains(name.as_str()) {
            name = make(dice);
            tries += 1;
            if tries > 40 {
                // A short list is used up: coin something longer.
                name = format!("{}{name}", super::words::coined(dice, 2, 4));
            }
        }
        name
    }

    /// Adds a domain whose first host is `labels[0]`; an empty label is the domain itself.
    pub(super) fn add(&mut self, dice: &mut Dice, name: &str, role: Role, labels: &[&str]) -> u32 {
        let number = self.domains.len() as u32;
        let first = self.hosts.len() as u32;
        for label in labels {
            let at = self.text.len() as u32;
            if !label.is_empty() {
                self.text.extend_from_slice(label.as_bytes());
                self.text.push(b'.');
            }
            self.text.extend_from_slice(name.as_bytes());
            let len = (self.text.len() as u32 - at).min(255) as u8;
            // 198.18.0.0/15 is kept for benchmarks (RFC 2544); a literal is its own address.
            let address = literal(name).unwrap_or_else(|| 0xc612_0000 | dice.below(1 << 17) as u32);
            self.hosts.push(Host { at, len, address, domain: number });
        }
        self.taken.insert(name.into());
        self.domains.push(Domain {
            name: name.into(),
            first,
            hosts: labels.len() as u32,
            role,
            tls: true,
            blocked: false,
            weight: 0,
            parts: (0, 0),
        });
        number
    }

    /// Adds a domain and gives back its first host.
    pub(super) fn service(&mut self, dice: &mut Dice, make: impl Fn(&mut Dice) -> String, labels: &[&str]) -> u32 {
        let name = self.unused(dice, make);
        let domain = self.add(dice, &name, Role::Service, labels);
        self.domains[domain as usize].first
    }

    /// The domain of a host.
    pub(super) fn domain_of(&self, host: u32) -> u32 {
        self.hosts[host as usize].domain
    }

    /// One of a domain's hosts, the first most often.
    pub(super) fn host_of(&self, domain: u32, dice: &mut Dice) -> u32 {
        let domain = &self.domains[domain as usize];
        domain.first + dice.zipf(domain.hosts as usize) as u32
    }

    /// Writes a host name, with a generated label in front if `sub` is not 0.
    pub(super) fn write_host(&self, host: u32, sub: u32, out: &mut Vec<u8>) {
        let entry = &self.hosts[host as usize];
        if sub != 0 {
            // How long labels are is a habit of the host, not of the request.
            let style = super::dice::mix(u64::from(host));
            path::hex(&mut Dice::new(u64::from(sub)), 6 + style % 18, out);
            out.push(b'.');
        }
        out.extend_from_slice(&self.text[entry.at as usize..entry.at as usize + usize::from(entry.len)]);
    }

    /// Writes the address of a host's server.
    pub(super) fn write_address(&self, host: u32, sub: u32, out: &mut Vec<u8>) {
        let address = self.hosts[host as usize].address;
        let spread = if sub == 0 { 0 } else { (sub & 7) << 4 };
        write_ip(if spread == 0 { address } else { address ^ spread }, out);
    }

    /// Fills the web up to `count` domains in all, with `blocked` the share of advertisers that policy refuses.
    pub(super) fn fill(&mut self, dice: &mut Dice, count: usize, blocked: f64) {
        let missing = count.saturating_sub(self.domains.len());
        let third = (missing * 14 / 100).clamp(12.min(missing), 6000.max(missing / 7));
        let mut parts = Vec::new();
        for rank in 0..third {
            let (role, trade) = match rank % 5 {
                0 | 3 => (Role::Ads, *dice.pick(&["ad", "ads", "bid", "click", "media", "promo"])),
                1 => (Role::Tracker, *dice.pick(&["stat", "metrics", "pixel", "tag", "analytics", "count"])),
                _ => (Role::Delivery, *dice.pick(&["cdn", "static", "edge", "cache", "fonts", "assets"])),
            };
            let name = self.unused(dice, |dice| names::third_party(dice, trade));
            let labels = [trade, "a", "b", "cdn", "s", "t", "x1", "x2", "x3", "sync", "js", "eu", "ap"];
            let hosts = 1 + dice.exponential(3.0).min(12.0) as usize;
            let domain = self.add(dice, &name, role, &labels[..hosts]);
            self.domains[domain as usize].tls = dice.chance(0.7);
            // What every second page embeds is rarely what a policy can afford to refuse.
            self.domains[domain as usize].blocked = role == Role::Ads && rank > 5 && dice.chance(blocked);
            parts.push(domain);
        }
        let sites = missing - third;
        for rank in 0..sites {
            let tenant = dice.chance(0.06);
            let name = self.unused(dice, if tenant { names::tenant } else { names::site });
            let domain = if tenant {
                self.add(dice, &name, Role::Site, &[""])
            } else {
                let labels = labels(dice, if rank < sites / 50 { 9.0 } else { 3.7 });
                let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
                self.add(dice, &name, Role::Site, &labels)
            };
            let (start, embeds) = (self.parts.len() as u32, dice.exponential(6.5).min(22.0) as u8);
            for _ in 0..embeds {
                if !parts.is_empty() {
                    let known = dice.chance(0.65);
                    let part = parts[if known { dice.zipf(parts.len()) } else { dice.index(parts.len()) }];
                    self.parts.push(part);
                }
            }
            let entry = &mut self.domains[domain as usize];
            entry.parts = (start, (self.parts.len() as u32 - start) as u8);
            entry.tls = dice.chance(if rank < sites / 20 { 0.78 } else { 0.65 });
            entry.weight = (4.0 + dice.exponential(10.5)).min(90.0) as u8;
            self.sites.push(domain);
        }
        // Popularity has nothing to do with the order of making beyond the labels: shuffle all but the head.
        for i in (sites / 50 + 1..self.sites.len()).rev() {
            let j = sites / 50 + dice.index(i + 1 - sites / 50);
            self.sites.swap(i, j);
        }
    }
}

fn labels(dice: &mut Dice, mean: f64) -> Vec<String> {
    let count = 1 + dice.exponential(mean).min(60.0) as usize;
    let mut labels = vec![if dice.chance(0.8) { "www".to_owned() } else { String::new() }];
    let offset = dice.index(LABELS.len());
    for i in 1..count {
        let label = LABELS[(offset + i) % LABELS.len()];
        labels.push(if i < LABELS.len() { label.to_owned() } else { format!("{label}{}", i / LABELS.len()) });
    }
    labels
}

fn literal(name: &str) -> Option<u32> {
    name.parse::<std::net::Ipv4Addr>().ok().map(u32::from)
}

/// Writes an IPv4 address.
pub(super) fn write_ip(address: u32, out: &mut Vec<u8>) {
    for (i, byte) in address.to_be_bytes().into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        super::line::number(byte.into(), out);
    }
}
