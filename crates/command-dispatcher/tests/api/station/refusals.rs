//! Refused batches: unknown stations, too many piles, invalid orders.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn unknown_stations_and_batches_are_not_found() {
    let app = TestApp::with(&[]).await;
    assert_snapshot!(app.order(Uuid::now_v7(), "reset", json!({})).await, @r#"
    404 Not Found
    {
      "code": "STATION_NOT_FOUND",
      "instance": "/api/v1/stations/[id]/commands/reset",
      "status": 404,
      "title": "There is no such station",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/station-not-found"
    }
    "#);
    assert_eq!(app.order("north", "reset", json!({})).await.text("code"), "STATION_NOT_FOUND");
    let station = app.station().await;
    app.database.execute("update stations set retired_at = now()").await;
    assert_eq!(app.order(station, "reset", json!({})).await.text("code"), "STATION_NOT_FOUND");
    for id in [Uuid::now_v7().to_string(), "first".to_owned()] {
        for path in [format!("command-batches/{id}"), format!("command-batches/{id}/piles")] {
            let answer = app.get(&path).await;
            assert_eq!((answer.status.as_u16(), answer.text("code")), (404, "COMMAND_BATCH_NOT_FOUND"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_more_piles_than_a_batch_may_have() {
    let app = TestApp::with(&[]).await;
    let station = app.station().await;
    app.database
        .execute(&format!(
            "insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                                updated_at, version)
             select gen_random_uuid(), '{station}', 'CP-' || number, 'DC-120', 120, 'DC', now(), now(), 1
             from generate_series(1, 1001) as number"
        ))
        .await;
    assert_snapshot!(app.order(station, "reset", json!({})).await, @r#"
    422 Unprocessable Entity
    {
      "code": "TOO_MANY_PILES",
      "detail": "the command matches more than 1000 piles: select fewer with pileIds or statuses",
      "instance": "/api/v1/stations/[id]/commands/reset",
      "status": 422,
      "title": "Too many piles for one batch",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/too-many-piles"
    }
    "#);
    assert!(app.holds("(select count(*) from command_batches) = 0").await);
    app.database.execute("update piles set retired_at = now() where charge_point_id = 'CP-1'").await;
    assert_eq!(app.order(station, "reset", json!({})).await.body["piles"], 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_invalid_order() {
    let app = TestApp::with(&[]).await;
    let (station, _piles) = station(&app, 1).await;
    let foreign = app.pile(free()).await;
    let refused = app.order(station, "reset", json!({"pileIds": [foreign.id]})).await;
    assert_eq!((refused.status.as_u16(), refused.text("code")), (400, "INVALID_REQUEST"));
    let message = format!("{} is not a pile of this station", foreign.id);
    assert_eq!(refused.body["errors"], json!([{"field": "pileIds", "message": message}]));
    let many: Vec<_> = (0..1_001).map(|_| Uuid::now_v7()).collect();
    let mut lines = Vec::new();
    for (command, body) in [
        ("reset", json!({"type": "soft"})),
        ("reset", json!({"pileIds": [], "statuses": [], "ratePerSecond": 0})),
        ("reset", json!({"pileIds": many, "ratePerSecond": 101})),
        ("reset", json!({"pileIds": ["1"]})),
        ("reset", json!({"statuses": ["Free"]})),
        ("change-availability", json!({})),
        ("change-availability", json!({"type": "Operative", "connectorId": 1})),
        ("trigger-message", json!({})),
        ("trigger-message", json!({"requestedMessage": "Heartbeat", "connectorId": 1})),
        ("change-configuration", json!({"key": " ", "value": "a\nb"})),
    ] {
        let answer = app.order(station, command, body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.text("code")), (400, "INVALID_REQUEST"), "{body}");
        let errors = answer.body["errors"].as_array().unwrap().iter();
        let errors = errors.map(|error| format!("{}: {}", error["field"], error["message"]));
        lines.push(errors.collect::<Vec<_>>().join(", "));
    }
    assert_snapshot!(lines.join("\n"), @r#"
    "type": "unknown variant `soft`, expected `Soft` or `Hard`"
    "pileIds": "must have 1 to 1000 entries", "statuses": "must have 1 to 9 entries", "ratePerSecond": "must be a whole number from 1 to 100"
    "pileIds": "must have 1 to 1000 entries", "ratePerSecond": "must be a whole number from 1 to 100"
    "pileIds[0]": "must be a UUID"
    "statuses[0]": "unknown variant `Free`, expected one of `Available`, `Preparing`, `Reserved`, `Finishing`, `SuspendedEV`, `SuspendedEVSE`, `Charging`, `Unavailable`, `Faulted`"
    "type": "is required"
    "connectorId": "is not recognized"
    "requestedMessage": "is required"
    "connectorId": "is not recognized"
    "key": "must not be empty", "value": "must not contain control characters"
    "#);
    assert_eq!(app.order(station, "unlock-connector", json!({})).await.text("code"), "NOT_FOUND");
}
