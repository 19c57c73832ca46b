//! Stops that wait for a transaction id: they leave that state once.

use crate::fixture::{PILE, database, device, found, noon};
use chrono::TimeDelta;
use domain::assets::OperatorBound;
use domain::commands::{
    CommandLife, CommandRecord, CommandState, FailureCode, GatewayRoute, Goal, RouteSource, Step, WaitEnd,
};
use domain::devices::presence::Confidence;
use domain::ids::{Actor, CommandId, GatewayId, SessionId, TransactionId};
use storage::PooledConnection;
use storage::commands::waiting::{self, DueStop, Release};
use storage::commands::{self, Conflict, Recorded, RecordedCommand};
use testkit::TestDatabase;
use uuid::Uuid;

fn transaction() -> TransactionId {
    TransactionId::parse("634").unwrap()
}

/// An open session without a transaction id.
async fn session(database: &TestDatabase) -> SessionId {
    let id = Uuid::now_v7();
    database
        .execute(&format!(
            "insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-1', true, now())
             on conflict do nothing;
             insert into sessions (id, charge_point_id, connector_id, started_at) values ('{id}', 'CP-1', 1, now())"
        ))
        .await;
    SessionId(id)
}

/// A stop that waits for `seconds`, or has waited long enough if that is negative.
fn stop(session_id: SessionId, seconds: i64) -> RecordedCommand {
    let issued_at = noon();
    RecordedCommand {
        record: CommandRecord {
            id: CommandId(Uuid::now_v7()),
            pile_id: PILE,
            charge_point_id: device(),
            name: "RemoteStopTransaction".to_owned(),
            goal: Some(Goal::SessionEnded { session_id }),
            gateway_id: GatewayId::parse("gateway-0").unwrap(),
            route: Some(RouteSource::Key),
            issued_by: None,
            issued_at,
            expires_at: issued_at + TimeDelta::days(36_500) * i32::from(seconds > 0),
            life: CommandLife::waiting(issued_at),
        },
        payload: serde_json::json!({}),
        partition: 100,
        trace_id: None,
        connector_id: None,
        transaction_id: None,
        degraded: false,
        seen_gateway_id: None,
        confidence: Confidence::Live,
        limits: None,
    }
}

fn release() -> Release {
    Release {
        transaction_id: transaction(),
        route: GatewayRoute { gateway_id: GatewayId::parse("gateway-7").unwrap(), partition: 7 },
        source: RouteSource::LastHeard,
        degraded: true,
        seen_gateway_id: None,
        confidence: Confidence::Doubtful,
        payload: serde_json::json!({"transactionId": 634}),
        expires_at: noon() + TimeDelta::minutes(2),
        now: noon() + TimeDelta::minutes(1),
    }
}

async fn record(connection: &mut PooledConnection, stop: &RecordedCommand) -> Recorded {
    commands::insert_waiting(connection, stop, None).await.unwrap()
}

async fn due(connection: &mut PooledConnection) -> Vec<DueStop> {
    waiting::list_due(connection, 10).await.unwrap()
}

async fn name(database: &TestDatabase, session_id: SessionId) {
    let sql = format!("update sessions set transaction_id = '634' where id = '{session_id}'");
    database.execute(&sql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_stop_survives_recording_and_reading() {
    let (database, mut connection) = database().await;
    let session_id = session(&database).await;
    let stop = stop(session_id, 60);
    assert_eq!(record(&mut connection, &stop).await, Recorded::All);
    assert_eq!(found(&mut connection, stop.record.id).await, stop);
    assert_eq!(stop.record.session_id(), Some(session_id));
    assert_eq!(waiting::count(&mut connection).await.unwrap(), 1);
    assert!(due(&mut connection).await.is_empty(), "nothing can be done yet");
    let conflict = Recorded::None(Conflict::StopWaiting);
    assert_eq!(record(&mut connection, &self::stop(session_id, 60)).await, conflict);
    assert_eq!(record(&mut connection, &stop).await, Recorded::None(Conflict::Id));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_callers_release_a_stop_once() {
    let (database, mut connection) = database().await;
    let session_id = session(&database).await;
    let stop = stop(session_id, 60);
    record(&mut connection, &stop).await;
    name(&database, session_id).await;
    let [due] = due(&mut connection).await.try_into().unwrap();
    assert_eq!((due.id, due.transaction_id.clone()), (stop.record.id, Some(transaction())));
    let attempt = async || {
        let mut connection = database.pool.connection().await.unwrap();
        usize::from(waiting::release(&mut connection, &due, &release()).await.unwrap())
    };
    let (a, b, c) = tokio::join!(attempt(), attempt(), attempt());
    assert_eq!(a + b + c, 1);
    let released = found(&mut connection, stop.record.id).await;
    let Release { route, payload, expires_at, .. } = release();
    assert_eq!(released.record.life.state(), CommandState::Accepted);
    assert_eq!((released.record.gateway_id, released.partition), (route.gateway_id, route.partition));
    assert_eq!((released.payload, released.record.expires_at), (payload, expires_at));
    assert_eq!((released.degraded, released.confidence), (true, Confidence::Doubtful));
    let goal = Goal::Stopped { transaction_id: transaction(), session_id: Some(session_id) };
    assert_eq!(released.record.goal, Some(goal));
    assert_eq!(waiting::end(&mut connection, &due, noon()).await.unwrap(), None, "it waits no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_released_only_for_the_transaction_that_its_session_has_then() {
    let (database, mut connection) = database().await;
    let session_id = session(&database).await;
    record(&mut connection, &stop(session_id, 60)).await;
    name(&database, session_id).await;
    let [due] = due(&mut connection).await.try_into().unwrap();
    for change in ["transaction_id = '635'", "transaction_id = '634', ended_at = now()"] {
        database.execute(&format!("update sessions set {change}")).await;
        assert!(!waiting::release(&mut connection, &due, &release()).await.unwrap(), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_without_a_transaction_id() {
    let (database, mut connection) = database().await;
    let ended = session(&database).await;
    let withdrawn = session(&database).await;
    let late = session(&database).await;
    let stops = [stop(ended, 60), stop(withdrawn, 60), stop(late, -1)];
    for stop in &stops {
        record(&mut connection, stop).await;
    }
    database
        .execute(&format!(
            "update sessions set ended_at = now() where id = '{ended}'; delete from sessions where id = '{withdrawn}'"
        ))
        .await;
    let due = due(&mut connection).await;
    assert_eq!(due.len(), 3);
    for due in &due {
        waiting::end(&mut connection, due, noon() + TimeDelta::minutes(1)).await.unwrap().unwrap();
    }
    for (stop, state, code) in [
        (&stops[0], CommandState::Failed, FailureCode::SessionEnded),
        (&stops[1], CommandState::Failed, FailureCode::SessionEnded),
        (&stops[2], CommandState::Expired, FailureCode::TransactionIdUnknown),
    ] {
        let record = found(&mut connection, stop.record.id).await.record;
        assert_eq!((record.life.state(), record.is_open()), (state, false));
        assert_eq!(record.life.failure().map(|failure| failure.code), Some(code));
    }
    let cause = found(&mut connection, stops[1].record.id).await.record.life.failure().unwrap().detail;
    assert_eq!(cause, WaitEnd::SessionWithdrawn.to_string());
    // The next stop of the same session may wait.
    assert_eq!(record(&mut connection, &stop(late, 60)).await, Recorded::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_wait_is_not_ended_by_the_search_for_commands_without_a_response() {
    let (database, mut connection) = database().await;
    let session_id = session(&database).await;
    record(&mut connection, &stop(session_id, -1)).await;
    let expired = commands::expire_due(&mut connection, std::time::Duration::ZERO, None, 10).await.unwrap();
    assert!(expired.is_empty(), "its failure would be NO_ANSWER");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_stop_is_not_sent() {
    let (database, mut connection) = database().await;
    let session_id = session(&database).await;
    let stop = stop(session_id, 60);
    record(&mut connection, &stop).await;
    name(&database, session_id).await;
    let [released] = due(&mut connection).await.try_into().unwrap();
    let (id, by, now) = (stop.record.id, Actor::parse("desk").unwrap(), noon() + TimeDelta::seconds(5));
    let cancelled =
        commands::cancel(&mut connection, &OperatorBound::All, id, &by, now).await.unwrap().unwrap();
    assert_eq!(cancelled.record.life.state(), CommandState::Cancelled);
    let step = cancelled.record.life.trail().last().unwrap();
    assert_eq!((step.at, &step.step), (now, &Step::Cancelled { by: by.clone() }));
    assert!(due(&mut connection).await.is_empty());
    assert!(!waiting::release(&mut connection, &released, &release()).await.unwrap());
    let again =
        commands::cancel(&mut connection, &OperatorBound::All, id, &Actor::anonymous(), now).await.unwrap();
    assert_eq!(again, Some(cancelled), "the first cancellation stays");
    let second = record(&mut connection, &self::stop(session_id, 60)).await;
    assert_eq!(second, Recorded::All, "another stop may wait for the session");
    let unknown = CommandId(Uuid::now_v7());
    assert_eq!(
        commands::cancel(&mut connection, &OperatorBound::All, unknown, &by, now).await.unwrap(),
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_either_sent_or_cancelled() {
    let (database, mut connection) = database().await;
    let by = Actor::parse("desk").unwrap();
    for _ in 0..10 {
        let session_id = session(&database).await;
        let stop = stop(session_id, 60);
        record(&mut connection, &stop).await;
        name(&database, session_id).await;
        let [released] = due(&mut connection).await.try_into().unwrap();
        let [mut sending, mut cancelling] =
            [database.pool.connection().await.unwrap(), database.pool.connection().await.unwrap()];
        let how = release();
        let (sent, cancelled) = tokio::join!(
            waiting::release(&mut sending, &released, &how),
            commands::cancel(&mut cancelling, &OperatorBound::All, stop.record.id, &by, how.now)
        );
        let is_cancelled = cancelled.unwrap().unwrap().record.life.state() == CommandState::Cancelled;
        assert_ne!(sent.unwrap(), is_cancelled);
    }
}
