//! What single clients use: the rare domains that are polled by one PC, and are nobody's C2.

use super::agent;
use super::ask::{Ask, BROWSER, Fill, Hosts, Reply};
use super::build::Build;
use super::clock::{Clock, Jitter};
use super::dice::Size;
use super::names;
use super::presence::Gate;
use super::row::{Method, Mime};
use super::web::Role;
use super::words;

/// Kinds, and how many there are for each hundred clients.
const KINDS: &[(&str, f64)] = &[
    ("feed_reader", 3.5),
    ("niche_software", 6.0),
    ("monitoring_probe", 1.0),
    ("log_shipper", 0.8),
    ("ip_literal_appliance", 0.8),
    ("dynamic_dns", 0.4),
    ("office_hours_habit", 2.5),
    ("file_sharing_upload", 1.2),
    ("dead_service", 1.5),
    ("denied_telemetry", 1.0),
    ("ticker", 1.0),
    ("hashed_cdn", 0.7),
    ("dashboard_refresh", 1.0),
];

fn count(share: f64, clients: u32) -> usize {
    ((share * f64::from(clients) / 100.0) as usize).max(1)
}

/// About how many domains [`install`] will add.
pub(super) fn domains(clients: u32) -> usize {
    KINDS.iter().map(|kind| count(kind.1, clients)).sum()
}

/// Gives clients their niches.
pub(super) fn install(build: &mut Build) {
    for (kind, share) in KINDS {
        for _ in 0..count(*share, build.plan.clients) {
            one(build, kind);
        }
    }
}

fn one(build: &mut Build, kind: &'static str) {
    let mut dice = build.dice.clone();
    let server = matches!(kind, "monitoring_probe" | "ip_literal_appliance") && dice.chance(0.85)
        || kind == "log_shipper" && dice.chance(0.6);
    let (word, other) = (words::word(&mut dice), words::word(&mut dice));
    let seconds = match kind {
        "feed_reader" => dice.log_uniform(300.0, 4.0 * 3600.0),
        "monitoring_probe" => dice.log_uniform(12.0, 900.0),
        "ticker" | "dashboard_refresh" => dice.log_uniform(5.0, 900.0),
        "office_hours_habit" => dice.log_uniform(1200.0, 4.0 * 3600.0),
        "log_shipper" => dice.log_uniform(5.0, 1800.0),
        "hashed_cdn" => dice.log_uniform(30.0, 1800.0),
        _ => dice.log_uniform(20.0, 8.0 * 3600.0),
    };
    let (jitter, share) = match dice.below(6) {
        0..3 => (Jitter::None, 0.0),
        3 => (Jitter::Uniform, dice.between(0.02, 0.5)),
        4 => (Jitter::Gaussian, dice.between(0.02, 0.4)),
        _ => (Jitter::Longer, dice.between(0.05, 0.5)),
    };
    let gate = match kind {
        _ if server => Gate::Always,
        "office_hours_habit" => Gate::Desk,
        "ticker" | "dashboard_refresh" if dice.chance(0.5) => Gate::Desk,
        _ => Gate::Powered,
    };
    let mut clock = Clock::every(seconds, jitter, share, gate);
    clock.after_answer = dice.chance(0.5);
    clock.warm_up = dice.log_uniform(2_000.0, 600_000.0);
    if kind == "office_hours_habit" {
        (clock.jitter, clock.share) = (Jitter::Gaussian, dice.between(0.05, 0.4));
    }
    let host = match kind {
        "ip_literal_appliance" => literal(build, &mut dice),
        "dynamic_dns" => build.web.service(&mut dice, names::dynamic, &[""]),
        "feed_reader" | "office_hours_habit" if dice.chance(0.6) => {
            // A site of the long tail, which others may come across.
            let site = build.web.sites[dice.index(build.web.sites.len())];
            build.web.domains[site as usize].first
        }
        "feed_reader" if dice.chance(0.5) => build.web.service(&mut dice, names::tenant, &[""]),
        "feed_reader" | "office_hours_habit" => build.web.service(&mut dice, names::site, &["www"]),
        "file_sharing_upload" => *dice.pick(&build.services.sharing),
        _ => {
            let label = *dice.pick(&["www", "api", "update", "data", "cloud", ""]);
            build.web.service(&mut dice, names::maker, &[label])
        }
    };
    let asks = asks(build, kind, host, word, other, &mut dice);
    let story = build.story(kind, false, Some(&clock));
    build.dice = dice;
    let spec = build.spec(story, clock, asks);
    // One person's, or a handful's.
    let users = if kind == "niche_software" && build.dice.chance(0.3) { build.dice.range(2, 6) } else { 1 };
    for _ in 0..users {
        let client = if server { build.any_server() } else { build.any_pc() };
        // Some come into use, or fall out of it, while the log is written: new and rare is not yet hostile.
        let span = (build.end() - build.plan.from) as f64;
        let from = if build.dice.chance(0.3) { (build.dice.unit() * span * 0.9) as i64 } else { 0 };
        let used = if build.dice.chance(0.1) { (build.dice.unit() * span) as i64 } else { i64::MAX / 4 };
        build.install_during(spec, client, build.plan.from + from, build.plan.from + from + used);
    }
}

/// An address in a documentation range; one already in use is as good as a new one.
pub(super) fn literal(build: &mut Build, dice: &mut super::dice::Dice) -> u32 {
    // Where clients have the addresses kept for documentation, servers have those kept for benchmarks (RFC 2544).
    let address = match build.plan.incident {
        true => format!("198.19.{}.{}", dice.below(256), dice.range(1, 254)),
        false => names::address(dice),
    };
    if let Some(known) = build.web.domains.iter().find(|domain| &*domain.name == address.as_str()) {
        return known.first;
    }
    let domain = build.web.add(dice, &address, Role::Service, &[""]);
    build.web.domains[domain as usize].first
}

fn asks(build: &mut Build, kind: &str, host: u32, word: &str, other: &str, dice: &mut super::dice::Dice) -> Vec<Ask> {
    let tls = dice.chance(0.45);
    let name = words::coined(dice, 2, 3);
    let agent = match dice.below(5) {
        0 => 0,
        1 => BROWSER,
        // A maker's quotation marks: legal in a header, and a trap for who splits lines at them.
        2 if dice.chance(0.1) => build.web.agent(&format!("{name} \"Pro\" {}.{}", dice.range(1, 9), dice.range(0, 9))),
        _ => {
            let version = format!("{}.{}", dice.range(1, 9), dice.range(0, 40));
            agent::of_program(build, dice.clone(), &name, &version)
        }
    };
    let mut ask = if tls {
        Ask::new(Method::Connect, host, 0)
    } else {
        let notation = match kind {
            "feed_reader" => format!("/{word}/{{feed|rss.xml|atom.xml|index.rdf}}"),
            "monitoring_probe" => format!("/{{health|status|ping|{word}}}"),
            "log_shipper" => format!("/{word}/bulk"),
            "file_sharing_upload" => format!("/sync/{word}/{{uuid}}"),
            "niche_software" if dice.chance(0.5) => format!("/{word}/{other}.php?lic={{hex 16 32}}&v={{dec 2 4}}"),
            _ => format!("/{word}/{other}{{|.json|.xml|.cgi}}"),
        };
        Ask::new(Method::Get, host, build.web.path(&notation))
    };
    ask.agent = agent;
    ask.fill = Fill::Client(dice.next());
    ask.down = Size::spread(dice.log_uniform(150.0, 60_000.0), dice.between(0.0, 0.8), 1e8);
    match kind {
        "feed_reader" if !tls => {
            ask.mime = Mime::Xml;
            ask.replies = Box::new([(0.3, Reply::Status(200)), (0.7, Reply::Status(304))]);
        }
        "niche_software" | "ip_literal_appliance" if dice.chance(0.35) && !tls => {
            ask.method = Method::Post;
            ask.up = Size::spread(dice.log_uniform(300.0, 9000.0), 0.2, 1e6);
        }
        "monitoring_probe" if !tls && dice.chance(0.4) => ask.method = Method::Head,
        "log_shipper" => {
            ask.method = if tls { Method::Connect } else { Method::Post };
            ask.up = Size::spread(dice.log_uniform(2e3, 3e6), dice.between(0.1, 1.5), 8e7);
        }
        "file_sharing_upload" => {
            ask.method = if tls { Method::Connect } else { Method::Put };
            ask.up = Size::spread(dice.log_uniform(1e4, 8e6), 2.0, 8e8);
            ask.took = Size::spread(4000.0, 1.5, 9e5);
            ask.repeat = (1, dice.range(1, 12) as u32);
        }
        "dead_service" => {
            let reply = *dice.pick(&[Reply::NoName, Reply::Unreachable, Reply::Status(404), Reply::Status(502)]);
            ask.replies = Box::new([(1.0, reply)]);
        }
        "denied_telemetry" => ask.replies = Box::new([(1.0, Reply::Denied)]),
        "hashed_cdn" => ask.hosts = Hosts::Fresh(host),
        "office_hours_habit" => {
            ask.agent = BROWSER;
            ask.mime = if tls { Mime::None } else { Mime::Html };
            ask.down = Size::spread(24_000.0, 0.8, 1e7);
        }
        _ => {}
    }
    if kind == "ip_literal_appliance" && dice.chance(0.3) {
        ask.port = if ask.method == Method::Connect { 8443 } else { 8080 };
    }
    vec![ask]
}
