//! MEMORY → FINDINGS. One file a detector; it judges what the windows remember and never counts.
//!
//! | detector | finds |
//! | --- | --- |
//! | [`beacon`] | repeated contact by a machine |
//! | [`denied_beacon`] | the same where the proxy refuses |
//! | [`post_burst`] | data going out in bursts |
//! | [`get_exfil`] | data going out in URLs |
//! | [`tunnel`] | long or upload-heavy CONNECT |
//! | [`fanout`] | one client starting to talk to many new or failing domains by machine |
//! | [`spread`] | one new domain that reaches many clients |
//! | [`ioc`] | a listed domain, host, URL or address, or one of an own incident |
//!
//! # To add a detector
//!
//! 1. Write `src/detect/NAME.rs`: a unit struct that implements [`Detector`], with what it says where it is silent; its leading `//!` comment is the manual
//!    page and has the headings *Finds*, *Evidence*, *Blind*, *False positives*, *ATT&CK*.
//! 2. Add it to [`DETECTORS`].
//! 3. Add `sample-logs/scenarios/NAME/attack.log.gz` and `quiet.log.gz`; the scenario test runs every detector's pair.

pub mod beacon;
mod begin;
mod card;
pub mod denied_beacon;
mod direction;
pub mod fanout;
pub mod get_exfil;
mod indicators;
pub mod ioc;
pub mod post_burst;
mod program;
mod rhythm;
mod rotation;
mod shared_hosting;
pub mod spread;
mod strange;
pub mod tunnel;

pub use card::{Card, Evidence};
pub use indicators::{
    BadEntry, Hit, Indicator, IndicatorError, IndicatorKind, Indicators, ListCounts, ListFile, Listed, Place,
};
pub use rhythm::Rhythm;
pub use rotation::Rotation;
pub use shared_hosting::is_shared;
pub use strange::is_strange;

use crate::catalog::Entry;
use crate::event::{Fields, Millis};
use crate::window::ledger::{Incident, Learned};
use crate::window::{Client, Domain, Pair, Standing};

/// All that a detector may look at. Memory as of the end of a pane.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The pair judged.
    pub pair: &'a Pair,
    /// Its domain.
    pub domain: &'a Domain,
    /// Its client.
    pub client: &'a Client,
    /// Clients seen so far in the whole input: what "few" is measured against.
    pub clients: u64,
    /// First event of the input: how much past there is.
    pub begun: Millis,
    /// How much the ledger has seen; `None` without one.
    pub ledger: Option<Learned>,
    /// Events before this pane: the same in what happened.
    pub events: u64,
    /// End of the pane.
    pub now: Millis,
    /// What the input can know.
    pub carries: Fields,
    /// Whether its contacts have become so many more that their rhythm is worth another look; else it is looked at for
    /// what it sent in this pane.
    pub due: bool,
    /// Whether findings are to be put in words.
    pub words: bool,
}

impl Seen<'_> {
    /// Clients of the domain: of the ledger or of this input, whichever knows more.
    pub fn users(&self) -> u64 {
        self.domain.clients.count().max(self.domain.past.as_ref().map_or(0, |past| past.clients))
    }

    /// Clients of the organisation, likewise.
    pub fn all_clients(&self) -> u64 {
        self.clients.max(self.ledger.map_or(0, |ledger| ledger.clients))
    }

    /// The worst own incident that the ledger knows of the domain.
    pub fn known_incident(&self) -> Option<Incident> {
        self.domain.past.as_ref()?.incident
    }

    /// How long nobody asked for the domain in what is known, ms, if that is a day or more and it is new since.
    fn arrived_after(&self) -> Option<Millis> {
        let (begun, first) = match (self.ledger, &self.domain.past) {
            (None, _) => (self.begun, self.domain.first),
            (Some(ledger), None) => (self.begun.min(ledger.from), self.domain.first),
            (Some(ledger), Some(past)) => (self.begun.min(ledger.from), self.domain.first.min(past.first)),
        };
        (first - begun >= DAY && self.now - first <= NEW).then_some(first - begun)
    }
}

/// What a detector found: the reasons, and a sentence that says what is going on.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Name of the detector.
    pub detector: &'static str,
    /// The reasons; their points are the score.
    pub card: Card,
    /// What happens, in words: "a request every 60 s for 3 h".
    pub what: String,
    /// MITRE ATT&CK techniques.
    pub attack: &'static [&'static str],
    /// What it says of the pair, to those who judge the domain.
    pub standing: Standing,
}

/// Judges one pair. Pure: memory in, findings out.
pub trait Detector: Send + Sync {
    /// Adds a finding for `seen` if there is anything to say, however little; the score decides what becomes of it.
    fn judge(&self, seen: &Seen<'_>, found: &mut Vec<Finding>);

    /// Why there is nothing to say of `seen`, in words and with the numbers that decide. Asked only where
    /// [`Detector::judge`] found nothing.
    fn silence(&self, seen: &Seen<'_>) -> String;
}

/// Every detector, in the order of the manual.
pub const DETECTORS: &[Entry<&dyn Detector>] = &[
    Entry { name: "beacon", source: include_str!("beacon.rs"), build: &beacon::Beacon },
    Entry { name: "denied_beacon", source: include_str!("denied_beacon.rs"), build: &denied_beacon::DeniedBeacon },
    Entry { name: "post_burst", source: include_str!("post_burst.rs"), build: &post_burst::PostBurst },
    Entry { name: "get_exfil", source: include_str!("get_exfil.rs"), build: &get_exfil::GetExfil },
    Entry { name: "tunnel", source: include_str!("tunnel.rs"), build: &tunnel::Tunnel },
    Entry { name: "fanout", source: include_str!("fanout.rs"), build: &fanout::Fanout },
    Entry { name: "spread", source: include_str!("spread.rs"), build: &spread::Spread },
    Entry { name: "ioc", source: include_str!("ioc.rs"), build: &ioc::Ioc },
];

/// What began longer ago is no longer new, ms: 14 days. What has gone on for two weeks is part of the usual traffic, or would
/// have been told of before.
const NEW: Millis = 14 * DAY;

/// A day, ms.
const DAY: Millis = 86_400_000;

/// Clients below which there is no "few": the log of one PC makes everything rare.
const FEW_CLIENTS: u64 = 5;

/// What is known of the place, whatever is done there: shared by all detectors that judge a pair. `standing` is that of the
/// pair as of now.
fn judge_place(seen: &Seen<'_>, standing: Standing, card: &mut Card) {
    use crate::event::HostKind;
    let domain = seen.domain;
    if domain.kind == HostKind::Address {
        card.add("ip_literal", 1.0, None, 8, || "the destination is an address without a name".into());
    }
    let arrived = seen.arrived_after();
    if let Some(quiet) = arrived {
        let days = quiet as f64 / DAY as f64;
        // A day has seen little of what is done every week; a week has seen most of it.
        let points = match quiet / DAY {
            1 => 3,
            2 | 3 => 5,
            4..7 => 8,
            _ => 10,
        };
        match seen.ledger {
            Some(_) => {
                card.add("new_to_organisation", days, None, points, || {
                    format!("new to the organisation: not asked for in the {days:.0} days known before")
                });
            }
            None => card.add("new_after_days", days, None, points, || {
                format!("nobody asked for this domain in the {days:.0} days of log before")
            }),
        }
    } else {
        judge_known(seen, card);
    }
    // Clients that keep the clock of one that was told of; a person on the same site does not. One mistake at medium must
    // not raise all who share it.
    let alike = |score: u8| match seen.users() {
        0..4 => true,
        users => score >= 80 && users * 8 <= seen.all_clients() && breaks_out(seen),
    };
    let told = ioc::own_incident(seen).filter(|&(_, score)| standing >= Standing::Clock && alike(score));
    if let Some((_, score)) = told {
        card.add("own_incident", score.into(), None, 12, || "its domain was told of before, for another client".into());
    }
    if seen.all_clients() >= FEW_CLIENTS {
        judge_prevalence(seen, standing, arrived.is_some(), card);
    }
}

/// Days on which a domain was used from which it is called known: used, and used again.
const KNOWN_DAYS: u32 = 3;

/// A place that has been used for days and did no harm is less likely to be a controller. Never more than what one strong
/// reason outweighs: a change there must still be told.
fn judge_known(seen: &Seen<'_>, card: &mut Card) {
    let Some(past) = seen.domain.past.as_ref().filter(|p| p.days >= KNOWN_DAYS) else { return };
    if past.incident.is_some() || past.doubt > 0 {
        return;
    }
    let points = match past.days {
        ..5 => -6,
        5..10 => -8,
        10..20 => -12,
        _ => -16,
    };
    let shared = if past.clients >= 3 { -4 } else { 0 };
    card.add("known_days", f64::from(past.days), None, points + shared, || {
        format!("known: used on {} days by {} clients", past.days, past.clients)
    });
}

/// After so long the clients of a domain that keep a clock are known, ms.
const SETTLED: Millis = 6 * 3_600_000;

/// How many others go there, and how. A controller has one to three clients until it spreads; what software polls has any
/// number: the more, the less likely.
fn judge_prevalence(seen: &Seen<'_>, standing: Standing, arrived: bool, card: &mut Card) {
    let (domain, clients) = (seen.domain, seen.all_clients());
    let users = seen.users().max(1);
    let share = users as f64 / clients as f64;
    let own = seen.pair.standing();
    let judged = domain.judged.clients - u32::from(own >= Standing::Irregular);
    // Who came and went is not judged; after a while that is no clock either.
    let others = if seen.now - domain.first >= SETTLED { (users - 1) as u32 } else { judged };
    let clocks = domain.judged.clocks - u32::from(own >= Standing::Clock);
    // A site that people go to and one program calls: broken into, or abused.
    let odd = standing == Standing::Reached && others >= 3 && clocks * 8 <= others;
    // What a person sends or keeps open to a place that others found lately as well is no outbreak: machines are.
    let grown = standing == Standing::Reached && (arrived || breaks_out(seen));
    let points = match users {
        1 if clients >= 20 => 10,
        1 => 6,
        2 | 3 if share <= 0.02 => 3,
        // An outbreak, not popularity; of one that is large, the spread is told instead of each client.
        _ if grown && share >= 0.3 => -30,
        _ if grown && domain.judged.reached >= 12 && share >= 0.15 => -16,
        _ if grown && domain.judged.reached >= 8 && share >= 0.08 => -8,
        _ if grown => 0,
        _ if arrived && standing == Standing::Clock => -10,
        _ if odd => -4,
        n if n >= 3 && share >= 0.25 => -30,
        n if n >= 5 && share >= 0.10 => -24,
        n if n >= 8 && share >= 0.04 => -20,
        n if n >= 8 => -12,
        n if n >= 4 => -8,
        _ => 0,
    };
    card.add("domain_clients", users as f64, Some(clients as f64), points, || match users {
        1 => format!("no other of {clients} clients goes there"),
        n if odd => format!("{n} of {clients} clients go there, the others not by the clock"),
        n => format!("{n} of {clients} clients go there"),
    });
}

/// Share of what was logged so far that lay before the first contact with the domain, 0–1.
fn quiet_share(seen: &Seen<'_>) -> f64 {
    (seen.domain.before as f64 / seen.events.max(1) as f64).min(1.0)
}

/// Chance below which a domain is said to have grown.
const GROWN: f64 = 0.02;

/// Whether it came to its clients: it arrived lately and reached several, or they are few and nearly all of them began
/// while they had been on, as no program does that was there before.
fn breaks_out(seen: &Seen<'_>) -> bool {
    let users = seen.users();
    let reached = u64::from(seen.domain.judged.reached);
    let few = users * 10 <= seen.all_clients();
    few && reached >= 3 && reached * 10 >= users * 7 || grows(seen)
}

/// Whether it arrived lately and has several clients. Had it been there all the time, each of `n` clients would have come to it
/// at any time of the log with equal chance, so none in the first share `f` with a chance of (1 − f)ⁿ.
fn grows(seen: &Seen<'_>) -> bool {
    // What the ledger knows was there before the log began.
    if seen.domain.past.as_ref().is_some_and(|past| past.first < seen.begun) {
        return false;
    }
    let users = seen.domain.clients.count().min(1 << 20) as i32;
    users >= 3 && (1.0 - quiet_share(seen)).powi(users) <= GROWN
}
