//! Asking devices: route, record, publish.

use super::metrics::PresenceMetrics;
use crate::dispatch::gateway_directory::GatewayPartitions;
use crate::dispatch::gateway_directory::keys::RouteKeys;
use crate::dispatch::publisher::Lanes;
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

/// After this long a device need not be asked any more: gateways that know `expiresAt` drop the question.
const EXPIRES_AFTER: TimeDelta = TimeDelta::seconds(30);

/// Sends questions.
pub(crate) struct Asker {
    database: Database,
    keys: RouteKeys,
    lanes: Lanes,
    partitions: GatewayPartitions,
    message: ProbeMessage,
}

/// A question that is ready to be recorded.
struct Question {
    probe: NewProbe,
    command: Command,
    partition: i32,
}

impl Asker {
    /// Questions go where commands go.
    pub(crate) fn new(
        database: Database,
        keys: RouteKeys,
        lanes: Lanes,
        dispatch: &DispatchSettings,
        presence: &PresenceSettings,
    ) -> Self {
        Self {
            database,
            keys,
            lanes,
            partitions: GatewayPartitions::new(dispatch),
            message: presence.probe_message,
        }
    }

    /// Asks those of `devices` that were not asked within `interval`. Each is recorded before its question is published; returns
    /// those whose question is.
    ///
    /// # Errors
    /// When PostgreSQL fails. Questions that were not published leave no trace but that they were recorded.
    pub(super) async fn ask(
        &self,
        devices: &[DueDevice],
        interval: Duration,
        metrics: &PresenceMetrics,
    ) -> Result<Vec<ChargePointId>, StorageError> {
        if devices.is_empty() {
            return Ok(Vec::new());
        }
        let questions = self.compose(devices).await;
        let probes: Vec<NewProbe> = questions.iter().map(|question| question.probe.clone()).collect();
        let recorded: BTreeSet<ChargePointId> = self
            .database
            .run(async move |mut connection: PooledConnection| {
                let recorded = probes::record_many(&mut connection, &probes, interval).await?;
                Ok::<_, StorageError>(recorded.into_iter().collect())
            })
            .await?;
        let sent =
            questions.into_iter().filter(|question| recorded.contains(&question.probe.charge_point_id));
        let sent = join_all(sent.map(|question| self.publish(question))).await;
        let published: Vec<(ChargePointId, ProbeReason)> = sent.into_iter().flatten().collect();
        for reason in ProbeReason::ALL {
            metrics.asked(published.iter().filter(|(_, why)| *why == reason).count(), reason);
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

    async fn compose(&self, devices: &[DueDevice]) -> Vec<Question> {
        let keys = self.keys(devices).await;
        let question = |(device, key): (&DueDevice, Option<RouteKey>)| {
            let requested = self.message.for_device(device.is_busy)?;
            // Without a key, whatever the setting for commands: a question that goes astray does no harm.
            let chosen = choose_gateway(key.as_ref(), Some(&device.heard), true)?;
            Some(self.question(device, self.partitions.route_to(chosen.gateway_id), requested))
        };
        devices.iter().zip(keys).filter_map(question).collect()
    }

    fn question(&self, device: &DueDevice, route: GatewayRoute, requested: TriggeredMessage) -> Question {
        let GatewayRoute { gateway_id, partition } = route;
        let issued_at = clock::now().trunc_subsecs(3);
        // The published gateway drops statuses of connector 0 without an answer, and the device waits for
        // that one before it sends the others.
        let connector_id = device.connector_id.filter(|_| requested == TriggeredMessage::StatusNotification);
        Question {
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

    /// The keys of `devices`, none of them while Redis is away.
    async fn keys(&self, devices: &[DueDevice]) -> Vec<Option<RouteKey>> {
        let wanted: Vec<_> = devices.iter().map(|device| (&device.charge_point_id, device.pile_id)).collect();
        match self.keys.read(&wanted).await {
            Ok(keys) => keys.into_iter().map(|key| Some(key?.1)).collect(),
            Err(error) => {
                tracing::debug!(
                    error = causes(&error),
                    "devices are asked through the gateways they were heard through"
                );
                vec![None; devices.len()]
            }
        }
    }

    /// Publishes a question; `None` when it is not known to be published.
    async fn publish(&self, question: Question) -> Option<(ChargePointId, ProbeReason)> {
        let NewProbe { charge_point_id, reason, .. } = question.probe;
        let encoded = OutgoingCommand::encode(&question.command, clock::now());
        let record =
            encoded.inspect_err(|error| tracing::error!(%error, "a question cannot be encoded")).ok()?;
        match self.lanes.publish(question.partition, record.record).await {
            Ok(_) => Some((charge_point_id, reason)),
            Err(error) => {
                tracing::warn!(
                    %charge_point_id,
                    error = causes(error.as_ref()),
                    "a device could not be asked whether it is there: it is asked again after presence.probe_interval_s"
                );
                None
            }
        }
    }
}
