//! `get_exfil`: data going out in URLs
//!
//! # Finds
//!
//! Requests whose paths and queries carry much that is different each time: what is read on the client leaves in pieces,
//! as names, numbers or base64, and no request has a body. "Only GET, so no leak" is wrong.
//!
//! # Evidence
//!
//! Bytes that different URLs carried (an upper bound of what left); the share of requests whose URL was not seen before;
//! entropy of the bytes; one shape and no page around it; a place that is new or rare. Against it: pages around it
//! (referers) and many other clients, as with search, advertising and telemetry.
//!
//! # Blind
//!
//! A proxy that strips queries from its log (Squid does by default: set `strip_query_terms off`): then only paths are
//! counted. CONNECT hides the URL.
//!
//! # False positives
//!
//! Single sign-on, maps, telemetry that one client alone uses. Name them in an allow rule.
//!
//! # ATT&CK
//!
//! T1041 (Exfiltration Over C2 Channel), T1048.003 (Exfiltration Over Unencrypted Non-C2 Protocol)

use crate::detect::begin::judge_begin;
use crate::detect::post_burst::size;
use crate::detect::program::judge_program;
use crate::detect::{Card, Detector, Finding, Seen, judge_place};
use crate::window::Standing;

/// See the manual page above.
#[derive(Clone, Copy, Debug, Default)]
pub struct GetExfil;

/// Mean length of path and query from which URLs are looked into, bytes: shorter ones name things.
const LONG: u64 = 72;
/// Bytes that URLs must have carried to be judged: a thousandth of a mailbox.
const LEAST: u64 = 16 * 1024;
/// Points of URLs that are long, before it is known whether they differ: enough to look closer, too little to tell.
const CLOSER: i32 = 26;
/// URLs looked into before they are judged.
const FEWEST: u32 = 8;

impl Detector for GetExfil {
    fn judge(&self, seen: &Seen<'_>, found: &mut Vec<Finding>) {
        let Some(detail) = seen.pair.detail.as_ref().filter(|_| seen.due) else { return };
        if detail.url_bytes < LEAST || detail.url_bytes / u64::from(seen.pair.requests.max(1)) < LONG {
            return;
        }
        let mut card = Card::new(seen.words);
        let mut what = String::new();
        match detail.watched.as_ref().and_then(|watched| watched.urls.as_ref()) {
            Some(urls) if urls.count >= FEWEST => {
                let carried = urls.carried();
                if carried < LEAST {
                    return;
                }
                let points = (10 + 4 * (carried / LEAST).ilog2() as i32).min(30);
                card.add("url_bytes_distinct", carried as f64, None, points, || {
                    format!(
                        "at most {} left in {} URLs of {} bytes on average",
                        size(carried),
                        urls.count,
                        urls.length / u64::from(urls.count)
                    )
                });
                let share = urls.distinct_share();
                let points = if share >= 0.95 {
                    8
                } else if share >= 0.8 {
                    4
                } else {
                    0
                };
                card.add("distinct_share", share, None, points, || {
                    format!("{:.0} % of them were not seen before", share * 100.0)
                });
                let entropy = urls.entropy();
                card.add("url_entropy_bits", entropy, Some(4.2), if entropy >= 4.9 { 6 } else { 0 }, || {
                    format!("{entropy:.1} bits of entropy a byte (words and numbers have about 4.2)")
                });
                judge_begin(seen, 0, &mut card);
                judge_program(seen, &mut card);
                judge_place(seen, seen.pair.standing(), &mut card);
                if seen.words {
                    what = format!("at most {} sent out in URLs", size(carried));
                }
            }
            _ => card.add("url_bytes", detail.url_bytes as f64, None, CLOSER, || "long URLs".into()),
        }
        found.push(Finding {
            detector: "get_exfil",
            card,
            what,
            attack: &["T1041", "T1048.003"],
            standing: Standing::Unknown,
        });
    }

    fn silence(&self, seen: &Seen<'_>) -> String {
        let bytes = seen.pair.url_bytes();
        let mean = bytes / u64::from(seen.pair.requests.max(1));
        let urls = seen.pair.detail.as_ref().and_then(|detail| detail.watched.as_ref()?.urls.as_ref());
        match urls {
            _ if bytes < LEAST => {
                format!("too little: its URLs carried at most {}, judged from {}", size(bytes), size(LEAST))
            }
            _ if mean < LONG => format!("short URLs: {mean} bytes on average, looked into from {LONG}"),
            Some(urls) => format!("the same URLs again: different ones carried at most {}", size(urls.carried())),
            None => "it has not come back".into(),
        }
    }
}
