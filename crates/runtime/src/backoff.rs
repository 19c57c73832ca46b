//! Pauses between attempts that double up to a limit.

use std::time::Duration;

/// The pauses between attempts.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Pauses that begin with `first` and double up to `longest`.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// The next pause, without taking it.
    #[must_use]
    pub const fn peek(&self) -> Duration {
        self.next
    }

    /// Takes the next pause; the one after it is twice as long.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }

    /// Starts again with the first pause, after a success.
    pub const fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit_and_start_again() {
        let millis = Duration::from_millis;
        let mut backoff = Backoff::new(millis(100), millis(300));
        assert_eq!([backoff.pause(), backoff.pause(), backoff.pause()], [100, 200, 300].map(millis));
        assert_eq!(backoff.peek(), millis(300));
        backoff.reset();
        assert_eq!(backoff.pause(), millis(100));
    }
}
