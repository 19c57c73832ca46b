//! Tests of silence on a machine that may suspend them: a device that is not heard for that reason is
//! rightly offline.

use std::time::{Duration, Instant};

/// The greatest number of attempts.
const ATTEMPTS: u32 = 10;

/// The signs of life of a device, as the test sends them.
#[derive(Default)]
pub struct SignsOfLife {
    last: Option<Instant>,
    longest_silence: Duration,
}

impl SignsOfLife {
    /// Awaits the next sign of life, or the last look at the device.
    pub async fn next<T>(&mut self, sign: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let result = sign.await;
        // The device was heard at some time between the two.
        let silence = self.last.replace(begun).map_or(Duration::ZERO, |last| last.elapsed());
        self.longest_silence = self.longest_silence.max(silence);
        result
    }
}

/// Repeats `attempt` until its device was never silent for `limit`; returns the result of that attempt.
pub async fn undisturbed<T>(limit: Duration, attempt: impl AsyncFn(&mut SignsOfLife) -> T) -> T {
    for _ in 0..ATTEMPTS {
        let mut signs = SignsOfLife::default();
        let result = attempt(&mut signs).await;
        if signs.longest_silence < limit {
            return result;
        }
    }
    panic!("the machine is too busy: in {ATTEMPTS} attempts the device was silent for {limit:?}")
}
