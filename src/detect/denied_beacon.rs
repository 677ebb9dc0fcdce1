//! `denied_beacon`: an infected host behind a block
//!
//! # Finds
//!
//! The same clock as `beacon` where the proxy refuses: most requests of a client to a domain are denied, and the program
//! goes on asking. The block works; the client is infected all the same, and its next controller may not be blocked.
//!
//! # Evidence
//!
//! That of `beacon`; that others, or this client itself, reached the domain before it was blocked. Against it: many
//! clients that are refused there, as with advertising and telemetry that the policy blocks.
//!
//! # Blind
//!
//! A controller asked less than five times: a listed one is found by `ioc` at the first request. A block outside the proxy
//! shows as an error, not as a refusal, and is judged by `beacon`.
//!
//! # False positives
//!
//! A program of one person alone whose maker the policy blocks. Take it off the client, or name its maker in an allow rule.
//!
//! # ATT&CK
//!
//! T1071.001 (Application Layer Protocol: Web Protocols), T1008 (Fallback Channels)

use crate::detect::beacon::{FAINT, judge_machine, standing, what};
use crate::detect::rhythm::no_rhythm;
use crate::detect::{Card, Detector, Finding, Rhythm, Seen};

/// See the manual page above.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeniedBeacon;

/// Requests that somebody was allowed before a block is called one that came later.
const REACHED: u64 = 5;

impl Detector for DeniedBeacon {
    fn judge(&self, seen: &Seen<'_>, found: &mut Vec<Finding>) {
        let Some(detail) = seen.pair.detail.as_ref().filter(|_| seen.due && is_denied(seen)) else { return };
        let Some(rhythm) = Rhythm::strongest(detail, FAINT) else { return };
        let mut card = Card::new(seen.words);
        judge_machine(seen, &rhythm, &mut card);
        let reached = seen.domain.requests - seen.domain.denied;
        if reached >= REACHED && seen.domain.denied >= REACHED {
            // What was told of and is refused since was blocked for a reason.
            let (points, told) = match seen.domain.incident {
                Some(_) => (20, ", and it was told of before"),
                None => (8, ""),
            };
            card.add("reached_before_block", reached as f64, None, points, || {
                format!("{reached} requests to this domain went through: it was blocked later, or only in part{told}")
            });
        }
        found.push(Finding {
            detector: "denied_beacon",
            card,
            what: what(seen, &rhythm, "denied contact"),
            attack: &["T1071.001", "T1008"],
            standing: standing(seen, &rhythm),
        });
    }

    fn silence(&self, seen: &Seen<'_>) -> String {
        match is_denied(seen) {
            true => no_rhythm(seen),
            false => {
                format!("the proxy refused {} of {} requests, not most of them", seen.pair.denied, seen.pair.requests)
            }
        }
    }
}

/// Whether the proxy refuses what this client asks of this domain.
pub(super) fn is_denied(seen: &Seen<'_>) -> bool {
    seen.pair.denied * 2 > seen.pair.requests
}
