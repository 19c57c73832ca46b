//! `[check]`: what `gateway-simulator check` looks at, and for how long.

use chrono::TimeDelta;
use serde::{Deserialize, Deserializer, de};
use std::num::NonZeroU16;
use std::time::Duration;

/// `[check]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckSettings {
    /// Seconds to go on for.
    pub duration_s: u64,
    /// How the verdict is written.
    #[serde(deserialize_with = "format")]
    pub format: VerdictFormat,
    /// Seconds of silence after which the platform takes a device for offline.
    pub heartbeat_timeout_s: u32,
    /// Seconds in which a device sends a heartbeat at least once.
    pub heartbeat_interval_s: u32,
    /// Milliseconds that the time of an event may lie ahead of that of its record, or behind it.
    pub clock_skew_ms: u32,
    /// Milliseconds between looks at the keys in Redis.
    pub look_interval_ms: u64,
    /// Milliseconds that what belongs together (a key and an event, an answer and a copy of it) may lie apart.
    pub settle_ms: u32,
    /// Devices that are judged; further ones are only counted.
    pub max_devices: usize,
    /// Events that are remembered, to know copies by.
    pub max_events: usize,
    /// Whether devices are commanded.
    pub command: bool,
    /// How many devices are commanded.
    pub command_devices: usize,
    /// What the ids of devices that may be commanded begin with.
    pub command_id_prefix: String,
    /// Seconds that an answer to a command may take.
    pub command_timeout_s: u32,
    /// How many partitions the command topic must have.
    pub command_partitions: NonZeroU16,
    /// Seconds that the command topic may keep commands.
    pub command_retention_s: u32,
}

/// How a verdict is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerdictFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

impl CheckSettings {
    pub(crate) const fn duration(&self) -> Duration {
        Duration::from_secs(self.duration_s)
    }

    pub(crate) fn look_interval(&self) -> Duration {
        Duration::from_millis(self.look_interval_ms.max(100))
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
