//! `[check]`: what `gateway-simulator check` observes, and for how long.

use chrono::TimeDelta;
use serde::{Deserialize, Deserializer, de};
use std::num::NonZeroU16;
use std::time::Duration;

/// `[check]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckSettings {
    /// The duration of the check, in seconds.
    pub duration_s: u64,
    /// The format of the verdict.
    #[serde(deserialize_with = "format")]
    pub format: VerdictFormat,
    /// The silence after which the platform considers a device offline, in seconds.
    pub heartbeat_timeout_s: u32,
    /// The longest interval of a device's heartbeats, in seconds.
    pub heartbeat_interval_s: u32,
    /// The tolerated difference between the time of an event and that of its record, in
    /// milliseconds.
    pub clock_skew_ms: u32,
    /// The interval of reading the keys in Redis, in milliseconds.
    #[serde(rename = "look_interval_ms")]
    pub key_interval_ms: u64,
    /// The tolerated delay between observations that belong together (a key and an event, an answer
    /// and its copy), in milliseconds.
    pub settle_ms: u32,
    /// The greatest number of devices that are judged; further ones are only counted.
    pub max_devices: usize,
    /// The number of events that are remembered to recognise copies.
    pub max_events: usize,
    /// Whether devices are commanded.
    pub command: bool,
    /// The number of devices that are commanded.
    pub command_devices: usize,
    /// The prefix of the ids of devices that may be commanded.
    pub command_id_prefix: String,
    /// The time limit for an answer to a command, in seconds.
    pub command_timeout_s: u32,
    /// The number of partitions that the command topic must have.
    pub command_partitions: NonZeroU16,
    /// How long the command topic may keep commands, in seconds.
    pub command_retention_s: u32,
}

/// The format of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerdictFormat {
    /// Text for people.
    Text,
    /// One JSON object.
    Json,
}

impl CheckSettings {
    pub(crate) const fn duration(&self) -> Duration {
        Duration::from_secs(self.duration_s)
    }

    pub(crate) fn key_interval(&self) -> Duration {
        Duration::from_millis(self.key_interval_ms.max(100))
    }

    pub(crate) fn settle(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.settle_ms.into())
    }

    pub(crate) fn heartbeat_timeout(&self) -> TimeDelta {
        TimeDelta::seconds(self.heartbeat_timeout_s.into())
    }

    pub(crate) fn heartbeat_interval(&self) -> TimeDelta {
        TimeDelta::seconds(self.heartbeat_interval_s.into())
    }

    pub(crate) fn clock_skew(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.clock_skew_ms.into())
    }

    pub(crate) fn command_retention(&self) -> Duration {
        Duration::from_secs(self.command_retention_s.into())
    }

    pub(crate) fn command_timeout(&self) -> Duration {
        Duration::from_secs(self.command_timeout_s.into())
    }
}

fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<VerdictFormat, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "text" => Ok(VerdictFormat::Text),
        "json" => Ok(VerdictFormat::Json),
        other => Err(de::Error::unknown_variant(other, &["text", "json"])),
    }
}
