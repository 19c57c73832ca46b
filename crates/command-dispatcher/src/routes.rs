//! Which gateway holds a device, as the gateways themselves say in Redis, and which partition it reads.

use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use domain::command::{GatewayRoute, PileSnapshot};
use domain::ids::GatewayId;
use runtime::redis::{Redis, RedisError};
use std::num::NonZeroU16;
use wire::routing::RoutingHash;

/// The ways to the gateways.
#[derive(Debug)]
pub(crate) struct Routes {
    redis: Redis,
    hash: RoutingHash,
    partitions: NonZeroU16,
    metrics: Metrics,
}

impl Routes {
    /// Ways told by `redis`.
    pub(crate) fn new(redis: Redis, settings: &DispatchSettings, metrics: Metrics) -> Self {
        Self { redis, hash: settings.routing_hash, partitions: settings.partitions, metrics }
    }

    /// The way to the gateway that holds the pile's device; `None` when none does. One round trip.
    ///
    /// # Errors
    /// When Redis is away.
    pub(crate) async fn find(&self, pile: &PileSnapshot) -> Result<Option<GatewayRoute>, RedisError> {
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
        Ok(told.map(|(_, gateway_id)| self.route_to(gateway_id)))
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
