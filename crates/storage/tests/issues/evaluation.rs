//! Each change counts once.

use crate::fixture::*;
use diesel_async::AsyncConnection;
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{MaintenanceWindowId, StationId};
use domain::issues::{Cause, Seen, Severity};
use domain::status::ConnectorStatus::{Available, Faulted};
use domain::text::Label;
use storage::issues::maintenance::{self, NewWindow, WindowRefusal};
use storage::{Slice, issues};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn opens_and_closes_an_issue_with_its_history() {
    let (database, mut connection) = database(&[(1, 1)]).await;
    let device = device(1, 1);
    write(&database, &[status(&device, Faulted)], 9).await;
    evaluate(&mut connection).await;
    evaluate(&mut connection).await;
    let open = all(&mut connection, &only(1)).await;
    assert_eq!((open.len(), open[0].cause, open[0].severity), (1, Cause::Fault, Severity::Major));
    assert_eq!(
        (open[0].charge_point_id.as_ref(), open[0].station_id),
        (Some(&device), Some(station(1).into()))
    );
    assert_eq!(open[0].operator_id.as_deref(), Some("op-1"));
    assert_eq!(all(&mut connection, &only(2)).await, []);
    write(&database, &[status(&device, Available)], 8).await;
    evaluate(&mut connection).await;
    let closed = all(&mut connection, &OperatorBound::All).await.remove(0);
    let (_, proof) = closed.closed.clone().unwrap();
    assert!(matches!(proof.seen, Seen::Status { status: Available, .. }), "{proof:?}");
    let events = issues::list_events(&mut connection, closed.id, None, 100).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| (event.number, event.kind.as_str())).collect();
    assert_eq!(kinds, [(2, "closed"), (1, "opened")]);
    assert_eq!(database.json("select count(*) from issue_watches").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_is_interrupted_is_repeated_with_the_same_result() {
    let (database, mut connection) = database(&[(1, 1)]).await;
    write(&database, &[status(&device(1, 1), Faulted)], 9).await;
    let interrupted: Result<(), diesel::result::Error> = connection
        .transaction(async |tx| {
            let evaluated = issues::evaluate(tx, &rules()).await.unwrap();
            assert_eq!(evaluated.transitions.len(), 1);
            Err(diesel::result::Error::RollbackTransaction)
        })
        .await;
    assert!(interrupted.is_err());
    assert_eq!(all(&mut connection, &OperatorBound::All).await, []);
    evaluate(&mut connection).await;
    assert_eq!(all(&mut connection, &OperatorBound::All).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_overlap_evaluate_each_change_once() {
    let (database, mut connection) = database(&[(1, 40)]).await;
    for pile in 1..=40 {
        write(&database, &[status(&device(1, pile), Faulted)], 9).await;
    }
    let evaluators = (0..4).map(|_| {
        let pool = database.pool.clone();
        tokio::spawn(async move { evaluate(&mut pool.connection().await.unwrap()).await })
    });
    for evaluator in evaluators.collect::<Vec<_>>() {
        evaluator.await.unwrap();
    }
    assert_eq!(all(&mut connection, &OperatorBound::All).await.len(), 40);
    assert_eq!(database.json("select count(*) from issue_events").await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_back_in_time_is_no_issue_however_late_the_evaluation() {
    let (database, mut connection) = database(&[(1, 2)]).await;
    write(&database, &[connectivity(&device(1, 1), false), connectivity(&device(1, 2), false)], 90).await;
    write(&database, &[connectivity(&device(1, 1), true)], 90).await;
    write(&database, &[connectivity(&device(1, 2), true)], 80).await;
    evaluate(&mut connection).await;
    let issues = all(&mut connection, &OperatorBound::All).await;
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].charge_point_id, Some(device(1, 2)));
    assert!(issues[0].closed.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_without_a_pile_open_no_issue() {
    let (database, mut connection) = database(&[(1, 1)]).await;
    write(&database, &[status(&device(7, 7), Faulted)], 9).await;
    evaluate(&mut connection).await;
    assert_eq!(all(&mut connection, &OperatorBound::All).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_postpones_an_issue() {
    let (database, mut connection) = database(&[(1, 2)]).await;
    let now = database.json("select clock_timestamp()").await;
    let now = at(now.as_str().unwrap());
    let window = NewWindow {
        id: MaintenanceWindowId(Uuid::now_v7()),
        station_id: Some(StationId(station(1))),
        pile_id: None,
        begins_at: now - chrono::TimeDelta::hours(2),
        ends_at: now + chrono::TimeDelta::hours(2),
        reason: Label::parse("new cable").unwrap(),
    };
    let foreign = maintenance::insert(&mut connection, &only(2), &window, &stamp()).await.unwrap();
    assert_eq!(foreign, Err(WindowRefusal::PlaceNotFound));
    maintenance::insert(&mut connection, &only(1), &window, &stamp()).await.unwrap().unwrap();
    write(&database, &[status(&device(1, 1), Faulted), status(&device(1, 2), Faulted)], 9).await;
    evaluate(&mut connection).await;
    assert_eq!(all(&mut connection, &OperatorBound::All).await, []);
    // The work ends early: one fault is repaired, the other one is an issue from then on.
    write(&database, &[status(&device(1, 2), Available)], 8).await;
    let ended = EditStamp { at: now - chrono::TimeDelta::minutes(1), ..stamp() };
    let ended = maintenance::end(&mut connection, &only(1), window.id, &ended).await.unwrap().unwrap();
    evaluate(&mut connection).await;
    let issues = all(&mut connection, &OperatorBound::All).await;
    assert_eq!((issues.len(), issues[0].charge_point_id.as_ref()), (1, Some(&device(1, 1))));
    assert_eq!(issues[0].opened_at, ended.ends_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_closed_issues_are_deleted_with_their_history() {
    let (database, mut connection) = database(&[(1, 2)]).await;
    write(&database, &[status(&device(1, 1), Faulted), status(&device(1, 2), Faulted)], 9).await;
    write(&database, &[status(&device(1, 1), Available)], 8).await;
    evaluate(&mut connection).await;
    let slice = Slice::first(std::time::Duration::from_secs(60), 10);
    assert_eq!(issues::prune(&mut connection, slice).await.unwrap().rows, 1);
    let left = all(&mut connection, &OperatorBound::All).await;
    assert_eq!((left.len(), left[0].charge_point_id.as_ref()), (1, Some(&device(1, 2))));
    assert_eq!(database.json("select count(*) from issue_events").await, 1);
}
