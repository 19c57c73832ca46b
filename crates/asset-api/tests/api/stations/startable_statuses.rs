//! The statuses of connectors in which charging may start.

use super::STATIONS;
use crate::answer::Answer;
use crate::app::TestApp;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_statuses_in_which_charging_may_start() {
    let app = TestApp::start().await;
    let body = json!({ "name": "North", "startableStatuses": ["Preparing", "Available", "Preparing"] });
    let made = app.post(STATIONS, &body).await;
    let ordered = json!(["Available", "Preparing"]);
    assert_eq!((made.status.as_u16(), &made.json()["startableStatuses"]), (201, &ordered));
    let path = made.header("location").unwrap();
    let patch = async |body: Value| Answer::to(app.request(Method::PATCH, path).json(&body)).await;
    assert_eq!(patch(json!({ "name": "South" })).await.json()["startableStatuses"], ordered);
    let finishing = patch(json!({ "startableStatuses": ["Finishing"] })).await;
    assert_eq!(finishing.json()["startableStatuses"], json!(["Finishing"]));
    assert_eq!(app.get(path).await.json(), finishing.json());
    let gone = patch(json!({ "startableStatuses": null })).await;
    assert_eq!((&gone.json()["startableStatuses"], gone.header("etag")), (&Value::Null, Some("\"4\"")));
    assert_eq!(app.put(path, &body).await.json()["startableStatuses"], ordered);
    assert_eq!(app.put(path, &json!({ "name": "South" })).await.json()["startableStatuses"], Value::Null);
    let edits = app.get(&format!("{path}/audit?limit=4")).await.json();
    let (taken_away, patched) = (&edits["items"][2], &edits["items"][3]);
    assert_eq!(taken_away["changed"], json!(["startableStatuses"]));
    assert_eq!(taken_away["before"]["startableStatuses"], json!(["Finishing"]));
    assert_eq!(patched["before"]["startableStatuses"], ordered);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_statuses_in_which_no_charge_can_start() {
    let app = TestApp::start().await;
    let mut refused = Vec::new();
    for statuses in [
        json!([]),
        json!(["Available", "Charging"]),
        json!(["Unavailable"]),
        json!(["Faulted"]),
        json!(["Offline"]),
        json!("Preparing"),
        json!([null]),
    ] {
        let answer = app.post(STATIONS, &json!({ "name": "North", "startableStatuses": statuses })).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!("INVALID_REQUEST")));
        let errors = answer.json()["errors"].clone();
        assert_eq!(errors.as_array().map(Vec::len), Some(1), "{errors}");
        refused.push(format!("{}: {}", errors[0]["field"], errors[0]["message"]));
    }
    assert_snapshot!(refused.join("\n"), @r#"
    "startableStatuses": "must name at least one status; use null to apply the setting of command-dispatcher"
    "startableStatuses": "no charge can start while a connector is Charging: must be any of Available, Preparing, Reserved, Finishing, SuspendedEV, SuspendedEVSE"
    "startableStatuses": "no charge can start while a connector is Unavailable: must be any of Available, Preparing, Reserved, Finishing, SuspendedEV, SuspendedEVSE"
    "startableStatuses": "no charge can start while a connector is Faulted: must be any of Available, Preparing, Reserved, Finishing, SuspendedEV, SuspendedEVSE"
    "startableStatuses": "unknown variant `Offline`, expected one of `Available`, `Preparing`, `Reserved`, `Finishing`, `SuspendedEV`, `SuspendedEVSE`, `Charging`, `Unavailable`, `Faulted`"
    "startableStatuses": "invalid type: string \"Preparing\", expected a sequence"
    "startableStatuses": "invalid type: null, expected string or map"
    "#);
    assert_eq!(app.get(STATIONS).await.json()["items"], json!([]));
}
