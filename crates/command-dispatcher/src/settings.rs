//! The settings of the service; `defaults.toml` describes every key.

use chrono::TimeDelta;
use domain::devices::presence::ProbeMessage;
use domain::issues::{Ladder, RecoveryStep};
use domain::status::ConnectorStatus;
use runtime::auth::AuthSettings;
use runtime::settings::{HttpSettings, KafkaSettings, RedisSettings};
use serde::Deserialize;
use std::num::NonZeroU16;
use std::time::Duration;
use storage::DatabaseSettings;
use storage::issues::recovery::RecoveryTerms;
use wire::routing::RoutingHash;

/// The defaults with comments: the reference of this service's settings.
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
    /// `[stops]`
    pub stops: StopSettings,
    /// `[recovery]`
    pub recovery: RecoverySettings,
    /// `[presence]`
    pub presence: PresenceSettings,
    /// `[retention]`
    pub retention: RetentionSettings,
}

/// `[dispatch]`: which commands are allowed and where they are published.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispatchSettings {
    /// The topic that gateways read commands from.
    pub topic: String,
    /// The number of partitions that the topic must have.
    pub partitions: NonZeroU16,
    /// The hash that maps a gateway to its partition.
    pub routing_hash: RoutingHash,
    /// Statuses of a connector in which a start is allowed, at stations without statuses of their
    /// own.
    pub startable_statuses: Vec<ConnectorStatus>,
    /// How a start to a doubtful device is handled.
    pub doubtful_starts: DoubtfulStarts,
    /// Seconds from the request after which a command must not be executed.
    pub command_ttl_s: u32,
    /// The longest retention of the command topic, in seconds: its `retention.ms` and its
    /// `segment.ms`.
    pub command_retention_s: u32,
    /// The longest time to publish a command, in milliseconds.
    pub publish_timeout_ms: u64,
    /// Seconds after its expiry for which an answer to a command is awaited.
    pub answer_grace_s: u32,
    /// Milliseconds between two searches for expired commands.
    pub expiry_interval_ms: u64,
    /// The time to live, in seconds, with which gateways write their route keys in Redis.
    pub route_key_life_s: u32,
    /// Whether a command goes to the gateway that the device was last heard through if no key names
    /// one.
    pub route_last_heard: bool,
    /// Milliseconds between two searches for commands whose device was heard through another
    /// gateway; 0 turns rerouting off.
    pub reroute_interval_ms: u64,
    /// Hours for which an idempotency key is kept.
    pub idempotency_retention_h: u32,
    /// Milliseconds between two searches for command batches.
    pub batch_poll_ms: u64,
    /// Milliseconds until the lease of a batch expires unless its replica renews it.
    pub batch_lease_ms: u64,
    /// Seconds until a batch expires.
    pub batch_ttl_s: u32,
}

/// How a start to a device is handled that is online, but whose gateway is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DoubtfulStarts {
    /// The command is sent; the response and the command show that the device was doubtful.
    Send,
    /// The request is refused with 409 `PILE_DOUBTFUL`.
    Refuse,
}

/// `[stops]`: stops that wait for a transaction id, and sessions with limits.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopSettings {
    /// Seconds for which a stop waits for the transaction id of its session.
    pub wait_s: u32,
    /// Milliseconds between two searches for waiting stops that can be sent.
    pub poll_ms: u64,
    /// Milliseconds between two checks of the sessions with limits; 0 turns the checks off.
    pub limit_interval_ms: u64,
    /// Days for which the limits of a session are kept.
    pub limit_retention_days: u32,
}

/// `[recovery]`: commands that the platform sends to end the cause of an issue.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoverySettings {
    /// Whether this replica may send them.
    pub enabled: bool,
    /// Milliseconds between two reads of the open issues.
    pub poll_ms: u64,
    /// Seconds for which an issue is open, and the outcome of a step is awaited, before the next step at
    /// the device.
    pub pause_s: u32,
    /// The last step that is tried.
    pub last_step: RecoveryStep,
    /// The most steps within a minute, at all issues.
    pub steps_per_minute: u32,
    /// The most commands to a device within 24 hours, for all its issues.
    pub device_steps_per_day: u32,
}

/// `[retention]`: how long rows are kept.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionSettings {
    /// Days for which a command is kept; longer while a batch or the limits of a session refer to it.
    pub commands_days: u32,
    /// Days for which a finished batch is kept with its piles.
    pub batches_days: u32,
}

/// `[presence]`: which silent devices are probed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresenceSettings {
    /// The message that a probe requests.
    pub probe_message: ProbeMessage,
    /// Seconds without a sign of life after which a device is probed.
    pub probe_after_s: u32,
    /// The shortest time between two probes of a device, in seconds.
    pub probe_interval_s: u32,
    /// The longest time for an answer to a probe, in seconds.
    pub probe_answer_s: u32,
    /// The most devices that are probed per second.
    pub probe_rate_per_s: u32,
    /// The factor by which the devices of a suspected gateway are probed faster.
    pub suspected_factor: u32,
    /// Seconds without any event after which a gateway is silent.
    pub gateway_silence_s: u32,
    /// The longest time for answers to canary probes, in seconds.
    pub gateway_answer_s: u32,
    /// The shortest time between two canary probes of a device, in seconds.
    pub gateway_interval_s: u32,
    /// The topic of the gateways' events.
    pub ingest_topic: String,
    /// The longest lag, in seconds, of a partition of that topic with which silence is judged.
    pub ingest_lag_s: u32,
}

impl Settings {
    /// Refuses settings that contradict each other.
    ///
    /// # Errors
    /// Names the settings and their rule.
    pub fn check(&self) -> anyhow::Result<()> {
        let PresenceSettings { probe_interval_s, probe_answer_s, .. } = self.presence;
        anyhow::ensure!(
            probe_interval_s > probe_answer_s,
            "presence.probe_interval_s ({probe_interval_s}) must be more than presence.probe_answer_s \
             ({probe_answer_s}): a device that may still answer its last probe is not offline yet"
        );
        Ok(())
    }
}

impl StopSettings {
    /// The time between two searches for waiting stops.
    #[must_use]
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms.max(1))
    }

    /// The time between two checks of limits; `None` if they are turned off.
    #[must_use]
    pub fn limit_interval(&self) -> Option<Duration> {
        Some(Duration::from_millis(self.limit_interval_ms)).filter(|interval| !interval.is_zero())
    }

    /// How long the limits of a session are kept.
    #[must_use]
    pub fn limit_retention(&self) -> Duration {
        days(self.limit_retention_days)
    }
}

impl RecoverySettings {
    /// The time between two reads of the open issues.
    #[must_use]
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms.max(1))
    }

    /// When steps are tried, and how many.
    #[must_use]
    pub fn terms(&self) -> RecoveryTerms {
        RecoveryTerms {
            ladder: Ladder {
                pause: TimeDelta::seconds(self.pause_s.into()),
                last: self.last_step,
                device_steps_per_day: self.device_steps_per_day,
            },
            steps_per_minute: self.steps_per_minute,
        }
    }
}

fn days(number: u32) -> Duration {
    Duration::from_secs(86_400) * number
}

impl RetentionSettings {
    /// How long a finished batch is kept.
    #[must_use]
    pub fn batches(&self) -> Duration {
        days(self.batches_days)
    }

    /// How long a command is kept, given that the limits of sessions are kept as `stops` says: at
    /// least as long as what refers to it.
    #[must_use]
    pub fn commands(&self, stops: StopSettings) -> Duration {
        days(self.commands_days).max(self.batches()).max(stops.limit_retention())
    }
}

impl DispatchSettings {
    /// The keys of a batch outlive it by at least this long: a replica that has lost the batch may
    /// still be about to record a command.
    const BATCH_MARGIN: Duration = Duration::from_secs(3_600);

    /// How long an idempotency key is kept. Batches rely on their keys until they expire, and for some
    /// time after.
    #[must_use]
    pub fn idempotency_retention(&self) -> Duration {
        let of_batches = Duration::from_secs(self.batch_ttl_s.into()) + Self::BATCH_MARGIN;
        (Duration::from_secs(3_600) * self.idempotency_retention_h).max(of_batches)
    }
}

impl PresenceSettings {
    /// How long a device is silent before it is probed.
    #[must_use]
    pub fn probe_after(&self) -> Duration {
        Duration::from_secs(self.probe_after_s.into())
    }

    /// The shortest time between two probes of a device.
    #[must_use]
    pub fn probe_interval(&self) -> Duration {
        Duration::from_secs(self.probe_interval_s.into())
    }

    /// The longest time for an answer to a probe.
    #[must_use]
    pub fn probe_answer(&self) -> Duration {
        Duration::from_secs(self.probe_answer_s.into())
    }

    /// The most devices of suspected gateways that are probed per second.
    #[must_use]
    pub const fn suspected_rate_per_s(&self) -> u32 {
        self.probe_rate_per_s.saturating_mul(self.suspected_factor)
    }

    /// How long a gateway is without any event before it is silent.
    #[must_use]
    pub fn gateway_silence(&self) -> Duration {
        Duration::from_secs(self.gateway_silence_s.into())
    }

    /// The longest time for answers to canary probes.
    #[must_use]
    pub fn gateway_answer(&self) -> Duration {
        Duration::from_secs(self.gateway_answer_s.into())
    }

    /// The shortest time between two canary probes of a device.
    #[must_use]
    pub fn gateway_interval(&self) -> Duration {
        Duration::from_secs(self.gateway_interval_s.into())
    }

    /// The longest lag with which silence is judged.
    #[must_use]
    pub fn ingest_lag(&self) -> Duration {
        Duration::from_secs(self.ingest_lag_s.into())
    }
}

#[cfg(test)]
mod tests;
