//! What can be set; `defaults.toml` explains every key.

use domain::status::ConnectorStatus;
use runtime::auth::AuthSettings;
use runtime::settings::{HttpSettings, KafkaSettings, RedisSettings};
use serde::Deserialize;
use std::num::NonZeroU16;
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
    /// Statuses that a connector may be in for charging to start.
    pub startable_statuses: Vec<ConnectorStatus>,
    /// Seconds after which a command must not be carried out any more.
    pub command_ttl_s: u32,
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
