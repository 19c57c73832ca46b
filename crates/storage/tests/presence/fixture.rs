//! A database with one partition, its owner, and events and probes of devices.

use chrono::{DateTime, TimeDelta, Utc};
use domain::commands::TriggeredMessage;
use domain::devices::charge_point::ChargePoint;
use domain::devices::history::History;
use domain::event::{EventKind, GatewayEvent};
use domain::ids::{ChargePointId, EventId, GatewayId};
use domain::order::RecordPosition;
use std::time::Duration;
use storage::devices::presence::due::Dueness;
use storage::devices::presence::probes::{self, NewProbe, ProbeReason};
use storage::devices::presence::silence::SilencePolicy;
use storage::devices::status_changes;
use storage::ingest::batch::{Folded, Written, write};
use storage::ingest::partitions::{self, LeaseRenewal, PartitionLease};
use storage::{Connection, LoadPlan};
use testkit::TestDatabase;
use uuid::Uuid;

pub const TOPIC: &str = "events";
pub const HOUR: Duration = Duration::from_secs(3_600);
pub const NOW: Duration = Duration::ZERO;
pub const POLICY: SilencePolicy =
    SilencePolicy { timeout: Duration::from_secs(60), answer: Duration::from_secs(10), probing: true };

pub fn device(number: usize) -> ChargePointId {
    ChargePointId::parse(&format!("CP-{number}")).unwrap()
}

pub fn gateway(name: &str) -> GatewayId {
    GatewayId::parse(name).unwrap()
}

pub struct Fixture {
    pub database: TestDatabase,
    pub lease: PartitionLease,
    pub owner: Uuid,
}

impl Fixture {
    pub async fn new() -> (Self, storage::PooledConnection) {
        let database = TestDatabase::new().await;
        let mut connection = database.pool.connection().await.unwrap();
        status_changes::ensure_today(&mut connection).await.unwrap();
        partitions::register(&mut connection, TOPIC, &[(0, 0)]).await.unwrap();
        let owner = Uuid::now_v7();
        let lease = partitions::acquire(&mut connection, TOPIC, owner, 1, HOUR).await.unwrap().remove(0);
        (Self { database, lease, owner }, connection)
    }

    /// Writes one event of `device`, claimed at `claimed_at` and appended `late` after that.
    pub async fn write_event(
        &mut self,
        connection: &mut Connection,
        device: &ChargePointId,
        kind: EventKind,
        claimed_at: DateTime<Utc>,
        late: TimeDelta,
    ) {
        let offset = self.lease.next_offset;
        let event = GatewayEvent {
            event_id: EventId::parse(&format!("event-{offset}")).unwrap(),
            charge_point_id: device.clone(),
            gateway_id: Some(gateway("pod-1")),
            claimed_at: Some(claimed_at),
            trace_id: None,
            kind,
        };
        let position = RecordPosition { partition: 0, offset, appended_at: claimed_at + late };
        let load_plan = LoadPlan::of([(&event, position)]);
        let fold = |mut states: Vec<ChargePoint>| {
            let mut history = History::default();
            history.apply(&mut states[0], &event, &position);
            Folded { states, history, ..Folded::default() }
        };
        let written = write(connection, &self.lease, offset + 1, &load_plan, fold).await.unwrap();
        assert_eq!(written, Written::Committed);
        self.lease.next_offset = offset + 1;
    }

    pub async fn heartbeat(&mut self, connection: &mut Connection, device: &ChargePointId) {
        self.write_event(connection, device, EventKind::Heartbeat, runtime_now(), TimeDelta::zero()).await;
    }

    /// Records that all events were read just now.
    pub async fn caught_up(&self, connection: &mut Connection) {
        let kept = LeaseRenewal { partition: 0, epoch: self.lease.epoch, caught_up: Some(NOW) };
        let renewed = partitions::renew(connection, TOPIC, self.owner, &[kept], HOUR).await.unwrap();
        assert_eq!(renewed, [0]);
    }

    /// Moves the times of everything written so far into the past.
    pub async fn age(&self, seconds: u32) {
        for statement in [
            "update charge_points set written_at = written_at - $, seen_at = seen_at - $, seen_appended_at = seen_appended_at - $",
            "update device_probes set asked_at = asked_at - $, boot_asked_at = boot_asked_at - $",
            "update gateways set heard_at = heard_at - $, canary_at = canary_at - $, suspected_at = suspected_at - $",
        ] {
            self.database.execute(&statement.replace('$', &format!("interval '{seconds} s'"))).await;
        }
    }

    pub async fn states(&self) -> serde_json::Value {
        self.database.json("select json_agg(json_build_array(online, confidence) order by charge_point_id) from charge_points").await
    }
}

pub fn runtime_now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(
        i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap(),
    )
    .unwrap()
}

pub fn probe(device: &ChargePointId, reason: ProbeReason) -> NewProbe {
    NewProbe {
        charge_point_id: device.clone(),
        message: TriggeredMessage::BootNotification,
        reason,
        gateway_id: gateway("pod-1"),
    }
}

pub async fn ask(connection: &mut Connection, device: &ChargePointId) -> usize {
    let probes = [probe(device, ProbeReason::Silent)];
    let recorded = probes::record_many(connection, &probes, Duration::from_secs(120)).await.unwrap();
    probes::confirm_many(connection, &recorded).await.unwrap();
    recorded.len()
}

pub fn dueness() -> Dueness {
    Dueness {
        topic: TOPIC.to_owned(),
        lag: Duration::from_secs(30),
        silence: Duration::from_secs(50),
        interval: Duration::from_secs(120),
    }
}
