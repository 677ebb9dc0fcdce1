//! How well attacks are found, on generated worlds: `cargo bench --bench detection [-- SEED … rich|squid quick]`.
//!
//! Measured as (client, domain) pairs with defaults, without a ledger and with one. The generator shares no constant with a detector; the
//! seeds used by default were not looked at while tuning. `quick` measures one small world of the first seed, and no ledger;
//! `walks` only those.
//!
//! | file | noun |
//! | --- | --- |
//! | `world` | a log, and what is found in it |
//! | `rita` | the yardstick: the beacon score of RITA on the same contacts |
//! | `learned` | the last days of a log, with and without a ledger of those before |
//! | `score` | found, missed, wrong, and how soon |
//! | `table` | Markdown |
//! | `walks` | programs that go from one new domain to the next, for `fanout`, in worlds of their own |
//! | `real` | logs of real networks, where present |

mod learned;
mod real;
mod rita;
mod score;
mod table;
mod walks;
mod world;

use deguchi::alert::Severity;
use deguchi::run::synth::Attacks;
use score::Score;
use world::{Order, World};

/// Seeds that no weight was tuned on.
const SEEDS: [u64; 3] = [7001, 7002, 7003];
/// PCs and days of the worlds of each seed.
const SIZES: [(u32, u32); 2] = [(250, 3), (150, 7)];
/// PCs of the worlds that a ledger is learned from.
const LEARNERS: u32 = 150;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| args.iter().any(|arg| arg == word);
    let given: Vec<u64> = args.iter().filter_map(|arg| arg.parse().ok()).collect();
    let mut seeds = if given.is_empty() { SEEDS.to_vec() } else { given };
    let mut sizes = SIZES.to_vec();
    if has("quick") {
        seeds.truncate(1);
        sizes = vec![(120, 2)];
    }
    let formats = match ["rich", "squid"].map(has) {
        [true, false] => vec!["rich"],
        [false, true] => vec!["squid"],
        _ => vec!["rich", "squid"],
    };
    let worlds = sizes.iter().map(|(clients, days)| format!("{clients} PCs × {days} days")).collect::<Vec<_>>();
    for logformat in formats {
        if has("walks") {
            walks::measure(&seeds, logformat);
            continue;
        }
        println!("\n## {logformat}: seeds {seeds:?}, {} each", worlds.join(" and "));
        let (mut ours, mut rita) = (Score::default(), Score::default());
        let mut halves = <[learned::Half; 2]>::default();
        let (mut alerts, mut incidents) = (0, 0);
        for &seed in &seeds {
            for &size in &sizes {
                let order = Order { seed, size, logformat, attacks: Attacks::Mix, start: None };
                let world = World::new(&order);
                ours.add(&world, &world.told);
                rita.add(&world, &world.rita);
                let quiet = World::new(&Order { attacks: Attacks::None, ..order });
                alerts += quiet.told.values().filter(|told| told.0 >= Severity::Medium).count() as u32;
                incidents += quiet.incidents as u32;
            }
            if !has("quick") {
                learned::add(seed, LEARNERS, logformat, &mut halves);
            }
        }
        table::kinds(&ours, &rita);
        table::wrong(&ours, &rita);
        let quiet = table::Quiet { alerts: ours.daily(alerts), incidents: ours.daily(incidents) };
        table::summary(logformat, &ours, &rita, &quiet);
        if !has("quick") {
            table::learned(logformat, &halves);
        }
        walks::measure(&seeds, logformat);
    }
    if !has("walks") {
        real::list();
    }
}
