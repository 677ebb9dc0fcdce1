//! Clocks: when software acts, and how it strays from the beat.

use super::dice::Dice;
use super::presence::Gate;

/// How a clock strays from its period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Jitter {
    /// Not at all.
    None,
    /// period × (1 ± share), uniform.
    Uniform,
    /// period × (1 − share … 1), uniform: how several frameworks sleep.
    Shorter,
    /// period × (1 … 1 + share), uniform.
    Longer,
    /// Normal with standard deviation period × share.
    Gaussian,
    /// Exponential: no clock at all.
    Random,
}

impl Jitter {
    /// As written to the labels.
    pub(super) fn text(self) -> &'static str {
        match self {
            Jitter::None => "none",
            Jitter::Uniform => "uniform",
            Jitter::Shorter => "one-sided-shorter",
            Jitter::Longer => "one-sided-longer",
            Jitter::Gaussian => "gaussian",
            Jitter::Random => "random",
        }
    }
}

/// When a routine acts.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// Milliseconds.
    pub(super) period: f64,
    /// How it strays.
    pub(super) jitter: Jitter,
    /// By how much, as a share of the period.
    pub(super) share: f64,
    /// While what.
    pub(super) gate: Gate,
    /// The period is counted from the end of the last answer, not from its start.
    pub(super) after_answer: bool,
    /// Mean delay between the gate's opening and the first act, milliseconds.
    pub(super) warm_up: f64,
    /// Share of acts left out.
    pub(super) skip: f64,
    /// The first act comes at once, not somewhere in the period.
    pub(super) prompt: bool,
}

impl Clock {
    /// A clock of `seconds` with some jitter, while `gate`.
    pub(super) fn every(seconds: f64, jitter: Jitter, share: f64, gate: Gate) -> Self {
        Clock {
            period: seconds * 1000.0,
            jitter,
            share,
            gate,
            after_answer: false,
            warm_up: 60_000.0,
            skip: 0.0,
            prompt: false,
        }
    }

    /// Milliseconds from one act to the next.
    pub(super) fn wait(&self, dice: &mut Dice) -> i64 {
        let factor = match self.jitter {
            Jitter::None => 1.0,
            Jitter::Uniform => 1.0 + self.share * (2.0 * dice.unit() - 1.0),
            Jitter::Shorter => 1.0 - self.share * dice.unit(),
            Jitter::Longer => 1.0 + self.share * dice.unit(),
            Jitter::Gaussian => (1.0 + self.share * dice.gauss()).max(0.05),
            Jitter::Random => dice.exponential(1.0),
        };
        // A timer of an operating system is late by some milliseconds, never early.
        (self.period * factor) as i64 + dice.below(18) as i64 + 1
    }
}
