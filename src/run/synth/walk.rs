//! Walks: programs that go from one domain to the next, an intruder's and harmless ones. Only in worlds that are asked for
//! by name, so that the other worlds stay as they are.

use super::agent;
use super::ask::{Ask, Fill, Hosts, Reply};
use super::attack::{clock, jitter, victim};
use super::build::Build;
use super::clock::Clock;
use super::dice::Dice;
use super::names;
use super::niche::literal;
use super::presence::Gate;
use super::row::{Method, Mime};
use super::words;

/// Kinds of attack: names that an algorithm makes, and a list of sites or addresses.
pub(super) const KINDS: &[&str] = &["dga", "site-list"];

/// Plants one attack of a kind.
pub(super) fn plant(build: &mut Build, kind: &'static str) {
    let mut dice = Dice::new(build.dice.next());
    let dice = &mut dice;
    let hit = victim(build, dice, kind);
    let clock = clock(dice, &hit, 2.0, 900.0);
    // Until the log ends, unless the list begins anew before.
    let fits = (hit.online / clock.period).clamp(20.0, 3000.0);
    let count = (dice.log_uniform(30.0, 1500.0)).min(fits) as u64;
    let method = *dice.pick(&[Method::Get, Method::Get, Method::Post, Method::Connect]);
    let first = build.web.service(dice, names::hostile, &[""]);
    let mut ask = agent::request(build, dice, method, first);
    ask.port = if method == Method::Connect { 443 } else { 80 };
    ask.repeat = (1, dice.range(1, 3) as u32);
    let hosts: Vec<u32> = if kind == "dga" {
        let style = dice.below(6);
        let length = dice.range(8, 20);
        let suffixes = &["com", "net", "org", "info", "biz", "ru", "top", "xyz", "cc", "ws", "eu", "in"];
        let suffixes = &suffixes[..dice.range(1, 6) as usize];
        let silent = if dice.chance(0.3) { dice.between(0.0, 0.5) } else { 0.0 };
        let answered = if dice.chance(0.6) { dice.between(0.0, 0.06) } else { 0.0 };
        ask.replies = Box::new([
            (1.0 - silent - answered, Reply::NoName),
            (silent, Reply::Unreachable),
            (answered, Reply::Status(200)),
        ]);
        (0..count).map(|_| build.web.service(dice, |dice| made_up(dice, style, length, suffixes), &[""])).collect()
    } else {
        let addresses = if dice.chance(0.3) { 1.0 } else { 0.0 };
        // Broken into, found out, cleaned up, gone.
        let (missing, gone) = (dice.between(0.0, 0.5), dice.between(0.0, 0.2));
        if method != Method::Connect {
            ask.replies = Box::new([
                (1.0 - missing - gone, Reply::Status(200)),
                (missing, Reply::Status(404)),
                (gone, Reply::Unreachable),
            ]);
        }
        let mut next = |_| match dice.chance(addresses) {
            true => literal(build, dice),
            false => build.web.service(dice, names::site, &["www"]),
        };
        (0..count).map(&mut next).collect()
    };
    ask.hosts = Hosts::Turn(hosts.into(), 1);
    let story = build.story(kind, true, Some(&clock));
    let spec = build.spec(story, clock, vec![ask]);
    build.install_during(spec, hit.client, hit.from, i64::MAX);
}

/// A name as an algorithm makes it.
fn made_up(dice: &mut Dice, style: u64, length: u64, suffixes: &[&str]) -> String {
    let from = |letters: &[u8], length: u64, dice: &mut Dice| -> String {
        (0..length).map(|_| char::from(letters[dice.index(letters.len())])).collect()
    };
    let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let name = match style {
        0 => from(&letters[..26], length, dice),
        1 => {
            let length = dice.range(7, length.max(9));
            from(&letters[..26], length, dice)
        }
        2 => from(letters, length.max(12), dice),
        3 => from(b"0123456789abcdef", length + 8, dice),
        4 => words::coined(dice, 3, 5),
        _ => format!("{}{}{}", words::word(dice), words::word(dice), words::word(dice)),
    };
    format!("{name}.{}", dice.pick(suffixes))
}

/// Gives some clients a program that goes through a list and is harmless: a feed reader, a checker of links.
pub(super) fn install(build: &mut Build) {
    let mut dice = Dice::new(build.dice.next());
    let dice = &mut dice;
    for kind in ["feed_list", "link_checker", "feed_list", "link_checker"] {
        let (jitter, share) = jitter(dice);
        let checks = kind == "link_checker";
        let period =
            if checks { dice.log_uniform(3.0 * 3600.0, 48.0 * 3600.0) } else { dice.log_uniform(900.0, 14400.0) };
        let mut clock = Clock::every(period, jitter, share, Gate::Powered);
        clock.warm_up = dice.log_uniform(10_000.0, 1_200_000.0);
        let name = words::coined(dice, 2, 3);
        let agent = build.web.agent(&format!("{name}/{}.{}", dice.range(1, 9), dice.range(0, 40)));
        let count = if checks { dice.log_uniform(60.0, 400.0) } else { dice.log_uniform(30.0, 120.0) } as u64;
        let dead = if checks { dice.between(0.0, 0.12) } else { dice.between(0.0, 0.05) };
        let mut asks = Vec::new();
        for _ in 0..count {
            let host = if dice.chance(0.5) {
                let site = build.web.sites[dice.index(build.web.sites.len())];
                build.web.domains[site as usize].first
            } else {
                build.web.service(dice, names::site, &["www"])
            };
            let word = words::word(dice);
            let path =
                if checks { format!("/{word}/{{slug 1 4}}") } else { format!("/{word}/{{feed|rss.xml|atom.xml}}") };
            let path = build.web.path(&path);
            let mut ask = match dice.chance(0.5) {
                true => Ask::new(Method::Connect, host, 0),
                false => Ask::new(if checks { Method::Head } else { Method::Get }, host, path),
            };
            (ask.agent, ask.fill) = (agent, Fill::Fixed(dice.next()));
            if ask.method != Method::Connect {
                ask.mime = if checks { Mime::Html } else { Mime::Xml };
            }
            ask.replies = match () {
                () if dice.chance(dead) => Box::new([(1.0, *dice.pick(&[Reply::NoName, Reply::Unreachable]))]),
                () if dice.chance(0.1) => Box::new([(1.0, Reply::Status(404))]),
                () => Box::new([(0.6, Reply::Status(200)), (0.4, Reply::Status(304))]),
            };
            asks.push(ask);
        }
        let story = build.story(kind, false, Some(&clock));
        let spec = build.spec(story, clock, asks);
        let client = build.any_pc();
        build.install(spec, client);
    }
}
