//! The clock of one input: which times are plausible, which are late, how far the input has come.
//!
//! One line from the year 5138 must not move it; a real gap must. A line more than [`JUMP`] ahead of all before it is
//! held until most of the [`RING`] lines from it on agree that time has moved. What no others agree with is rejected.

use crate::event::Millis;
use serde::{Deserialize, Serialize};

/// How far behind the newest line a line may come and still be in order, ms. Squid writes a line when a transaction is
/// over, so disorder is small; several workers writing one file may differ by seconds.
pub const LATENESS: Millis = 10_000;
/// A step ahead of at most this needs no agreement, ms.
const JUMP: Millis = 120_000;
/// How long a log may be quiet before its last line or two, ms: 31 days.
const QUIET: Millis = 31 * 86_400_000;
/// Lines that vote on a jump; most of them must agree.
const RING: u32 = 15;

/// What the clock says of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// In order, within the lateness.
    Now,
    /// Older than the lateness allows.
    Late,
    /// Far ahead: ask [`Clock::settle`] what becomes of it.
    Ahead,
}

/// Position of an input in event time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Clock {
    newest: Millis,
    /// Lines that came ahead and wait: (line number, time).
    held: Vec<(u64, Millis)>,
    line: u64,
}

/// What became of held lines: both lists are line numbers as counted by the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Time has moved: these count, in order.
    pub accepted: Vec<u64>,
    /// Nobody agreed: these are rejected.
    pub rejected: Vec<u64>,
}

impl Clock {
    /// A clock that starts at the earliest of the first times of the input.
    pub fn starting_at(first: Millis) -> Clock {
        Clock { newest: first, held: Vec::new(), line: 0 }
    }

    /// Lines ticked so far: the number the next one will have.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Takes in the time of the next line.
    #[inline]
    pub fn tick(&mut self, time: Millis) -> Tick {
        self.line += 1;
        if time > self.newest {
            if time - self.newest > JUMP {
                self.held.push((self.line - 1, time));
                return Tick::Ahead;
            }
            self.newest = time;
            return Tick::Now;
        }
        if self.newest - time > LATENESS { Tick::Late } else { Tick::Now }
    }

    /// Whether lines are held: only then is there anything to settle.
    #[inline]
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Decides on held lines as far as it can be decided; call after every line. At the `end` of the input, what is held
    /// with nothing after it is accepted if it is at most `QUIET` ahead: a log may end after quiet weeks, not in another
    /// year.
    pub fn settle(&mut self, end: bool) -> Settled {
        let mut settled = Settled::default();
        self.reach(&mut settled);
        while let Some(&(oldest, _)) = self.held.first() {
            let from = oldest;
            let voters = (self.line - from).min(u64::from(RING)) as u32;
            let ahead: Vec<(u64, Millis)> =
                self.held.iter().copied().filter(|&(line, _)| line < from + u64::from(RING)).collect();
            let mut times: Vec<Millis> = ahead.iter().map(|&(_, time)| time).collect();
            times.sort_unstable();
            let needed = if end { (voters / 2 + 1).max(3) } else { RING / 2 + 1 };
            let agreed = ahead.len() as u32 >= needed;
            // Nothing after it that speaks against it.
            let alone = end && ahead.len() as u32 == voters && times[0] - self.newest <= QUIET;
            if agreed || alone {
                self.newest = self.newest.max(times[0]);
                self.reach(&mut settled);
            } else if end || voters >= RING {
                settled.rejected.push(oldest);
                self.held.remove(0);
            } else {
                break;
            }
        }
        settled
    }

    /// Accepts held lines within reach of the newest time; others go on waiting.
    fn reach(&mut self, settled: &mut Settled) {
        let mut moved = true;
        while std::mem::take(&mut moved) {
            let newest = &mut self.newest;
            self.held.retain(|&(line, time)| {
                let reached = time <= *newest + JUMP;
                if reached {
                    *newest = time.max(*newest);
                    settled.accepted.push(line);
                    moved = true;
                }
                !reached
            });
        }
    }

    /// No later line in order can be older than this: what is before it may be counted.
    pub fn frontier(&self) -> Millis {
        self.newest - LATENESS
    }

    /// The newest time that most lines agree on.
    pub fn newest(&self) -> Millis {
        self.newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Runs times through a clock: what counts, in the order decided, and the clock.
    fn run(times: &[Millis]) -> (Vec<Millis>, Vec<Millis>, Clock) {
        let mut clock = Clock::starting_at(times[0]);
        let (mut counted, mut rejected) = (vec![], vec![]);
        let mut take = |settled: Settled| {
            counted.extend(settled.accepted.iter().map(|&l| times[l as usize]));
            rejected.extend(settled.rejected.iter().map(|&l| times[l as usize]));
        };
        let mut now = vec![];
        for &time in times {
            if clock.tick(time) != Tick::Ahead {
                now.push(time);
            }
            if clock.holds() {
                take(clock.settle(false));
            }
        }
        take(clock.settle(true));
        counted.extend(now);
        (counted, rejected, clock)
    }

    const HOUR: Millis = 3_600_000;

    #[test]
    fn one_line_from_5138_does_not_move_it() {
        let mut times: Vec<Millis> = (0..50).map(|i| i * 1000).collect();
        times[20] = 99_999_999_999_000;
        let (counted, rejected, clock) = run(&times);
        assert_eq!((counted.len(), rejected, clock.newest()), (49, vec![99_999_999_999_000], 49_000));
    }

    #[test]
    fn a_line_from_the_future_at_either_end() {
        for at in [1, 49] {
            let mut times: Vec<Millis> = (0..50).map(|i| i * 1000).collect();
            times[at] = 400 * 24 * HOUR;
            let (counted, rejected, _) = run(&times);
            assert_eq!((counted.len(), rejected.len()), (49, 1), "at {at}");
        }
    }

    #[test]
    fn an_hour_ahead_with_lines_after_it_is_rejected() {
        for at in 2..49 {
            let mut times: Vec<Millis> = (0..50).map(|i| i * 1000).collect();
            times[at] += HOUR;
            let (counted, rejected, clock) = run(&times);
            assert_eq!((counted.len(), rejected.len(), clock.newest()), (49, 1, 49_000), "at {at}");
        }
    }

    #[test]
    fn disorder_across_a_gap_rejects_nothing() {
        // 125 s is a jump from 0 but not from 118 s.
        let times: Vec<Millis> = [0, 125, 118].into_iter().chain(130..160).map(|s| s * 1000).collect();
        let (counted, rejected, clock) = run(&times);
        assert_eq!((counted.len(), rejected.len(), clock.newest()), (33, 0, 159_000));
    }

    #[test]
    fn a_quiet_night_moves_it() {
        let times: Vec<Millis> = (0..20).chain(10 * 3600..10 * 3600 + 20).map(|s| s * 1000).collect();
        let (counted, rejected, clock) = run(&times);
        assert_eq!((counted.len(), rejected.len(), clock.newest()), (40, 0, (10 * 3600 + 19) * 1000));
    }

    #[test]
    fn a_sparse_log_is_all_jumps() {
        let times: Vec<Millis> = (0..40).map(|i| i * 249_000).collect();
        let (counted, rejected, clock) = run(&times);
        assert_eq!((counted.len(), rejected.len(), clock.newest()), (40, 0, 39 * 249_000));
    }

    proptest! {
        #[test]
        fn every_line_is_counted_or_rejected(times in prop::collection::vec(0i64..1 << 40, 1..80)) {
            let (counted, rejected, clock) = run(&times);
            prop_assert_eq!(counted.len() + rejected.len(), times.len());
            prop_assert!(!clock.holds());
        }

        #[test]
        fn frontier_never_goes_back(times in prop::collection::vec(0i64..1 << 40, 1..80)) {
            let mut clock = Clock::starting_at(times[0]);
            let mut before = clock.frontier();
            for &time in &times {
                clock.tick(time);
                clock.settle(false);
                prop_assert!(clock.frontier() >= before);
                before = clock.frontier();
            }
        }
    }
}
