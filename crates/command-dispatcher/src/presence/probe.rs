//! Probing devices: route, record, publish.

use super::metrics::PresenceMetrics;
use crate::dispatch::gateway_directory::GatewayPartitions;
use crate::dispatch::gateway_directory::keys::RouteKeys;
use crate::dispatch::publisher::CommandPublisher;
use crate::dispatch::record::OutgoingCommand;
use crate::settings::{DispatchSettings, PresenceSettings};
use chrono::{SubsecRound as _, TimeDelta};
use domain::commands::{Command, CommandKind, GatewayRoute, RouteKey, TriggeredMessage, choose_gateway};
use domain::devices::presence::ProbeMessage;
use domain::ids::{ChargePointId, CommandId};
use futures_util::future::join_all;
use runtime::{causes, clock};
use std::collections::BTreeSet;
use std::time::Duration;
use storage::devices::presence::due::DueDevice;
use storage::devices::presence::probes::{self, NewProbe, ProbeReason};
use storage::{Database, PooledConnection, StorageError};
use uuid::Uuid;

/// The time after which a probe need not be executed; gateways that support `expiresAt` then drop
/// it.
const EXPIRES_AFTER: TimeDelta = TimeDelta::seconds(30);

/// Sends probes.
pub(crate) struct Prober {
    database: Database,
    keys: RouteKeys,
    publisher: CommandPublisher,
    partitions: GatewayPartitions,
    message: ProbeMessage,
}

/// A probe that is ready to be recorded.
struct PreparedProbe {
    probe: NewProbe,
    command: Command,
    partition: i32,
}

impl Prober {
    /// Probes take the same route as commands.
    pub(crate) fn new(
        database: Database,
        keys: RouteKeys,
        publisher: CommandPublisher,
        dispatch: &DispatchSettings,
        presence: &PresenceSettings,
    ) -> Self {
        Self {
            database,
            keys,
            publisher,
            partitions: GatewayPartitions::new(dispatch),
            message: presence.probe_message,
        }
    }

    /// Probes those of `devices` that were not probed within `interval`. Each probe is recorded
    /// before it is published; returns the devices whose probe was published.
    ///
    /// # Errors
    /// When PostgreSQL fails. A probe that was not published leaves only its record.
    pub(super) async fn probe(
        &self,
        devices: &[DueDevice],
        interval: Duration,
        metrics: &PresenceMetrics,
    ) -> Result<Vec<ChargePointId>, StorageError> {
        if devices.is_empty() {
            return Ok(Vec::new());
        }
        let prepared_probes = self.compose(devices).await;
        let probes: Vec<NewProbe> = prepared_probes.iter().map(|prepared| prepared.probe.clone()).collect();
        let recorded: BTreeSet<ChargePointId> = self
            .database
            .run(async move |mut connection: PooledConnection| {
                let recorded = probes::record_many(&mut connection, &probes, interval).await?;
                Ok::<_, StorageError>(recorded.into_iter().collect())
            })
            .await?;
        let sent =
            prepared_probes.into_iter().filter(|prepared| recorded.contains(&prepared.probe.charge_point_id));
        let sent = join_all(sent.map(|prepared| self.publish(prepared))).await;
        let published: Vec<(ChargePointId, ProbeReason)> = sent.into_iter().flatten().collect();
        for reason in ProbeReason::ALL {
            metrics.count_probes(published.iter().filter(|(_, why)| *why == reason).count(), reason);
        }
        let devices: Vec<ChargePointId> = published.into_iter().map(|(device, _)| device).collect();
        let confirmed = devices.clone();
        self.database
            .run(async move |mut connection: PooledConnection| {
                probes::confirm_many(&mut connection, &confirmed).await
            })
            .await?;
        Ok(devices)
    }

    async fn compose(&self, devices: &[DueDevice]) -> Vec<PreparedProbe> {
        let keys = self.keys(devices).await;
        let prepare = |(device, key): (&DueDevice, Option<RouteKey>)| {
            let requested = self.message.for_device(device.is_busy)?;
            // Without a key, the last gateway is used whatever the setting for commands: a
            // misrouted probe does no harm.
            let chosen = choose_gateway(key.as_ref(), Some(&device.heard), true)?;
            Some(self.prepare(device, self.partitions.route_to(chosen.gateway_id), requested))
        };
        devices.iter().zip(keys).filter_map(prepare).collect()
    }

    fn prepare(&self, device: &DueDevice, route: GatewayRoute, requested: TriggeredMessage) -> PreparedProbe {
        let GatewayRoute { gateway_id, partition } = route;
        let issued_at = clock::now().trunc_subsecs(3);
        // The published gateway drops statuses of connector 0 without an answer, and the device
        // waits for that answer before it sends the others.
        let connector_id = device.connector_id.filter(|_| requested == TriggeredMessage::StatusNotification);
        PreparedProbe {
            partition,
            probe: NewProbe {
                charge_point_id: device.charge_point_id.clone(),
                message: requested,
                reason: device.reason,
                gateway_id: gateway_id.clone(),
            },
            command: Command {
                id: CommandId(Uuid::now_v7()),
                charge_point_id: device.charge_point_id.clone(),
                gateway_id,
                kind: CommandKind::TriggerMessage { requested, connector_id },
                issued_at,
                expires_at: issued_at + EXPIRES_AFTER,
                trace_id: None,
            },
        }
    }

    /// The keys of `devices`; all absent while Redis is unavailable.
    async fn keys(&self, devices: &[DueDevice]) -> Vec<Option<RouteKey>> {
        let wanted: Vec<_> = devices.iter().map(|device| (&device.charge_point_id, device.pile_id)).collect();
        match self.keys.read(&wanted).await {
            Ok(keys) => keys.into_iter().map(|key| Some(key?.1)).collect(),
            Err(error) => {
                tracing::debug!(
                    error = causes(&error),
                    "Redis is unavailable; probing devices through the gateways that they were last \
                     heard through"
                );
                vec![None; devices.len()]
            }
        }
    }

    /// Publishes a probe; `None` when it is not known to be published.
    async fn publish(&self, prepared: PreparedProbe) -> Option<(ChargePointId, ProbeReason)> {
        let NewProbe { charge_point_id, reason, .. } = prepared.probe;
        let encoded = OutgoingCommand::encode(&prepared.command, clock::now());
        let record = encoded
            .inspect_err(|error| {
                tracing::error!(
                    %error,
                    "the probe cannot be encoded; the device is not probed"
                );
            })
            .ok()?;
        match self.publisher.publish(prepared.partition, record.record).await {
            Ok(_) => Some((charge_point_id, reason)),
            Err(error) => {
                tracing::warn!(
                    %charge_point_id,
                    error = causes(error.as_ref()),
                    "the probe is not known to be published; the device is probed again after \
                     presence.probe_interval_s"
                );
                None
            }
        }
    }
}
