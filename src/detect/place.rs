//! What is known of the place, whatever is done there: its name, its age, its other clients. Shared by the detectors that
//! judge a pair.

use crate::detect::{Card, DAY, FEW_CLIENTS, Seen, ioc, is_strange};
use crate::event::{HostKind, Millis};
use crate::window::Standing;

/// What is known of the place, whatever is done there: shared by all detectors that judge a pair. `standing` is that of the
/// pair as of now.
pub(super) fn judge_place(seen: &Seen<'_>, standing: Standing, card: &mut Card) {
    let domain = seen.domain;
    if domain.kind == HostKind::Address {
        card.add("ip_literal", 1.0, None, 8, || "the destination is an address without a name".into());
    }
    judge_name(seen, card);
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
        // At medium one in three is wrong, and what is wrong of one client is wrong of the next.
        let points = if score >= 80 { 12 } else { 4 };
        card.add("own_incident", score.into(), None, points, || {
            "its domain was told of before, for another client".into()
        });
    }
    if seen.all_clients() >= FEW_CLIENTS {
        judge_prevalence(seen, standing, arrived.is_some(), card);
    }
}

/// A name that no person chose: those who need many names, or one nobody has taken, have them drawn; makers and shops want
/// theirs to be remembered. Added for a strong reason only: one name in fifty of real software is an odd abbreviation.
pub(super) fn judge_name(seen: &Seen<'_>, card: &mut Card) {
    let strange = seen.domain.kind == HostKind::Name && seen.users() <= seen.all_clients() / 4 + 1;
    if strange && is_strange(&seen.domain.name) {
        card.add("strange_name", 1.0, None, 10, || "its name looks like letters and digits at random".into());
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
        1 if clients < 20 => 6,
        1 if nobodys(seen) => 3,
        1 => 10,
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

/// Domains below which a client that has been on for hours is nobody's: a person's meets more on the first page.
const FEW_DOMAINS: u32 = 12;
/// Slots of the client's clock after which that can be said: four hours.
const KNOWN_SLOTS: u32 = 24;

/// Whether nobody sits at the client: a server, a camera. Each has programs of its own, so that no other client goes
/// where they go says little.
fn nobodys(seen: &Seen<'_>) -> bool {
    seen.client.online() >= KNOWN_SLOTS && seen.client.domains < FEW_DOMAINS
}

/// Share of what was logged so far that lay before the first contact with the domain, 0–1.
pub(super) fn quiet_share(seen: &Seen<'_>) -> f64 {
    (seen.domain.before as f64 / seen.events.max(1) as f64).min(1.0)
}

/// Chance below which a domain is said to have grown.
const GROWN: f64 = 0.02;

/// Whether it came to its clients: it arrived lately and reached several, or they are few and nearly all of them began
/// while they had been on, as no program does that was there before.
pub(super) fn breaks_out(seen: &Seen<'_>) -> bool {
    let users = seen.users();
    let reached = u64::from(seen.domain.judged.reached);
    let few = users * 10 <= seen.all_clients();
    few && reached >= 3 && reached * 10 >= users * 7 || grows(seen)
}

/// Whether it arrived lately and has several clients. Had it been there all the time, each of `n` clients would have come to it
/// at any time of the log with equal chance, so none in the first share `f` with a chance of (1 − f)ⁿ.
pub(super) fn grows(seen: &Seen<'_>) -> bool {
    // What the ledger knows was there before the log began.
    if seen.domain.past.as_ref().is_some_and(|past| past.first < seen.begun) {
        return false;
    }
    let users = seen.domain.clients.count().min(1 << 20) as i32;
    users >= 3 && (1.0 - quiet_share(seen)).powi(users) <= GROWN
}
