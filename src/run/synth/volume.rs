//! Volume: how diligent people must be for a log to have so many lines in so many days.
//!
//! A rehearsal plays a sample of the clients without writing and notes how many lines people and software cause in each
//! ten minutes. The run itself is then steered: wherever it is ahead of or behind the score, people slow down or hurry
//! a little for the rest of it. What software does is not scaled.

use super::presence::{DAY, MINUTE};
use super::stream::{Actors, Stream};
use super::world::World;

/// Days of clients a rehearsal plays, about.
const REHEARSED: i64 = 700;
/// Length of a bar of the score.
const BAR: i64 = 10 * MINUTE;

/// How many lines are expected from here to the end, bar by bar, and how many are wanted.
#[derive(Debug)]
pub(super) struct Score {
    from: i64,
    /// Lines people and software will still cause after the start of each bar.
    left: Vec<[f64; 2]>,
    lines: f64,
}

impl Score {
    /// Rehearses, and scales people's pace so that about `lines` fall between `from` and `end`.
    pub(super) fn new(world: &World, actors: &mut Actors, from: i64, end: i64, lines: u64) -> Self {
        let days = (end - from) / DAY;
        let clients = world.clients.len() as i64;
        let every = ((clients * days) / REHEARSED).clamp(1, clients / 16 + 1) as u32;
        let chosen = |client: u32| client.is_multiple_of(every);
        // Diligence differs more than anything else, and is known: the sample's is set against everybody's.
        let pace: f64 = actors.people.iter().map(|person| person.pace).sum();
        let sampled: f64 = actors.people.iter().filter(|person| chosen(person.client)).map(|person| person.pace).sum();
        let scale = [pace / sampled.max(1e-9), f64::from(every)];
        // A little too many, so that the log ends before midnight rather than after.
        let mut score = Score { from, left: Vec::new(), lines: lines as f64 * 1.005 };
        for _ in 0..2 {
            let sample = Actors {
                people: actors.people.iter().filter(|person| chosen(person.client)).cloned().collect(),
                routines: actors.routines.iter().filter(|(routine, _)| chosen(routine.client)).cloned().collect(),
            };
            let mut stream = Stream::new(world, sample, from, end);
            let mut caused = vec![[0.0; 2]];
            while stream.turn(|_| true) {
                let bar = ((stream.now() - from) / BAR) as usize;
                caused.resize(bar.max(caused.len() - 1) + 1, [0.0; 2]);
                let rows = std::mem::take(&mut stream.caused);
                for (sum, (rows, scale)) in caused[bar].iter_mut().zip(rows.into_iter().zip(scale)) {
                    *sum += rows as f64 * scale;
                }
            }
            for bar in (1..caused.len()).rev() {
                let [people, software] = caused[bar];
                caused[bar - 1][0] += people;
                caused[bar - 1][1] += software;
            }
            let [people, software] = caused[0];
            // A second time, because twice the pace is not quite twice the lines.
            let factor = ((score.lines - software) / people.max(1.0)).clamp(0.01, 500.0);
            for person in &mut actors.people {
                person.pace *= factor;
            }
            for bar in &mut caused {
                bar[0] *= factor;
            }
            score.left = caused;
        }
        score
    }

    /// The tempo for people from `now` on, if `written` lines are out.
    pub(super) fn tempo(&self, now: i64, written: u64) -> f64 {
        let bar = ((now - self.from) / BAR) as usize;
        let Some([people, software]) = self.left.get(bar) else {
            return 1.0;
        };
        // Nobody is made to work at night for the sake of a round number.
        if *people < self.lines * 0.002 {
            return 1.0;
        }
        ((self.lines - written as f64 - software) / people).clamp(0.4, 2.5)
    }
}
