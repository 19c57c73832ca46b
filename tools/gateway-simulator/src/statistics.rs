//! Counts of the events, commands and refreshes of a simulator.

use std::sync::atomic::{AtomicU64, Ordering};

/// A snapshot of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Charge points that are connected now.
    pub connected: u64,
    /// Events that Kafka has acknowledged.
    pub events_sent: u64,
    /// Events that were given up; they may be on the topic.
    pub events_failed: u64,
    /// In the deployed manner: events for which a pod's queue had no room.
    pub events_dropped: u64,
    /// Batches that were sent again with the same records and ids, because there was no response.
    pub batches_repeated: u64,
    /// Commands for one of our pods.
    pub commands_received: u64,
    /// Of those, executed by the device.
    pub commands_accepted: u64,
    /// Of those, refused.
    pub commands_rejected: u64,
    /// Of those, expired.
    pub commands_expired: u64,
    /// Of those, received before.
    pub commands_repeated: u64,
    /// In the deployed manner: commands that pods read for devices that they do not hold.
    pub commands_dropped: u64,
    /// Records for another pod than the one that reads them, counted per reading pod.
    pub commands_foreign: u64,
    /// Records that are not a valid command, counted per reading pod.
    pub commands_unreadable: u64,
    /// Refreshes of `conn:` keys that failed.
    pub refreshes_failed: u64,
}

macro_rules! counters {
    ($($name:ident),+ $(,)?) => {
        /// The counters of [`Statistics`].
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)+
        }

        impl Counters {
            pub(crate) fn snapshot(&self, connected: u64) -> Statistics {
                Statistics { connected, $($name: self.$name.get(),)+ }
            }
        }
    };
}

counters!(
    events_sent,
    events_failed,
    events_dropped,
    batches_repeated,
    commands_received,
    commands_accepted,
    commands_rejected,
    commands_expired,
    commands_repeated,
    commands_dropped,
    commands_foreign,
    commands_unreadable,
    refreshes_failed,
);

/// A counter.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn increment(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
