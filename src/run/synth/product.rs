//! Software that many have: updaters, telemetry, certificates, push, chat, mail, tickers.
//!
//! Each row of [`KINDS`] is drawn into a product of this organisation: its servers, period, sizes and manners. The ranges
//! are those of real desktops; a period may be that of an intruder's agent, and many are.

use super::agent;
use super::ask::{Ask, BROWSER, Fill, Hosts, Reply};
use super::build::Build;
use super::clock::{Clock, Jitter};
use super::dice::Size;
use super::names;
use super::presence::Gate;
use super::row::{Method, Mime};
use super::words;

/// How a kind of product behaves: ranges its parameters are drawn from.
struct Kind {
    /// As labelled.
    name: &'static str,
    /// How many products of the kind.
    count: u32,
    /// Share of PCs that have one, at least and at most.
    share: (f64, f64),
    /// Period in seconds, at least and at most.
    period: (f64, f64),
    /// Manner.
    manner: Manner,
}

#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Asks, and sometimes fetches.
    Updater,
    /// Sends a little.
    Sender,
    /// Certificates' status.
    Certificates,
    /// Holds a tunnel open.
    Push,
    /// Fetches the same small thing.
    Check,
    /// Fetches small things that change.
    Refresh,
    /// Waits for an answer for half a minute, then asks again.
    LongPoll,
    /// Asks a mail server, by TLS.
    Mail,
    /// Is refused.
    Refused,
    /// Speaks to what no longer exists.
    Dead,
    /// Sends a lot now and then.
    Shipper,
    /// Sends when something broke.
    Crash,
}

const fn kind(name: &'static str, count: u32, share: (f64, f64), period: (f64, f64), manner: Manner) -> Kind {
    Kind { name, count, share, period, manner }
}

const HOUR: f64 = 3600.0;

const KINDS: &[Kind] = &[
    kind("software_update", 7, (0.1, 0.9), (HOUR, 24.0 * HOUR), Manner::Updater),
    kind("signature_update", 2, (0.3, 0.6), (900.0, 4.0 * HOUR), Manner::Updater),
    kind("telemetry", 5, (0.15, 0.8), (400.0, 3.0 * HOUR), Manner::Sender),
    kind("certificate_status", 3, (0.5, 0.95), (HOUR, 5.0 * HOUR), Manner::Certificates),
    kind("push_channel", 3, (0.2, 0.8), (5.0, 300.0), Manner::Push),
    kind("captive_portal", 2, (0.06, 0.3), (200.0, 900.0), Manner::Check),
    kind("ticker", 3, (0.01, 0.06), (15.0, 1800.0), Manner::Refresh),
    kind("news_poll", 2, (0.03, 0.15), (300.0, HOUR), Manner::Refresh),
    kind("long_polling", 2, (0.01, 0.06), (0.2, 3.0), Manner::LongPoll),
    kind("mail_poll", 2, (0.15, 0.4), (120.0, 1800.0), Manner::Mail),
    kind("webmail_refresh", 2, (0.03, 0.15), (30.0, 600.0), Manner::Refresh),
    kind("dashboard_refresh", 3, (0.003, 0.015), (10.0, 600.0), Manner::Refresh),
    kind("denied_telemetry", 3, (0.03, 0.25), (60.0, 2.0 * HOUR), Manner::Refused),
    kind("dead_service", 3, (0.01, 0.1), (120.0, 6.0 * HOUR), Manner::Dead),
    kind("crash_reporter", 2, (0.05, 0.4), (4.0 * HOUR, 60.0 * HOUR), Manner::Crash),
    kind("log_shipper", 2, (0.005, 0.03), (15.0, 1800.0), Manner::Shipper),
];

/// Draws the organisation's products and installs them.
pub(super) fn install(build: &mut Build) {
    for kind in KINDS {
        for number in 0..kind.count {
            let spec = product(build, kind);
            let share = build.dice.between(kind.share.0, kind.share.1);
            // Now and then something new is rolled out, machine by machine: it spreads, and is nobody's attack.
            let span = (build.end() - build.plan.from) as f64;
            let new = number > 0 && build.dice.chance(0.12);
            let start = if new { build.plan.from + (build.dice.unit() * span * 0.6) as i64 } else { build.plan.from };
            let window = if new { span * build.dice.between(0.02, 0.4) } else { 0.0 };
            let mut installed = 0;
            for client in 0..build.plan.clients {
                if build.dice.chance(share) {
                    let from = start + (build.dice.unit() * window) as i64;
                    build.install_during(spec, client, from, i64::MAX);
                    installed += 1;
                }
            }
            // In the smallest world, too, every kind occurs.
            if installed == 0 && number == 0 {
                let client = build.any_pc();
                build.install(spec, client);
            }
            if matches!(kind.manner, Manner::Updater | Manner::Shipper) {
                for _ in 0..build.clients.len() as u32 - build.plan.clients {
                    let client = build.any_server();
                    if build.dice.chance(0.3) {
                        build.install(spec, client);
                    }
                }
            }
        }
    }
}

fn product(build: &mut Build, kind: &Kind) -> u32 {
    let mut dice = build.dice.clone();
    let labels: &[&str] = match dice.below(3) {
        0 => &["update", "dl", "cdn", "www"],
        1 => &["api", "data", "files", "www"],
        _ => &["svc", "c1", "c2", "www"],
    };
    let host = build.web.service(&mut dice, names::maker, labels);
    let office = matches!(kind.name, "long_polling" | "webmail_refresh" | "dashboard_refresh" | "ticker");
    let gate = if office && dice.chance(0.8) { Gate::Desk } else { Gate::Powered };
    let period = dice.log_uniform(kind.period.0, kind.period.1);
    let (jitter, share) = match dice.below(6) {
        0 | 1 => (Jitter::None, 0.0),
        2 => (Jitter::Uniform, dice.between(0.02, 0.5)),
        3 => (Jitter::Longer, dice.between(0.05, 0.5)),
        4 => (Jitter::Gaussian, dice.between(0.01, 0.3)),
        _ if matches!(kind.manner, Manner::Sender | Manner::Certificates | Manner::Crash) => (Jitter::Random, 1.0),
        _ => (Jitter::Shorter, dice.between(0.05, 0.4)),
    };
    let mut clock = Clock::every(period, jitter, share, gate);
    clock.warm_up = dice.log_uniform(4_000.0, 900_000.0);
    let name = words::coined(&mut dice, 2, 3);
    let version = format!("{}.{}.{}", dice.range(1, 24), dice.range(0, 9), dice.range(0, 9999));
    let agent = match dice.below(4) {
        0 => 0,
        1 => BROWSER,
        _ => agent::of_program(build, dice.clone(), &format!("{}{}", name[..1].to_uppercase(), &name[1..]), &version),
    };
    let tls = dice.chance(0.6);
    let asks = asks(build, kind.manner, host, tls, &mut dice, &mut clock);
    let asks = asks.into_iter().map(|ask| Ask { agent, ..ask }).collect();
    build.dice = dice;
    let story = build.story(kind.name, false, Some(&clock));
    build.spec(story, clock, asks)
}

fn asks(
    build: &mut Build,
    manner: Manner,
    host: u32,
    tls: bool,
    dice: &mut super::dice::Dice,
    clock: &mut Clock,
) -> Vec<Ask> {
    let word = words::word(dice);
    let other = words::word(dice);
    let tunnel = Ask::new(Method::Connect, host, 0);
    let get = |build: &mut Build, notation: &str| Ask::new(Method::Get, host, build.web.path(notation));
    match manner {
        Manner::Updater => {
            let check = if tls { tunnel } else { get(build, &format!("/{word}/check?v={{dec 3 5}}&os=10.0")) };
            let mut fetch = get(build, &format!("/{word}/{{hex 8}}/{other}_{{hex 16 40}}.{{cab|bin|zip|psf}}"));
            fetch.hosts = Hosts::Any([host + 1, host + 2].into());
            fetch.fill = Fill::Few(dice.range(3, 60));
            fetch.mime = *dice.pick(&[Mime::Cab, Mime::Bytes, Mime::Zip]);
            fetch.down = Size::spread(dice.log_uniform(2e4, 3e6), 2.0, 1e9);
            fetch.took = Size::spread(900.0, 1.8, 9e5);
            fetch.replies = Box::new([(0.7, Reply::Status(200)), (0.5, Reply::Status(206)), (0.6, Reply::Cached)]);
            fetch.repeat = (1, dice.range(1, 9) as u32);
            fetch.chance = dice.between(0.05, 0.6);
            vec![Ask { repeat: (1, dice.range(1, 3) as u32), ..check }, fetch]
        }
        Manner::Sender => {
            let mut send = if tls { tunnel } else { get(build, &format!("/{word}/{{v1|v2}}/{other}")) };
            if !tls {
                send.method = Method::Post;
                send.mime = Mime::Json;
            }
            send.up = Size::spread(dice.log_uniform(600.0, 30_000.0), dice.between(0.1, 1.5), 4e6);
            vec![send]
        }
        Manner::Certificates => {
            let mut status = get(build, "/{b64 80 110}%3D");
            status.fill = Fill::Few(dice.range(4, 400));
            status.mime = Mime::Ocsp;
            status.down = Size::spread(dice.between(471.0, 2200.0), 0.05, 9e3);
            status.replies = Box::new([(0.6, Reply::Status(200)), (0.4, Reply::Cached)]);
            status.repeat = (1, 4);
            let mut list = get(build, &format!("/{word}.crl"));
            list.mime = Mime::Crl;
            list.down = Size::spread(dice.log_uniform(900.0, 4e5), 0.02, 1e6);
            list.replies = Box::new([(0.4, Reply::Status(200)), (0.3, Reply::Status(304)), (0.3, Reply::Cached)]);
            list.chance = 0.2;
            vec![status, list]
        }
        Manner::Push => {
            clock.after_answer = true;
            let took = Size::spread(dice.log_uniform(4.0 * 60e3, 5.0 * HOUR * 1000.0), dice.between(0.02, 2.0), 8.6e7);
            vec![Ask { took, up: Size::spread(2400.0, 1.5, 1e7), down: Size::spread(6000.0, 1.5, 1e8), ..tunnel }]
        }
        Manner::Check => {
            let mut check = get(build, &format!("/{{generate_204|{word}.txt|connecttest.txt}}"));
            check.replies = Box::new([(1.0, Reply::Status(if dice.chance(0.5) { 204 } else { 200 }))]);
            check.mime = Mime::Text;
            check.down = Size::fixed(dice.range(180, 420) as f64);
            vec![check]
        }
        Manner::Refresh => {
            let mut load = if tls { tunnel } else { get(build, &format!("/{word}/{other}?since={{dec 10}}")) };
            load.fill = if dice.chance(0.7) { Fill::Fresh } else { Fill::Client(7) };
            load.mime = if tls { Mime::None } else { Mime::Json };
            load.down = Size::spread(dice.log_uniform(300.0, 30_000.0), dice.between(0.02, 1.2), 1e7);
            load.repeat = (1, dice.range(1, 3) as u32);
            vec![load]
        }
        Manner::LongPoll => {
            clock.after_answer = true;
            let mut poll = get(build, &format!("/{word}/poll?sid={{hex 24}}&t={{dec 6}}"));
            poll.fill = if dice.chance(0.5) { Fill::Client(3) } else { Fill::Fresh };
            let longest = dice.between(20_000.0, 90_000.0);
            poll.took = Size::spread(longest * 1.2, 1.0, longest);
            poll.down = Size::spread(dice.log_uniform(200.0, 1200.0), 0.3, 1e5);
            poll.mime = Mime::Json;
            vec![poll]
        }
        Manner::Mail => {
            let fetch = Ask { down: Size::spread(3800.0, 0.8, 3e7), repeat: (1, 2), ..tunnel.clone() };
            vec![fetch, Ask { up: Size::spread(60_000.0, 2.5, 3e7), chance: 0.04, ..tunnel }]
        }
        Manner::Refused => {
            let mut send = if tls { tunnel } else { get(build, &format!("/{word}/{other}?k={{hex 12}}")) };
            send.replies = Box::new([(1.0, Reply::Denied)]);
            send.repeat = (1, dice.range(1, 4) as u32);
            vec![send]
        }
        Manner::Dead => {
            let mut load = if tls { tunnel } else { get(build, &format!("/{word}/{other}.xml")) };
            load.replies = Box::new([(1.0, if dice.chance(0.6) { Reply::NoName } else { Reply::Unreachable })]);
            load.repeat = (1, dice.range(1, 3) as u32);
            vec![load]
        }
        Manner::Shipper => {
            let mut send = if tls { tunnel } else { get(build, &format!("/{word}/ingest")) };
            if !tls {
                send.method = Method::Post;
            }
            send.up = Size::spread(dice.log_uniform(3e3, 2e6), dice.between(0.2, 1.6), 5e7);
            vec![send]
        }
        Manner::Crash => {
            let mut send = if tls { tunnel } else { get(build, &format!("/{word}/submit")) };
            if !tls {
                send.method = Method::Post;
                send.mime = Mime::Text;
            }
            send.up = Size::spread(dice.log_uniform(2e5, 2e7), 1.2, 2e8);
            send.took = Size::spread(9000.0, 1.2, 9e5);
            send.repeat = (1, dice.range(1, 5) as u32);
            vec![send]
        }
    }
}
