//! The settings of the service; `defaults.toml` is the reference.

mod issues;

pub use issues::IssueSettings;

use domain::devices::presence::ProbeMessage;
use domain::tariffs::Zone;
use runtime::settings::KafkaSettings;
use serde::{Deserialize, Deserializer, de};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use storage::DatabaseSettings;
use storage::devices::presence::silence::SilencePolicy;

/// Every setting with its default and a comment.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The settings of one replica.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `[ingest]`: what to consume, and how.
    pub ingest: IngestSettings,
    /// `[presence]`: how silent devices are probed.
    pub presence: PresenceSettings,
    /// `[receipts]`: when the receipts of sessions are written.
    pub receipts: ReceiptSettings,
    /// `[metered]`: how often the meters of open sessions are published.
    pub metered: MeteredSettings,
    /// `[reliability]`: how the days of connectors are computed.
    pub reliability: ReliabilitySettings,
    /// `[issues]`: the rules by which issues open.
    pub issues: IssueSettings,
    /// `[retention]`: how long rows are kept.
    pub retention: RetentionSettings,
    /// `[feed]`: what is published to other services, and how.
    pub feed: FeedSettings,
    /// `[database]`
    pub database: DatabaseSettings,
    /// `[kafka]`
    pub kafka: KafkaSettings,
}

/// What to consume, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestSettings {
    /// The topic that the gateways write to.
    pub topic: String,
    /// How long a lease lasts without renewal, in ms.
    pub lease_ms: u64,
    /// How long to wait for the next event of a quiet partition, in ms.
    pub fetch_wait_ms: u64,
    /// The most that is fetched and written at once, in bytes.
    pub max_batch_bytes: usize,
    /// The most transactions that are written at once.
    pub concurrent_batches: NonZeroUsize,
    /// How often to look for new partitions, in ms.
    pub discover_interval_ms: u64,
    /// How long a device may be silent before it is offline, in seconds.
    pub heartbeat_timeout_s: u64,
    /// How often to look for silent devices, in ms.
    pub silence_check_ms: u64,
    /// How long meter samples are kept, in days.
    pub sample_retention_days: u32,
    /// How long the status history is kept, in days.
    pub status_retention_days: u32,
    /// The most dead letters of undecodable records that a replica writes whole per minute.
    pub dead_letters_per_minute: u32,
    /// How long a session may be open before it counts as open for long, in hours.
    pub long_open_session_h: u16,
}

/// How silent devices are probed; must equal the settings of command-dispatcher, which sends the
/// probes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresenceSettings {
    /// The message that a probe requests.
    pub probe_message: ProbeMessage,
    /// How long a device may take to answer, in seconds.
    pub probe_answer_s: u32,
}

/// When the receipts of sessions are written, and how long they are kept.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptSettings {
    /// How long a session must be unchanged before its receipt is written, in seconds.
    pub grace_s: u32,
    /// How long receipts are kept, in days.
    pub retention_days: u32,
}

impl ReceiptSettings {
    /// How long a session must be unchanged before its receipt is written.
    #[must_use]
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_s.into())
    }

    /// How long receipts are kept.
    #[must_use]
    pub fn retention(&self) -> Duration {
        Duration::from_hours(u64::from(self.retention_days) * 24)
    }
}

/// How often the meters of open sessions are published.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeteredSettings {
    /// The least time between two changes of one session, in seconds; 0 publishes none.
    pub interval_s: u32,
}

impl MeteredSettings {
    /// The least time between two changes of one session; `None` if none is published.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        (self.interval_s > 0).then(|| Duration::from_secs(self.interval_s.into()))
    }
}

/// How the days of connectors are computed.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliabilitySettings {
    /// The clock by which days begin.
    #[serde(deserialize_with = "zone")]
    pub time_zone: Zone,
}

fn zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
    let name = String::deserialize(deserializer)?;
    Zone::parse(&name).map_err(|refusal| de::Error::custom(format!("{name:?} {refusal}")))
}

/// How long rows are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionSettings {
    /// How long ended sessions are kept, in days; at least [`Self::SHORTEST_SESSIONS_DAYS`].
    pub sessions_days: u32,
    /// The directory of the archive of sessions; empty if there is none.
    pub session_archive_directory: PathBuf,
    /// Whether old sessions are deleted although there is no archive.
    pub delete_sessions_without_archive: bool,
    /// How long dead letters are kept after a replay has settled them, in days.
    pub settled_dead_letters_days: u32,
    /// How long dead letters are kept, settled or not, in days.
    pub dead_letters_days: u32,
    /// How long a device that was never registered may be silent before it is deleted, in days.
    pub unregistered_devices_days: u32,
    /// How long the days of connectors and exclusions are kept, in days; at least as long as the status
    /// history, from which they would be computed again.
    pub reliability_days: u32,
}

fn days(number: u32) -> Duration {
    Duration::from_hours(u64::from(number) * 24)
}

impl RetentionSettings {
    /// Late events may change a session for a week, and its receipt follows.
    pub const SHORTEST_SESSIONS_DAYS: u32 = 30;

    /// How long ended sessions are kept.
    #[must_use]
    pub fn sessions(&self) -> Duration {
        days(self.sessions_days)
    }

    /// Whether old sessions are deleted.
    #[must_use]
    pub fn deletes_sessions(&self) -> bool {
        self.delete_sessions_without_archive || !self.session_archive_directory.as_os_str().is_empty()
    }

    /// How long dead letters are kept after a replay has settled them.
    #[must_use]
    pub fn settled_dead_letters(&self) -> Duration {
        days(self.settled_dead_letters_days)
    }

    /// How long dead letters are kept.
    #[must_use]
    pub fn dead_letters(&self) -> Duration {
        days(self.dead_letters_days)
    }

    /// How long the days of connectors and exclusions are kept.
    #[must_use]
    pub fn reliability(&self) -> Duration {
        days(self.reliability_days)
    }

    /// How long a device that was never registered may be silent.
    #[must_use]
    pub fn unregistered_devices(&self) -> Duration {
        days(self.unregistered_devices_days)
    }
}

/// What is published to other services, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSettings {
    /// Whether this replica may relay the feed.
    pub enabled: bool,
    /// The topic that changes are published to.
    pub topic: String,
    /// How long changes are collected before they are published, in ms; ignored while a full batch
    /// is waiting.
    pub poll_ms: u64,
    /// How long published changes are kept for followers that return, in hours.
    pub retention_h: u32,
    /// The CloudEvents source.
    pub source: String,
}

impl FeedSettings {
    /// How long changes are collected before they are published.
    #[must_use]
    pub const fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }

    /// How long published changes are kept.
    #[must_use]
    pub fn retention(&self) -> Duration {
        Duration::from_hours(self.retention_h.into())
    }
}

impl IngestSettings {
    /// How long a lease lasts without renewal.
    #[must_use]
    pub const fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    /// How often leases are renewed and shares computed; two heartbeats may be missed.
    #[must_use]
    pub const fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.lease_ms / 4)
    }

    /// How long to wait for the next event of a quiet partition.
    #[must_use]
    pub const fn fetch_wait(&self) -> Duration {
        Duration::from_millis(self.fetch_wait_ms)
    }

    /// How long a device may be silent before it is offline.
    #[must_use]
    pub const fn heartbeat_timeout(&self) -> Duration {
        Duration::from_secs(self.heartbeat_timeout_s)
    }

    /// The rules for silent devices, given that they are probed as `presence` says.
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
