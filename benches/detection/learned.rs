//! Days read twice: knowing nothing, and knowing what the week before taught.
//!
//! The week is of the same organisation, the same people, programs and places, without an attack; then attacks begin.

use std::sync::Arc;

use deguchi::alert::Severity;
use deguchi::engine::Lesson;
use deguchi::run::synth::Attacks;

use crate::score::Score;
use crate::table::Quiet;
use crate::world::{Order, World, incidents, read, told};

/// The week that teaches: its first day, the Monday before the generator's usual first day, and its length.
const WEEK: (&str, u32) = ("2025-12-29", 7);
/// Days that are judged.
pub const DAYS: u32 = 3;

/// What was found, and what was told on days without an attack.
#[derive(Default)]
pub struct Half {
    /// With attacks.
    pub score: Score,
    /// Without any: pairs at medium severity and more, and incidents.
    quiet: (u32, u32),
}

impl Half {
    /// Per 1,000 clients and day.
    pub fn quiet(&self) -> Quiet {
        Quiet { alerts: self.score.daily(self.quiet.0), incidents: self.score.daily(self.quiet.1) }
    }
}

/// Adds what is found in a world of so many PCs, knowing nothing and knowing the week before.
pub fn add(seed: u64, clients: u32, logformat: &str, halves: &mut [Half; 2]) {
    let order = Order { seed, size: (clients, DAYS), logformat, attacks: Attacks::None, start: None };
    let (week, _) = Order { size: (clients, WEEK.1), start: Some(WEEK.0), ..order.clone() }.make();
    let (_, ledger) = read(&week, None, Lesson::Silent).expect("a log that can be read");
    let ledger = Arc::new(ledger);
    for attacks in [Attacks::Mix, Attacks::None] {
        let quiet = matches!(attacks, Attacks::None);
        let (log, labels) = Order { attacks, ..order.clone() }.make();
        let world = World::unread(labels, clients * DAYS);
        for (half, known) in halves.iter_mut().zip([None, Some(Arc::clone(&ledger))]) {
            let (records, _) = read(&log, known, Lesson::None).expect("a log that can be read");
            let found = told(&records);
            if quiet {
                half.quiet.0 += found.values().filter(|told| told.0 >= Severity::Medium).count() as u32;
                half.quiet.1 += incidents(&records) as u32;
            } else {
                half.score.add(&world, &found);
            }
        }
    }
}
