//! The settings, as `defaults.toml` explains them.

mod behaviour;
mod check;
mod fleet;
mod life;

pub use behaviour::BehaviourSettings;
pub use check::{CheckSettings, VerdictFormat};
pub use fleet::{FleetSettings, LoadSettings};
pub use life::LifeSettings;

use runtime::settings::{KafkaSettings, RedisSettings};
use serde::Deserialize;
use std::time::Duration;
use wire::routing::RoutingHash;

/// The text of `defaults.toml`, which names and explains every setting of the binary.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// All settings of the binary.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where Kafka is.
    pub kafka: KafkaSettings,
    /// Where Redis is.
    pub redis: RedisSettings,
    /// Topics.
    pub topics: TopicSettings,
    /// The pods.
    pub gateway: GatewaySettings,
    /// The charge points that the binary connects.
    pub fleet: FleetSettings,
    /// How the gateway expresses itself.
    pub behaviour: BehaviourSettings,
    /// What charge points do by themselves.
    pub life: LifeSettings,
    /// The `load` command.
    pub load: LoadSettings,
    /// The `check` command.
    pub check: CheckSettings,
}

/// What [`Simulator::start`](crate::Simulator::start) needs. The default is that of `defaults.toml`, except that
/// charge points do nothing by themselves.
#[derive(Debug, Clone, Default)]
pub struct SimulatorSettings {
    /// Topics.
    pub topics: TopicSettings,
    /// The pods.
    pub gateway: GatewaySettings,
    /// How the gateway expresses itself.
    pub behaviour: BehaviourSettings,
    /// What charge points do by themselves.
    pub life: LifeSettings,
}

impl Settings {
    /// The part that the simulator itself needs.
    #[must_use]
    pub fn simulator(&self) -> SimulatorSettings {
        SimulatorSettings {
            topics: self.topics.clone(),
            gateway: self.gateway.clone(),
            behaviour: self.behaviour.clone(),
            life: self.life.clone(),
        }
    }
}

/// `[topics]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicSettings {
    /// Where events go.
    pub events: String,
    /// Where commands come from.
    pub commands: String,
}

impl Default for TopicSettings {
    fn default() -> Self {
        Self { events: "ocpp-events-up".to_owned(), commands: "commands-down".to_owned() }
    }
}

/// `[gateway]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// How many pods.
    pub pods: usize,
    /// What their names begin with; their numbers follow.
    pub pod_prefix: String,
    /// Seconds that a `conn:` key outlives its last refresh.
    pub conn_ttl_s: u64,
    /// Seconds between refreshes.
    pub conn_refresh_s: u64,
    /// Keys per round trip.
    pub conn_chunk: usize,
    /// Which hash of a pod's name gives the partition it reads.
    pub routing_hash: RoutingHash,
    /// Whether every pod reads all partitions.
    pub read_all_partitions: bool,
    /// Milliseconds that a batch waits for company, under load.
    pub linger_ms: u64,
    /// Events in one batch, at most.
    pub max_batch: usize,
    /// Events that may wait for one partition.
    pub queue: usize,
    /// Milliseconds that an event is tried before it counts as failed.
    pub publish_timeout_ms: u64,
    /// Seconds between looks whether the event topic has grown.
    pub partition_refresh_s: u64,
    /// Commands and events, each, that are kept for whoever asks.
    pub history: usize,
    /// Of the deployed manner: how pods share the command topic.
    pub command_groups: CommandGroups,
    /// Of the deployed manner: milliseconds until the partitions of a killed pod are given to the
    /// others of its group.
    pub group_session_ms: u32,
    /// Of the deployed manner: milliseconds between two events of a pod, at least; 0 for no limit.
    pub event_interval_ms: u64,
    /// Of the deployed manner: events that may wait for that; further ones are lost.
    pub event_queue: usize,
    /// Of the deployed manner: milliseconds that events wait in the producer before they are sent;
    /// 0 to send at once.
    pub flush_ms: u64,
}

/// How pods that read commands by Kafka consumer groups share the partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandGroups {
    /// One group for all pods: each reads a range of the partitions, whatever devices it holds.
    Shared,
    /// A group for each pod: each reads all partitions.
    PerPod,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            pods: 2,
            pod_prefix: "gateway-pod-".to_owned(),
            conn_ttl_s: 300,
            conn_refresh_s: 100,
            conn_chunk: 500,
            routing_hash: RoutingHash::Fnv1a32,
            read_all_partitions: false,
            linger_ms: 3,
            max_batch: 2_000,
            queue: 20_000,
            publish_timeout_ms: 30_000,
            partition_refresh_s: 30,
            history: 10_000,
            command_groups: CommandGroups::PerPod,
            group_session_ms: 10_000,
            event_interval_ms: 10,
            event_queue: 50_000,
            flush_ms: 500,
        }
    }
}

impl GatewaySettings {
    /// How long a `conn:` key outlives its last refresh.
    #[must_use]
    pub const fn conn_ttl(&self) -> Duration {
        Duration::from_secs(self.conn_ttl_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_library_are_those_of_the_file() {
        let file: Settings = runtime::settings::parse(DEFAULTS, &[]).unwrap();
        let library = SimulatorSettings::default();
        assert_eq!(file.topics, library.topics);
        assert_eq!(file.gateway, library.gateway);
        assert_eq!(file.behaviour, library.behaviour);
        assert!(!library.life.is_eventful());
        assert!(file.life.is_eventful());
    }
}
