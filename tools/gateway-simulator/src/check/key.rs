//! A device's key in Redis, as read at one time.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::GatewayId;
use std::time::Duration;
use wire::routing::parse_gateway_value;

/// The accuracy of the end of a key's life, because of the round trip to Redis.
pub(super) const JITTER: TimeDelta = TimeDelta::seconds(1);

/// A key as one read shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// There is no key.
    Absent,
    /// The key is not a string; the error of Redis.
    InvalidValue(String),
    /// The key names a pod.
    Held {
        /// The value of the key.
        value: String,
        /// The remaining life; `None` if the key never expires.
        ttl: Option<Duration>,
    },
}

/// A read of the key.
#[derive(Debug, Clone)]
pub(super) struct KeyRead {
    pub(super) at: DateTime<Utc>,
    /// The value, if the key exists.
    pub(super) value: Option<String>,
    /// When the key expires.
    pub(super) ends_at: Option<DateTime<Utc>>,
}

impl KeyRead {
    pub(super) fn new(key: &Key, at: DateTime<Utc>) -> Self {
        let (value, ttl) = match key {
            Key::Absent => (None, None),
            Key::InvalidValue(error) => (Some(error.clone()), None),
            Key::Held { value, ttl } => (Some(value.clone()), *ttl),
        };
        // A life beyond the greatest time counts as endless.
        let ends_at = ttl.and_then(|ttl| at.checked_add_signed(TimeDelta::from_std(ttl).ok()?));
        Self { at, value, ends_at }
    }

    pub(super) fn names(&self, pod: &GatewayId) -> bool {
        let named = self.value.as_deref().and_then(|value| parse_gateway_value(value).ok());
        named.as_ref() == Some(pod)
    }

    /// Whether the key has expired at `at`, unless a pod has written it since.
    pub(super) fn has_ended(&self, at: DateTime<Utc>) -> bool {
        self.value.is_none() || self.ends_at.is_some_and(|end| end <= at + JITTER)
    }

    /// Whether no pod has written the key between the two reads.
    pub(super) fn is_untouched_since(&self, earlier: &Self) -> bool {
        self.value == earlier.value
            && match (self.ends_at, earlier.ends_at) {
                (Some(end), Some(before)) => (end - before).abs() <= JITTER,
                (end, before) => end == before,
            }
    }

    pub(super) fn shown(&self) -> String {
        self.value.as_ref().map_or("absent".to_owned(), |value| {
            let shown: String = value.chars().take(80).collect();
            format!("{shown:?}")
        })
    }
}
