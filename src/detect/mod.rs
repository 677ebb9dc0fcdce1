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
mod known;
mod place;
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
pub use ioc::{LISTED, LISTED_SIBLING};
pub use known::DetectorName;
pub use rhythm::Rhythm;
pub use rotation::Rotation;
pub use shared_hosting::is_shared;
pub use strange::is_strange;

use place::{breaks_out, grows, judge_place, quiet_share};
use serde::{Deserialize, Serialize};

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

#[cfg(test)]
impl<'a> Seen<'a> {
    /// A pair as a test sees it: alone in its log, due, without words.
    fn alone(pair: &'a Pair, domain: &'a Domain, client: &'a Client, now: Millis) -> Seen<'a> {
        let carries = Fields { bytes_up: true, bytes_down: true, ..Fields::default() };
        let (clients, begun, events) = (1, 0, pair.requests.into());
        Seen { pair, domain, client, clients, begun, ledger: None, events, now, carries, due: true, words: false }
    }
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Name of the detector.
    #[serde(with = "known::name")]
    pub detector: known::Text,
    /// The reasons; their points are the score.
    pub card: Card,
    /// What happens, in words: "a request every 60 s for 3 h".
    pub what: String,
    /// MITRE ATT&CK techniques: one of the sets in `known`, by which they are found when state is read.
    #[serde(with = "known::techniques")]
    pub attack: known::Techniques,
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

/// Points at which a card is held that waits for more: below medium.
const HELD: i32 = 59;

/// Clients below which there is no "few": the log of one PC makes everything rare.
const FEW_CLIENTS: u64 = 5;
