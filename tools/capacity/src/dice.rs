//! Chance that is the same for the same seed.

use bench::numbers::float;

/// Below this mean a count is drawn one by one; above it is as good as normal.
const FEW: f64 = 40.0;

/// A source of chance (splitmix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// What `seed` leads to.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Above 0, and at most 1.
    fn fraction(&mut self) -> f64 {
        (float(self.next() >> 11) + 1.0) / float(1 << 53)
    }

    /// A standard normal number (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.fraction().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.fraction()).cos()
    }

    /// How many of what happens independently, `mean` times on average.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean >= FEW {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.fraction(), 0.0);
        while product > limit {
            product *= self.fraction();
            count += 1.0;
        }
        count
    }

    /// How many of `of` to each of which it happens with `chance`.
    pub fn some_of(&mut self, of: f64, chance: f64) -> f64 {
        let mean = of * chance;
        let drawn = if mean * (1.0 - chance) >= FEW {
            (mean + (mean * (1.0 - chance)).sqrt() * self.normal()).round()
        } else {
            self.poisson(mean)
        };
        drawn.clamp(0.0, of.floor())
    }
}
