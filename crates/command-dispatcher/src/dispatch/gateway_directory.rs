//! Finds the gateway that holds a device, from the gateways' keys in Redis and the device's events,
//! and the partition that the gateway reads.

pub(crate) mod keys;
mod known_devices;

use crate::error::DispatchError;
use crate::metrics::Metrics;
use crate::settings::DispatchSettings;
use domain::commands::{ChosenGateway, GatewayRoute, PileSnapshot, RouteKey, RouteSource, choose_gateway};
use domain::ids::{ChargePointId, GatewayId, PileId};
use keys::{KeyKind, RouteKeys};
use known_devices::KnownDevices;
use runtime::redis::RedisError;
use std::num::NonZeroU16;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;
use wire::routing::RoutingHash;

/// How the gateway of a command was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResolvedRoute {
    /// The gateway and the partition.
    pub route: GatewayRoute,
    /// The rule that found it.
    pub source: RouteSource,
    /// Whether Redis was unavailable: the route is then the gateway last seen on the device's
    /// events.
    pub degraded: bool,
    /// The gateway last seen on the device's events, if Redis names another one.
    pub seen: Option<GatewayId>,
}

/// Resolves routes to gateways.
#[derive(Debug)]
pub(crate) struct GatewayDirectory {
    keys: RouteKeys,
    known_devices: KnownDevices,
    partitions: GatewayPartitions,
    use_last_heard: bool,
    metrics: Metrics,
}

/// A read of the route key of the device that a pile had at its last command. Dropping it ends the
/// read.
pub(crate) struct EarlyRead {
    charge_point_id: ChargePointId,
    key: AbortOnDropHandle<FoundKey>,
}

/// The key that names the gateway of a device.
type FoundKey = Result<Option<(KeyKind, RouteKey)>, RedisError>;

/// Maps a gateway to the partition of the command topic that it reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GatewayPartitions {
    hash: RoutingHash,
    partitions: NonZeroU16,
}

impl GatewayPartitions {
    /// Uses the hash and the number of partitions that the gateways use.
    pub(crate) const fn new(settings: &DispatchSettings) -> Self {
        Self { hash: settings.routing_hash, partitions: settings.partitions }
    }

    /// Returns the route to a gateway.
    pub(crate) fn route_to(self, gateway_id: GatewayId) -> GatewayRoute {
        GatewayRoute { partition: self.hash.partition(gateway_id.as_str(), self.partitions), gateway_id }
    }
}

impl GatewayDirectory {
    /// A directory that uses `keys` and the devices' events.
    pub(crate) fn new(keys: RouteKeys, settings: &DispatchSettings, metrics: Metrics) -> Self {
        Self {
            keys,
            known_devices: KnownDevices::default(),
            partitions: GatewayPartitions::new(settings),
            use_last_heard: settings.route_last_heard,
            metrics,
        }
    }

    /// Begins to read the route key of the pile's device while the context of its command is loaded;
    /// `None` if the device is not known yet. [`GatewayDirectory::find`] uses the key if the device is
    /// still the same.
    pub(crate) fn begin(&self, pile_id: PileId) -> Option<EarlyRead> {
        let charge_point_id = self.known_devices.find(pile_id)?;
        let (keys, device) = (self.keys.clone(), charge_point_id.clone());
        let read = async move { read_one(&keys, &device, pile_id).await };
        Some(EarlyRead { charge_point_id, key: AbortOnDropHandle::new(tokio::spawn(read.in_current_span())) })
    }

    /// Finds the route to the pile's device, which is online; [`choose_gateway`] has the rules.
    /// They also apply while Redis is unavailable. `early` is a read that the same command began.
    ///
    /// # Errors
    /// [`DispatchError::NoGateway`] when Redis has no key and the device's events may not be used
    /// or name no gateway; [`DispatchError::RouteStore`] when, in the same case, Redis is
    /// unavailable.
    pub(crate) async fn find(
        &self,
        pile: &PileSnapshot,
        early: Option<EarlyRead>,
    ) -> Result<ResolvedRoute, DispatchError> {
        let (key, unavailable) = match self.read_key(pile, early).await {
            Ok(key) => (key, None),
            Err(unavailable) => (None, Some(unavailable)),
        };
        let heard = pile.heard.as_ref();
        let Some(chosen) = choose_gateway(key.as_ref(), heard, self.use_last_heard) else {
            return Err(unavailable.map_or_else(
                || DispatchError::NoGateway(pile.charge_point_id.clone()),
                DispatchError::RouteStore,
            ));
        };
        let degraded = unavailable.is_some();
        self.report(pile, &chosen, degraded);
        let ChosenGateway { gateway_id, source, is_disputed } = chosen;
        let seen = heard.filter(|_| is_disputed).map(|heard| heard.gateway_id.clone());
        Ok(ResolvedRoute { route: self.partitions.route_to(gateway_id), source, degraded, seen })
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
            tracing::info!(
                %charge_point_id,
                %gateway_id,
                "the route key is outdated: the device has moved, and the command goes to the gateway \
                 of its newest event"
            );
        }
    }

    /// Reads the key that names the gateway of the pile's device, unless `early` did.
    async fn read_key(
        &self,
        pile: &PileSnapshot,
        early: Option<EarlyRead>,
    ) -> Result<Option<RouteKey>, RedisError> {
        self.known_devices.remember(pile.pile_id, &pile.charge_point_id);
        let early = match early.filter(|early| early.charge_point_id == pile.charge_point_id) {
            Some(early) => early.key.await.ok(),
            None => None,
        };
        let found = match early {
            Some(found) => found,
            None => read_one(&self.keys, &pile.charge_point_id, pile.pile_id).await,
        };
        let found = found.inspect_err(|_unavailable| self.metrics.route_lookup("unavailable"))?;
        self.metrics.route_lookup(found.as_ref().map_or("none", |(kind, _)| kind.as_str()));
        Ok(found.map(|(_, key)| key))
    }
}

async fn read_one(keys: &RouteKeys, device: &ChargePointId, pile_id: PileId) -> FoundKey {
    let found = keys.read(&[(device, Some(pile_id))]).await?;
    Ok(found.into_iter().next().flatten())
}
