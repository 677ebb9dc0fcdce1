//! `spread`: one new domain that reaches many clients
//!
//! # Finds
//!
//! A domain that nobody asked for, then one client, then several, each of them by the clock and from a moment when it had
//! been on already: an implant that moves from PC to PC, or was mailed to many. Told once for the domain, with all clients;
//! the singular client is the first.
//!
//! # Evidence
//!
//! How many clients it reached; that nearly all who go there do so by the clock; how unlikely it is that it was there
//! before; that their requests have one shape; what the first of them tells of the program (name, port, agent, jitter).
//! Against it: a user agent that names its program, a clock without any jitter, nearly all clients.
//!
//! # Blind
//!
//! Fewer than three clients. A domain that was in use before it was abused (see `beacon` for the single client). What came
//! before the log began.
//!
//! # False positives
//!
//! New software or a new agent that is rolled out, telemetry that a maker switches on: the same thing to a log, wanted or
//! not. Name the maker in an allow rule.
//!
//! # ATT&CK
//!
//! T1071.001 (Application Layer Protocol: Web Protocols), TA0008 (Lateral Movement)

use crate::detect::beacon::EXACT;
use crate::detect::place::judge_name;
use crate::detect::program::judge_agent;
use crate::detect::{Card, Detector, Finding, Rhythm, Seen, breaks_out, quiet_share};
use crate::window::Standing;

/// See the manual page above.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread;

/// Clients that are a spread.
const FEWEST: u32 = 3;

impl Detector for Spread {
    fn judge(&self, seen: &Seen<'_>, found: &mut Vec<Finding>) {
        let judged = &seen.domain.judged;
        // Told of the first client, for all.
        if judged.reached < FEWEST || judged.zero != seen.pair.client || !breaks_out(seen) {
            return;
        }
        let mut card = Card::new(seen.words);
        let points = match judged.reached {
            0..4 => 24,
            4..6 => 28,
            6..10 => 34,
            _ => 38,
        };
        let hours = (seen.now - seen.pair.first) as f64 / 3_600_000.0;
        card.add("clients_reached", judged.reached.into(), None, points, || {
            format!(
                "{} clients began to call it by the clock within {hours:.1} h, each while it was on",
                judged.reached
            )
        });
        let users = seen.domain.clients.count().max(1);
        let share = f64::from(judged.reached) / users as f64;
        let points = match share {
            s if s >= 0.75 => 12,
            s if s >= 0.4 => 4,
            s if s < 0.15 => -16,
            _ => -6,
        };
        card.add("machine_share", share, None, points, || {
            format!("{:.0} % of the {users} clients that go there are among them", share * 100.0)
        });
        let quiet = quiet_share(seen);
        let points = (8.0 + 8.0 * quiet).round() as i32;
        card.add("quiet_share", quiet, None, points, || {
            format!("nobody asked for it in the first {:.0} % of the log", quiet * 100.0)
        });
        let shape = judged.shape.at_least(judged.reached);
        if shape >= 0.6 {
            card.add("same_shape", shape, None, 4, || "their requests have one shape".into());
        }
        judge_first(seen, &mut card);
        let everywhere = users as f64 / seen.clients.max(1) as f64;
        // What a maker rolls out reaches nearly all; what breaks in is found before.
        let points = if everywhere >= 0.5 { -14 } else { 0 };
        card.add("domain_clients", users as f64, Some(seen.clients as f64), points, || {
            format!("{:.0} % of all clients go there", everywhere * 100.0)
        });
        let what = if seen.words { "call by the clock, each since it was on,".into() } else { String::new() };
        found.push(Finding {
            detector: "spread",
            card,
            what,
            attack: &["T1071.001", "TA0008"],
            standing: Standing::Unknown,
        });
    }

    fn silence(&self, seen: &Seen<'_>) -> String {
        let (reached, users) = (seen.domain.judged.reached, seen.users());
        match reached {
            0..FEWEST => {
                format!("{reached} of its {users} clients began by the clock while they were on; {FEWEST} are a spread")
            }
            _ => format!("{reached} of its {users} clients began by the clock while they were on, but it did not grow"),
        }
    }
}

/// What the first of them tells of the program: it is the same on all of them.
fn judge_first(seen: &Seen<'_>, card: &mut Card) {
    judge_name(seen, card);
    let Some(detail) = &seen.pair.detail else { return };
    judge_agent(seen, detail, card);
    if detail.odd_port {
        card.add("odd_port", 1.0, None, 6, || "the port is neither 80 nor 443".into());
    }
    // Told of some hours after it began: enough to tell a timer from a sleep that is drawn anew each time.
    let Some(rhythm) = Rhythm::strongest(detail, 0.5).filter(|rhythm| rhythm.count >= 8) else { return };
    let points = match rhythm.spread {
        s if s < EXACT => -6,
        s if (0.04..0.45).contains(&s) => 4,
        _ => 0,
    };
    card.add("interval_spread", rhythm.spread, None, points, || match points {
        1.. => format!("jittered by ± {:.0} % and never far off", rhythm.spread * 100.0),
        _ => "as exact as the timers of software: no jitter at all".into(),
    });
}
