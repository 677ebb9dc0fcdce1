//! Chance: one small generator and the few distributions the world is drawn from.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood, *Fast splittable pseudorandom number generators*, OOPSLA 2014): eight
//! bytes of state, so each of a hundred thousand actors has its own and none disturbs another; two multiplications a draw;
//! and fixed for ever, which `rand`'s `SmallRng` expressly is not. The bytes of a log with a given seed are part of the
//! contract, so is the generator.
//!
//! `ln`, `exp` and `pow` of the standard library may differ between platforms in the last digit. [`log2`] and [`exp2`]
//! here use only operations that IEEE 754 fixes (+, −, ×, ÷ and bit patterns), so a seed gives the same bytes anywhere.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

/// The finaliser of SplitMix64: every bit of the result depends on every bit of `x`.
pub(super) fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Dice {
    /// A stream that starts from `seed` as it is.
    pub(super) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// The stream named by `name` and `number` under `seed`: independent of all others and of how much they drew.
    pub(super) fn named(seed: u64, name: &str, number: u64) -> Self {
        let mut state = mix(seed ^ 0x9e37_79b9_7f4a_7c15);
        for byte in name.bytes() {
            state = mix(state ^ u64::from(byte)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
        Dice(mix(state ^ mix(number.wrapping_add(1))))
    }

    /// 64 random bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// An integer in `0..n`; 0 if `n` is 0. Biased by less than n/2⁶⁴.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// An index in `0..n`.
    pub(super) fn index(&mut self, n: usize) -> usize {
        self.below(n as u64) as usize
    }

    /// An integer in `low..=high`.
    pub(super) fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// A number in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number in `[low, high)`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of `items`, all equally likely.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// Standard normal, by the sum of four uniforms of 16 bits: close enough in the body, and never beyond ±3.5.
    pub(super) fn gauss(&mut self) -> f64 {
        let bits = self.next();
        let sum = (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
        (sum as f64 * (1.0 / 65536.0) - 2.0) * 1.732_050_807_568_877_2
    }

    /// Exponential with the given mean.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -log2(1.0 - self.unit()) * std::f64::consts::LN_2 * mean
    }

    /// A number whose logarithm is uniform over `[low, high)`: every order of magnitude equally likely.
    pub(super) fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        let (from, to) = (log2(low), log2(high));
        exp2(self.between(from, to))
    }

    /// A rank in `0..n` by Zipf's law with exponent 1, drawn as a log-uniform number.
    pub(super) fn zipf(&mut self, n: usize) -> usize {
        if n == 0 {
            return 0;
        }
        let rank = exp2(self.unit() * log2(n as f64 + 1.0)) - 1.0;
        (rank as usize).min(n - 1)
    }
}

/// The binary logarithm of a positive normal number, to about 1e-9.
pub(super) fn log2(x: f64) -> f64 {
    let bits = x.max(f64::MIN_POSITIVE).to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let q = s * s;
    let series = s
        * (1.0
            + q * (1.0 / 3.0
                + q * (1.0 / 5.0
                    + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0)))))));
    exponent as f64 + series * (2.0 * std::f64::consts::LOG2_E)
}

/// 2 to the power of `x`, to about 1e-9, for `x` in −1000..1000.
pub(super) fn exp2(x: f64) -> f64 {
    let x = x.clamp(-1000.0, 1000.0);
    // Rounds down: `floor` is a call on machines without SSE 4.1.
    let whole = (x + 1024.0) as i64 - 1024;
    let y = (x - whole as f64) * std::f64::consts::LN_2;
    let fraction = 1.0
        + y * (1.0
            + y / 2.0
                * (1.0
                    + y / 3.0
                        * (1.0
                            + y / 4.0
                                * (1.0
                                    + y / 5.0
                                        * (1.0 + y / 6.0 * (1.0 + y / 7.0 * (1.0 + y / 8.0 * (1.0 + y / 9.0))))))));
    fraction * f64::from_bits(((whole + 1023) as u64) << 52)
}

/// A positive quantity drawn afresh each time: log-normal, with an occasional far larger one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Binary logarithm of the median.
    middle: f64,
    /// Standard deviation in octaves; 0 is a constant.
    octaves: f64,
    /// Largest value returned.
    cap: f64,
}

impl Size {
    /// Always the same.
    pub(super) fn fixed(value: f64) -> Self {
        Size { middle: log2(value.max(1e-9)), octaves: 0.0, cap: value }
    }

    /// Log-normal around `median` with a spread of `octaves`, at most `cap`.
    pub(super) fn spread(median: f64, octaves: f64, cap: f64) -> Self {
        Size { middle: log2(median.max(1e-9)), octaves, cap }
    }

    /// One value.
    pub(super) fn draw(&self, dice: &mut Dice) -> f64 {
        if self.octaves == 0.0 {
            return self.cap;
        }
        exp2(self.middle + dice.gauss() * self.octaves).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_and_power_agree_with_the_library() {
        for x in [1e-6, 0.1, 1.0, 1.5, 1.999, 2.0, 1234.5, 1e12] {
            assert!((log2(x) - x.log2()).abs() < 1e-7, "log2({x})");
        }
        for x in [-20.3, -1.0, 0.0, 0.5, 0.999, 10.25, 40.0] {
            assert!((exp2(x) / x.exp2() - 1.0).abs() < 1e-7, "exp2({x})");
        }
    }

    #[test]
    fn streams_are_fixed_and_named_streams_differ() {
        assert_eq!(Dice::new(0).next(), 0xe220_a839_7b1d_cdaf, "the published first output of SplitMix64 for seed 0");
        assert_ne!(Dice::named(1, "person", 0).next(), Dice::named(1, "person", 1).next());
        assert_ne!(Dice::named(1, "person", 0).next(), Dice::named(2, "person", 0).next());
    }

    #[test]
    fn distributions_have_their_means() {
        let mut dice = Dice::new(7);
        let n = 20_000;
        let exponential: f64 = (0..n).map(|_| dice.exponential(3.0)).sum::<f64>() / f64::from(n);
        let gauss: f64 = (0..n).map(|_| dice.gauss()).map(|g| g * g).sum::<f64>() / f64::from(n);
        assert!((exponential - 3.0).abs() < 0.1, "{exponential}");
        assert!((gauss - 1.0).abs() < 0.05, "{gauss}");
        assert!((0..n).all(|_| dice.zipf(10) < 10));
    }
}
