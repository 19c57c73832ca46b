//! Chooses the gateway of a command from the route key in Redis and the device's newest event.

#[cfg(test)]
mod tests;

use super::LastHeard;
use crate::ids::GatewayId;
use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How the gateway of a command was found. The names are stored and returned by the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RouteSource {
    /// The route key names it.
    Key,
    /// No route key was read; the device was last heard through this gateway.
    LastHeard,
    /// The route key names another gateway, but the device was heard through this one after the key
    /// was written.
    Moved,
}

/// A route key: the Redis key that names the gateway of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteKey {
    /// The gateway.
    pub gateway_id: GatewayId,
    /// When the gateway wrote the key; `None` if its time to live does not show it.
    pub written_at: Option<DateTime<Utc>>,
}

/// The gateway to which a command is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenGateway {
    /// The gateway.
    pub gateway_id: GatewayId,
    /// How the gateway was found.
    pub source: RouteSource,
    /// Whether route key and newest event name different gateways; `source` states which of the two
    /// was chosen.
    pub is_disputed: bool,
}

impl RouteSource {
    /// All sources.
    pub const ALL: [Self; 3] = [Self::Key, Self::LastHeard, Self::Moved];

    /// The stable name in storage, API, feed and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::LastHeard => "last-heard",
            Self::Moved => "moved",
        }
    }

    /// Parses the stable name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }
}

impl RouteKey {
    /// Creates a key that was read at `now` with `ttl` left to live; `None` for a key that never
    /// expires. Gateways write keys with the lifetime `key_life`; the age of a key with more than
    /// that left is unknown.
    #[must_use]
    pub fn read(
        gateway_id: GatewayId,
        ttl: Option<Duration>,
        key_life: TimeDelta,
        now: DateTime<Utc>,
    ) -> Self {
        let age = ttl.and_then(|ttl| key_life.checked_sub(&TimeDelta::from_std(ttl).ok()?));
        let written_at =
            age.filter(|age| *age >= TimeDelta::zero()).and_then(|age| now.checked_sub_signed(age));
        Self { gateway_id, written_at }
    }

    /// Whether the device was heard through another gateway after this key was written. A key of
    /// unknown age is never outdated.
    fn is_outdated_by(&self, heard: &LastHeard) -> bool {
        heard.gateway_id != self.gateway_id && self.written_at.is_some_and(|written_at| heard.at > written_at)
    }
}

/// Chooses the gateway for a command to an online device: the one that `key` names, unless the
/// device was heard through another one after the key was written. Without a key, whether absent or
/// unreadable, it is the gateway through which the device was last heard, if `use_last_heard`
/// allows that. `None` if neither applies.
#[must_use]
pub fn choose_gateway(
    key: Option<&RouteKey>,
    heard: Option<&LastHeard>,
    use_last_heard: bool,
) -> Option<ChosenGateway> {
    match (key, heard) {
        (Some(key), Some(heard)) if key.is_outdated_by(heard) => Some(ChosenGateway {
            gateway_id: heard.gateway_id.clone(),
            source: RouteSource::Moved,
            is_disputed: true,
        }),
        (Some(key), heard) => Some(ChosenGateway {
            gateway_id: key.gateway_id.clone(),
            source: RouteSource::Key,
            is_disputed: heard.is_some_and(|heard| heard.gateway_id != key.gateway_id),
        }),
        (None, Some(heard)) if use_last_heard => Some(ChosenGateway {
            gateway_id: heard.gateway_id.clone(),
            source: RouteSource::LastHeard,
            is_disputed: false,
        }),
        (None, _) => None,
    }
}
