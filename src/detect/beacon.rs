//! `beacon`: repeated contact by a machine
//!
//! # Finds
//!
//! A program that calls its controller again and again: GET, POST or CONNECT, any period from 1 s to 24 h, jitter up to
//! 60 %, requests allowed or failing (what the proxy refuses is judged by `denied_beacon`). Judged per client and registrable domain, so rotating subdomains are
//! one. A clock that a client keeps over several rare domains or addresses in turn is told once, with all of them.
//!
//! # Evidence
//!
//! How concentrated the intervals are (between contacts, tasks or visits, whichever is clearest) while the client is on;
//! how many; how much of the client's time; whether it began while the client was on already; one shape, one size, no
//! referer, POSTs; several domains that fill each other's gaps; an address without a name, a domain new to this log or used
//! by nobody else, a port of its own, hosts that rotate; a user agent that calls itself a browser but is none in which
//! this client opens pages, or a script's; that it began minutes after the client fetched a program or an archive from a
//! rare place; a name that looks drawn at random. Against it: pages around it (referers), many other clients, a user agent
//! that names its program, large replies, a program that called as soon as the client came on. In its first half hour it is
//! told at low at most. That nobody else goes there says little of a client at which nobody sits.
//!
//! # Blind
//!
//! A controller asked less than five times. Tunnels kept open are one contact: only their length shows. Formats without
//! a referer (Squid native) cannot tell a page from a program by it, those without a user agent not whose program it is. Domains in turn that more than three clients visit, or
//! with other methods each; a domain that is asked once and never again.
//!
//! # False positives
//!
//! Updaters, pollers and tickers are beacons as well; what ranks them below is that others use them too. A program that
//! one person alone uses may alert: name its maker in an allow rule.
//!
//! # ATT&CK
//!
//! T1071.001 (Application Layer Protocol: Web Protocols)

use crate::detect::begin::{judge_begin, online_before};
use crate::detect::denied_beacon::is_denied;
use crate::detect::program::judge_program;
use crate::detect::rhythm::no_rhythm;
use crate::detect::{Card, Detector, FEW_CLIENTS, Finding, HELD, Rhythm, Seen, judge_place};
use crate::window::{SLOT, Standing};

/// See the manual page above.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beacon;

// The weights: what a poller does as well (rhythm, count, duty, shape, size, no referer) adds up to 55 at most, below
// medium; it takes something about the place or the program to go further. Each thing counts once: a tight clock is in the
// strength of its rhythm, and no sign of a C2, whose frameworks add jitter; going on although all fails is what any timer
// does, that of a dead service or of a telemetry the policy refuses as well.

/// How long a clock is kept before it is told of at more than low, minutes.
const YOUNG: f64 = 30.0;

/// Below this strength nothing is said: the rest of the card cannot make a rhythm.
pub(super) const FAINT: f64 = 0.12;

impl Detector for Beacon {
    fn judge(&self, seen: &Seen<'_>, found: &mut Vec<Finding>) {
        let Some(detail) = seen.pair.detail.as_ref().filter(|_| seen.due && !is_denied(seen)) else { return };
        let Some(rhythm) = Rhythm::strongest(detail, FAINT) else { return };
        let mut card = Card::new(seen.words);
        judge_machine(seen, &rhythm, &mut card);
        found.push(Finding {
            detector: "beacon",
            card,
            what: what(seen, &rhythm, "contact"),
            attack: &["T1071.001"],
            standing: standing(seen, &rhythm),
        });
    }

    fn silence(&self, seen: &Seen<'_>) -> String {
        match is_denied(seen) {
            true => "the proxy refuses most of it: denied_beacon judges that".into(),
            false => no_rhythm(seen),
        }
    }
}

/// All that speaks for a program that calls its controller, whether it is let through or not.
pub(super) fn judge_machine(seen: &Seen<'_>, rhythm: &Rhythm, card: &mut Card) {
    judge_rhythm(seen, rhythm, card);
    judge_begin(seen, rhythm.median, card);
    judge_program(seen, card);
    judge_place(seen, standing(seen, rhythm).max(seen.pair.standing()), card);
    // What a person opens is over before that; what was planted is not. It is told of at low meanwhile.
    let minutes = (seen.pair.hand.last - seen.pair.first) as f64 / 60_000.0;
    if minutes < YOUNG {
        card.hold("young_minutes", minutes, HELD, || {
            format!("for {minutes:.0} min only, so far: a page that is open for a while does the same")
        });
    }
}

/// What happens, in words.
pub(super) fn what(seen: &Seen<'_>, rhythm: &Rhythm, contact: &str) -> String {
    if !seen.words {
        return String::new();
    }
    let lasted = (seen.pair.hand.last - seen.pair.first) as u64;
    format!("{contact} about every {} for {}", seconds(rhythm.median), seconds(lasted))
}

fn judge_rhythm(seen: &Seen<'_>, rhythm: &Rhythm, card: &mut Card) {
    let percent = rhythm.concentration * 100.0;
    // Where nothing can be said of others, behaviour has to carry more.
    let most = if seen.clients < FEW_CLIENTS { 32.0 } else { 28.0 };
    card.add(
        "interval_concentration",
        rhythm.concentration,
        Some(0.43),
        (rhythm.strength() * most).round() as i32,
        || {
            format!(
                "{percent:.0} % of {} intervals lie around {} (43 % would be chance), half of them within ± {:.0} %",
                rhythm.count,
                seconds(rhythm.median),
                rhythm.spread * 100.0
            )
        },
    );
    let beats = beats(seen, rhythm);
    let points = match beats {
        0..12 => 0,
        12..40 => 3,
        40..120 => 5,
        _ => 6,
    };
    card.add("contacts", f64::from(beats), None, points, || format!("{beats} times so far"));
    // Frameworks sleep for a time drawn anew within bounds; what software polls, it polls on the second or far apart.
    let jittered = rhythm.concentration >= 0.9 && (0.04..0.45).contains(&rhythm.spread);
    let points = if jittered && rhythm.count >= 8 { 4 } else { 0 };
    card.add("interval_spread", rhythm.spread, None, points, || {
        format!("jittered by ± {:.0} % and never far off", rhythm.spread * 100.0)
    });
    let (duty, hours) = duty(seen, rhythm);
    let points = (duty * (hours / 4.0).min(1.0) * 10.0).round() as i32;
    card.add("duty", duty, None, points, || {
        format!("kept up for {:.0} % of the time the client was on, over {hours:.1} h", duty * 100.0)
    });
}

/// Share of the time the client was on since it began for which the clock was kept up, 0–1, and how long that is, h.
fn duty(seen: &Seen<'_>, rhythm: &Rhythm) -> (f64, f64) {
    let on = f64::from(seen.client.online().saturating_sub(seen.pair.online).max(1)) * SLOT as f64;
    let span = (seen.pair.hand.last - seen.pair.first) as f64;
    let kept = f64::from(beats(seen, rhythm)) * rhythm.median as f64;
    ((kept / on.min(span.max(1.0))).min(1.0), span / 3_600_000.0)
}

/// How often the clock struck.
fn beats(seen: &Seen<'_>, rhythm: &Rhythm) -> u32 {
    if rhythm.median >= 30_000 { seen.pair.hand.visits } else { seen.pair.requests }
}

/// Spread below which a rhythm has no jitter: what is left is the time that requests take.
pub(super) const EXACT: f64 = 0.01;

/// Strength of a rhythm that is called a clock, in what other judgements rest on.
const CLOCK: f64 = 0.6;

/// What a rhythm says of the pair.
pub(super) fn standing(seen: &Seen<'_>, rhythm: &Rhythm) -> Standing {
    let (duty, hours) = duty(seen, rhythm);
    // What is open for a while, as a page is, comes and goes; what was planted stays.
    let stays = duty >= 0.5 && hours >= 0.75;
    match rhythm.strength() {
        s if s >= CLOCK && stays && online_before(seen, rhythm.median).is_some() => Standing::Reached,
        s if s >= CLOCK => Standing::Clock,
        _ => Standing::Unknown,
    }
}

/// A duration in the unit a person would use.
pub(super) fn seconds(ms: u64) -> String {
    match ms as f64 / 1000.0 {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 180.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Contact, Fields, HostKind};
    use crate::window::{Client, Domain, Pair};

    /// Score of a clock of ten minutes that began after so many slots, `age` ms after its first beat.
    fn score(online: u32, age: i64) -> u8 {
        let beat = |i: i64| Contact { end: i * 600_000, ..Contact::default() };
        let mut pair = Pair::new(&beat(0), 0, online);
        (1..40).for_each(|i| pair.add(&beat(i), |_| None));
        let domain = Domain::new(1, b"a.example"[..].into(), HostKind::Name, &beat(0));
        let client = Client::default();
        let seen = Seen { carries: Fields::default(), ..Seen::alone(&pair, &domain, &client, age) };
        let mut found = Vec::new();
        Beacon.judge(&seen, &mut found);
        found[0].card.score()
    }

    #[test]
    fn what_begins_while_the_client_is_on_is_new_for_two_weeks() {
        let day = 86_400_000;
        assert_eq!(score(2, day), score(0, day), "a period and a late start");
        assert_eq!(score(3, day), score(0, day) + 12);
        assert_eq!(score(30, 15 * day), score(0, 15 * day));
    }
}
