//! Devices that were offline or faulted before the rules began to read the feed.

use crate::fixture::*;
use domain::assets::OperatorBound;
use domain::issues::{Cause, Seen};
use domain::status::ConnectorStatus::{Available, Charging, Faulted};
use storage::{Connection, issues};
use testkit::{TestDatabase, eventually};

/// Devices 1 and 2 of station 1 are offline for a day, and connector 1 of device 3 is faulted.
const BEFORE: &str = "
    update charge_points set online = charge_point_id not in ('CP-1-1', 'CP-1-2'), seen_at = last_seen_at - interval '1 day',
           last_seen_at = last_seen_at - interval '1 day';
    insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_partition,
                            status_offset, status_event)
    select charge_point_id, 1, case charge_point_id when 'CP-1-3' then 'Faulted' else 'Available' end, now(), now(), 0, 1, 1
    from charge_points";

/// Evaluates until `count` issues are open: what was wrong before counts a moment later.
async fn evaluate_until(database: &TestDatabase, connection: &mut Connection, count: usize) {
    let pool = database.pool.clone();
    eventually("the issues to open", || async {
        let connection = &mut pool.connection().await.unwrap();
        evaluate(connection).await;
        all(connection, &OperatorBound::All).await.len() == count
    })
    .await;
    evaluate(connection).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_wrong_before_the_first_position_is_an_issue() {
    let (database, mut connection) = database(&[(1, 4)]).await;
    database.execute(BEFORE).await;
    // A device that was never heard is not offline.
    database
        .execute("update charge_points set online = false, seen_at = null where charge_point_id = 'CP-1-4'")
        .await;
    evaluate_until(&database, &mut connection, 3).await;
    let found: Vec<_> = all(&mut connection, &only(1))
        .await
        .into_iter()
        .map(|issue| (issue.cause, issue.charge_point_id.unwrap().to_string(), issue.closed.is_none()))
        .collect();
    for (cause, device) in [(Cause::Offline, "CP-1-1"), (Cause::Offline, "CP-1-2"), (Cause::Fault, "CP-1-3")]
    {
        assert!(found.contains(&(cause, device.to_owned(), true)), "{cause} of {device}: {found:?}");
    }
    assert_eq!(published(&mut connection).await.len(), 3);
    write(&database, &[connectivity(&device(1, 1), true), status(&device(1, 3), Available)], 0).await;
    evaluate(&mut connection).await;
    let closed = all(&mut connection, &only(1)).await.into_iter().filter(|issue| issue.closed.is_some());
    assert_eq!(closed.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_baseline_is_read_in_batches_and_once() {
    let (database, mut connection) = database(&[(1, 1_200)]).await;
    database.execute(BEFORE).await;
    database.execute("update connectors set status = 'Faulted'").await;
    let mut cursors = Vec::new();
    loop {
        let evaluated = issues::evaluate(&mut connection, &rules()).await.unwrap();
        cursors.push(
            database.json("select coalesce(to_jsonb(baseline_after), 'null') from issue_progress").await,
        );
        if evaluated.is_complete {
            break;
        }
    }
    cursors.dedup();
    let [first, second, end] = cursors.as_slice() else { panic!("500, 500 and 200 devices: {cursors:?}") };
    assert!(first.as_str() < second.as_str() && end.is_null(), "{cursors:?}");
    assert_eq!(database.json("select count(*) from issue_watches").await, 1_202);
    database.execute("delete from issue_watches").await;
    evaluate(&mut connection).await;
    assert_eq!(database.json("select count(*) from issue_watches").await, 0, "it is not read again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_offline_with_many_others_is_part_of_the_outage() {
    let (database, mut connection) = database(&[(1, 8)]).await;
    database.execute(BEFORE).await;
    database
        .execute("update connectors set status = 'Available'; update charge_points set online = false")
        .await;
    evaluate_until(&database, &mut connection, 1).await;
    let outage = all(&mut connection, &OperatorBound::All).await.remove(0);
    assert_eq!(outage.fact.seen, Seen::Outage { offline: 8, devices: 8 });
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_are_in_the_feed_count_and_not_the_state_that_follows_from_them() {
    let (database, mut connection) = database(&[(1, 3)]).await;
    database.execute(BEFORE).await;
    let changes = [
        status(&device(1, 3), Faulted),
        connectivity(&device(1, 1), false),
        connectivity(&device(1, 2), false),
    ];
    write(&database, &changes, 90).await;
    evaluate(&mut connection).await;
    let opened: Vec<_> = all(&mut connection, &OperatorBound::All).await;
    assert_eq!(opened.len(), 3);
    assert!(opened.iter().all(|issue| issue.opened_at < issue.changed_at - chrono::TimeDelta::minutes(30)));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_were_deleted_before_they_were_read_open_issues_from_the_states() {
    let (database, mut connection) = database(&[(1, 3)]).await;
    write(&database, &[status(&device(1, 1), Charging)], 90).await;
    evaluate(&mut connection).await;
    assert_eq!(all(&mut connection, &OperatorBound::All).await, []);
    database.execute(BEFORE).await;
    for _ in 0..3 {
        write(&database, &[status(&device(1, 3), Faulted)], 9).await;
    }
    database
        .execute("delete from feed_chunks where position < (select max(position) from feed_chunks)")
        .await;
    write(&database, &[status(&device(1, 2), Charging)], 9).await;
    database
        .execute("delete from feed_chunks where position < (select max(position) from feed_chunks)")
        .await;
    evaluate_until(&database, &mut connection, 3).await;
}
