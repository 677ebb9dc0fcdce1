//! `ioc`: a listed domain, host, URL or address, or one of an own incident
//!
//! # Finds
//!
//! The first request of a client to what a list (`--ioc`) names: a domain, host, URL or address, in any method, refused
//! requests and CONNECT included. Also to a **sibling**: another host under the same registrable domain, since who owns the
//! domain names its hosts at will; and to a domain that this run has told of before for another client.
//!
//! # Evidence
//!
//! The entry, its list and line; or the own incident and its score, discounted by the number of clients that go there: one
//! mistake about a popular domain must not condemn all who visit it.
//!
//! # Blind
//!
//! What is not listed. A URL inside CONNECT: only its host is seen. Domains that strangers share (file sharing, hosting):
//! there only the very host or URL counts, never a sibling.
//!
//! # False positives
//!
//! Old entries: a domain that changed hands, an address of a shared server. Remove the entry, or allow the domain.
//!
//! # ATT&CK
//!
//! T1071.001 (Application Layer Protocol: Web Protocols)

use crate::detect::{Card, Detector, Finding, Seen, breaks_out};
use crate::event::Millis;
use crate::window::{PANE, Standing, pane_of};

/// See the manual page above.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ioc;

/// Points of the very thing that is listed.
pub const LISTED: i32 = 92;
/// Points of a sibling of it: another host, port or URL under the same registrable domain.
pub const LISTED_SIBLING: i32 = 82;
/// Points of an own incident of severity high, and of medium: what was told at medium is right two times of three.
const HIGH: i32 = 60;
const MEDIUM: i32 = 46;

impl Detector for Ioc {
    fn judge(&self, seen: &Seen<'_>, found: &mut Vec<Finding>) {
        let mut card = Card::new(seen.words);
        let mut what = String::new();
        if let Some(listed) = seen.pair.listed() {
            let (name, points) = if listed.exact { ("listed", LISTED) } else { ("listed_sibling", LISTED_SIBLING) };
            card.add(name, 1.0, None, points, || match listed.exact {
                true => format!("it is listed: {}", listed.entry),
                false => format!("it shares its registrable domain with what is listed: {}", listed.entry),
            });
            if seen.words {
                what = if listed.exact {
                    "contact with what is listed".into()
                } else {
                    "contact with a sibling of what is listed".into()
                };
            }
        } else if let Some((time, score)) = own_incident(seen) {
            let points = own_points(seen, score);
            card.add("own_incident", f64::from(score), None, points, || {
                let at = jiff::Timestamp::from_millisecond(time).map(|at| at.to_string()).unwrap_or_default();
                format!("told of before, at {at} with score {score}")
            });
            if seen.words {
                what = "contact with the domain of an earlier incident".into();
            }
        }
        if card.score() > 0 {
            found.push(Finding { detector: "ioc", card, what, attack: &["T1071.001"], standing: Standing::Unknown });
        }
    }

    fn silence(&self, seen: &Seen<'_>) -> String {
        match own_incident(seen) {
            Some((_, score)) => format!(
                "told of before with score {score}, but {} of {} clients go there",
                seen.users(),
                seen.all_clients()
            ),
            None if seen.domain.listed => {
                "listed below its domain is something else: a host of strangers, another URL or port".into()
            }
            None => "no list names it, and nothing was told of its domain before".into(),
        }
    }
}

/// Time and score of the incident of the domain that was told of before the pair began: in this run, or by the ledger.
pub(super) fn own_incident(seen: &Seen<'_>) -> Option<(Millis, u8)> {
    let here =
        seen.domain.incident.filter(|&(pane, _)| pane_of(seen.pair.first) > pane && pane < pane_of(seen.now - PANE));
    let known = || seen.known_incident().map(|incident| (incident.time, incident.score));
    here.map(|(pane, score)| (Millis::from(pane) * PANE, score)).or_else(known)
}

/// Points of an own incident, capped by how many go there, unless it is breaking out.
fn own_points(seen: &Seen<'_>, score: u8) -> i32 {
    let users = seen.users();
    let share = users as f64 / seen.all_clients().max(1) as f64;
    match share {
        _ if users <= 3 => {
            if score >= 80 {
                HIGH
            } else {
                MEDIUM
            }
        }
        // At medium one in three is wrong: good enough for the second client, not for the fourth.
        _ if score < 80 => 0,
        _ if breaks_out(seen) => HIGH,
        s if s <= 0.05 => HIGH - 16,
        _ => 0,
    }
}
