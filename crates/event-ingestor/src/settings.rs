//! What an operator can set; `defaults.toml` is the manual.

use domain::devices::presence::ProbeMessage;
use runtime::settings::KafkaSettings;
use serde::Deserialize;
use std::num::NonZeroUsize;
use std::time::Duration;
use storage::DatabaseSettings;
use storage::devices::presence::silence::SilencePolicy;

/// Every setting with its default, commented.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The settings of one replica.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What to read and how.
    pub ingest: IngestSettings,
    /// When silence means that a device is gone.
    pub presence: PresenceSettings,
    /// What to tell other services, and how.
    pub feed: FeedSettings,
    /// Where to write.
    pub database: DatabaseSettings,
    /// Where to read.
    pub kafka: KafkaSettings,
}

/// What to read and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestSettings {
    /// The topic that the gateways write to.
    pub topic: String,
    /// How long a partition stays with a replica that gives no sign, in ms.
    pub lease_ms: u64,
    /// How long to wait for the next event of a quiet partition, in ms.
    pub fetch_wait_ms: u64,
    /// The most that is fetched and written at once, in bytes.
    pub max_batch_bytes: usize,
    /// How many batches are decoded and written at once.
    pub concurrent_batches: NonZeroUsize,
    /// How often to look for new partitions, in ms.
    pub discover_interval_ms: u64,
    /// How long a device may be silent and still count as online, in seconds.
    pub heartbeat_timeout_s: u64,
    /// How often to look for silent devices, in ms.
    pub silence_check_ms: u64,
    /// How long meter samples are kept, in days.
    pub sample_retention_days: u32,
    /// How long the history of statuses is kept, in days.
    pub status_retention_days: u32,
}

/// When silence means that a device is gone: what the dispatcher, which asks devices, is set to.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresenceSettings {
    /// What silent devices are asked for.
    pub probe_message: ProbeMessage,
    /// How long a device may take to answer, in seconds.
    pub probe_answer_s: u32,
}

/// What to tell other services, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSettings {
    /// Whether this replica may relay the feed.
    pub enabled: bool,
    /// The topic that changes are published on.
    pub topic: String,
    /// How long to let changes gather, in ms, unless there are more already than are published at once.
    pub poll_ms: u64,
    /// How long changes are kept for those who come back, in hours.
    pub retention_h: u32,
    /// The CloudEvents source.
    pub source: String,
}

impl FeedSettings {
    /// How long to let changes gather.
    #[must_use]
    pub const fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }

    /// How long changes are kept.
    #[must_use]
    pub fn retention(&self) -> Duration {
        Duration::from_hours(self.retention_h.into())
    }
}

impl IngestSettings {
    /// How long a lease holds.
    #[must_use]
    pub const fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    /// How often leases are renewed and shares looked at: often enough to miss twice.
    #[must_use]
    pub const fn beat(&self) -> Duration {
        Duration::from_millis(self.lease_ms / 4)
    }

    /// How long to wait for the next event of a quiet partition.
    #[must_use]
    pub const fn fetch_wait(&self) -> Duration {
        Duration::from_millis(self.fetch_wait_ms)
    }

    /// How long a device may be silent and still count as online.
    #[must_use]
    pub const fn heartbeat_timeout(&self) -> Duration {
        Duration::from_secs(self.heartbeat_timeout_s)
    }

    /// What follows from silence, where devices are asked as `presence` says.
    #[must_use]
    pub fn silence(&self, presence: PresenceSettings) -> SilencePolicy {
        SilencePolicy {
            timeout: self.heartbeat_timeout(),
            answer: Duration::from_secs(presence.probe_answer_s.into()),
            probing: presence.probe_message.is_on(),
        }
    }

    /// How often to look for silent devices.
    #[must_use]
    pub const fn silence_check(&self) -> Duration {
        Duration::from_millis(self.silence_check_ms)
    }

    /// How often to look for new partitions.
    #[must_use]
    pub const fn discover_interval(&self) -> Duration {
        Duration::from_millis(self.discover_interval_ms)
    }
}
