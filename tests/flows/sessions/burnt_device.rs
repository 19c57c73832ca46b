//! A device that burns during a session is replaced, and its session ends.

use crate::sessions::charges::{charge, ended, id, items, session, session_ids, stop, time};
use crate::sessions::reported::{Transaction, all_written};
use crate::sessions::site::{new_device, replace};
use crate::story::{code, is};
use chrono::SubsecRound as _;
use gateway_simulator::KeyFate;
use runtime::clock;
use serde_json::{Value, json};
use system_tests::Platform;

/// The statuses of connector 1 in the history of the pile at `pile`, the earliest first, each with
/// the one before it.
async fn statuses(platform: &Platform, pile: &str) -> Vec<Value> {
    let changes = items(platform, &format!("{pile}/status-history?connectorId=1")).await;
    changes.iter().rev().map(|change| json!([change["previousStatus"], change["status"]])).collect()
}

/// The end reasons of the session `id` that the feed has published, in alphabetical order.
async fn published_ends(platform: &Platform, id: &str) -> Value {
    let ends = format!(
        "select jsonb_agg(distinct change #>> '{{kind,data,endReason}}')
         from feed_chunks, json_array_elements(changes) as change
         where change #>> '{{kind,data,sessionId}}' = '{id}' and change #>> '{{kind,data,phase}}' = 'ended'"
    );
    platform.database.json(&ends).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burnt_device_is_replaced_during_its_session_which_an_operator_and_then_its_stop_end() {
    let platform = Platform::start(|_| {}).await;
    let ingestor = platform.ingest();
    let (pile, burnt) = platform.register().await;
    platform.connect(&burnt).await;
    let first = charge(&platform, &pile, "DRIVER-1").await;
    platform.simulator.vanish(&burnt, KeyFate::Expires).await.unwrap();
    let burnt_at = clock::now().trunc_subsecs(6);
    all_written(&platform, &burnt).await;
    let refused = platform.delete_asset(&pile).await;
    assert_eq!(code(&refused), (409, "PILE_HAS_OPEN_SESSION"));
    assert_eq!(refused.body["sessionIds"], json!([first]));

    let device = new_device();
    let replaced = replace(&platform, &pile, &device, "burnt").await;
    assert_eq!((&replaced["chargePointId"], &replaced["status"]), (&json!(device), &json!("Unknown")));
    platform.connect(&device).await;
    platform.pile("the new device to be available", &pile, is("Available")).await;
    let second = charge(&platform, &pile, "DRIVER-2").await;
    both_devices_are_in_the_history(&platform, &pile, [&first, &second]).await;
    let unreachable = platform.command(&pile, "stop-transaction", &json!({ "sessionId": first })).await;
    assert_eq!(code(&unreachable), (409, "TRANSACTION_MISMATCH"), "its device is no longer in the pile");

    let body = json!({ "reason": "burnt, no reading on site" });
    let by_operator = platform.post_asset(&format!("/api/v1/sessions/{first}/end"), &body).await;
    assert_eq!(by_operator.status, 200, "{}", by_operator.body);
    let by_operator = by_operator.body;
    assert_eq!(by_operator["endReason"], "EndedByOperator");
    assert!(by_operator["energyWh"].as_f64().unwrap() > 0.0, "by its last reading: {by_operator}");

    let transaction = by_operator["transactionId"].as_str().unwrap();
    let late = Transaction { device: &burnt, connector: 1, id: transaction };
    let register = by_operator["meterStopWh"].as_f64().unwrap() + 7.5;
    late.stop(&platform, burnt_at, "PowerLoss", register).await;
    let corrected = ended(&platform, &first, "PowerLoss").await;
    assert_eq!((time(&corrected, "endedAt"), &corrected["meterStopWh"]), (burnt_at, &json!(register)));
    let [before, after] = [&by_operator, &corrected].map(|session| session["energyWh"].as_f64().unwrap());
    assert!((after - before - 7.5).abs() < 0.01, "{before} Wh, then {after} Wh");
    assert_eq!(published_ends(&platform, &first).await, json!(["EndedByOperator", "PowerLoss"]));
    let audit = items(&platform, &format!("/api/v1/sessions/{first}/audit")).await;
    assert_eq!(
        (audit.len(), &audit[0]["action"], &audit[0]["reason"]),
        (1, &json!("ended"), &body["reason"])
    );

    assert_eq!(platform.delete_asset(&pile).await.body["sessionIds"], json!([second]));
    stop(&platform, &pile, &second).await;
    assert_eq!(platform.delete_asset(&pile).await.status, 204);
    let of_pile = format!("pileId={}&state=ended", id(&pile));
    assert_eq!(session_ids(&platform, &of_pile).await, [second, first]);
    ingestor.stop().await;
}

/// Checks that the sessions, samples and statuses of a pile are those of both devices that charged
/// there, the first of which charges no longer.
async fn both_devices_are_in_the_history(platform: &Platform, pile: &str, [first, second]: [&str; 2]) {
    let listed = items(platform, &format!("{pile}/sessions")).await;
    let listed: Vec<_> = listed.iter().map(|session| (&session["id"], &session["pileId"])).collect();
    let pile_id = json!(id(pile));
    assert_eq!(listed, [(&json!(second), &pile_id), (&json!(first), &pile_id)]);
    for id in [first, second] {
        let samples = items(platform, &format!("/api/v1/sessions/{id}/meter-samples")).await;
        assert!(!samples.is_empty(), "{id}");
        assert!(session(platform, id).await["endedAt"].is_null());
    }
    let charge =
        [json!([null, "Available"]), json!(["Available", "Preparing"]), json!(["Preparing", "Charging"])];
    assert_eq!(statuses(platform, pile).await, [charge.clone(), charge].concat());
}
