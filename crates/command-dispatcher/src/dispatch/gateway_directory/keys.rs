//! The Redis keys that name the gateways of devices.

use crate::settings::DispatchSettings;
use chrono::{DateTime, TimeDelta, Utc};
use domain::commands::RouteKey;
use domain::ids::{ChargePointId, PileId};
use runtime::clock;
use runtime::redis::{Redis, RedisError};
use std::time::Duration;
use wire::routing::parse_gateway_value;

/// Reads route keys. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct RouteKeys {
    redis: Redis,
    life: TimeDelta,
}

/// Whether a key is named after the device or after its pile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    ChargePoint,
    Pile,
}

impl KeyKind {
    /// The value of the metric label.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ChargePoint => "charge_point",
            Self::Pile => "pile",
        }
    }
}

/// The keys that a device may have, in order of precedence.
type Names = Vec<(KeyKind, String)>;

impl RouteKeys {
    /// Keys have the time to live from the settings when a gateway writes them.
    pub(crate) fn new(redis: Redis, settings: &DispatchSettings) -> Self {
        Self { redis, life: TimeDelta::seconds(settings.route_key_life_s.into()) }
    }

    /// Reads the key of each of `devices`, in order; the device's own key precedes its pile's. One
    /// round trip.
    ///
    /// # Errors
    /// When Redis is unavailable.
    pub(crate) async fn read(
        &self,
        devices: &[(&ChargePointId, Option<PileId>)],
    ) -> Result<Vec<Option<(KeyKind, RouteKey)>>, RedisError> {
        let names: Vec<Names> = devices.iter().map(|(device, pile)| names(device, *pile)).collect();
        let all: Vec<&str> = names.iter().flatten().map(|(_, name)| name.as_str()).collect();
        let mut values = self.redis.get_many_with_ttl(&all).await?.into_iter();
        let now = clock::now();
        let of_device = |names: &Names| {
            let values: Vec<_> = values.by_ref().take(names.len()).collect();
            names.iter().zip(values).find_map(|((kind, name), value)| {
                let (gateway, ttl) = value?;
                Some((*kind, self.parse(name, &gateway, ttl, now)?))
            })
        };
        Ok(names.iter().map(of_device).collect())
    }

    /// Parses a key and computes its age; a key whose value is not a valid gateway id counts as
    /// absent.
    fn parse(&self, name: &str, value: &str, ttl: Option<Duration>, now: DateTime<Utc>) -> Option<RouteKey> {
        let gateway_id = parse_gateway_value(value)
            .inspect_err(|error| {
                tracing::warn!(
                    key = name,
                    %error,
                    "ignoring a route key whose value is not a valid gateway id"
                );
            })
            .ok()?;
        Some(RouteKey::read(gateway_id, ttl, self.life, now))
    }
}

fn names(device: &ChargePointId, pile: Option<PileId>) -> Names {
    let own = (KeyKind::ChargePoint, format!("conn:{device}"));
    std::iter::once(own).chain(pile.map(|pile| (KeyKind::Pile, format!("conn:{pile}")))).collect()
}
