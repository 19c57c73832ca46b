//! What can be set; `defaults.toml` explains every key.

use domain::devices::presence::ProbeMessage;
use domain::status::ConnectorStatus;
use runtime::auth::AuthSettings;
use runtime::settings::{HttpSettings, KafkaSettings, RedisSettings};
use serde::Deserialize;
use std::num::NonZeroU16;
use std::time::Duration;
use storage::DatabaseSettings;
use wire::routing::RoutingHash;

/// The commented defaults: the manual of this service's settings.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The settings of this service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `[http]`
    pub http: HttpSettings,
    /// `[auth]`
    pub auth: AuthSettings,
    /// `[database]`
    pub database: DatabaseSettings,
    /// `[redis]`
    pub redis: RedisSettings,
    /// `[kafka]`
    pub kafka: KafkaSettings,
    /// `[dispatch]`
    pub dispatch: DispatchSettings,
    /// `[presence]`
    pub presence: PresenceSettings,
}

/// `[dispatch]`: what may be commanded and where it goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispatchSettings {
    /// The topic that gateways read commands from.
    pub topic: String,
    /// How many partitions it must have.
    pub partitions: NonZeroU16,
    /// The hash that leads from a gateway to its partition.
    pub routing_hash: RoutingHash,
    /// Statuses that a connector may be in for charging to start, at stations that name none themselves.
    pub startable_statuses: Vec<ConnectorStatus>,
    /// What becomes of a start to a device that is doubtful.
    pub doubtful_starts: DoubtfulStarts,
    /// Seconds after which a command must not be carried out any more.
    pub command_ttl_s: u32,
    /// Seconds that the topic may keep commands, by its `retention.ms` and its `segment.ms`.
    pub command_retention_s: u32,
    /// Milliseconds that publishing a command may take.
    pub publish_timeout_ms: u64,
    /// Seconds after its time is over that an answer to a command is still waited for.
    pub answer_grace_s: u32,
    /// Milliseconds between two looks for commands whose time is over.
    pub expiry_interval_ms: u64,
    /// Seconds that a key in Redis has to live when a gateway writes it.
    pub route_key_life_s: u32,
    /// Whether a command goes to the gateway that the device was last heard through when no key names one.
    pub route_last_heard: bool,
    /// Milliseconds between two looks for commands whose device was heard through another gateway; 0 sends none again.
    pub reroute_interval_ms: u64,
    /// Hours that the key of a request is remembered.
    pub idempotency_retention_h: u32,
    /// Milliseconds between two looks for batches of commands.
    pub batch_poll_ms: u64,
    /// Milliseconds after which a batch is another replica's, unless the one that carries it out says that it lives.
    pub batch_lease_ms: u64,
    /// Seconds that a batch may take.
    pub batch_ttl_s: u32,
}

/// What becomes of a start to a device that is online, but whose gateway is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DoubtfulStarts {
    /// It is sent; the answer and the command say that the device was doubtful.
    Send,
    /// It is refused, 409 `PILE_DOUBTFUL`.
    Refuse,
}

/// `[presence]`: which silent devices are asked whether they are there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresenceSettings {
    /// What they are asked for.
    pub probe_message: ProbeMessage,
    /// Seconds without a sign of life after which a device is asked.
    pub probe_after_s: u32,
    /// Seconds in which a device is asked once.
    pub probe_interval_s: u32,
    /// Seconds that an answer may take.
    pub probe_answer_s: u32,
    /// Devices that are asked in a second.
    pub probe_rate_per_s: u32,
    /// By how much faster the devices of a suspected gateway are asked.
    pub suspected_factor: u32,
    /// Seconds without any event after which a gateway is silent.
    pub gateway_silence_s: u32,
    /// Seconds that the answers of devices that are asked in a gateway's place may take.
    pub gateway_answer_s: u32,
    /// Seconds in which a device is asked in its gateway's place once.
    pub gateway_interval_s: u32,
    /// The topic of the gateways' events.
    pub ingest_topic: String,
    /// Seconds that reading a partition of it may be behind.
    pub ingest_lag_s: u32,
}

impl PresenceSettings {
    /// How long a device is silent before it is asked.
    #[must_use]
    pub fn probe_after(&self) -> Duration {
        Duration::from_secs(self.probe_after_s.into())
    }

    /// In how long a device is asked once.
    #[must_use]
    pub fn probe_interval(&self) -> Duration {
        Duration::from_secs(self.probe_interval_s.into())
    }

    /// How long an answer may take.
    #[must_use]
    pub fn probe_answer(&self) -> Duration {
        Duration::from_secs(self.probe_answer_s.into())
    }

    /// How many devices of suspected gateways are asked in a second.
    #[must_use]
    pub const fn suspected_rate_per_s(&self) -> u32 {
        self.probe_rate_per_s.saturating_mul(self.suspected_factor)
    }

    /// After how long without any event a gateway is silent.
    #[must_use]
    pub fn gateway_silence(&self) -> Duration {
        Duration::from_secs(self.gateway_silence_s.into())
    }

    /// How long the answers of devices that are asked in a gateway's place may take.
    #[must_use]
    pub fn gateway_answer(&self) -> Duration {
        Duration::from_secs(self.gateway_answer_s.into())
    }

    /// In how long a device is asked in its gateway's place once.
    #[must_use]
    pub fn gateway_interval(&self) -> Duration {
        Duration::from_secs(self.gateway_interval_s.into())
    }

    /// How far reading may be behind.
    #[must_use]
    pub fn ingest_lag(&self) -> Duration {
        Duration::from_secs(self.ingest_lag_s.into())
    }
}
