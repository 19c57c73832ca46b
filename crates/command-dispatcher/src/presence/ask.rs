//! Asking devices: route, record, publish.

use super::metrics::PresenceMetrics;
use crate::lanes::Lanes;
use crate::record::OutgoingCommand;
use crate::settings::{DispatchSettings, PresenceSettings};
use chrono::{SubsecRound as _, TimeDelta};
use domain::command::{Command, CommandKind, TriggeredMessage};
use domain::ids::{ChargePointId, CommandId, GatewayId};
use domain::presence::ProbeMessage;
use futures_util::future::join_all;
use runtime::redis::Redis;
use runtime::{causes, clock};
use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU16;
use std::time::Duration;
use storage::presence::due::DueDevice;
use storage::presence::probes::{self, NewProbe, ProbeReason};
use storage::{Database, PooledConnection, StorageError};
use uuid::Uuid;
use wire::routing::RoutingHash;

/// After this long a device need not be asked any more: gateways that know `expiresAt` drop the question.
const EXPIRES_AFTER: TimeDelta = TimeDelta::seconds(30);

/// Sends questions.
pub(crate) struct Asker {
    database: Database,
    redis: Redis,
    lanes: Lanes,
    hash: RoutingHash,
    partitions: NonZeroU16,
    message: ProbeMessage,
    interval: Duration,
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
        redis: Redis,
        lanes: Lanes,
        dispatch: &DispatchSettings,
        presence: &PresenceSettings,
    ) -> Self {
        Self {
            database,
            redis,
            lanes,
            hash: dispatch.routing_hash,
            partitions: dispatch.partitions,
            message: presence.probe_message,
            interval: presence.probe_interval(),
        }
    }

    /// Asks `devices`, of which each is recorded before its question is published; returns those whose question is.
    ///
    /// # Errors
    /// When PostgreSQL fails. Questions that were not published leave no trace but that they were recorded.
    pub(super) async fn ask(
        &self,
        devices: &[DueDevice],
        metrics: &PresenceMetrics,
    ) -> Result<Vec<ChargePointId>, StorageError> {
        if devices.is_empty() {
            return Ok(Vec::new());
        }
        let questions = self.compose(devices).await;
        let probes: Vec<NewProbe> = questions.iter().map(|question| question.probe.clone()).collect();
        let interval = self.interval;
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
        let held = self.held(devices).await;
        let question = |device: &DueDevice| {
            let requested = self.message.for_device(device.is_busy)?;
            let gateway = held.get(&device.charge_point_id).unwrap_or(&device.gateway_id);
            Some(self.question(device, gateway.clone(), requested))
        };
        devices.iter().filter_map(question).collect()
    }

    fn question(&self, device: &DueDevice, gateway_id: GatewayId, requested: TriggeredMessage) -> Question {
        let issued_at = clock::now().trunc_subsecs(3);
        Question {
            partition: self.hash.partition(gateway_id.as_str(), self.partitions),
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
                kind: CommandKind::TriggerMessage { requested, connector_id: None },
                issued_at,
                expires_at: issued_at + EXPIRES_AFTER,
                trace_id: None,
            },
        }
    }

    /// The gateways that Redis says hold `devices`. Those without a key, and all while Redis is away, are asked through the gateway
    /// that they were last heard through.
    async fn held(&self, devices: &[DueDevice]) -> HashMap<ChargePointId, GatewayId> {
        let own = devices.iter().map(|device| (device, format!("conn:{}", device.charge_point_id)));
        let of_pile = |device: &DueDevice| device.pile_id.map(|pile| format!("conn:{pile}"));
        let by_pile = devices.iter().filter_map(|device| Some((device, of_pile(device)?)));
        let keys: Vec<(&DueDevice, String)> = by_pile.chain(own).collect();
        let names: Vec<&str> = keys.iter().map(|(_, key)| key.as_str()).collect();
        let values = match self.redis.get_many(&names).await {
            Ok(values) => values,
            Err(error) => {
                tracing::debug!(
                    error = causes(&error),
                    "devices are asked through the gateways they were heard through"
                );
                return HashMap::new();
            }
        };
        let gateway = |value: Option<String>| GatewayId::parse(&value?).ok();
        // The key of the device is read after that of its pile, and so counts.
        let held = keys.iter().zip(values).filter_map(|((device, _), value)| Some((device, gateway(value)?)));
        held.map(|(device, gateway)| (device.charge_point_id.clone(), gateway)).collect()
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
