//! `tunnel`: a long or upload-heavy CONNECT
//!
//! # Finds
//!
//! Tunnels through the proxy that stay open for long, to a place that few use: a shell, a VPN or a remote desktop inside
//! TLS. What runs in them is not in the log; how long and how much is.
//!
//! # Evidence
//!
//! How long the longest was open; how much of the client's time tunnels to this domain were open; more out than in; a place
//! that is new, rare or only an address; that it began while the client was on already. Against it: many clients that go
//! there.
//!
//! # Blind
//!
//! A tunnel is logged when it ends: one that is still open is not seen. Formats without a duration. Proxies that close
//! tunnels after minutes; the beacon of the reconnects is judged by `beacon`.
//!
//! # False positives
//!
//! Chat, push and remote support services, VPNs that are wanted. Name them in an allow rule.
//!
//! # ATT&CK
//!
//! T1572 (Protocol Tunneling), T1090 (Proxy)

use crate::detect::beacon::seconds;
use crate::detect::begin::judge_begin;
use crate::detect::direction::Direction;
use crate::detect::post_burst::size;
use crate::detect::{Card, Detector, Finding, Seen, judge_place};
use crate::window::{LONG_TUNNEL, PANE, SLOT, Standing, pane_of};

/// See the manual page above.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tunnel;

const MINUTE: u64 = 60_000;

/// Bytes out of a tunnel below which the direction says nothing: handshakes and keep-alives.
const LEAST_UP: u64 = 256 * 1024;

/// What is watched, read or installed comes in.
const DIRECTION: Direction = Direction { most: 14, more: (2.0, 10), less: (0.2, -6) };

impl Detector for Tunnel {
    fn judge(&self, seen: &Seen<'_>, found: &mut Vec<Finding>) {
        let Some(tunnels) = seen.pair.tunnels() else { return };
        // Judged when one has ended: nothing is learned between.
        if tunnels.last != pane_of(seen.now - PANE) {
            return;
        }
        let longest = u64::from(tunnels.longest);
        let mut card = Card::new(seen.words);
        let points = match longest / MINUTE {
            0..12 => 6,
            12..25 => 14,
            25..50 => 20,
            50..110 => 24,
            110..230 => 28,
            _ => 32,
        };
        card.add("longest_tunnel_seconds", longest as f64 / 1000.0, None, points, || {
            format!("a tunnel was open for {}", seconds(longest))
        });
        let on = u64::from(seen.client.online().saturating_sub(seen.pair.online).max(1)) * SLOT as u64;
        let share = (tunnels.total as f64 / on as f64).min(1.0);
        let hours = tunnels.total as f64 / 3_600_000.0;
        let points = (share * (hours / 3.0).min(1.0) * 12.0).round() as i32;
        card.add("tunnel_share", share, None, points, || {
            format!(
                "{} tunnels, open for {:.0} % of the time the client was on since, {hours:.1} h in all",
                tunnels.count,
                share * 100.0
            )
        });
        if tunnels.up >= LEAST_UP {
            DIRECTION.judge(seen, (tunnels.up, tunnels.down), &mut card, |ratio| {
                format!("{ratio:.1} times as much goes out of them ({}) as comes in", size(tunnels.up))
            });
        }
        judge_begin(seen, tunnels.longest.into(), &mut card);
        judge_place(seen, seen.pair.standing(), &mut card);
        found.push(Finding {
            detector: "tunnel",
            card,
            what: match seen.words {
                true => format!("{} long tunnels, the longest open for {}", tunnels.count, seconds(longest)),
                false => String::new(),
            },
            attack: &["T1572", "T1090"],
            standing: Standing::Unknown,
        });
    }

    fn silence(&self, seen: &Seen<'_>) -> String {
        match seen.carries.duration {
            true => format!("no tunnel was open for {} or more", seconds(LONG_TUNNEL.into())),
            false => "the format has no duration".into(),
        }
    }
}
