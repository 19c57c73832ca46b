//! Events that a gateway sends late or again, or that belong to a charge which the simulated device
//! does not know.

use chrono::{DateTime, Utc};
use domain::event::{EventKind, GatewayEvent, MeterValues, TransactionStart, TransactionStop};
use domain::ids::{ChargePointId, ConnectorId, EventId, IdTag, TransactionId};
use domain::measure::MeterReading;
use gateway_simulator::Position;
use system_tests::Platform;
use testkit::{eventually, unique};

/// Sends an event through the pod of the device, or any pod once the device has none.
async fn send(platform: &Platform, device: &ChargePointId, at: DateTime<Utc>, kind: EventKind) -> Position {
    let pod = platform.simulator.pod_of(device).await;
    let event = GatewayEvent {
        event_id: EventId::parse(&unique("event")).unwrap(),
        charge_point_id: device.clone(),
        gateway_id: pod.or_else(|| platform.simulator.pods().into_iter().next()),
        claimed_at: Some(at),
        trace_id: None,
        kind,
    };
    platform.simulator.send(event).await.unwrap().position
}

/// Waits until everything that the device has sent is written: its last readings may still be on their
/// way when it vanishes.
pub async fn all_written(platform: &Platform, device: &ChargePointId) {
    let last = send(platform, device, runtime::clock::now(), EventKind::Heartbeat).await;
    let written = format!(
        "select count(*) from ingest_partitions where topic = '{}' and partition = {} and next_offset > {}",
        platform.simulator_settings.topics.events, last.partition, last.offset
    );
    eventually("the readings of the device to be written", || async {
        platform.database.json(&written).await == 1
    })
    .await;
}

/// A transaction of a device, by its events.
pub struct Transaction<'a> {
    pub device: &'a ChargePointId,
    pub connector: i64,
    pub id: &'a str,
}

impl Transaction<'_> {
    /// Reports its start at `at` with this energy register.
    pub async fn start(&self, platform: &Platform, at: DateTime<Utc>, register_wh: f64) {
        let start = TransactionStart {
            connector_id: self.connector(),
            transaction_id: self.transaction_id(),
            id_tag: IdTag::parse("DRIVER-0").ok(),
            meter_start_wh: Some(register_wh),
            reservation_id: None,
        };
        self.send(platform, at, EventKind::TransactionStarted(start)).await;
    }

    /// Reports a reading of the energy register at `at`.
    pub async fn read(&self, platform: &Platform, at: DateTime<Utc>, register_wh: f64) {
        let values = MeterValues {
            connector_id: self.connector(),
            transaction_id: self.transaction_id(),
            readings: vec![MeterReading { energy_wh: Some(register_wh), ..MeterReading::default() }],
            begin_wh: None,
            end_wh: None,
        };
        self.send(platform, at, EventKind::MeterValues(values)).await;
    }

    /// Reports its stop at `at` with this reason and energy register.
    pub async fn stop(&self, platform: &Platform, at: DateTime<Utc>, reason: &str, register_wh: f64) {
        let stop = TransactionStop {
            transaction_id: self.transaction_id(),
            reason: Some(reason.to_owned()),
            meter_stop_wh: Some(register_wh),
            stopped_at: None,
        };
        self.send(platform, at, EventKind::TransactionStopped(stop)).await;
    }

    async fn send(&self, platform: &Platform, at: DateTime<Utc>, kind: EventKind) {
        send(platform, self.device, at, kind).await;
    }

    fn connector(&self) -> ConnectorId {
        ConnectorId::parse(self.connector).unwrap()
    }

    fn transaction_id(&self) -> Option<TransactionId> {
        TransactionId::parse(self.id).ok()
    }
}
