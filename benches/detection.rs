//! How well attacks are found, on generated worlds: `cargo bench --bench detection [-- SEED … rich|squid]`.
//!
//! Measured as (client, domain) pairs with defaults, no ledger. The generator shares no constant with a detector; the
//! seeds printed by default were not looked at while tuning.

use deguchi::alert::{RecordKind, Severity};
use deguchi::engine::{Engine, EngineSettings, Found};
use deguchi::input::Chunk;
use deguchi::parse;
use deguchi::run::synth::{self, SynthOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Seeds that no weight was tuned on.
const SEEDS: [u64; 3] = [7001, 7002, 7003];

type Pair = (String, String);

/// Worst severity and time of each pair that alerted.
fn alerts(log: &[u8], logformat: &str) -> BTreeMap<Pair, (Severity, String)> {
    let lines: Vec<&[u8]> = log.split(|&b| b == b'\n').take(200).collect();
    let detected = parse::detect(lines.iter().copied()).unwrap_or_else(|e| panic!("{logformat}: {e}"));
    let parser: Arc<dyn parse::Parser> = detected.parser;
    let first = lines.iter().filter_map(|l| parser.parse(l).ok().flatten()).map(|e| e.end()).min().unwrap();
    let mut engine = Engine::new(EngineSettings::default()).unwrap();
    let input = engine.add_input("world", detected.name, parser, first);
    let mut found = Found::default();
    let mut rest = log;
    while !rest.is_empty() {
        let cut = rest[..rest.len().min(1 << 18)].iter().rposition(|&b| b == b'\n').unwrap() + 1;
        let chunk = Chunk { at: 0, bytes: rest[..cut].to_vec(), skipped: 0 };
        rest = &rest[cut..];
        let ended: &[u16] = if rest.is_empty() { &[input] } else { &[] };
        engine.round(vec![(input, chunk)], ended, &mut found);
    }
    engine.finish(&mut found);
    let mut pairs: BTreeMap<Pair, (Severity, String)> = BTreeMap::new();
    for record in found.records.into_iter().filter(|r| r.record != RecordKind::End) {
        let entry = pairs.entry((record.client, record.domain)).or_insert((record.severity, record.time));
        entry.0 = entry.0.max(record.severity);
    }
    pairs
}

#[derive(Default)]
struct Score {
    pairs: u32,
    low: u32,
    medium: u32,
    high: u32,
}

fn main() {
    let given: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let seeds = if given.is_empty() { SEEDS.to_vec() } else { given };
    let formats: Vec<&str> =
        ["rich", "squid"].into_iter().filter(|format| std::env::args().any(|arg| arg == *format)).collect();
    for logformat in if formats.is_empty() { vec!["rich", "squid"] } else { formats } {
        let mut kinds: BTreeMap<String, Score> = BTreeMap::new();
        let mut false_by: BTreeMap<String, Score> = BTreeMap::new();
        let mut true_at = [0u32; 3];
        let mut false_at = [0u32; 3];
        let mut client_days = 0;
        for &seed in &seeds {
            let options = SynthOptions {
                seed,
                clients: Some(250),
                days: Some(2),
                logformat: logformat.to_owned(),
                ..SynthOptions::default()
            };
            client_days += 500;
            let mut log = Vec::new();
            let labels = synth::generate(&options, &mut log).unwrap();
            let alerts = alerts(&log, logformat);
            let mut bad: BTreeSet<Pair> = BTreeSet::new();
            for attack in &labels.attacks {
                for pair in &attack.pairs {
                    let key = (pair.client.clone(), pair.domain.clone());
                    let reached = alerts.get(&key).map(|a| a.0);
                    bad.insert(key);
                    let score = kinds.entry(attack.kind.clone()).or_default();
                    score.pairs += 1;
                    score.low += u32::from(reached.is_some());
                    score.medium += u32::from(reached >= Some(Severity::Medium));
                    score.high += u32::from(reached >= Some(Severity::High));
                }
            }
            let alike = |key: &Pair| {
                labels
                    .lookalikes
                    .iter()
                    .find(|l| l.clients.contains(&key.0) && l.domains.contains(&key.1))
                    .map_or("other", |l| l.kind.as_str())
                    .to_owned()
            };
            for (key, (severity, _)) in &alerts {
                let counts = if bad.contains(key) { &mut true_at } else { &mut false_at };
                for (i, least) in [Severity::Low, Severity::Medium, Severity::High].into_iter().enumerate() {
                    counts[i] += u32::from(*severity >= least);
                }
                if !bad.contains(key) {
                    let score = false_by.entry(alike(key)).or_default();
                    score.low += 1;
                    score.medium += u32::from(*severity >= Severity::Medium);
                    score.high += u32::from(*severity >= Severity::High);
                }
            }
        }
        println!("\n{logformat}: seeds {seeds:?}, 250 clients, 2 days each");
        println!("{:<22} {:>5} {:>7} {:>8} {:>6}", "kind", "pairs", "≥ low", "≥ medium", "≥ high");
        let share = |n: u32, of: u32| f64::from(n) / f64::from(of.max(1));
        let mut mean = [0.0; 2];
        for (kind, s) in &kinds {
            println!(
                "{kind:<22} {:>5} {:>7.2} {:>8.2} {:>6.2}",
                s.pairs,
                share(s.low, s.pairs),
                share(s.medium, s.pairs),
                share(s.high, s.pairs)
            );
            // A single download has no behaviour: shown, but not in the mean.
            if kind != "download" {
                mean[0] += share(s.low, s.pairs);
                mean[1] += share(s.medium, s.pairs);
            }
        }
        let n = kinds.keys().filter(|kind| *kind != "download").count() as f64;
        println!("{:<22} {:>5} {:>7.2} {:>8.2}", "mean over kinds", "", mean[0] / n, mean[1] / n);
        println!("false pairs by look-alike (low, medium, high):");
        for (kind, s) in &false_by {
            println!("  {kind:<22} {:>5} {:>5} {:>5}", s.low, s.medium, s.high);
        }
        for (i, name) in ["≥ low", "≥ medium", "≥ high"].into_iter().enumerate() {
            println!(
                "{name:<9} precision {:.2}, false pairs per 1,000 clients and day {:.0}",
                share(true_at[i], true_at[i] + false_at[i]),
                f64::from(false_at[i]) * 1000.0 / f64::from(client_days)
            );
        }
    }
}
