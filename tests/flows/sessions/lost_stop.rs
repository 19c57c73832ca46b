//! Sessions whose stop is lost are found, and end.

use crate::sessions::charges::{charge, ended, id, session, session_ids, time};
use crate::sessions::reported::Transaction;
use crate::sessions::site::connect;
use crate::story::code;
use chrono::{SecondsFormat, TimeDelta};
use domain::ids::ChargePointId;
use runtime::clock;
use serde_json::json;
use system_tests::Platform;
use testkit::eventually_some;

/// Reports a charge of three days ago, from 1,000 to 4,000 Wh, without its stop; waits until the
/// filter for sessions that are open for longer than two days lists it, and returns its id.
async fn lose_a_stop(platform: &Platform, device: &ChargePointId) -> String {
    let began = clock::now() - TimeDelta::days(3);
    let lost = Transaction { device, connector: 1, id: "lost" };
    lost.start(platform, began, 1_000.0).await;
    lost.read(platform, began + TimeDelta::hours(1), 4_000.0).await;
    eventually_some("the lost session to be listed with its energy", || async {
        let id = long_open(platform).await.pop()?;
        (session(platform, &id).await["energyWh"] == 3_000.0).then_some(id)
    })
    .await
}

/// The ids of the sessions that are open for longer than two days.
async fn long_open(platform: &Platform) -> Vec<String> {
    let until = clock::now() - TimeDelta::hours(48);
    let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
    session_ids(platform, &format!("state=open&startedUntil={until}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_start_ends_a_session_whose_stop_is_lost() {
    let platform = Platform::start(|_| {}).await;
    let ingestor = platform.ingest();
    let (pile, device) = platform.register().await;
    connect(&platform, &device).await;
    let lost = lose_a_stop(&platform, &device).await;

    let next = charge(&platform, &pile, "DRIVER-1").await;
    let superseded = ended(&platform, &lost, "Superseded").await;
    let began = time(&session(&platform, &next).await, "startedAt");
    assert_eq!(time(&superseded, "endedAt"), began);
    assert_eq!((&superseded["meterStopWh"], &superseded["energyWh"]), (&json!(4_000.0), &json!(3_000.0)));
    assert_eq!(superseded["pileId"], id(&pile));
    assert!(long_open(&platform).await.is_empty());
    assert_eq!(session_ids(&platform, "state=open").await, [next]);
    ingestor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_a_session_whose_stop_is_lost_where_nothing_follows() {
    let platform = Platform::start(|_| {}).await;
    let ingestor = platform.ingest();
    let (pile, device) = platform.register().await;
    connect(&platform, &device).await;
    let lost = lose_a_stop(&platform, &device).await;
    let refused = platform.delete_asset(&pile).await;
    assert_eq!(code(&refused), (409, "PILE_HAS_OPEN_SESSION"));
    assert_eq!(refused.body["sessionIds"], json!([lost]));

    let end = format!("/api/v1/sessions/{lost}/end");
    let asked_at = clock::now();
    let body = json!({ "reason": "its stop never came", "meterStopWh": 4_500 });
    let ended = platform.post_asset(&end, &body).await;
    assert_eq!((ended.status, &ended.body["endReason"]), (200, &json!("EndedByOperator")), "{}", ended.body);
    assert_eq!((&ended.body["energyWh"], &ended.body["pileId"]), (&json!(3_500.0), &json!(id(&pile))));
    assert!(time(&ended.body, "endedAt") >= asked_at - TimeDelta::milliseconds(1), "{}", ended.body);
    assert_eq!(code(&platform.post_asset(&end, &body).await), (409, "SESSION_ENDED"));
    assert!(long_open(&platform).await.is_empty());
    assert_eq!(session_ids(&platform, "state=ended").await, [lost]);
    assert_eq!(platform.delete_asset(&pile).await.status, 204);
    ingestor.stop().await;
}
