//! A lease, and the folding of generated records.

use domain::devices::charge_point::ChargePoint;
use domain::devices::history::History;
use domain::event::GatewayEvent;
use domain::generate::Record;
use domain::ids::ChargePointId;
use std::time::Duration;
use storage::ingest::dead_letters::NewDeadLetter;
use storage::ingest::partitions::{self, PartitionLease};
use storage::{Connection, LoadPlan};
use uuid::Uuid;

pub const TOPIC: &str = "events";
pub const LEASE: Duration = Duration::from_secs(30);

pub async fn lease(connection: &mut Connection) -> PartitionLease {
    partitions::register(connection, TOPIC, &[(0, 0)]).await.unwrap();
    let leases = partitions::acquire(connection, TOPIC, Uuid::now_v7(), 1, LEASE).await.unwrap();
    leases.into_iter().next().unwrap()
}

/// The load plan of `records`, as if all were of the device `id`.
pub fn load_plan(records: &[Record], id: &ChargePointId) -> LoadPlan {
    let events = records
        .iter()
        .map(|(event, position)| (GatewayEvent { charge_point_id: id.clone(), ..event.clone() }, *position));
    let events: Vec<_> = events.collect();
    LoadPlan::of(events.iter().map(|(event, position)| (event, *position)))
}

/// Folds `records`, as if all were of the device `id`; returns the history of the state.
pub fn fold_records(states: &mut [ChargePoint], records: &[Record], id: &ChargePointId) -> History {
    let mut history = History::default();
    for (event, position) in records {
        let mut event = event.clone();
        event.charge_point_id = id.clone();
        history.apply(&mut states[0], &event, position);
    }
    history
}

pub fn letter(offset: i64) -> NewDeadLetter {
    NewDeadLetter {
        topic: TOPIC.to_owned(),
        partition: 0,
        first_offset: offset,
        last_offset: offset,
        appended_at: None,
        reason: "NOT_JSON",
        detail: "not JSON".to_owned(),
        charge_point_id: None,
        event_id: None,
        key: None,
        value: Some(vec![0, 159, 146, 150]),
        headers: serde_json::json!({}),
    }
}
