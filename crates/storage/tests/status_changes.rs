//! The status history in a real PostgreSQL: written once, in the order of recording.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use domain::devices::charge_point::ChargePoint;
use domain::devices::history::{Change, History};
use domain::devices::presence::Confidence;
use domain::event::{EventKind, GatewayEvent, StatusReport};
use domain::generate::{at, device};
use domain::ids::{ConnectorId, EventId, GatewayId};
use domain::order::RecordPosition;
use domain::status::ConnectorStatus;
use serde_json::json;
use std::time::Duration;
use storage::devices::presence::silence::SilencePolicy;
use storage::devices::status_changes::{self, RecordedChange, Selection, list_of_device};
use storage::ingest::batch::{Folded, Written, write};
use storage::ingest::partitions::{self, PartitionLease};
use storage::{Connection, LoadPlan, StorageError};
use testkit::TestDatabase;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(30);
const COUNT: &str = "select count(*) from status_changes";

fn connector(number: i64) -> ConnectorId {
    ConnectorId::parse(number).unwrap()
}

async fn leases(connection: &mut Connection, partitions: i32) -> Vec<PartitionLease> {
    let all: Vec<_> = (0..partitions).map(|partition| (partition, 0)).collect();
    partitions::register(connection, "events", &all).await.unwrap();
    let many = i64::from(partitions);
    partitions::acquire(connection, "events", Uuid::now_v7(), many, LEASE).await.unwrap()
}

fn report(lease: &PartitionLease, at: DateTime<Utc>, of: i64, status: ConnectorStatus) -> GatewayEvent {
    GatewayEvent {
        event_id: EventId::parse(&format!("{}-{}-{of}", lease.partition, lease.next_offset)).unwrap(),
        charge_point_id: device(),
        gateway_id: GatewayId::parse("pod").ok(),
        claimed_at: Some(at),
        trace_id: None,
        kind: EventKind::StatusChanged(StatusReport {
            connector_id: connector(of),
            status,
            error_code: None,
            info: None,
            vendor_error_code: Some("E7".to_owned()),
        }),
    }
}

/// Writes a batch of one report of the connector `of`, newer than all previous ones from any
/// writer.
async fn write_report(
    connection: &mut Connection,
    lease: &PartitionLease,
    of: i64,
    status: ConnectorStatus,
) -> Result<Written, StorageError> {
    let position =
        RecordPosition { partition: lease.partition, offset: lease.next_offset, appended_at: at(0) };
    let load_plan = LoadPlan::of([(&report(lease, at(0), of, status), position)]);
    let fold = |mut states: Vec<ChargePoint>| {
        let newest = states[0].liveness.seen.as_ref().map(|seen| seen.stamp.at);
        let at = newest.map_or(at(0), |at| at + TimeDelta::milliseconds(1));
        let position = RecordPosition { appended_at: at, ..position };
        let mut history = History::default();
        history.apply(&mut states[0], &report(lease, at, of, status), &position);
        Folded { states, history, ..Folded::default() }
    };
    write(connection, lease, lease.next_offset + 1, &load_plan, fold).await
}

fn statuses(history: &[RecordedChange]) -> Vec<(Option<ConnectorStatus>, ConnectorStatus)> {
    let status = |entry: &RecordedChange| match &entry.change {
        Change::Status(change) => Some((change.previous_status, change.status)),
        Change::Connectivity(_) => None,
    };
    history.iter().filter_map(status).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_batch_writes_its_history_once() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    status_changes::ensure_today(&mut connection).await.unwrap();
    let lease = leases(&mut connection, 1).await.remove(0);
    let first = write_report(&mut connection, &lease, 1, ConnectorStatus::Available).await.unwrap();
    assert_eq!(first, Written::Committed);
    assert_eq!(database.json(COUNT).await, json!(2), "one change of connectivity and one of the connector");
    let again = write_report(&mut connection, &lease, 1, ConnectorStatus::Charging).await.unwrap();
    assert_eq!(again, Written::LeaseLost);
    assert_eq!(database.json(COUNT).await, json!(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolled_back_batch_writes_no_history() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    status_changes::ensure_today(&mut connection).await.unwrap();
    let lease = leases(&mut connection, 1).await.remove(0);
    // The feed is written last in the transaction, after the history.
    database.execute("alter table feed_chunks add constraint none check (false)").await;
    write_report(&mut connection, &lease, 1, ConnectorStatus::Available).await.unwrap_err();
    assert_eq!(database.json(COUNT).await, json!(0));
    database.execute("alter table feed_chunks drop constraint none").await;
    write_report(&mut connection, &lease, 1, ConnectorStatus::Available).await.unwrap();
    assert_eq!(database.json(COUNT).await, json!(2));
}

/// Two partitions contain one device's events: each change continues the previous one, from either
/// writer.
#[tokio::test(flavor = "multi_thread")]
async fn two_owners_of_one_device_write_one_history() {
    const EACH: usize = 60;
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    status_changes::ensure_today(&mut connection).await.unwrap();
    let writers = leases(&mut connection, 2).await.into_iter().map(|mut lease| {
        let pool = database.pool.clone();
        tokio::spawn(async move {
            let mut connection = pool.connection().await.unwrap();
            // Each writer has its own statuses, so that every report is a change.
            let own = &ConnectorStatus::ALL[if lease.partition == 0 { 0..3 } else { 3..6 }];
            for status in own.iter().cycle().take(EACH) {
                assert_eq!(
                    write_report(&mut connection, &lease, 1, *status).await.unwrap(),
                    Written::Committed
                );
                lease.next_offset += 1;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let mut history = list_of_device(
        &mut connection,
        &device(),
        Selection { connector: Some(connector(1)), ..Selection::default() },
        DateTime::UNIX_EPOCH,
        1_000,
    )
    .await
    .unwrap();
    history.reverse();
    assert!(history.is_sorted_by(|one, next| one.place < next.place && one.at < next.at));
    let statuses = statuses(&history);
    assert_eq!(statuses.len(), 2 * EACH);
    for pair in statuses.windows(2) {
        assert_eq!(Some(pair[0].1), pair[1].0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_a_device_became_silent() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    status_changes::ensure_today(&mut connection).await.unwrap();
    let mut lease = leases(&mut connection, 1).await.remove(0);
    write_report(&mut connection, &lease, 1, ConnectorStatus::Available).await.unwrap();
    lease.next_offset = 1;
    let policy =
        SilencePolicy { timeout: Duration::from_secs(60), answer: Duration::from_secs(10), probing: false };
    // As an older release would have written it.
    database.execute("update charge_points set written_at = null").await;
    for gone in [1, 0] {
        let silent = testkit::judge_silent_devices(&mut connection, &lease, &policy).await;
        assert_eq!(silent.map(|silent| silent.gone), Some(gone));
    }
    let history = list_of_device(&mut connection, &device(), Selection::default(), DateTime::UNIX_EPOCH, 10)
        .await
        .unwrap();
    let [gone, _, came] = history.as_slice() else { panic!("{history:?}") };
    let online = |entry: &RecordedChange| match &entry.change {
        Change::Connectivity(change) => Some(change.online),
        Change::Status(_) => None,
    };
    assert_eq!((online(came), online(gone)), (Some(true), Some(false)));
    let Change::Connectivity(change) = &gone.change else { panic!("{gone:?}") };
    assert_eq!(change.confidence, Confidence::Doubtful, "the device was not probed");
    assert_eq!(gone.at, at(0) + TimeDelta::seconds(60), "the change must have the time of the timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_history_locks_only_the_days_it_needs() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let now: DateTime<Utc> = "2026-06-30T12:00:00Z".parse().unwrap();
    let changes = "do $$ begin
         for day in 0..99 loop
           execute format('create table status_changes_test_%s partition of status_changes for values from (%L) to (%L)',
             day, '2026-06-30'::timestamptz - make_interval(days => day), '2026-07-01'::timestamptz - make_interval(days => day));
         end loop;
       end $$;
       insert into status_changes (noted_at, place, charge_point_id, at, online)
       select '2026-06-30T10:00:00Z'::timestamptz - make_interval(days => day), 0, 'CP-1', now(), day % 2 = 0
       from unnest(array[0, 1, 7, 8, 9, 40, 98]) as day";
    database.execute(changes).await;
    let locks = "select count(*) from pg_locks join pg_class on pg_class.oid = relation
                 where pid = pg_backend_pid() and relname ~ '^status_changes_test_[0-9]+$'";
    // PostgreSQL may keep a generic plan after five executions.
    for _ in 0..10 {
        list_of_device(&mut connection, &device(), Selection::default(), now, 100).await.unwrap();
    }
    for (limit, most) in [(1, 9), (3, 9), (4, 17)] {
        connection.batch_execute("begin").await.unwrap();
        let found =
            list_of_device(&mut connection, &device(), Selection::default(), now, limit).await.unwrap();
        assert_eq!(i64::try_from(found.len()).unwrap(), limit);
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::Int8)]
            count: i64,
        }
        let held = diesel_async::RunQueryDsl::get_result(diesel::sql_query(locks), &mut connection);
        let Count { count } = held.await.unwrap();
        connection.batch_execute("commit").await.unwrap();
        assert!(count <= most, "{count} days are locked for {limit} changes");
    }
    let mut after = None;
    let mut all = Vec::new();
    loop {
        let page =
            list_of_device(&mut connection, &device(), Selection { after, ..Selection::default() }, now, 2)
                .await
                .unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.place);
        all.extend(page.iter().map(|change| (now - change.place.noted_at).num_days()));
    }
    assert_eq!(all, [0, 1, 7, 8, 9, 40, 98]);
}
