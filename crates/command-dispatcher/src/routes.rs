//! Which gateway holds a device, as the gateways themselves say in Redis, and which partition it reads.

use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use chrono::{DateTime, TimeDelta, Utc};
use domain::command::{GatewayRoute, PileSnapshot};
use domain::ids::GatewayId;
use runtime::redis::{Redis, RedisError};
use std::num::NonZeroU16;
use wire::routing::RoutingHash;

/// How the gateway of a command was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// Where to.
    pub route: GatewayRoute,
    /// Redis was away: it is the gateway last seen on the device's events.
    pub degraded: bool,
    /// The gateway last seen on the device's events, where that is another one.
    pub seen: Option<GatewayId>,
}

/// The ways to the gateways.
#[derive(Debug)]
pub(crate) struct Routes {
    redis: Redis,
    hash: RoutingHash,
    partitions: NonZeroU16,
    fallback: TimeDelta,
    metrics: Metrics,
}

impl Routes {
    /// Ways told by `redis`.
    pub(crate) fn new(redis: Redis, settings: &DispatchSettings, metrics: Metrics) -> Self {
        Self {
            redis,
            hash: settings.routing_hash,
            partitions: settings.partitions,
            fallback: TimeDelta::seconds(settings.route_fallback_s.into()),
            metrics,
        }
    }

    /// The way to the pile's device at `now`; `None` when no gateway holds it. While Redis is away it is the gateway that the
    /// device was heard through, if that is not long ago.
    ///
    /// # Errors
    /// When Redis is away, and the device was not heard of for too long.
    pub(crate) async fn find(
        &self,
        pile: &PileSnapshot,
        now: DateTime<Utc>,
    ) -> Result<Option<Way>, RedisError> {
        let heard = pile.heard.as_ref();
        match self.told(pile).await {
            Ok(told) => Ok(told.map(|gateway_id| {
                let seen = heard.map(|heard| &heard.gateway_id).filter(|seen| **seen != gateway_id).cloned();
                if seen.is_some() {
                    self.metrics.route_mismatch();
                }
                Way { route: self.route_to(gateway_id), degraded: false, seen }
            })),
            Err(away) => {
                let fresh = heard.filter(|heard| now - heard.at <= self.fallback).ok_or(away)?;
                self.metrics.degraded();
                let route = self.route_to(fresh.gateway_id.clone());
                Ok(Some(Way { route, degraded: true, seen: None }))
            }
        }
    }

    /// The gateway that Redis says holds the pile's device. One round trip.
    async fn told(&self, pile: &PileSnapshot) -> Result<Option<GatewayId>, RedisError> {
        let by_charge_point = format!("conn:{}", pile.charge_point_id);
        let by_pile = format!("conn:{}", pile.pile_id);
        let values = self
            .redis
            .get_many(&[&by_charge_point, &by_pile])
            .await
            .inspect_err(|_away| self.metrics.looked_up("unavailable"))?;
        let keys = [("charge_point", by_charge_point), ("pile", by_pile)];
        let told =
            keys.iter().zip(values).find_map(|((kind, key), value)| Some((*kind, gateway(key, &value?)?)));
        self.metrics.looked_up(told.as_ref().map_or("none", |(kind, _)| kind));
        Ok(told.map(|(_, gateway_id)| gateway_id))
    }

    fn route_to(&self, gateway_id: GatewayId) -> GatewayRoute {
        GatewayRoute { partition: self.hash.partition(gateway_id.as_str(), self.partitions), gateway_id }
    }
}

/// The gateway that a key names; a value that can be no gateway's name counts as absent.
fn gateway(key: &str, value: &str) -> Option<GatewayId> {
    GatewayId::parse(value)
        .inspect_err(|error| tracing::warn!(key, %error, "a route in Redis names no gateway"))
        .ok()
}
