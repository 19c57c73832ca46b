//! Limits that a start sets for its session.

use crate::fixture::{database, noon, record, start};
use chrono::{DateTime, Utc};
use domain::ids::CommandId;
use domain::sessions::limits::{LimitKind, LimitReached, LimitValue, SessionLimits};
use std::time::Duration;
use storage::commands::NewCommand;
use storage::sessions::limits::{self, WatchedSession};
use storage::{PooledConnection, Slice};
use testkit::TestDatabase;
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(86_400);

fn at_most(wh: u32) -> SessionLimits {
    SessionLimits { max_energy_wh: Some(wh), ..SessionLimits::default() }
}

/// A start with limits.
async fn limited(connection: &mut PooledConnection) -> NewCommand {
    let new = NewCommand { limits: Some(at_most(1_000)), ..start(Some(1)) };
    record(connection, std::slice::from_ref(&new)).await.unwrap();
    new
}

async fn begin(database: &TestDatabase, start: CommandId) {
    database
        .execute(&format!(
            "insert into sessions (id, charge_point_id, connector_id, started_at, meter_start_wh, command_id)
             values ('{}', 'CP-1', 1, now(), 5000, '{start}');
             insert into connectors (charge_point_id, connector_id, energy_wh, energy_at)
             values ('CP-1', 1, 5600, now())",
            Uuid::now_v7()
        ))
        .await;
}

async fn watched(connection: &mut PooledConnection) -> Vec<WatchedSession> {
    let starts = limits::list_watched(connection, CommandId(Uuid::nil()), 10).await.unwrap();
    limits::load_watched(connection, &starts).await.unwrap()
}

fn reached(at: DateTime<Utc>, value: &str) -> LimitReached {
    LimitReached { kind: LimitKind::Energy, at, value: LimitValue::parse(value).unwrap() }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_started_sessions_with_limits_are_watched() {
    let (database, mut connection) = database().await;
    let start = limited(&mut connection).await.command.id;
    assert!(watched(&mut connection).await.is_empty(), "there is no session yet");
    begin(&database, start).await;
    let [found] = watched(&mut connection).await.try_into().unwrap();
    assert_eq!(
        (found.start, found.limits, found.reached, found.last_stop),
        (start, at_most(1_000), None, None)
    );
    assert_eq!(found.placed.session.energy_wh(found.register), Some(600.0));
    assert!(limits::list_watched(&mut connection, start, 10).await.unwrap().is_empty(), "the next page");
    assert!(limits::settle(&mut connection, start, None).await.unwrap());
    assert!(!limits::settle(&mut connection, start, None).await.unwrap(), "it is settled once");
    assert!(watched(&mut connection).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_recorded_limit_and_the_last_stop_are_kept() {
    let (database, mut connection) = database().await;
    let start = limited(&mut connection).await.command.id;
    begin(&database, start).await;
    let first = reached(noon(), "1000.5");
    assert!(limits::record_reached(&mut connection, start, &first).await.unwrap());
    assert!(!limits::record_reached(&mut connection, start, &reached(noon(), "1100")).await.unwrap());
    // Any recorded command may stand for the stops.
    let stops = [start, start];
    limits::record_stop(&mut connection, start, 2, stops[1]).await.unwrap();
    limits::record_stop(&mut connection, start, 1, stops[0]).await.unwrap();
    let [found] = watched(&mut connection).await.try_into().unwrap();
    assert_eq!((found.reached, found.stop_attempts), (Some(first), 2));
    assert!(found.last_stop.is_some());
    let last = LimitValue::parse("1020").unwrap();
    limits::settle(&mut connection, start, Some(last)).await.unwrap();
    let recorded = limits::find_many(&mut connection, &[start]).await.unwrap().remove(&start).unwrap();
    assert_eq!((recorded.reached, recorded.final_value), (Some(first), Some(last)));
    assert_eq!((recorded.limits, recorded.stop_command_id), (at_most(1_000), Some(start)));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_that_are_not_needed_any_more_are_deleted() {
    let (database, mut connection) = database().await;
    let start = limited(&mut connection).await.command.id;
    let hour = Slice::first(Duration::from_secs(3_600), 10);
    let unused = limits::prune_unused(&mut connection, hour).await.unwrap();
    assert_eq!(unused.rows, 0, "a session may still begin");
    database.execute("update commands set open = false, state = 'expired'").await;
    let next = limited(&mut connection).await.command.id;
    begin(&database, next).await;
    let unused = limits::prune_unused(&mut connection, hour).await.unwrap();
    assert_eq!(unused.rows, 1, "the first began no session");
    assert!(limits::find_many(&mut connection, &[start]).await.unwrap().is_empty());
    let unused = limits::prune_unused(&mut connection, hour).await.unwrap();
    assert_eq!(unused.rows, 0, "the other has a session");
    assert_eq!(limits::prune(&mut connection, Slice::first(LONG, 10)).await.unwrap().rows, 0);
    assert_eq!(limits::prune(&mut connection, Slice::first(Duration::ZERO, 10)).await.unwrap().rows, 1);
}
