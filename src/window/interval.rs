//! A duration in 16 bits: exact below two seconds, within 0.1 % above, monotone.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// A duration in milliseconds with eleven significant bits: 5 or 6 bits of exponent, the rest mantissa. Codes sort as
/// durations do, so quantiles may be taken of codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Interval(u16);

impl Interval {
    /// No interval: the client was off in between.
    pub const BREAK: Interval = Interval(u16::MAX);

    /// The code of a duration in ms; rounds down, saturates at 2⁷³ ms, far beyond any log.
    #[inline]
    pub fn from_ms(ms: u64) -> Interval {
        if ms < 2048 {
            return Interval(ms as u16);
        }
        let exponent = 53 - ms.leading_zeros();
        Interval((1024 * exponent + (ms >> exponent) as u32) as u16)
    }

    /// The least code of a duration of at least `ms`.
    pub fn at_least(ms: u64) -> Interval {
        let below = Interval::from_ms(ms);
        Interval(below.0 + u16::from(below.ms() < ms))
    }

    /// How many of `codes`, of which there are fewer than 2¹⁶, lie in `range`. Sums in 16 bits, so eight at a time.
    #[inline]
    pub fn count_in(codes: &[Interval], range: RangeInclusive<Interval>) -> usize {
        let (from, to) = range.into_inner();
        usize::from(codes.iter().map(|&code| u16::from(code >= from) & u16::from(code <= to)).sum::<u16>())
    }

    /// The code at `rank`, counted from 0, in ascending order, known to lie in `range`. Halves the range by counting what
    /// lies below: nothing is copied or put in order, and the more alike the codes are, the sooner it is found.
    pub fn at_rank(codes: &[Interval], rank: usize, range: RangeInclusive<Interval>) -> Interval {
        let (mut from, mut to) = range.into_inner();
        while from < to {
            let middle = Interval(from.0 + (to.0 - from.0) / 2);
            match Interval::count_in(codes, Interval(0)..=middle) {
                below if below > rank => to = middle,
                _ => from = Interval(middle.0 + 1),
            }
        }
        from
    }

    /// The duration in ms.
    #[inline]
    pub fn ms(self) -> u64 {
        if self.0 < 2048 {
            return u64::from(self.0);
        }
        let exponent = u32::from(self.0) / 1024 - 1;
        u64::from(u32::from(self.0) - 1024 * exponent) << exponent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn within_a_thousandth(ms in 0u64..1 << 50) {
            let back = Interval::from_ms(ms).ms();
            prop_assert!(back <= ms && ms - back <= ms / 1024);
        }

        #[test]
        fn monotone(a in 0u64..1 << 40, b in 0u64..1 << 40) {
            prop_assert!((a <= b) <= (Interval::from_ms(a) <= Interval::from_ms(b)));
        }
    }

    proptest! {
        #[test]
        fn ranks_are_those_of_durations(mut ms in prop::collection::vec(0u64..1 << 36, 1..200), from in 0u64..1 << 36) {
            let codes: Vec<Interval> = ms.iter().map(|&ms| Interval::from_ms(ms)).collect();
            ms.sort_unstable();
            let all = Interval::from_ms(ms[0])..=Interval::from_ms(ms[ms.len() - 1]);
            for (rank, &ms) in ms.iter().enumerate() {
                prop_assert_eq!(Interval::at_rank(&codes, rank, all.clone()), Interval::from_ms(ms));
            }
            let least = Interval::at_least(from);
            prop_assert!(least.ms() >= from && (from == 0 || Interval(least.0 - 1).ms() < from));
            let after = codes.iter().filter(|code| code.ms() >= from).count();
            prop_assert_eq!(Interval::count_in(&codes, least..=Interval::BREAK), after);
        }
    }

    #[test]
    fn extremes() {
        assert_eq!(Interval::from_ms(2047).ms(), 2047);
        assert_eq!(Interval::from_ms(2048).ms(), 2048);
        assert!(Interval::from_ms(u64::MAX).ms() > u64::MAX / 1025 * 1024);
    }
}
