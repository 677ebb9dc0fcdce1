//! `post_burst`: data going out in bursts
//!
//! # Finds
//!
//! Uploads that stand out: by bytes where the format logs them (POST, PUT and tunnels), else by the number of requests
//! with a body. Windows of 1 min, 10 min, 1 h and 1 day, against what this client and this domain usually see.
//!
//! # Evidence
//!
//! The amount; how many times more than the client's, the domain's and the pair's own usual hour; more out than in; a domain that is new,
//! rare or only an address; a program that calls the same place by the clock; no page around it. Against it: about as much
//! in as out, as in a call; many clients that do the same. A place not spoken to an hour before, or to which as much was
//! sent in an hour before, is told at low at most.
//!
//! # Blind
//!
//! Without upload bytes (Squid native) one large POST is one request: add `%>st` to the log format. GET can carry data
//! out as well: `get_exfil` judges that.
//!
//! # False positives
//!
//! Backups, uploads to file sharing, video calls, log shippers. Name them in an allow rule.
//!
//! # ATT&CK
//!
//! T1041 (Exfiltration Over C2 Channel), T1567 (Exfiltration Over Web Service)

use crate::detect::beacon::seconds;
use crate::detect::direction::Direction;
use crate::detect::{Card, Detector, FEW_CLIENTS, Finding, HELD, Rhythm, Seen, grows, judge_place};
use crate::window::{Merge, PANE, SLOT, Sent, Standing};

/// See the manual page above.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostBurst;

/// Least upload judged, bytes: below, web forms and telemetry live.
const LEAST_BYTES: u64 = 1 << 20;
/// Least number of requests with a body judged, where bytes are not logged.
const LEAST_POSTS: u32 = 10;

/// An upload is over after so long, ms; one that goes on is no reason to call its pieces a clock before.
const LASTING: i64 = 30 * 60_000;

/// Times what the pair sent in any hour before, from which a burst is one.
const OUTSTANDING: u64 = 2;

/// Slots of the client's clock in an hour.
const SLOTS_OF_AN_HOUR: u32 = (3_600_000 / SLOT) as u32;

/// Every upload is that lopsided; a call, a remote desktop or a page is not.
const DIRECTION: Direction = Direction { most: 8, more: (3.0, 4), less: (1.5, -10) };

/// A window and what fell into it.
struct Burst {
    name: &'static str,
    sent: Sent,
}

impl Detector for PostBurst {
    fn judge(&self, seen: &Seen<'_>, found: &mut Vec<Finding>) {
        let Some(ladder) = seen.pair.sent() else { return };
        let minute = crate::window::pane_of(seen.now - PANE);
        let windows = [
            Burst { name: "1 min", sent: ladder.minutes(minute, 1) },
            Burst { name: "10 min", sent: ladder.minutes(minute, 10) },
            Burst { name: "1 h", sent: ladder.minutes(minute, 60) },
            Burst { name: "24 h", sent: ladder.hours(minute, 24) },
        ];
        let bytes = seen.carries.bytes_up;
        let best = windows
            .iter()
            .enumerate()
            .map(|(i, w)| (if bytes { bytes_points(w.sent.bytes, i) } else { posts_points(w.sent.posts, i) }, w))
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        let Some((points, burst)) = best.filter(|(points, _)| *points > 0) else { return };
        let mut card = Card::new(seen.words);
        let what = if bytes {
            let amount = size(burst.sent.bytes);
            card.add("sent_bytes", burst.sent.bytes as f64, None, points, || {
                format!("{amount} sent within {}", burst.name)
            });
            format!("{amount} sent within {}", burst.name)
        } else {
            let posts = burst.sent.posts;
            card.add("sent_posts", f64::from(posts), None, points, || {
                format!("{posts} requests with a body within {} (upload bytes are not logged)", burst.name)
            });
            format!("{posts} requests with a body within {} (upload bytes not logged)", burst.name)
        };
        judge_past(seen, ladder.minutes(minute, 60), bytes, &mut card);
        judge_direction(seen, &mut card);
        judge_clock(seen, &mut card);
        judge_place(seen, seen.pair.standing(), &mut card);
        judge_others(seen, &mut card);
        judge_before(seen, minute / 60, bytes, &mut card);
        found.push(Finding {
            detector: "post_burst",
            card,
            what,
            attack: &["T1041", "T1567"],
            standing: Standing::Unknown,
        });
    }

    fn silence(&self, seen: &Seen<'_>) -> String {
        let Some(ladder) = seen.pair.sent() else { return "no request carried a body".into() };
        // As of the last upload: there no window had more.
        let minute = ladder.last();
        let (hour, day) = (ladder.minutes(minute, 60), ladder.hours(minute, 24));
        match seen.carries.bytes_up {
            true => format!(
                "too little: {} in the hour of the last upload and {} in its day; judged from {} in 10 min, {} in 1 h or {} in a day",
                size(hour.bytes),
                size(day.bytes),
                size(LEAST_BYTES),
                size(LEAST_BYTES << 1),
                size(LEAST_BYTES << 3)
            ),
            false => format!(
                "too few: {} requests with a body in the hour of the last one and {} in its day; judged from {LEAST_POSTS} in a minute, {} in 10 min, {} in 1 h or {} in a day",
                hour.posts,
                day.posts,
                2 * LEAST_POSTS,
                6 * LEAST_POSTS,
                24 * LEAST_POSTS
            ),
        }
    }
}

/// Points for bytes in the `i`-th window. A minute needs less than a day to stand out.
fn bytes_points(bytes: u64, i: usize) -> i32 {
    let scaled = bytes >> [0, 0, 1, 3][i];
    match scaled {
        s if s < LEAST_BYTES => 0,
        s => (12 + 4 * (s / LEAST_BYTES).ilog2() as i32).min(36),
    }
}

/// Points for requests in the `i`-th window.
fn posts_points(posts: u32, i: usize) -> i32 {
    let scaled = posts / [1, 2, 6, 24][i];
    match scaled {
        s if s < LEAST_POSTS => 0,
        s => (10 + 4 * (s / LEAST_POSTS).ilog2() as i32).min(26),
    }
}

fn judge_past(seen: &Seen<'_>, hour: Sent, bytes: bool, card: &mut Card) {
    let amount = if bytes { hour.bytes } else { u64::from(hour.posts) };
    let floor = if bytes { LEAST_BYTES / 4 } else { 4 };
    // What the ledger knows of the client and what this input has of it are one past.
    let mut usual = seen.client.sent.as_ref().map(|sent| sent.1.clone()).unwrap_or_default();
    if let Some(past) = &seen.client.past {
        usual.merge(&past.sent);
    }
    // One that sent nothing so far, in all its hours, is not one of which nothing is known.
    let hours = if usual.hours() > 0 { usual.hours() } else { seen.client.online() / SLOTS_OF_AN_HOUR };
    if let Some((past, usual)) = Some((hours, usual.quantile(90).unwrap_or(0))).filter(|(hours, _)| *hours > 0) {
        let times = amount as f64 / usual.max(floor) as f64;
        // Of n hours and one more, each is the busiest with chance 1/(n + 1): a short past proves less.
        let points = match times {
            t if t >= 16.0 => 16.0 * f64::from(past) / f64::from(past + 1),
            t if t >= 4.0 => 10.0 * f64::from(past) / f64::from(past + 1),
            t if t < 1.0 => -8.0,
            _ => 0.0,
        };
        card.add("client_times_usual", times, Some(usual as f64), points.round() as i32, || match usual {
            0 => format!("this client sent nothing in the {past} h it was on before"),
            _ => format!("{times:.1} times what this client sends in a busy hour"),
        });
    }
    // Of a domain that nothing is known of, nothing is said here: that it is new or rare counts as such.
    let mut usual = seen.domain.usual.as_deref().cloned().unwrap_or_default();
    // What was told of is nothing to get used to.
    let past = seen.domain.past.as_ref().filter(|past| past.incident.is_none() && past.doubt == 0);
    past.and_then(|past| past.sent.as_ref()).into_iter().for_each(|sent| usual.merge(sent));
    if let Some(usual) = Some(usual).filter(|u| u.hours() >= 5).and_then(|u| u.quantile(90)) {
        let times = amount as f64 / usual.max(floor) as f64;
        let points = match times {
            t if t >= 8.0 => 10,
            t if t <= 1.5 => -16,
            _ => 0,
        };
        card.add("domain_times_usual", times, Some(usual as f64), points, || {
            format!("{times:.1} times what clients send this domain in a busy hour")
        });
    }
}

/// What the pair itself sent in the hours before: a burst stands out of them. An upload to a place not spoken to before is
/// mostly a person's; what sends as much in every hour ships logs or a backup. Both are told at low at most.
fn judge_before(seen: &Seen<'_>, hour: u32, bytes: bool, card: &mut Card) {
    let began = crate::window::pane_of(seen.pair.first) / 60;
    if began + 1 >= hour {
        return card.hold("pair_hours", 0.0, HELD, || "nothing was known of this client there an hour before".into());
    }
    let amount = |sent: Sent| if bytes { sent.bytes } else { u64::from(sent.posts) };
    let (mut most, mut now) = (0, 0);
    for (at, sent) in seen.pair.sent().into_iter().flat_map(|ladder| ladder.by_hour()) {
        // The hour before may hold the first half of the same burst.
        match at + 1 < hour {
            true => most = amount(sent).max(most),
            false => now = amount(sent).max(now),
        }
    }
    if now < most.saturating_mul(OUTSTANDING) {
        card.hold("pair_times_usual", now as f64 / most as f64, HELD, || {
            "it sent there about as much in an hour before".into()
        });
    }
}

/// Whether the place is also called by the clock: a program sends there, no person. Of an upload in pieces, which keeps
/// time as well, nothing is said until it lasts longer than one.
fn judge_clock(seen: &Seen<'_>, card: &mut Card) {
    let lasting = seen.pair.hand.last - seen.pair.first >= LASTING;
    let Some(detail) = seen.pair.detail.as_ref().filter(|_| lasting) else { return };
    if let Some(rhythm) = Rhythm::strongest(detail, 0.5) {
        let percent = rhythm.concentration * 100.0;
        card.add("interval_concentration", rhythm.concentration, Some(0.43), 12, || {
            format!("and is called by the clock: {percent:.0} % of the intervals lie around {}", seconds(rhythm.median))
        });
    }
}

/// Where several clients go, uploads are what the place is for; unless it came to them lately.
fn judge_others(seen: &Seen<'_>, card: &mut Card) {
    let users = seen.users();
    if users >= 4 && !grows(seen) && seen.all_clients() >= FEW_CLIENTS {
        card.add("shared_place", users as f64, None, -10, || format!("{users} clients use it"));
    }
}

fn judge_direction(seen: &Seen<'_>, card: &mut Card) {
    let pair = seen.pair;
    let what = |ratio: f64| format!("{ratio:.1} times as much goes out as comes in");
    let known = DIRECTION.judge(seen, (pair.up, pair.down), card, what);
    if !known && seen.carries.bytes_down && pair.requests > 0 {
        let reply = pair.down / u64::from(pair.requests);
        if reply < 2_000 {
            card.add("reply_bytes", reply as f64, None, 6, || format!("short replies: {reply} bytes on average"));
        }
    }
    if let Some(detail) = pair.detail.as_ref().filter(|d| seen.carries.referer && d.seen >= 5) {
        let share = f64::from(detail.referers) / f64::from(detail.seen);
        let tunnels = pair.methods[2] * 2 > pair.requests;
        let points = if share >= 0.5 {
            -14
        } else if share == 0.0 && !tunnels {
            4
        } else {
            0
        };
        card.add("referer_share", share, None, points, || {
            format!("{} of {} requests come from a page", detail.referers, detail.seen)
        });
    }
}

/// Bytes in the unit a person would use.
pub(super) fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b < 1e6 => format!("{:.0} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.2} GB", b / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Contact, HostKind, Method};
    use crate::window::ledger::{Incident, Past};
    use crate::window::{Client, Domain, Pair, Usual};

    /// What is said of 8 MB sent once to a domain, of whose hours the ledger knows.
    fn card(hours: &[u64], told: bool) -> Card {
        let contact = Contact { end: 3_600_000, method: Method::Post, up: 8 << 20, down: 100, ..Contact::default() };
        let pair = Pair::new(&contact, 0, 0);
        let mut domain = Domain::new(1, b"a.example"[..].into(), HostKind::Name, &contact);
        let mut sent = Usual::default();
        hours.iter().for_each(|&amount| sent.add(amount));
        let incident = told.then_some(Incident { time: 0, score: 90 });
        let past = Past { first: 0, last: 1, days: 9, clients: 1, sent: Some(Box::new(sent)), incident, doubt: 0 };
        domain.past = Some(Box::new(past));
        let client = Client::default();
        let seen = Seen { words: true, ..Seen::alone(&pair, &domain, &client, 3_660_000) };
        let mut found = Vec::new();
        PostBurst.judge(&seen, &mut found);
        found.remove(0).card
    }

    #[test]
    fn what_the_ledger_knows_of_a_domain_is_its_past() {
        let points = |card: &Card| card.reasons().iter().find(|e| e.name == "domain_times_usual").map(|e| e.points);
        assert_eq!(points(&card(&[9 << 20; 6], false)), Some(-16), "it always takes as much");
        assert_eq!(points(&card(&[40_000; 6], false)), Some(10), "it never took as much");
        assert_eq!(points(&card(&[9 << 20; 4], false)), None, "too few hours");
        assert_eq!(points(&card(&[9 << 20; 6], true)), None, "what was told of is nothing to get used to");
    }
}
