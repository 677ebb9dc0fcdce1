//! Attacks: who is hit, when, and by what.
//!
//! Every parameter is drawn by the seed from a range wider than what is known of common frameworks, so that nothing can
//! be tuned to it; no number here is shared with a detector.

use anyhow::bail;

use super::agent;
use super::ask::{Ask, Fill, Hosts, Reply};
use super::build::Build;
use super::clock::{Clock, Jitter};
use super::dice::{Dice, Size};
use super::names;
use super::presence::{DAY, Gate, MINUTE};
use super::row::{Method, Mime};
use super::walk;

const HOUR: f64 = 3600.0;

/// Kinds of attack.
const KINDS: &[&str] = &[
    "beacon",
    "beacon-post",
    "beacon-connect",
    "slow-beacon",
    "working-hours",
    "tasked",
    "subdomains",
    "domain-rotation",
    "random-get",
    "get-exfil",
    "post-burst",
    "slow-post",
    "long-tunnel",
    "denied",
    "failing",
    "legit-site",
    "private-suffix",
    "ip-literal",
    "spread",
    "download",
];

/// All kinds that a world has unless told otherwise.
pub(super) fn kinds() -> Vec<&'static str> {
    KINDS.to_vec()
}

/// The kind called `name`.
pub(super) fn kind(name: &str) -> anyhow::Result<&'static str> {
    match KINDS.iter().chain(walk::KINDS).find(|kind| **kind == name) {
        Some(kind) => Ok(kind),
        None => bail!("there is no attack {name:?}; attacks are {}", [KINDS, walk::KINDS].concat().join(", ")),
    }
}

/// Whether an attack needs days to show.
pub(super) fn is_slow(kind: &str) -> bool {
    matches!(kind, "slow-beacon" | "slow-post" | "working-hours")
}

/// A client that will be hit, and when.
pub(super) struct Victim {
    pub(super) client: u32,
    pub(super) from: i64,
    /// Milliseconds for which it will be on after that.
    pub(super) online: f64,
}

/// Whom it hits: a client that will be on for some hours.
pub(super) fn victim(build: &Build, dice: &mut Dice, kind: &str) -> Victim {
    let span = (build.end() - build.plan.from) as f64;
    let mut best = Victim { client: 0, from: build.plan.from, online: 0.0 };
    for _ in 0..60 {
        let client = dice.below(build.plan.clients.into()) as u32;
        let habit = &build.clients[client as usize].habit;
        let hit = build.plan.from + (dice.unit() * 0.35 * span) as i64;
        let open = habit.open(Gate::Powered, &build.calendar, hit);
        let works_at_night = habit.start > 1100 && !habit.stays_on;
        if open.from >= build.end() || kind == "working-hours" && works_at_night {
            continue;
        }
        let from = open.from.max(hit) + dice.log_uniform(30_000.0, 40.0 * MINUTE as f64) as i64;
        let days = ((build.end() - from) / DAY) as f64;
        let today = (open.to.min(build.end()) - from) as f64;
        let online = if habit.stays_on { today } else { today.min(10.0 * HOUR * 1e3) + days * 0.7 * 8.0 * HOUR * 1e3 };
        if online > best.online {
            best = Victim { client, from, online };
        }
        if best.online > 5.0 * HOUR * 1e3 {
            break;
        }
    }
    best
}

/// How an agent strays from its beat.
pub(super) fn jitter(dice: &mut Dice) -> (Jitter, f64) {
    let share = dice.between(0.01, 0.6);
    match dice.below(6) {
        0 => (Jitter::None, 0.0),
        1 | 2 => (Jitter::Uniform, share),
        3 => (Jitter::Shorter, share),
        4 => (Jitter::Longer, share),
        _ => (Jitter::Gaussian, share * 0.6),
    }
}

/// A clock of an agent: from `low` to `high` seconds, but with at least some ticks while the victim is on.
pub(super) fn clock(dice: &mut Dice, victim: &Victim, low: f64, high: f64) -> Clock {
    let high = high.min(victim.online / 1000.0 / dice.between(10.0, 30.0)).max(low * 1.01);
    let (jitter, share) = jitter(dice);
    let mut clock = Clock::every(dice.log_uniform(low, high), jitter, share, Gate::Powered);
    clock.after_answer = dice.chance(0.6);
    clock.warm_up = dice.log_uniform(3_000.0, 600_000.0);
    clock.skip = if dice.chance(0.25) { dice.between(0.0, 0.2) } else { 0.0 };
    clock.prompt = true;
    clock
}

/// Plants one attack of a kind.
pub(super) fn plant(build: &mut Build, kind: &'static str) {
    if walk::KINDS.contains(&kind) {
        return walk::plant(build, kind);
    }
    let mut dice = Dice::new(build.dice.next());
    let dice = &mut dice;
    let hit = victim(build, dice, kind);
    let mut clock = match kind {
        "slow-beacon" => clock(dice, &hit, HOUR, 24.0 * HOUR),
        "slow-post" => clock(dice, &hit, 0.2 * HOUR, 4.0 * HOUR),
        "random-get" => clock(dice, &hit, 1.0, 1200.0),
        "spread" => clock(dice, &hit, 10.0, HOUR),
        _ => clock(dice, &hit, 5.0, 6.0 * HOUR),
    };
    let method = match kind {
        "beacon" | "random-get" | "get-exfil" => Method::Get,
        "beacon-post" | "slow-post" => Method::Post,
        "beacon-connect" | "long-tunnel" => Method::Connect,
        _ => *dice.pick(&[Method::Get, Method::Get, Method::Post, Method::Connect]),
    };
    let host = other_side(build, dice, kind);
    let mut beacon = agent::request(build, dice, method, host);
    match kind {
        "working-hours" => {
            let start = dice.range(7 * 60, 10 * 60) as u16;
            clock.gate = Gate::Hours(start, start + dice.range(5 * 60, 10 * 60) as u16);
        }
        "subdomains" => beacon.hosts = Hosts::Fresh(host),
        "domain-rotation" => {
            let hosts: Vec<u32> = (0..dice.range(2, 9)).map(|_| other_side(build, dice, kind)).collect();
            let stay = dice.log_uniform(1.0, 60.0) as u32;
            beacon.hosts = if dice.chance(0.4) { Hosts::Any(hosts.into()) } else { Hosts::Turn(hosts.into(), stay) };
        }
        "random-get" => {
            beacon.path = agent::random_path(build, dice, 12, 260);
            beacon.fill = Fill::Fresh;
        }
        "slow-post" => beacon.up = Size::spread(dice.log_uniform(15e3, 6e5), dice.between(0.0, 1.0), 3e6),
        "long-tunnel" => {
            clock.after_answer = true;
            clock.period = dice.log_uniform(1_000.0, 900_000.0);
            let took = dice.log_uniform(15.0 * 60e3, hit.online / 3.0);
            beacon.took = Size::spread(took, dice.between(0.0, 0.6), took * 1.6);
            beacon.up = Size::spread(dice.log_uniform(3e4, 4e8), 0.8, 4e9);
            beacon.down = Size::spread(dice.log_uniform(2e4, 4e7), 0.8, 4e9);
        }
        "denied" => beacon.replies = Box::new([(1.0, Reply::Denied)]),
        "failing" => {
            let reply = *dice.pick(&[Reply::NoName, Reply::Unreachable, Reply::Status(503), Reply::Status(502)]);
            let now_and_then = if dice.chance(0.3) { dice.between(0.01, 0.1) } else { 0.0 };
            beacon.replies = Box::new([(1.0 - now_and_then, reply), (now_and_then, Reply::Status(200))]);
        }
        "download" => {
            clock.period = 1e15;
            (beacon.method, beacon.port) = (Method::Get, 80);
            beacon.path = build.web.path("/{slug 1 3}/{slug 1 2}{dec 1 4}.{exe|zip|lzh|scr|dll|js}");
            beacon.mime = *dice.pick(&[Mime::Exe, Mime::Zip, Mime::Bytes]);
            beacon.down = Size::fixed(dice.log_uniform(4e4, 6e6));
            beacon.took = Size::spread(1200.0, 1.0, 6e4);
        }
        _ => {}
    }
    let story = build.story(kind, true, (kind != "download").then_some(&clock));
    let asks = agent::with_tasks(build, dice, kind, beacon);
    let extra = burst(build, dice, kind, &asks[0], &hit);
    let spec = build.spec(story, clock, asks);
    let extra = extra.map(|(clock, asks)| build.spec(story, clock, asks));
    for (client, from) in victims(build, dice, kind, &hit) {
        // Some are found and cleaned before the log ends.
        let left = (build.end() - from).max(1) as f64;
        let stays = kind == "spread" || is_slow(kind) || dice.chance(0.75);
        let until = if stays { i64::MAX } else { from + (left * dice.between(0.6, 1.0)) as i64 };
        build.install_during(spec, client, from, until);
        if let Some(extra) = extra {
            build.install_during(extra, client, from, until);
        }
    }
}

/// Everybody an attack hits, and when.
fn victims(build: &Build, dice: &mut Dice, kind: &str, first: &Victim) -> Vec<(u32, i64)> {
    let mut victims = vec![(first.client, first.from)];
    if kind == "spread" {
        let most = (f64::from(build.plan.clients) * 0.1).clamp(4.0, 40.0);
        let count = dice.between(3.0, most) as usize;
        let window = (build.end() - first.from) as f64 * 0.5;
        for _ in 0..count * 4 {
            let next = victim(build, dice, kind);
            // Later ones come faster: from each of those hit so far.
            let from = first.from + (window * dice.unit().max(dice.unit())) as i64;
            if victims.len() <= count && victims.iter().all(|(client, _)| *client != next.client) {
                victims.push((next.client, from));
            }
        }
    }
    victims
}

/// The host on the other side.
fn other_side(build: &mut Build, dice: &mut Dice, kind: &str) -> u32 {
    match kind {
        "ip-literal" => super::niche::literal(build, dice),
        "private-suffix" => {
            let make = if dice.chance(0.5) { names::tenant } else { names::dynamic };
            build.web.service(dice, make, &[""])
        }
        "legit-site" => {
            // Broken into: neither at the top nor unknown.
            let count = build.web.sites.len();
            let site = build.web.sites[dice.range(count as u64 / 100, count as u64 / 6) as usize];
            build.web.host_of(site, dice)
        }
        "download" if dice.chance(0.5) => *dice.pick(&build.services.sharing) + 1,
        "subdomains" => build.web.service(dice, names::hostile, &[""]),
        _ => {
            let label = *dice.pick(&["", "www", "www", "mail", "cdn", "update", "news", "api", "img", "ns1"]);
            build.web.service(dice, names::hostile, &[label])
        }
    }
}

/// What comes now and then beside the beacon.
fn burst(build: &mut Build, dice: &mut Dice, kind: &str, beacon: &Ask, hit: &Victim) -> Option<(Clock, Vec<Ask>)> {
    let mut ask = beacon.clone();
    ask.chance = 1.0;
    let between = match kind {
        "tasked" => {
            ask.repeat = (3, dice.range(8, 160) as u32);
            ask.gap = Size::spread(dice.log_uniform(80.0, 9_000.0), 0.8, 6e4);
            ask.down = Size::spread(dice.log_uniform(500.0, 80_000.0), 1.5, 4e6);
            ask.up = Size::spread(dice.log_uniform(400.0, 60_000.0), 1.0, 2e6);
            dice.between(0.08, 0.4)
        }
        "get-exfil" => {
            ask.path = agent::random_path(build, dice, 200, 1900);
            ask.fill = Fill::Fresh;
            ask.repeat = (20, dice.log_uniform(60.0, 1500.0) as u32);
            ask.gap = Size::spread(dice.log_uniform(60.0, 6_000.0), 0.7, 6e4);
            dice.between(0.1, 0.5)
        }
        "post-burst" => {
            ask.method = Method::Post;
            ask.port = 80;
            if beacon.method == Method::Connect || dice.chance(0.5) {
                ask.path = build.web.path("/{word}/{word}{|.php|.asp|.jsp|.cgi}");
                ask.fill = Fill::Fixed(dice.next());
            }
            ask.mime = Mime::Html;
            let size = dice.log_uniform(3e5, 1.2e7);
            ask.up = Size::spread(size, dice.between(0.0, 0.7), 6e7);
            ask.down = Size::spread(dice.log_uniform(120.0, 900.0), 0.05, 4e3);
            ask.took = Size::spread(size / dice.log_uniform(200.0, 6000.0), 0.4, 6e5);
            ask.repeat = (3, dice.range(5, 70) as u32);
            ask.gap = Size::spread(dice.log_uniform(100.0, 30_000.0), 0.8, 3e5);
            dice.between(0.1, 0.45)
        }
        _ => return None,
    };
    let mut clock = Clock::every(hit.online * between / 1000.0, Jitter::Random, 1.0, Gate::Powered);
    // The first comes soon enough to be in the log.
    clock.period = clock.period.min(hit.online / 4.0);
    Some((clock, vec![ask]))
}
