//! How a pair began: with the client, later, after a download. Shared by the detectors that look for what came in.

use crate::detect::beacon::seconds;
use crate::detect::{Card, FEW_CLIENTS, NEW, Seen};
use crate::window::SLOT;

/// Longest that a program installed before is silent after the client comes on, besides its period, ms: Windows holds
/// delayed services back for 2 minutes, and updaters wait some more at random, lest all call at once.
const DELAYED: i64 = 30 * 60_000;

/// Slots of the client's clock within which a resident program calls for the first time: it may come on at the end of one.
const AT_ONCE: u32 = 1;
/// The same, ms: services that are held back have begun by then.
const BEGUN: i64 = 10 * 60_000;

/// Longest from a download to the first call of what it planted, ms: people open what they fetched at once, and loaders
/// wait some minutes for sandboxes to give up.
const PLANTED: i64 = 15 * 60_000;

/// Whether it is new to this client; `period` in ms: a program that was there before calls within a period of the client being on, or soon
/// after, as services start late and sleeps are jittered. Nothing speaks for one that was there from the first: the log
/// may have begun after the break-in.
pub(super) fn judge_begin(seen: &Seen<'_>, period: u64, card: &mut Card) {
    let hours = |ms: i64| ms as f64 / 3_600_000.0;
    match online_before(seen, period) {
        Some(before) if seen.now - seen.pair.first <= NEW => {
            card.add("online_before_hours", hours(before), None, 12, || {
                format!("the client had been on for {:.1} h when it began: it is new there", hours(before))
            });
        }
        None if seen.clients >= FEW_CLIENTS && seen.pair.online <= AT_ONCE && came_on(seen) < BEGUN => {
            let before = came_on(seen);
            card.add("online_before_hours", hours(before), None, -8, || {
                "it began as soon as the client came on for the first time: it may have been there before".into()
            });
        }
        _ => {}
    }
    judge_download(seen, card);
}

/// Whether the client fetched a program or an archive from elsewhere just before: what was planted calls home at once.
fn judge_download(seen: &Seen<'_>, card: &mut Card) {
    // At the start of a log or of a day everything begins after everything.
    if seen.pair.online <= AT_ONCE {
        return;
    }
    let first = seen.pair.first;
    let just_before = |at: i64| at <= first && first - at <= PLANTED;
    let mut downloads = seen.client.downloads.iter().rev();
    let Some(download) = downloads.find(|d| just_before(d.at) && d.from != seen.domain.name) else { return };
    let after = (first - download.at) as u64;
    card.add("after_download_seconds", after as f64 / 1000.0, None, 10, || {
        // Of no name of the record, so no sink knows to defang it.
        let from = String::from_utf8_lossy(&download.from).replace('.', "[.]");
        format!("it began {} after the client fetched a program or an archive from {from}", seconds(after))
    });
}

/// From the first request of the client to the first of the pair, ms.
fn came_on(seen: &Seen<'_>) -> i64 {
    (seen.pair.first - seen.client.first).max(0)
}

/// How long the client had been on when the pair began, ms, if that was too long for a program that was there before.
pub(super) fn online_before(seen: &Seen<'_>, period: u64) -> Option<i64> {
    let before = i64::from(seen.pair.online) * SLOT;
    (before >= (2 * period as i64).max(DELAYED)).then_some(before)
}
