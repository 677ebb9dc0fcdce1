//! `fanout`: one client starting to talk to many new or failing domains by machine
//!
//! # Finds
//!
//! A program that asks for one domain after the other that nobody in the organisation had asked for the day before:
//!
//! - names that an algorithm makes up (DGA), nearly all of which do not exist: the proxy answers 502, 503 or 504, and
//!   reached nobody. Those that answer are the controllers;
//! - bodies posted to one new place after the other: a bot that goes through a list of controllers;
//! - requests to one new site after the other that no page led to: a worm, click fraud, a bot with a list of sites.
//!
//! One alert for the client; `domains` lists at most 100 of them, `domain` is the first.
//!
//! # Evidence
//!
//! How many in an hour or a day, with a floor of eight; the share that fails; the share of labels that look like letters
//! at random; their share of all domains the client met at that time; how many it usually meets in an hour, by its own
//! past and by the ledger. Against it: domains that the client used before fail at the same time,
//! as when the line is down; many other clients ask for the same names.
//!
//! # Blind
//!
//! Names made of words that all answer, over HTTPS or in a format without referers: that is browsing. An algorithm that
//! finds its controller before the eighth name; see `beacon` for what comes then. Names asked of the DNS and not of the
//! proxy: look there. Names that somebody asked for more than a day before, and what names a page itself (it comes with a
//! referer) are left out; so are host names without a dot, with which browsers test the line.
//!
//! # False positives
//!
//! A peer-to-peer program, which tries addresses by the hundred; a link checker or crawler that reads a new list; mail
//! software that checks domains of senders. The second day it is the client's own past and weighs less. Allow the client
//! for `fanout` in an allow rule.
//!
//! What to do: find the program on the client. Do not block names that fail; look which of them answered, and block these.
//!
//! # Tuning
//!
//! There is nothing to set. `allow` hides it for a client or when all of its domains are allowed; a ledger (`--ledger`)
//! tells new domains from old ones on the first day.
//!
//! # ATT&CK
//!
//! T1568.002 (Dynamic Resolution: Domain Generation Algorithms), T1008 (Fallback Channels), T1071.001 (Application Layer
//! Protocol: Web Protocols)
//!
//! # Sources
//!
//! Antonakakis et al., *From Throw-Away Traffic to Bots*, USENIX Security 2012: names that fail give a client away. Plohmann
//! et al., *A Comprehensive Measurement Study of Domain Generating Malware*, USENIX Security 2016: 43 families, names of
//! letters at random, of hexadecimal digits and of words, and most of them never registered.

use crate::detect::{Card, Detector, Finding, Seen};
use crate::event::Millis;
use crate::window::{Burst, LONGEST, SLOT, Standing, Story};

/// See the manual page above. A pair shows nothing of it: judged is a client, by [`judge`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Fanout;

impl Detector for Fanout {
    fn judge(&self, _seen: &Seen<'_>, _found: &mut Vec<Finding>) {}

    fn silence(&self, _seen: &Seen<'_>) -> String {
        "the client met no domain that was new to all and failed, looked made up or had no page before it".into()
    }
}

/// Meetings below which there is nothing to judge. A person mistypes a name or two; a page has a few dead trackers.
pub const FEWEST: u32 = 8;
/// Minutes that are looked at: a loop, and a slow one.
pub const SPANS: [u32; 2] = [60, LONGEST];
/// Clients of a domain from which it is no longer rare.
const CROWD: u32 = 4;
/// Hours with new ones from which a list is not read once and done.
const GOES_ON: u32 = 3;
/// Slots in which a client was on from which it has a past: six hours.
const PAST: u32 = 36;

/// Most that the past of a client can add.
const MOST_BY_PAST: i32 = 16;

/// Score from which anything is told.
const TOLD: i32 = 40;

/// Whether a burst can be worth telling, before anything is known of its domains: to look at them all is dear.
pub fn is_promising(burst: &Burst) -> bool {
    let mut card = Card::new(false);
    // The client has met no fewer since.
    judge_burst(burst, met(burst, burst.met_last), &mut card);
    card.sum() + MOST_BY_PAST >= TOLD
}

/// Judges the meetings of a client. `seen` holds all of them as one pair, and their domains as one; `crowds` says how many
/// clients each domain with a natural name has.
pub fn judge(seen: &Seen<'_>, burst: &Burst, crowds: &[u32]) -> Finding {
    let mut card = Card::new(seen.words);
    let met = met(burst, seen.client.domains);
    judge_burst(burst, met, &mut card);
    judge_past(seen, burst, met, &mut card);
    // Nobody's algorithm: a line that was down when the log began, or a product that many were given.
    let crowded = crowds.iter().filter(|&&users| users >= CROWD && u64::from(users) * 10 >= seen.all_clients()).count();
    let share = crowded as f64 / f64::from(burst.count.max(1));
    let points = match share {
        s if s < 0.25 => 0,
        s if s < 0.5 => -16,
        _ => -40,
    };
    card.add("share_others_ask_for", share, None, points, || {
        format!("{crowded} of them are asked for by every tenth client or more")
    });
    let what = if seen.words { what(burst) } else { String::new() };
    let attack: &[&str] = match burst.story {
        Story::Names => &["T1568.002", "T1071.001"],
        Story::Posts | Story::Visits => &["T1008", "T1071.001"],
    };
    Finding { detector: "fanout", card, what, attack, standing: Standing::Unknown }
}

/// Domains of any kind that the client met during a burst; `domains`: all so far.
fn met(burst: &Burst, domains: u32) -> u32 {
    domains.saturating_sub(burst.met).max(burst.count)
}

/// What a burst says by itself.
fn judge_burst(burst: &Burst, met: u32, card: &mut Card) {
    judge_count(burst, card);
    let share = |part: u32| f64::from(part) / f64::from(burst.count.max(1));
    match burst.story {
        Story::Names => judge_names(burst, share(burst.failed), share(burst.strange), card),
        Story::Posts | Story::Visits => judge_list(burst, card),
    }
    // Of what it met in that time: who browses, or checks links, meets ten others for each that fails.
    let of_all = f64::from(burst.count) / f64::from(met);
    let points = match of_all {
        s if s >= 0.5 => 10,
        s if s >= 0.3 => 5,
        s if s >= 0.2 => -6,
        s if s >= 0.1 => -22,
        _ => -30,
    };
    card.add("share_of_new_domains", of_all, None, points, || {
        format!("{:.0} % of the {met} domains that it met in that time", of_all * 100.0)
    });
    // Not the client: its line, or the proxy's.
    let failing = f64::from(burst.failing) / f64::from(burst.count.max(1));
    let points = match failing {
        s if burst.story != Story::Names || s < 0.15 => 0,
        s if s < 0.4 => -16,
        s if s < 0.8 => -40,
        _ => -60,
    };
    card.add("known_domains_failing", burst.failing.into(), None, points, || {
        format!("{} domains that it had used before fail as well", burst.failing)
    });
}

/// How many: at the floor it is no more than odd, at one a minute nobody types that.
fn judge_count(burst: &Burst, card: &mut Card) {
    let hourly = burst.span < LONGEST;
    let points = match (burst.story, hourly, burst.count) {
        (Story::Names, true, 0..12) => 16,
        (Story::Names, true, 12..20) => 22,
        (Story::Names, true, 20..40) => 28,
        (Story::Names, true, 40..80) => 34,
        (Story::Names, true, _) => 38,
        (Story::Names, false, 0..20) => 4,
        (Story::Names, false, 20..40) => 16,
        (Story::Names, false, 40..70) => 22,
        (Story::Names, false, 70..100) => 28,
        (Story::Names, false, _) => 32,
        // A page that is left open posts to a counter or two.
        (Story::Posts, true, 0..12) => 20,
        (Story::Posts, true, 12..20) => 30,
        (Story::Posts, true, 20..40) => 38,
        (Story::Posts, true, _) => 44,
        (Story::Posts, false, 0..20) => 10,
        (Story::Posts, false, 20..40) => 24,
        (Story::Posts, false, _) => 34,
        // A list of feeds that is read for the first time looks the same for an hour.
        (Story::Visits, _, 0..40) => 6,
        (Story::Visits, _, 40..80) => 14,
        (Story::Visits, _, _) => 20,
    };
    // Trackers and abbreviations look like this as well: names that answer need twice as much.
    let points = if burst.story == Story::Names && burst.failed * 4 < burst.count { points / 2 } else { points };
    card.add("new_domains", burst.count.into(), None, points, || {
        let how = match burst.story {
            Story::Names => "that fail or look made up",
            Story::Posts => "that it posts to",
            Story::Visits => "that no page led to",
        };
        format!("{} domains {how} in {}, new to all", number(burst), minutes(burst.lasted))
    });
}

fn judge_names(burst: &Burst, failed: f64, strange: f64, card: &mut Card) {
    // Most names of an algorithm are nobody's; a person's names exist.
    let points = match failed {
        s if s >= 0.8 => 20,
        s if s >= 0.5 => 14,
        s if s >= 0.25 => 6,
        _ => 0,
    };
    card.add("failed_share", failed, None, points, || {
        let (failed, answered) = (burst.failed, burst.count - burst.failed);
        match answered {
            0 => format!("all {failed} fail: no such name, or nobody answers"),
            _ => format!("{failed} of {} fail; {answered} answered: look at these first", burst.count),
        }
    });
    // One natural name of thirty is taken for strange, of made up ones nearly all; words in a row are not.
    let points = match strange {
        s if s >= 0.6 => 22,
        s if s >= 0.4 => 12,
        _ => 0,
    };
    card.add("strange_labels_share", strange, None, points, || {
        format!("{} of {} are letters at random", burst.strange, burst.count)
    });
}

fn judge_list(burst: &Burst, card: &mut Card) {
    // One program asks all of them alike.
    if burst.shape >= 0.7 {
        card.add("same_shape", burst.shape, None, if burst.story == Story::Posts { 10 } else { 8 }, || {
            "its requests to them have one shape".into()
        });
    }
    // A list of feeds is through after a round; a bot goes on.
    if burst.hours >= GOES_ON {
        let points = if burst.story == Story::Visits { 14 } else { 6 };
        card.add("hours_with_new_domains", burst.hours.into(), None, points, || {
            format!("it goes on: several new ones in each of {} hours", burst.hours)
        });
    }
}

/// What is usual for this client.
fn judge_past(seen: &Seen<'_>, burst: &Burst, met: u32, card: &mut Card) {
    let slots = f64::from(burst.span) * 60_000.0 / SLOT as f64;
    let on = slots * seen.client.on_between(seen.now - Millis::from(burst.span) * 60_000, seen.now);
    let past = seen.client.online().saturating_sub(on as u32);
    // What is new once may be a program that somebody has just installed, and its list.
    let once = burst.story == Story::Visits && burst.hours < GOES_ON;
    if past >= PAST && !once {
        let usual = f64::from(burst.before) / f64::from(past) * 6.0;
        let now = f64::from(burst.count) / (on / 6.0).max(1.0);
        let points = match now / usual.max(0.25) {
            times if times >= 20.0 => 10,
            times if times >= 8.0 => 6,
            times if times >= 4.0 => 0,
            times if times >= 2.0 => -10,
            _ => -24,
        };
        card.add("new_domains_an_hour", now, Some(usual), points, || {
            format!("{now:.1} such domains an hour; usual for this client are {usual:.1}")
        });
    }
    let usual = seen.client.past.as_ref().filter(|past| past.met.hours() >= 5).and_then(|past| past.met.quantile(95));
    if let Some(usual) = usual {
        let points = match f64::from(met) / usual.max(1) as f64 {
            times if times >= 2.0 => 6,
            times if times >= 0.5 => 0,
            _ => -6,
        };
        card.add("domains_met", met.into(), Some(usual as f64), points, || {
            format!("it met {met} domains; on 19 of 20 days the ledger knows it met at most {usual}")
        });
    }
}

/// A sentence's beginning.
fn what(burst: &Burst) -> String {
    let how = match burst.story {
        Story::Names if burst.failed * 2 >= burst.count => "asks for names that do not answer",
        Story::Names => "asks for names that look made up",
        Story::Posts => "posts to one new domain after the other",
        Story::Visits => "asks one new domain after the other",
    };
    format!("{how}, {} in {}", number(burst), minutes(burst.lasted))
}

fn number(burst: &Burst) -> String {
    let more = if burst.count as usize >= crate::window::MEETINGS { " or more" } else { "" };
    format!("{}{more}", burst.count)
}

fn minutes(minutes: u32) -> String {
    match minutes {
        1 => "a minute".into(),
        2..90 => format!("{minutes} min"),
        _ => format!("{:.1} h", f64::from(minutes) / 60.0),
    }
}
