//! Which gateway holds a device, by the keys of the gateways in Redis and the device's events, and which partition it reads.

pub(crate) mod keys;

use crate::error::DispatchError;
use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use domain::commands::{ChosenGateway, GatewayRoute, PileSnapshot, RouteKey, RouteSource, choose_gateway};
use domain::ids::GatewayId;
use keys::RouteKeys;
use runtime::redis::RedisError;
use std::num::NonZeroU16;
use wire::routing::RoutingHash;

/// How the gateway of a command was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// Where to.
    pub route: GatewayRoute,
    /// By which rule.
    pub source: RouteSource,
    /// Redis was away: it is the gateway last seen on the device's events.
    pub degraded: bool,
    /// The gateway last seen on the device's events, where Redis names another one.
    pub seen: Option<GatewayId>,
}

/// The ways to the gateways.
#[derive(Debug)]
pub(crate) struct Routes {
    keys: RouteKeys,
    partitions: GatewayPartitions,
    use_last_heard: bool,
    metrics: Metrics,
}

/// Which partition of the command topic a gateway reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GatewayPartitions {
    hash: RoutingHash,
    partitions: NonZeroU16,
}

impl GatewayPartitions {
    /// By the hash and the number of partitions that gateways use, too.
    pub(crate) const fn new(settings: &DispatchSettings) -> Self {
        Self { hash: settings.routing_hash, partitions: settings.partitions }
    }

    /// The route to a gateway.
    pub(crate) fn route_to(self, gateway_id: GatewayId) -> GatewayRoute {
        GatewayRoute { partition: self.hash.partition(gateway_id.as_str(), self.partitions), gateway_id }
    }
}

impl Routes {
    /// Routes by `keys` and the devices' events.
    pub(crate) fn new(keys: RouteKeys, settings: &DispatchSettings, metrics: Metrics) -> Self {
        Self {
            keys,
            partitions: GatewayPartitions::new(settings),
            use_last_heard: settings.route_last_heard,
            metrics,
        }
    }

    /// The way to the pile's device, which is online; [`choose_gateway`] has the rules. They are the same when Redis is away.
    ///
    /// # Errors
    /// [`DispatchError::NoGateway`] when Redis has no key and the device's events may not or cannot tell a gateway;
    /// [`DispatchError::RouteStore`] when Redis is away as well.
    pub(crate) async fn find(&self, pile: &PileSnapshot) -> Result<Way, DispatchError> {
        let (key, away) = match self.look_up(pile).await {
            Ok(key) => (key, None),
            Err(away) => (None, Some(away)),
        };
        let heard = pile.heard.as_ref();
        let Some(chosen) = choose_gateway(key.as_ref(), heard, self.use_last_heard) else {
            return Err(away.map_or_else(
                || DispatchError::NoGateway(pile.charge_point_id.clone()),
                DispatchError::RouteStore,
            ));
        };
        let degraded = away.is_some();
        self.report(pile, &chosen, degraded);
        let ChosenGateway { gateway_id, source, is_disputed } = chosen;
        let seen = heard.filter(|_| is_disputed).map(|heard| heard.gateway_id.clone());
        Ok(Way { route: self.partitions.route_to(gateway_id), source, degraded, seen })
    }

    fn report(&self, pile: &PileSnapshot, chosen: &ChosenGateway, degraded: bool) {
        self.metrics.routed(chosen.source);
        if degraded {
            self.metrics.degraded();
        }
        if chosen.is_disputed {
            self.metrics.route_mismatch(chosen.source);
        }
        if chosen.source == RouteSource::Moved {
            let (charge_point_id, gateway_id) = (&pile.charge_point_id, &chosen.gateway_id);
            tracing::info!(%charge_point_id, %gateway_id, "the device has moved: its key in Redis is outdated");
        }
    }

    /// The key that names the gateway of the pile's device.
    async fn look_up(&self, pile: &PileSnapshot) -> Result<Option<RouteKey>, RedisError> {
        let found = self.keys.read(&[(&pile.charge_point_id, Some(pile.pile_id))]).await;
        let found = found.inspect_err(|_away| self.metrics.looked_up("unavailable"))?.into_iter().next();
        let found = found.flatten();
        self.metrics.looked_up(found.as_ref().map_or("none", |(kind, _)| kind.as_str()));
        Ok(found.map(|(_, key)| key))
    }
}
