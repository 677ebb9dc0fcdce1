//! Programs that go from one new domain to the next, which `fanout` is for. They are in no world of the mix: each has small
//! worlds of its own, one infected client among people, feed readers and link checkers, and a quiet twin.

use std::collections::BTreeSet;

use deguchi::alert::{Record, Severity};
use deguchi::run::synth::{self, SynthOptions};

use crate::score::{Counts, LEVELS, median, share};
use crate::table::time;
use crate::world::{millis, records};

/// Names that an algorithm makes, and a list of sites.
const KINDS: [&str; 2] = ["dga", "site-list"];
/// Worlds of each kind and seed.
const WORLDS: u64 = 10;
/// PCs of a world, for one day.
const CLIENTS: u32 = 40;

/// What was found of one kind.
#[derive(Default)]
struct Walk {
    /// Infected clients.
    clients: u32,
    /// Those that `fanout` tells of, with a domain of the attack.
    fanout: Counts,
    /// Those of which any detector tells with a domain of the attack.
    any: Counts,
    /// Minutes from the first contact to the first alert of `fanout`.
    minutes: Vec<f64>,
    /// Other clients that `fanout` tells of.
    wrong: Counts,
    /// The same where there is no attack.
    quiet: Counts,
    /// Clients times days, of each half.
    client_days: u32,
}

/// Prints what is found of each kind, by seed and in all.
pub fn measure(seeds: &[u64], logformat: &str) {
    println!(
        "\n{WORLDS} worlds of {CLIENTS} PCs × 1 day for each row, one infected client in each; counted are clients"
    );
    println!(
        "\n| {logformat}: `synth --scenario` | seed | clients | `fanout` ≥ low / ≥ medium / ≥ high | any detector | median time | \
         others told of by `fanout`, per 1,000 clients and day | no attack: the same |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for kind in KINDS {
        let mut all = Walk::default();
        for &seed in seeds {
            let mut walk = Walk::default();
            (0..WORLDS).for_each(|world| walk.add(kind, seed * 1000 + world, logformat));
            row(kind, &seed.to_string(), &walk);
            all.join(walk);
        }
        if seeds.len() > 1 {
            row(kind, "all", &all);
        }
    }
}

fn row(kind: &str, seed: &str, walk: &Walk) {
    let level = |counts: Counts| counts.map(|n| format!("{:.2}", share(n, walk.clients))).join(" / ");
    let daily = |counts: Counts| {
        let each = |n: u32| format!("{:.0}", f64::from(n) * 1000.0 / f64::from(walk.client_days.max(1)));
        counts.map(each).join(" / ")
    };
    println!(
        "| {kind} | {seed} | {} | {} | {} | {} | {} | {} |",
        walk.clients,
        level(walk.fanout),
        level(walk.any),
        time(median(&walk.minutes)),
        daily(walk.wrong),
        daily(walk.quiet)
    );
}

fn count(counts: &mut Counts, worst: Option<Severity>) {
    for (count, level) in counts.iter_mut().zip(LEVELS) {
        *count += u32::from(worst >= Some(level));
    }
}

impl Walk {
    /// Adds a world and its quiet twin.
    fn add(&mut self, kind: &str, seed: u64, logformat: &str) {
        let make = |scenario: String| {
            let options = SynthOptions {
                seed,
                scenario: Some(scenario),
                clients: Some(CLIENTS),
                logformat: logformat.to_owned(),
                ..SynthOptions::default()
            };
            let mut log = Vec::new();
            let labels = synth::generate(&options, &mut log).expect("options that make sense");
            (records(&log).expect("a log that can be read"), labels)
        };
        self.client_days += CLIENTS;
        let (told, labels) = make(kind.to_owned());
        let is_fanout = |record: &&Record| record.detector == "fanout";
        let mut hit = BTreeSet::new();
        for attack in &labels.attacks {
            let domains: BTreeSet<&str> = attack.domains.iter().map(String::as_str).collect();
            let names = |r: &Record| {
                std::iter::once(&r.domain).chain(r.domains.iter().flatten()).any(|name| domains.contains(name.as_str()))
            };
            for client in &attack.clients {
                let of_it: Vec<&Record> = told.iter().filter(|r| r.client == *client && names(r)).collect();
                self.clients += 1;
                count(&mut self.any, of_it.iter().map(|r| r.severity).max());
                let fanout: Vec<&Record> = of_it.into_iter().filter(is_fanout).collect();
                count(&mut self.fanout, fanout.iter().map(|r| r.severity).max());
                let first = fanout.iter().map(|r| millis(&r.time)).min();
                let begun = millis(&attack.first_seen);
                self.minutes.extend(first.map(|at| (at - begun).max(0) as f64 / 60_000.0));
                hit.insert(client.as_str());
            }
        }
        others(&told, &hit, &mut self.wrong);
        let (told, _) = make(format!("quiet-{kind}"));
        others(&told, &BTreeSet::new(), &mut self.quiet);
    }

    fn join(&mut self, other: Walk) {
        let sum = |counts: &mut Counts, more: Counts| counts.iter_mut().zip(more).for_each(|(n, more)| *n += more);
        self.clients += other.clients;
        self.client_days += other.client_days;
        self.minutes.extend(other.minutes);
        sum(&mut self.fanout, other.fanout);
        sum(&mut self.any, other.any);
        sum(&mut self.wrong, other.wrong);
        sum(&mut self.quiet, other.quiet);
    }
}

/// Counts the clients that `fanout` tells of and that are not infected, each by its worst.
fn others(told: &[Record], hit: &BTreeSet<&str>, wrong: &mut Counts) {
    let of_fanout = || told.iter().filter(|r| r.detector == "fanout" && !hit.contains(r.client.as_str()));
    let clients: BTreeSet<&str> = of_fanout().map(|r| r.client.as_str()).collect();
    for client in clients {
        count(wrong, of_fanout().filter(|r| r.client == client).map(|r| r.severity).max());
    }
}
