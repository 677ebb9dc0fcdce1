//! Allow rules (`--allow`): what is known, and is not to be told of.
//!
//! ```toml
//! [[allow]]
//! domain = "updates.example.com"   # a registrable domain, or a host
//! client = "192.0.2.0/24"          # a network, an address, or the name of a client as logged
//! detector = "beacon"
//! reason = "inventory agent, ticket 123"
//! expires = 2026-12-31             # the last day it holds, UTC; compared with the time of the log
//! ```
//! At least one of domain, client and detector must be there, and a reason. All that are there must fit.

use super::file::{self, FileError, Text};
use crate::catalog;
use crate::detect::{DETECTORS, DetectorName};
use crate::event::{Millis, Normalizer};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Rules that hide alerts. Empty by default: nothing is hidden.
#[derive(Debug, Default, Clone)]
pub struct AllowRules {
    path: PathBuf,
    rules: Vec<AllowRule>,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct AllowRule {
    /// Line in the file, from 1.
    pub line: usize,
    /// Why it is there.
    pub reason: String,
    /// The first moment at which it no longer holds, ms.
    pub until: Option<Millis>,
    domain: Option<Name>,
    client: Option<Client>,
    detector: Option<&'static str>,
    /// What it is about, as written.
    about: String,
}

#[derive(Debug, Clone)]
struct Name {
    name: String,
    /// A host below a registrable domain.
    host: bool,
}

#[derive(Debug, Clone)]
enum Client {
    Network(IpNet),
    Name(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    allow: Vec<Spanned<Rule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    domain: Option<String>,
    client: Option<String>,
    detector: Option<String>,
    reason: Option<String>,
    expires: Option<toml::value::Datetime>,
}

const KEYS: [&str; 6] = ["allow", "domain", "client", "detector", "reason", "expires"];

impl AllowRules {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// It cannot be read; a key or detector is not known; a rule is about nothing or has no reason.
    pub fn load(path: &Path) -> Result<AllowRules, FileError> {
        AllowRules::of_toml(path, &file::read(path)?)
    }

    /// The same for a text in memory; `path` is what errors and reports name.
    ///
    /// # Errors
    ///
    /// As [`AllowRules::load`].
    pub fn of_toml(path: &Path, text: &str) -> Result<AllowRules, FileError> {
        let text = Text { path, text };
        let file: File = text.parse(&KEYS)?;
        let rule = |rule: Spanned<Rule>| {
            let at = rule.span().start;
            AllowRule::of(rule.into_inner(), text.line(at)).map_err(|what| text.wrong(at, what))
        };
        let rules = file.allow.into_iter().map(rule).collect::<Result<_, _>>()?;
        Ok(AllowRules { path: path.to_owned(), rules })
    }

    /// The first rule that hides an alert about this pair at this time (event time, ms): its place in
    /// [`AllowRules::rules`]. Expired rules hide nothing. Rules about a host need [`AllowRules::covers_hosts`].
    pub fn covers(&self, client: &str, domain: &str, detector: &str, time: Millis) -> Option<usize> {
        self.covers_hosts::<&str>(client, domain, &[], detector, time)
    }

    /// As [`AllowRules::covers`], where the hosts are known: a rule about a host hides if all of them are that host or below
    /// it. `hosts` must be all that the pair contacted; give none if only some are known.
    pub fn covers_hosts<S: AsRef<str>>(
        &self,
        client: &str,
        domain: &str,
        hosts: &[S],
        detector: &str,
        time: Millis,
    ) -> Option<usize> {
        let address = client.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
        self.rules.iter().position(|rule| {
            rule.until.is_none_or(|until| time < until)
                && rule.detector.is_none_or(|of| of == detector)
                && rule.client.as_ref().is_none_or(|of| of.is(client, address))
                && rule.domain.as_ref().is_none_or(|of| of.is(domain, hosts))
        })
    }

    /// The rules, in the order of the file.
    pub fn rules(&self) -> &[AllowRule] {
        &self.rules
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl AllowRule {
    /// The error says what would do.
    fn of(rule: Rule, line: usize) -> Result<AllowRule, String> {
        let Rule { domain, client, detector, reason, expires } = rule;
        let parts = [("domain", &domain), ("client", &client), ("detector", &detector)];
        let about: Vec<_> =
            parts.iter().filter_map(|(key, value)| Some(format!("{key} {}", value.as_ref()?))).collect();
        if about.is_empty() {
            return Err("the rule would hide everything; give it a domain, a client or a detector".into());
        }
        let reason = reason.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let known = |name: String| catalog::find("detector", DETECTORS, &name).map(|entry| entry.name);
        Ok(AllowRule {
            line,
            reason: reason.ok_or("the rule has no reason; say why in `reason = \"…\"`")?,
            until: expires.map(|date| until(&date)).transpose()?,
            domain: domain.map(|text| Name::of(&text)).transpose()?,
            client: client.map(|text| Client::of(&text)).transpose()?,
            detector: detector.map(known).transpose().map_err(|error| error.to_string())?,
            about: about.join(", "),
        })
    }

    /// What it is about: `domain example.com, client 192.0.2.0/24`.
    pub fn about(&self) -> &str {
        &self.about
    }
}

impl Name {
    fn of(text: &str) -> Result<Name, String> {
        let bare = text.trim();
        let bare = bare.strip_prefix("*.").or_else(|| bare.strip_prefix('.')).unwrap_or(bare);
        let wrong = || format!("domain `{text}`: write a domain, host or address like example.com");
        if bare.contains(['/', '*', '@', ' ']) {
            return Err(wrong());
        }
        let mut normalizer = Normalizer::default();
        let found = normalizer.destination(bare.as_bytes()).filter(|found| found.port.is_none()).ok_or_else(wrong)?;
        let name = String::from_utf8(found.host.to_vec()).map_err(|_| wrong())?;
        Ok(Name { name, host: found.host != found.domain })
    }

    fn is<S: AsRef<str>>(&self, domain: &str, hosts: &[S]) -> bool {
        let below = |host: &S| {
            let before = host.as_ref().strip_suffix(self.name.as_str());
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        if self.host { !hosts.is_empty() && hosts.iter().all(below) } else { self.name == domain }
    }
}

impl Client {
    fn of(text: &str) -> Result<Client, String> {
        let text = text.trim();
        // What looks like an address is no name: a slip must not become a rule that never fits.
        if text.contains(['/', ':']) || text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return file::network(text).map(Client::Network).map_err(|what| format!("client {what}"));
        }
        Ok(Client::Name(text.to_owned()))
    }

    fn is(&self, client: &str, address: Option<IpAddr>) -> bool {
        match self {
            Client::Network(network) => address.is_some_and(|ip| network.contains(&ip)),
            Client::Name(name) => name == client,
        }
    }
}

/// The first moment after a date or time.
fn until(date: &toml::value::Datetime) -> Result<Millis, String> {
    let text = date.to_string();
    let wrong = || format!("expires `{text}`: write a date like 2026-12-31, or a time with its offset");
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at.as_millisecond());
    }
    if date.time.is_some() {
        return Err(wrong());
    }
    let day = text.parse::<jiff::civil::Date>().and_then(|date| date.tomorrow()).map_err(|_| wrong())?;
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?;
    Ok(midnight.timestamp().as_millisecond())
}

/// What became of the rules in a run.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowReport {
    hidden: Vec<u64>,
    detectors: BTreeMap<DetectorName, u64>,
}

impl AllowReport {
    /// Counts an alert of a detector that the rule at this place hid.
    pub fn hid(&mut self, rule: usize, detector: &'static str) {
        *self.detectors.entry(DetectorName(detector)).or_default() += 1;
        if self.hidden.len() <= rule {
            self.hidden.resize(rule + 1, 0);
        }
        self.hidden[rule] += 1;
    }

    /// Alerts hidden by all rules.
    pub fn total(&self) -> u64 {
        self.hidden.iter().sum()
    }

    /// Alerts hidden, by detector.
    pub fn by_detector(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.detectors.iter().map(|(&DetectorName(detector), &n)| (detector, n))
    }

    /// Alerts hidden by the rule at this place.
    pub fn of(&self, rule: usize) -> u64 {
        self.hidden.get(rule).copied().unwrap_or(0)
    }

    /// A sentence for each rule, as of the last event. Not escaped.
    pub fn words(&self, rules: &AllowRules, last: Millis) -> Vec<String> {
        let words = |(i, rule): (usize, &AllowRule)| {
            let name = format!("{}, line {} ({})", rules.path.display(), rule.line, rule.about);
            let hid = match self.of(i) {
                0 => None,
                1 => Some("hid 1 alert".to_owned()),
                n => Some(format!("hid {n} alerts")),
            };
            let expired = rule.until.filter(|&until| last >= until).map(|until| {
                let at = jiff::Timestamp::from_millisecond(until);
                at.map_or_else(|_| until.to_string(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
            });
            match (expired, hid) {
                (Some(at), Some(hid)) => format!("{name}: {hid}, and expired at {at}; renew or remove it"),
                (Some(at), None) => format!("{name}: expired at {at} and hid nothing; renew or remove it"),
                (None, Some(hid)) => format!("{name}: {hid}"),
                (None, None) => format!("{name}: never matched; remove it if it is stale"),
            }
        };
        rules.rules.iter().enumerate().map(words).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Result<AllowRules, String> {
        AllowRules::of_toml("allow.toml".as_ref(), text).map_err(|error| error.to_string())
    }

    const RULES: &str = "[[allow]]\ndomain = \"*.Example.com\"\nreason = \"ours\"\n\n\
        [[allow]]\nclient = \"192.0.2.0/24\"\ndetector = \"beacon\"\nreason = \"lab\"\nexpires = 2026-05-05\n\n\
        [[allow]]\ndomain = \"a.example.org\"\nclient = \"pc17\"\nreason = \"one host\"\n";
    /// 6 May 2026, midnight UTC.
    const AFTER: Millis = 1_778_025_600_000;

    #[test]
    fn all_that_a_rule_names_must_fit() {
        let rules = rules(RULES).unwrap();
        let covers = |client, domain, detector| rules.covers(client, domain, detector, AFTER - 1);
        assert_eq!(covers("10.0.0.1", "example.com", "beacon"), Some(0));
        assert_eq!(covers("10.0.0.1", "example.net", "beacon"), None);
        assert_eq!(covers("192.0.2.77", "example.net", "beacon"), Some(1));
        assert_eq!(covers("::ffff:192.0.2.77", "example.net", "beacon"), Some(1));
        assert_eq!(covers("192.0.2.77", "example.net", "post_burst"), None);
        assert_eq!(rules.covers("192.0.2.77", "example.net", "beacon", AFTER), None);
        let hosts = |hosts: &[&str]| rules.covers_hosts("pc17", "example.org", hosts, "beacon", 0);
        assert_eq!(hosts(&["a.example.org", "x.a.example.org"]), Some(2));
        assert_eq!(
            (hosts(&["a.example.org", "b.example.org"]), hosts(&["xa.example.org"]), hosts(&[])),
            (None, None, None)
        );
        assert_eq!(AllowRules::default().covers("a", "b", "beacon", 0), None);
    }

    #[test]
    fn what_became_of_the_rules() {
        let rules = rules(RULES).unwrap();
        let mut report = AllowReport::default();
        report.hid(1, "beacon");
        report.hid(1, "beacon");
        assert_eq!(
            report.words(&rules, AFTER),
            [
                "allow.toml, line 1 (domain *.Example.com): never matched; remove it if it is stale",
                "allow.toml, line 5 (client 192.0.2.0/24, detector beacon): hid 2 alerts, and expired at 2026-05-06 00:00 UTC; \
                 renew or remove it",
                "allow.toml, line 11 (domain a.example.org, client pc17): never matched; remove it if it is stale",
            ]
        );
        assert!(report.words(&rules, AFTER - 1)[1].ends_with("hid 2 alerts"));
        assert_eq!((report.total(), report.of(0), report.of(1)), (2, 0, 2));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let one = |keys: &str| rules(&format!("\n[[allow]]\n{keys}\n")).unwrap_err();
        for (keys, what) in [
            ("reason = \"x\"", "allow.toml, line 2: the rule would hide everything"),
            ("domain = \"a.example\"", "has no reason"),
            ("domian = \"a.example\"", "line 3: unknown field `domian`"),
            ("domian = \"a.example\"", "did you mean `domain`?"),
            ("detector = \"becon\"\nreason = \"x\"", "did you mean `beacon`?"),
            ("detector = \"nosuch\"\nreason = \"x\"", "known are beacon"),
            ("domain = \"http://a.example/\"\nreason = \"x\"", "like example.com"),
            ("client = \"192.0.2.1/24\"\nreason = \"x\"", "write 192.0.2.0/24 for the network"),
            ("client = \"192.0.2.300\"\nreason = \"x\"", "is no network"),
            ("client = \"a\"\nreason = \"x\"\nexpires = 2026-01-01T00:00:00", "a time with its offset"),
            ("client = \"a\"\nreason = \"x\"\nexpires = \"soon\"", "line 5"),
        ] {
            let error = one(keys);
            assert!(error.contains(what), "{keys}: {error}");
        }
        let timed = rules("[[allow]]\nclient = \"a\"\nreason = \"x\"\nexpires = 2026-05-06T09:00:00+09:00\n").unwrap();
        assert_eq!(timed.rules()[0].until, Some(AFTER));
    }
}
