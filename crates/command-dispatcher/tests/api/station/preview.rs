//! What a command to a station would do.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_names_the_piles_that_would_be_refused_and_sends_nothing() {
    let app = TestApp::with(&[]).await;
    let station = app.station().await;
    app.pile_in(station, free()).await;
    let offline = app.pile_in(station, Device { online: Some(false), ..free() }).await;
    app.pile_in(station, Device::charging(&[(1, Some("634"))])).await;
    let retired = app.pile_in(station, free()).await;
    app.database.execute(&format!("update piles set retired_at = now() where id = '{}'", retired.id)).await;
    app.pile(free()).await;
    let body = json!({ "type": "Inoperative", "ratePerSecond": 2 });
    let preview = app.order(station, "change-availability/preview", body).await;
    let device = &offline.charge_point_id;
    let expected = json!({
        "stationId": station, "commandName": "ChangeAvailability", "piles": 3, "refused": 1, "ratePerSecond": 2, "durationS": 2,
        "refusals": [{
            "pileId": offline.id, "chargePointId": device, "code": "PILE_OFFLINE", "detail": format!("{device} is offline"),
        }],
    });
    assert_eq!((preview.status.as_u16(), preview.body), (200, expected));
    let charging = app.order(station, "reset/preview", json!({ "statuses": ["Charging"] })).await;
    assert_eq!((&charging.body["piles"], &charging.body["refused"]), (&json!(1), &json!(0)));
    assert!(app.holds("(select count(*) from command_batches) + (select count(*) from commands) = 0").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_refused_for_the_reasons_of_the_command() {
    let app = TestApp::with(&[]).await;
    let station = app.station().await;
    let elsewhere = app.pile(free()).await;
    for (station, body, status, code) in [
        (Uuid::now_v7(), json!({}), 404, "STATION_NOT_FOUND"),
        (station, json!({ "pileIds": [elsewhere.id] }), 400, "INVALID_REQUEST"),
        (station, json!({ "type": "Loud" }), 400, "INVALID_REQUEST"),
        (station, json!({ "ratePerSecond": 101 }), 400, "INVALID_REQUEST"),
    ] {
        let answer = app.order(station, "reset/preview", body).await;
        assert_eq!((answer.status.as_u16(), answer.text("code")), (status, code));
    }
}
