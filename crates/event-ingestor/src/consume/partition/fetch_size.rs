//! The adaptive size of fetches. A batch that the database does not finish in time would not finish
//! the next time either: after a failover caches are cold, and the largest batches, those of
//! catching up, come first.

/// The smallest fetch, in bytes.
const LEAST: usize = 16 * 1024;
/// After this many batches in a row that were written in time, the fetch size doubles.
const GROW_AFTER: u32 = 16;

/// The number of bytes to fetch, between [`LEAST`] and a setting.
#[derive(Debug, Clone)]
pub(crate) struct FetchSize {
    most: usize,
    now: usize,
    in_time: u32,
}

impl FetchSize {
    /// Starts with `most`, in bytes.
    pub(crate) const fn new(most: usize) -> Self {
        Self { most, now: most, in_time: 0 }
    }

    /// The number of bytes to fetch.
    pub(super) const fn bytes(&self) -> usize {
        self.now
    }

    /// Records that a batch was too large: halves the fetch size.
    pub(super) fn too_large(&mut self) {
        self.in_time = 0;
        self.now = (self.now / 2).max(LEAST).min(self.most);
    }

    /// Records that a batch was written in time.
    pub(super) fn written(&mut self) {
        self.in_time += 1;
        if self.in_time >= GROW_AFTER {
            self.in_time = 0;
            self.now = self.now.saturating_mul(2).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinks_after_a_batch_that_is_too_large_and_grows_again() {
        let mut fetch_size = FetchSize::new(1 << 20);
        fetch_size.too_large();
        for _ in 0..GROW_AFTER {
            assert_eq!(fetch_size.bytes(), 1 << 19);
            fetch_size.written();
        }
        assert_eq!(fetch_size.bytes(), 1 << 20);
        (0..100).for_each(|_| fetch_size.written());
        assert_eq!(fetch_size.bytes(), 1 << 20, "at most the setting");
        (0..100).for_each(|_| fetch_size.too_large());
        assert_eq!(fetch_size.bytes(), LEAST);
        let mut small = FetchSize::new(100);
        small.too_large();
        assert_eq!(small.bytes(), 100);
    }
}
