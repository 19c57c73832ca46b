//! The settings, which `defaults.toml` documents.

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

/// The text of `defaults.toml`, which contains and documents every setting of the binary.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// All settings of the binary.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The Kafka cluster.
    pub kafka: KafkaSettings,
    /// The Redis server.
    pub redis: RedisSettings,
    /// The topics.
    pub topics: TopicSettings,
    /// The pods.
    pub gateway: GatewaySettings,
    /// The charge points that the binary connects.
    pub fleet: FleetSettings,
    /// The behaviour of the gateway.
    pub behaviour: BehaviourSettings,
    /// What charge points do by themselves.
    pub life: LifeSettings,
    /// The `load` command.
    pub load: LoadSettings,
    /// The `check` command.
    pub check: CheckSettings,
}

/// The settings for [`Simulator::start`](crate::Simulator::start). The defaults are those of
/// `defaults.toml`, except that charge points do nothing by themselves.
#[derive(Debug, Clone, Default)]
pub struct SimulatorSettings {
    /// The topics.
    pub topics: TopicSettings,
    /// The pods.
    pub gateway: GatewaySettings,
    /// The behaviour of the gateway.
    pub behaviour: BehaviourSettings,
    /// What charge points do by themselves.
    pub life: LifeSettings,
}

impl Settings {
    /// The settings for a [`Simulator`](crate::Simulator).
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
    /// The topic of events.
    pub events: String,
    /// The topic of commands.
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
    /// The number of pods.
    pub pods: usize,
    /// The prefix of their ids; their numbers follow.
    pub pod_prefix: String,
    /// The life of a `conn:` key after its last refresh, in seconds.
    pub conn_ttl_s: u64,
    /// The interval of refreshes, in seconds.
    pub conn_refresh_s: u64,
    /// Keys per round trip.
    pub conn_chunk: usize,
    /// The hash of a pod's id that selects the partition that it reads.
    pub routing_hash: RoutingHash,
    /// Whether every pod reads all partitions.
    pub read_all_partitions: bool,
    /// How long a batch waits for further events under load, in milliseconds.
    pub linger_ms: u64,
    /// The greatest number of events in a batch.
    pub max_batch: usize,
    /// The greatest number of events that wait for one partition.
    pub queue: usize,
    /// How long the publication of an event is tried before it counts as failed, in milliseconds.
    pub publish_timeout_ms: u64,
    /// The interval of checking for new partitions of the event topic, in seconds.
    pub partition_refresh_s: u64,
    /// The number of commands and of events that are kept for queries.
    pub history: usize,
    /// In the deployed manner: how pods share the command topic.
    pub command_groups: CommandGroups,
    /// In the deployed manner: the time until the partitions of a killed pod are assigned to the
    /// others of its group, in milliseconds.
    pub group_session_ms: u32,
    /// In the deployed manner: the least interval between two events of a pod, in milliseconds; 0
    /// for no limit.
    pub event_interval_ms: u64,
    /// In the deployed manner: the greatest number of events that wait for that; further ones are
    /// lost.
    pub event_queue: usize,
    /// In the deployed manner: how long events wait in the producer before they are sent, in
    /// milliseconds; 0 to send at once.
    pub flush_ms: u64,
}

/// How pods that read commands by Kafka consumer groups share the partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandGroups {
    /// One group for all pods: each reads a range of the partitions, whatever devices it holds.
    Shared,
    /// One group per pod: each reads all partitions.
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
    /// The life of a `conn:` key after its last refresh.
    #[must_use]
    pub const fn conn_ttl(&self) -> Duration {
        Duration::from_secs(self.conn_ttl_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_defaults_equal_those_of_the_file() {
        let file: Settings = runtime::settings::parse(DEFAULTS, &[]).unwrap();
        let library = SimulatorSettings::default();
        assert_eq!(file.topics, library.topics);
        assert_eq!(file.gateway, library.gateway);
        assert_eq!(file.behaviour, library.behaviour);
        assert!(!library.life.is_eventful());
        assert!(file.life.is_eventful());
    }
}
