//! Issues close although the changes that ended them were deleted before they were read.

use crate::fixture::*;
use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::OperatorBound;
use domain::feed::{FeedChange, FeedSubject};
use domain::ids::ChargePointId;
use domain::issues::{Cause, Rule, Seen};
use domain::status::ConnectorStatus::{Available, Charging, Faulted};
use serde_json::{Value, json};
use storage::issues::{self, EvaluationRules, IssueRecord};
use testkit::{TestDatabase, eventually};
use uuid::Uuid;

/// Devices that are online, with a connector that is `Available`.
const WELL: &str = "
    update charge_points set online = true, seen_at = now();
    insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_partition,
                            status_offset, status_event)
    select charge_point_id, 1, 'Available', now(), now(), 0, 1, 1 from charge_points";

/// Deletes a change before it is read.
async fn miss(database: &TestDatabase) {
    for _ in 0..2 {
        write(database, &[status(&device(9, 9), Charging)], 0).await;
    }
    database
        .execute("delete from feed_chunks where position < (select max(position) from feed_chunks)")
        .await;
}

/// Evaluates until no issue is open; an end counts a moment after it is read.
async fn evaluate_until_closed(database: &TestDatabase, rules: &EvaluationRules) -> Vec<IssueRecord> {
    eventually("the issues to close", || async {
        let connection = &mut database.pool.connection().await.unwrap();
        issues::evaluate(connection, rules).await.unwrap();
        let all = all(connection, &OperatorBound::All).await;
        all.iter().all(|issue| issue.closed.is_some())
    })
    .await;
    all(&mut database.pool.connection().await.unwrap(), &OperatorBound::All).await
}

fn proof(issue: &IssueRecord) -> &Seen {
    &issue.closed.as_ref().unwrap().1.seen
}

#[tokio::test(flavor = "multi_thread")]
async fn the_states_of_devices_close_issues_once_with_the_state_as_proof() {
    let (database, mut connection) = database(&[(1, 3)]).await;
    let wrong =
        [status(&device(1, 1), Faulted), status(&device(1, 3), Faulted), connectivity(&device(1, 2), false)];
    write(&database, &wrong, 90).await;
    evaluate(&mut connection).await;
    assert_eq!(all(&mut connection, &OperatorBound::All).await.len(), 3);
    database.execute(WELL).await;
    database.execute("update connectors set status = 'Faulted' where charge_point_id = 'CP-1-3'").await;
    miss(&database).await;
    let evaluators = (0..3).map(|_| {
        let pool = database.pool.clone();
        tokio::spawn(async move {
            eventually("two issues to close", || async {
                let connection = &mut pool.connection().await.unwrap();
                evaluate(connection).await;
                all(connection, &only(1)).await.iter().filter(|issue| issue.closed.is_some()).count() == 2
            })
            .await;
        })
    });
    for evaluator in evaluators.collect::<Vec<_>>() {
        evaluator.await.unwrap();
    }
    for issue in all(&mut connection, &OperatorBound::All).await {
        match issue.charge_point_id.as_ref().map(ChargePointId::as_str) {
            Some("CP-1-1") => assert!(matches!(proof(&issue), Seen::Status { status: Available, .. })),
            Some("CP-1-2") => assert!(matches!(proof(&issue), Seen::Connectivity { online: true, .. })),
            _ => assert_eq!(issue.closed, None, "it is still faulted"),
        }
        let events = issues::list_events(&mut connection, issue.id, None, 100).await.unwrap();
        assert_eq!(events.len(), if issue.closed.is_some() { 2 } else { 1 });
    }
    let closed = published(&mut connection).await.into_iter().filter(|(kind, ..)| kind == "closed");
    assert_eq!(closed.count(), 2);
    assert_eq!(database.json("select count(*) from issue_watches").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_ends_when_the_states_show_that_its_devices_are_back() {
    let (database, mut connection) = database(&[(1, 6)]).await;
    let lost: Vec<_> = (1..=6).map(|pile| connectivity(&device(1, pile), false)).collect();
    write(&database, &lost, 90).await;
    evaluate(&mut connection).await;
    database.execute(WELL).await;
    miss(&database).await;
    let closed = evaluate_until_closed(&database, &rules()).await;
    assert_eq!((closed.len(), proof(&closed[0])), (1, &Seen::Recovered { offline: 0 }));
    assert_eq!(database.json("select count(*) from issue_watches").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_states_are_read_in_batches_with_the_devices_that_are_in_no_pile() {
    let (database, mut connection) = database(&[(1, 700)]).await;
    let faults: Vec<_> = (1..=700).map(|pile| status(&device(1, pile), Faulted)).collect();
    for chunk in faults.chunks(FeedChange::MAX_CHUNK_LEN) {
        write(&database, chunk, 9).await;
    }
    evaluate(&mut connection).await;
    assert_eq!(issues::count_open(&mut connection).await.unwrap()[0].count, 700);
    database.execute("update piles set retired_at = now()").await;
    miss(&database).await;
    let first = issues::evaluate(&mut connection, &rules()).await.unwrap();
    assert!(!first.is_complete, "500 of 700 devices");
    evaluate(&mut connection).await;
    eventually("the issues to close", || async {
        let connection = &mut database.pool.connection().await.unwrap();
        evaluate(connection).await;
        issues::count_open(connection).await.unwrap().is_empty()
    })
    .await;
    let removed =
        "select count(*) from issues where proof ->> 'kind' = 'removed' and proof ->> 'action' = 'retired'";
    assert_eq!(database.json(removed).await, 700);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edit_that_removes_a_device_ends_what_a_skipped_change_would_have_ended() {
    let (database, mut connection) = database(&[(1, 1)]).await;
    let device = device(1, 1);
    write(&database, &[status(&device, Faulted)], 9).await;
    evaluate(&mut connection).await;
    database.execute("update piles set retired_at = now()").await;
    write(&database, &[status(&device, Available)], 8).await;
    evaluate(&mut connection).await;
    let open = all(&mut connection, &OperatorBound::All).await;
    assert_eq!(open[0].closed, None, "a device in no pile is not judged");
    let retired = json!({ "pileId": Uuid::nil(), "stationId": station(1), "chargePointId": device, "action": "retired",
                          "version": 2 });
    let edit = change(&device, at("2026-07-25T12:00:00Z"), "charging.pile.changed.v1", &retired);
    write(&database, &[edit], 7).await;
    evaluate(&mut connection).await;
    let closed = all(&mut connection, &OperatorBound::All).await;
    assert!(matches!(proof(&closed[0]), Seen::Removed { .. }), "{closed:?}");
}

/// Sessions are stuck after an hour, and need 100 Wh.
fn rules_of_sessions() -> EvaluationRules {
    EvaluationRules {
        rules: vec![
            Rule::StartWithoutCharge { grace: TimeDelta::zero() },
            Rule::SessionWithoutEnergy {
                min_energy_wh: 100.0,
                min_duration: TimeDelta::minutes(5),
                while_open: false,
            },
            Rule::StuckSession { after: TimeDelta::hours(1) },
            Rule::PriceGap,
        ],
        ..rules()
    }
}

fn change(device: &ChargePointId, at: DateTime<Utc>, kind: &str, data: &Value) -> FeedChange {
    let kind = serde_json::from_value(json!({ "type": kind, "data": data })).unwrap();
    FeedChange { subject: FeedSubject::ChargePoint(device.clone()), at, kind }
}

fn session(number: u32, started_at: DateTime<Utc>, ended_at: Option<DateTime<Utc>>) -> Value {
    json!({
        "sessionId": id(number), "phase": if ended_at.is_some() { "ended" } else { "open" }, "connectorId": 1,
        "transactionId": null, "idTag": null, "reservationId": null, "startedAt": started_at, "meterStartWh": null,
        "endedAt": ended_at, "endReason": null, "meterStopWh": null,
    })
}

fn id(number: u32) -> Uuid {
    Uuid::from_u128(number.into())
}

/// At devices 1 and 2 a stuck session, at device 3 a start without charge, at device 4 a session without
/// energy and price.
fn wrong(at: DateTime<Utc>) -> Vec<FeedChange> {
    let stuck =
        |number| change(&device(1, number), at, "charging.session.changed.v1", &session(number, at, None));
    let start = json!({
        "commandId": id(30), "pileId": Uuid::nil(), "name": "RemoteStartTransaction", "state": "confirmed",
        "gatewayId": "gateway-0", "issuedAt": at, "expiresAt": at + TimeDelta::minutes(1),
        "answer": { "at": at, "status": "Accepted", "reason": null }, "sessionId": null, "failure": null,
    });
    let mut settled = session(4, at - TimeDelta::minutes(10), Some(at));
    let receipt = json!({
        "number": 1, "replaces": null, "issuedAt": at, "digest": "00", "energyWh": 3.0, "total": null,
        "unpriced": "NO_TARIFF_APPLIES",
    });
    settled.as_object_mut().unwrap().insert("receipt".to_owned(), receipt);
    vec![
        stuck(1),
        stuck(2),
        change(&device(1, 3), at, "charging.command.changed.v1", &start),
        change(&device(1, 4), at, "charging.session.settled.v1", &settled),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_receipts_close_issues_whose_end_was_missed() {
    let (database, mut connection) = database(&[(1, 4)]).await;
    let now = database.json("select clock_timestamp()").await;
    let rules = rules_of_sessions();
    write(&database, &wrong(at(now.as_str().unwrap()) - TimeDelta::hours(2)), 119).await;
    while !issues::evaluate(&mut connection, &rules).await.unwrap().is_complete {}
    assert_eq!(all(&mut connection, &only(1)).await.len(), 5);
    // The second session was withdrawn: it has no row.
    database
        .execute(&format!(
            "insert into sessions (id, charge_point_id, connector_id, started_at, ended_at)
             values ('{stuck}', 'CP-1-1', 1, now() - interval '2 hours', now() - interval '1 minute'),
                    ('{began}', 'CP-1-3', 1, now() - interval '90 minutes', null),
                    ('{gap}', 'CP-1-4', 1, now() - interval '2 hours', now() - interval '2 hours'),
                    ('{priced}', 'CP-1-4', 1, now() - interval '1 hour', now());
             insert into session_receipts (session_id, number, issued_at, digest, content)
             values ('{priced}', 1, now(), '00', '{{\"energyWh\": 7000.5, \"price\": {{}}, \"unpriced\": null}}')",
            stuck = id(1),
            began = id(3),
            gap = id(4),
            priced = id(5)
        ))
        .await;
    miss(&database).await;
    let closed = evaluate_until_closed(&database, &rules).await;
    assert_eq!(closed.len(), 5);
    let shown = |cause: Cause, pile: u32| {
        let of =
            |issue: &&IssueRecord| issue.cause == cause && issue.charge_point_id == Some(device(1, pile));
        serde_json::to_value(proof(closed.iter().find(of).unwrap())).unwrap()
    };
    let session = |number, phase: &str| json!({ "kind": "session", "sessionId": id(number), "phase": phase });
    assert_eq!(shown(Cause::StuckSession, 1), session(1, "ended"));
    assert_eq!(shown(Cause::StuckSession, 2), session(2, "withdrawn"));
    assert_eq!(shown(Cause::StartWithoutCharge, 3), session(3, "open"));
    let energy = json!({ "kind": "energy", "sessionId": id(5), "energyWh": 7000.5 });
    assert_eq!(shown(Cause::SessionWithoutEnergy, 4), energy);
    let price = json!({ "kind": "price", "sessionId": id(5), "unpriced": null });
    assert_eq!(shown(Cause::PriceGap, 4), price);
}
