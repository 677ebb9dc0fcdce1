//! When people are at work and machines are on.
//!
//! A habit is a handful of numbers and a seed; the shift of any day is computed from them when asked for, so a schedule
//! of years costs nothing, and whoever asks (the person, a program, an intruder's agent) gets the same answer.

use super::dice::Dice;

/// Milliseconds of a minute.
pub(super) const MINUTE: i64 = 60_000;
/// Milliseconds of a day.
pub(super) const DAY: i64 = 1440 * MINUTE;

/// Local time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    /// Local time minus UTC, milliseconds.
    pub(super) offset: i64,
}

impl Calendar {
    /// The local day of an instant, counted from 1970-01-01.
    pub(super) fn day(&self, time: i64) -> i64 {
        (time + self.offset).div_euclid(DAY)
    }

    /// The instant at `minute` of a local day.
    pub(super) fn at(&self, day: i64, minute: i64) -> i64 {
        day * DAY + minute * MINUTE - self.offset
    }

    /// Whether a local day is Saturday or Sunday.
    pub(super) fn is_weekend(&self, day: i64) -> bool {
        // 1970-01-01 was a Thursday.
        matches!((day + 4).rem_euclid(7), 6 | 0)
    }
}

/// A stretch of time, `from` included, `to` not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// First millisecond.
    pub(super) from: i64,
    /// End.
    pub(super) to: i64,
}

impl Stretch {
    /// All of time.
    pub(super) const ALWAYS: Stretch = Stretch { from: i64::MIN, to: i64::MAX };
    /// A stretch that never comes.
    pub(super) const NEVER: Stretch = Stretch { from: i64::MAX, to: i64::MAX };

    fn and(self, other: Stretch) -> Option<Stretch> {
        let both = Stretch { from: self.from.max(other.from), to: self.to.min(other.to) };
        (both.from < both.to).then_some(both)
    }
}

/// When something may act.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gate {
    /// At any time: servers and appliances.
    Always,
    /// While the PC is on.
    Powered,
    /// While the person is at the desk.
    Desk,
    /// While the PC is on and the local time is between two minutes of a working day.
    Hours(u16, u16),
}

/// One person and one PC: when they come, go and rest.
#[derive(Clone, Debug)]
pub(super) struct Habit {
    /// What the days are drawn from.
    pub(super) seed: u64,
    /// Usual start of work, minute of the local day.
    pub(super) start: u16,
    /// Usual length of the shift in minutes, the break included.
    pub(super) length: u16,
    /// Minutes of overtime on an average day.
    pub(super) overtime: u16,
    /// How much starts scatter, minutes.
    pub(super) scatter: u16,
    /// Chance to work on a day of the weekend.
    pub(super) weekend: f64,
    /// The PC is never switched off.
    pub(super) stays_on: bool,
    /// A server or appliance: on at all times, nobody at it.
    pub(super) machine: bool,
}

/// How a person's day went.
#[derive(Clone, Copy, Debug)]
struct Shift {
    on: i64,
    off: i64,
    rest_from: i64,
    rest_to: i64,
}

impl Habit {
    /// Somebody drawn at random: most by day, some early or late, a few at night.
    pub(super) fn person(dice: &mut Dice, night_share: f64) -> Self {
        let night = dice.chance(night_share);
        let start = if night {
            dice.between(20.0 * 60.0, 22.8 * 60.0)
        } else {
            (8.7 * 60.0 + dice.gauss() * 38.0 + if dice.chance(0.08) { 150.0 } else { 0.0 }).clamp(330.0, 800.0)
        };
        Habit {
            seed: dice.next(),
            start: start as u16,
            length: dice.between(7.5 * 60.0, 9.4 * 60.0) as u16,
            overtime: dice.log_uniform(8.0, 130.0) as u16,
            scatter: dice.between(3.0, 25.0) as u16,
            weekend: if dice.chance(0.12) { dice.between(0.1, 0.6) } else { 0.02 },
            stays_on: dice.chance(0.14),
            machine: false,
        }
    }

    /// A server or appliance.
    pub(super) fn machine(dice: &mut Dice) -> Self {
        Habit {
            seed: dice.next(),
            start: 0,
            length: 1440,
            overtime: 0,
            scatter: 0,
            weekend: 1.0,
            stays_on: true,
            machine: true,
        }
    }

    fn shift(&self, calendar: &Calendar, day: i64) -> Option<Shift> {
        if self.machine {
            return None;
        }
        let mut dice = Dice::new(self.seed ^ (day as u64).wrapping_mul(0xa24b_aed4_963e_e407));
        let works = if calendar.is_weekend(day) { dice.chance(self.weekend) } else { !dice.chance(0.05) };
        if !works {
            return None;
        }
        let start = f64::from(self.start) + dice.gauss() * f64::from(self.scatter);
        let half_day = dice.chance(0.04);
        let length = if half_day { 240.0 } else { f64::from(self.length) };
        let end = start + length + dice.exponential(f64::from(self.overtime)).min(260.0);
        let rest = if self.start > 1100 { start + 240.0 } else { 720.0 + dice.gauss() * 14.0 };
        let midnight = calendar.at(day, 0);
        let at = |minute: f64| midnight + (minute * MINUTE as f64) as i64;
        Some(Shift { on: at(start), off: at(end), rest_from: at(rest), rest_to: at(rest + dice.between(25.0, 65.0)) })
    }

    /// The stretch in which `time` lies, or the next one, during which `gate` is open.
    pub(super) fn open(&self, gate: Gate, calendar: &Calendar, time: i64) -> Stretch {
        match gate {
            Gate::Always => return Stretch::ALWAYS,
            Gate::Powered if self.stays_on => return Stretch::ALWAYS,
            _ => {}
        }
        let today = calendar.day(time);
        for day in today - 1..today + 14 {
            let desk = self.shift(calendar, day);
            let [first, second] = match (gate, desk) {
                (Gate::Powered, Some(s)) => [Some(Stretch { from: s.on, to: s.off }), None],
                (Gate::Desk, Some(s)) => {
                    let (from, to) = (s.on + 3 * MINUTE, s.off - 4 * MINUTE);
                    let before = Stretch { from, to: to.min(s.rest_from) };
                    let after = Stretch { from: from.max(s.rest_to), to };
                    [before.and(Stretch::ALWAYS), after.and(Stretch::ALWAYS)]
                }
                (Gate::Hours(from, to), shift) if !calendar.is_weekend(day) => {
                    let hours = Stretch { from: calendar.at(day, from.into()), to: calendar.at(day, to.into()) };
                    let power = match shift {
                        _ if self.stays_on => Some(Stretch::ALWAYS),
                        Some(s) => Some(Stretch { from: s.on, to: s.off }),
                        None => None,
                    };
                    [power.and_then(|power| power.and(hours)), None]
                }
                _ => [None, None],
            };
            for stretch in [first, second].into_iter().flatten() {
                if stretch.to > time {
                    return stretch;
                }
            }
        }
        Stretch::NEVER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn habit(seed: u64, night: f64) -> Habit {
        Habit { stays_on: false, ..Habit::person(&mut Dice::named(seed, "habit", 0), night) }
    }

    #[test]
    fn stretches_follow_one_another() {
        let calendar = Calendar { offset: 9 * 60 * MINUTE };
        let monday = calendar.at(20_458, 0);
        assert!(!calendar.is_weekend(20_458) && calendar.is_weekend(20_463) && calendar.is_weekend(20_464));
        for seed in 0..50 {
            for gate in [Gate::Powered, Gate::Desk, Gate::Hours(540, 1020)] {
                // Office hours never come for who works at night.
                let habit = habit(seed, if matches!(gate, Gate::Hours(..)) { 0.0 } else { 0.3 });
                let mut time = monday;
                for _ in 0..20 {
                    let stretch = habit.open(gate, &calendar, time);
                    assert!(stretch.to > time && stretch.from < stretch.to);
                    if stretch.from > time {
                        assert_eq!(habit.open(gate, &calendar, stretch.from), stretch);
                    }
                    time = stretch.to;
                }
            }
        }
    }

    #[test]
    fn nobody_is_at_the_desk_of_a_machine() {
        let calendar = Calendar { offset: 0 };
        let machine = Habit::machine(&mut Dice::new(1));
        assert_eq!(machine.open(Gate::Desk, &calendar, 0), Stretch::NEVER);
        assert_eq!(machine.open(Gate::Always, &calendar, 0), Stretch::ALWAYS);
    }
}
