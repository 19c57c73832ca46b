//! What a batch writes: the folded state, once.

use crate::fixture::{LEASE, TOPIC, fold_records, lease, letter, load_plan};
use domain::devices::charge_point::ChargePoint;
use domain::devices::history::Change;
use domain::event::{EventKind, GatewayEvent, TransactionStart, TransactionStop};
use domain::feed::ConnectorStatusChanged;
use domain::generate::{Record, at, delivered, device};
use domain::ids::{ChargePointId, ConnectorId, EventId, TransactionId};
use domain::order::RecordPosition;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use storage::LoadPlan;
use storage::devices::status_changes::Selection;
use storage::devices::{charge_points, status_changes};
use storage::ingest::batch::{Folded, Written, write};
use storage::ingest::{dead_letters, partitions};
use testkit::TestDatabase;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn stores_the_folded_state() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut lease = lease(&mut connection).await;
    status_changes::ensure_today(&mut connection).await.unwrap();
    let mut runner = TestRunner::deterministic();
    for case in 0..60 {
        let (_, records) = delivered().new_tree(&mut runner).unwrap().current();
        let id = ChargePointId::parse(&format!("CP-{case:03}")).unwrap();
        let mut expected = vec![ChargePoint::new(id.clone(), chrono::DateTime::UNIX_EPOCH)];
        let mut history = Vec::new();
        for batch in records.chunks(3) {
            let fold = |mut states: Vec<ChargePoint>| {
                let history = fold_records(&mut states, batch, &id);
                Folded { states, history, ..Folded::default() }
            };
            let load_plan = load_plan(batch, &id);
            let written =
                write(&mut connection, &lease, lease.next_offset + 1, &load_plan, fold).await.unwrap();
            assert_eq!(written, Written::Committed);
            lease.next_offset += 1;
            let changes = fold_records(&mut expected, batch, &id);
            history.extend(changes.iter().map(|entry| (entry.at, recorded(&entry.change))));
        }
        let all = load_plan(&records, &id);
        let mut stored = charge_points::load_for_update(&mut connection, &all).await.unwrap();
        // Only the database knows the time of the write.
        let written_at = stored[0].liveness.written_at.take();
        assert_eq!(written_at.is_some(), stored[0].liveness.seen.is_some());
        assert_eq!(stored, expected, "case {case}");
        let recorded = status_changes::list_of_device(
            &mut connection,
            &id,
            Selection::default(),
            chrono::DateTime::UNIX_EPOCH,
            1_000,
        )
        .await
        .unwrap();
        let recorded: Vec<_> =
            recorded.into_iter().rev().map(|recorded| (recorded.at, recorded.change)).collect();
        assert_eq!(recorded, history, "case {case}");
        let mut sessions: Vec<_> =
            expected[0].sessions().sessions.iter().map(|session| session.id.to_string()).collect();
        sessions.sort();
        let rows = format!(
            "select coalesce(json_agg(id order by id), '[]') from sessions where charge_point_id = 'CP-{case:03}'"
        );
        assert_eq!(database.json(&rows).await, serde_json::json!(sessions), "case {case}");
    }
}

/// What the history keeps of a change: a time that a device claimed is only for the feed.
fn recorded(change: &Change) -> Change {
    match change.clone() {
        Change::Status(status) => Change::Status(ConnectorStatusChanged { claimed_at: None, ..status }),
        change => change,
    }
}

/// Start and stop of the sessions with these numbers, in order.
fn charges(numbers: std::ops::Range<i64>) -> Vec<Record> {
    let record = |n: i64, kind: EventKind| {
        let event = GatewayEvent {
            event_id: EventId::parse(&format!("event-{n}")).unwrap(),
            charge_point_id: device(),
            gateway_id: None,
            claimed_at: Some(at(n * 1_000)),
            trace_id: None,
            kind,
        };
        (event, RecordPosition { partition: 0, offset: n, appended_at: at(n * 1_000) })
    };
    let charge = |n: i64| {
        let transaction_id = TransactionId::parse(&n.to_string()).ok();
        let start = TransactionStart {
            connector_id: ConnectorId::parse(1).unwrap(),
            transaction_id: transaction_id.clone(),
            id_tag: None,
            meter_start_wh: None,
            reservation_id: None,
        };
        let stop = TransactionStop { transaction_id, reason: None, meter_stop_wh: None, stopped_at: None };
        [
            record(2 * n, EventKind::TransactionStarted(start)),
            record(2 * n + 1, EventKind::TransactionStopped(stop)),
        ]
    };
    numbers.flat_map(charge).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_sessions_before_the_ledger_drops_them() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut lease = lease(&mut connection).await;
    status_changes::ensure_today(&mut connection).await.unwrap();
    let id = device();
    for batch in [charges(0..20), charges(20..40)] {
        let fold = |mut states: Vec<ChargePoint>| {
            let history = fold_records(&mut states, &batch, &id);
            Folded { states, history, ..Folded::default() }
        };
        let load_plan = load_plan(&batch, &id);
        write(&mut connection, &lease, lease.next_offset + 1, &load_plan, fold).await.unwrap();
        lease.next_offset += 1;
    }
    let ended = "select count(*) from sessions where ended_at is not null";
    assert_eq!(database.json(ended).await, serde_json::json!(40));
    let all = load_plan(&charges(0..1), &id);
    let stored = charge_points::load_for_update(&mut connection, &all).await.unwrap();
    assert_eq!(stored[0].sessions().sessions.len(), 8, "the ledger must contain the last few");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_a_batch_only_once() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let lease = lease(&mut connection).await;
    let letter = || vec![letter(0)];
    let nothing = LoadPlan::default();
    let fold = |states| Folded { states, dead_letters: letter(), ..Folded::default() };
    assert_eq!(write(&mut connection, &lease, 1, &nothing, fold).await.unwrap(), Written::Committed);
    assert_eq!(write(&mut connection, &lease, 1, &nothing, fold).await.unwrap(), Written::LeaseLost);
    assert_eq!(dead_letters::list_of_topic(&mut connection, TOPIC, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_of_one_device_do_not_overwrite_each_other() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    partitions::register(&mut connection, TOPIC, &[(0, 0), (1, 0)]).await.unwrap();
    let leases = partitions::acquire(&mut connection, TOPIC, Uuid::now_v7(), 2, LEASE).await.unwrap();
    let id = ChargePointId::parse("CP-NEW").unwrap();
    let writers = leases.into_iter().map(|mut lease| {
        let (pool, id) = (database.pool.clone(), id.clone());
        tokio::spawn(async move {
            let mut connection = pool.connection().await.unwrap();
            for _ in 0..40 {
                let fold = |mut states: Vec<ChargePoint>| {
                    // Each writer adds its own marks; overwriting the other's state would lose
                    // some.
                    let mark = i64::from(lease.partition) * 1_000 + lease.next_offset;
                    states[0].implausible_clock.push(domain::ids::EventKey(mark));
                    Folded { states, ..Folded::default() }
                };
                let next = lease.next_offset + 1;
                let load_plan = LoadPlan::liveness_of([id.clone()]);
                let written = write(&mut connection, &lease, next, &load_plan, fold).await.unwrap();
                assert_eq!(written, Written::Committed);
                lease.next_offset = next;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let load_plan = LoadPlan::liveness_of([id]);
    let stored = charge_points::load_for_update(&mut connection, &load_plan).await.unwrap();
    assert_eq!(stored[0].implausible_clock.len(), 80);
}
