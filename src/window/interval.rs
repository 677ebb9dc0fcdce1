//! A duration in 16 bits: exact below two seconds, within 0.1 % above, monotone.

/// A duration in milliseconds with eleven significant bits: 5 or 6 bits of exponent, the rest mantissa. Codes sort as
/// durations do, so quantiles may be taken of codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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

    #[test]
    fn extremes() {
        assert_eq!(Interval::from_ms(2047).ms(), 2047);
        assert_eq!(Interval::from_ms(2048).ms(), 2048);
        assert!(Interval::from_ms(u64::MAX).ms() > u64::MAX / 1025 * 1024);
    }
}
