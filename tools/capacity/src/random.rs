//! Random numbers that are the same for the same seed.

use bench::numbers::float;

/// Below this mean a count is drawn event by event; above it the normal approximation is used.
const NORMAL_FROM: f64 = 40.0;

/// A source of random numbers (splitmix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The source for `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A uniform number above 0 and at most 1.
    fn uniform(&mut self) -> f64 {
        (float(self.next() >> 11) + 1.0) / float(1 << 53)
    }

    /// A standard normal number (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A Poisson-distributed count.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean >= NORMAL_FROM {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.uniform(), 0.0);
        while product > limit {
            product *= self.uniform();
            count += 1.0;
        }
        count
    }

    /// A binomially distributed count: how many of `trials` succeed with `probability` each.
    pub fn binomial(&mut self, trials: f64, probability: f64) -> f64 {
        let mean = trials * probability;
        let drawn = if mean * (1.0 - probability) >= NORMAL_FROM {
            (mean + (mean * (1.0 - probability)).sqrt() * self.normal()).round()
        } else {
            self.poisson(mean)
        };
        drawn.clamp(0.0, trials.floor())
    }
}
