//! The latest entries, bounded, for callers that read them or wait for one.

use crate::error::SimulatorError;
use runtime::lock::MutexExt as _;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// The latest entries, in order.
#[derive(Debug)]
pub(crate) struct History<T> {
    entries: Mutex<VecDeque<Arc<T>>>,
    capacity: usize,
    extended: Notify,
}

impl<T> History<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Mutex::default(), capacity, extended: Notify::new() }
    }

    pub(crate) fn push(&self, entry: T) {
        let mut entries = self.entries.locked();
        entries.push_back(Arc::new(entry));
        if entries.len() > self.capacity {
            entries.pop_front();
        }
        drop(entries);
        self.extended.notify_waiters();
    }

    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        let entries = self.entries.locked();
        entries.iter().cloned().collect()
    }

    /// The first entry that is `wanted`; waits for it if necessary.
    pub(crate) async fn wait_for(
        &self,
        mut wanted: impl FnMut(&T) -> bool,
        within: Duration,
    ) -> Result<Arc<T>, SimulatorError> {
        let search = async {
            loop {
                let extended = self.extended.notified();
                if let Some(found) = self.find(&mut wanted) {
                    return found;
                }
                extended.await;
            }
        };
        tokio::time::timeout(within, search)
            .await
            .map_err(|_elapsed| SimulatorError::TimedOut(within.as_millis()))
    }

    fn find(&self, wanted: &mut impl FnMut(&T) -> bool) -> Option<Arc<T>> {
        let entries = self.entries.locked();
        entries.iter().find(|entry| wanted(entry)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_only_the_latest_entries() {
        let history = History::new(2);
        (1..=3).for_each(|number| history.push(number));
        assert_eq!(history.all(), [Arc::new(2), Arc::new(3)]);
    }

    #[tokio::test]
    async fn waits_for_a_future_entry() {
        let history = History::new(8);
        let wait = history.wait_for(|number| *number == 7, Duration::from_secs(10));
        let (found, ()) = tokio::join!(wait, async { history.push(7) });
        assert_eq!(*found.unwrap(), 7);
        let never = history.wait_for(|number| *number == 8, Duration::ZERO).await;
        assert!(matches!(never, Err(SimulatorError::TimedOut(0))));
    }
}
