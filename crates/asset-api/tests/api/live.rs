//! The live state of piles in responses.

use crate::app::TestApp;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

/// `CP-1` was last heard at 10:10: connector 1 is charging, connector 2 is free, and connector 3
/// has only a session. There are also an ended session and rows of another device.
const LIVE_STATE: &str = "
    insert into charge_points (charge_point_id, online, last_seen_at, last_heartbeat_at, gateway_id, firmware_version)
    values ('CP-1', true, '2026-07-25T10:10:00Z', '2026-07-25T10:09:00Z', 'gateway-pod-xyz', 'v1.2.3'),
           ('CP-2', false, '2026-07-25T10:10:00Z', null, null, null);
    insert into connectors (charge_point_id, connector_id, status, error_code, status_at, status_appended_at,
                            status_partition, status_offset, status_event, power_w, power_at, energy_wh, energy_at)
    values ('CP-1', 0, 'Available', null, '2026-07-25T09:00:00Z', '2026-07-25T09:00:00Z', 0, 1, 1, null, null, null, null),
           ('CP-1', 1, 'Charging', null, '2026-07-25T10:00:00Z', '2026-07-25T10:00:00Z', 0, 2, 2,
            60000, '2026-07-25T10:08:00Z', 105000, '2026-07-25T10:08:00Z'),
           ('CP-1', 2, 'Available', 'HighTemperature', '2026-07-25T09:30:00Z', '2026-07-25T09:30:00Z', 0, 3, 3,
            7000, '2026-07-25T09:20:00Z', 90000, '2026-07-25T09:20:00Z'),
           ('CP-2', 1, 'Available', null, '2026-07-25T10:00:00Z', '2026-07-25T10:00:00Z', 0, 4, 4, null, null, null, null);
    insert into sessions (id, charge_point_id, connector_id, started_at, meter_start_wh, ended_at)
    values ('0192f0c1-0000-7000-8000-000000000001', 'CP-1', 1, '2026-07-25T10:00:00Z', 100000, null),
           ('0192f0c1-0000-7000-8000-000000000002', 'CP-1', 3, '2026-07-25T10:05:00Z', null, null),
           ('0192f0c1-0000-7000-8000-000000000003', 'CP-1', 2, '2026-07-25T09:00:00Z', 80000, '2026-07-25T09:30:00Z')";

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one complete response")]
async fn shows_a_pile_with_its_live_state() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    app.database.execute(LIVE_STATE).await;
    assert_snapshot!(app.get(&path).await.snapshot(), @r#"
    200 OK
    content-type: application/json
    etag: "1"

    {
      "chargePointId": "CP-1",
      "confidence": "stale",
      "connectors": [
        {
          "confidence": "stale",
          "connectorId": 1,
          "energyWh": 105000.0,
          "errorCode": null,
          "maxPowerKw": null,
          "powerW": 60000.0,
          "reportedStatus": "Charging",
          "sessionEnergyWh": 5000.0,
          "sessionId": "[id 1]",
          "status": "Charging",
          "statusAt": "2026-07-25T10:00:00Z",
          "type": null
        },
        {
          "confidence": "stale",
          "connectorId": 2,
          "energyWh": 90000.0,
          "errorCode": "HighTemperature",
          "maxPowerKw": null,
          "powerW": null,
          "reportedStatus": "Available",
          "sessionEnergyWh": null,
          "sessionId": null,
          "status": "Available",
          "statusAt": "2026-07-25T09:30:00Z",
          "type": null
        },
        {
          "confidence": "stale",
          "connectorId": 3,
          "energyWh": null,
          "errorCode": null,
          "maxPowerKw": null,
          "powerW": null,
          "reportedStatus": null,
          "sessionEnergyWh": null,
          "sessionId": "[id 2]",
          "status": "Unknown",
          "statusAt": null,
          "type": null
        }
      ],
      "createdAt": "[now]",
      "currentType": null,
      "firmwareVersion": "v1.2.3",
      "gatewayId": "gateway-pod-xyz",
      "id": "[id 3]",
      "lastHeartbeatAt": "2026-07-25T10:09:00Z",
      "lastSeenAt": "2026-07-25T10:10:00Z",
      "model": "DC-120",
      "name": null,
      "online": true,
      "ratedPowerKw": 120.0,
      "retiredAt": null,
      "serialNumber": null,
      "stationId": "[id 4]",
      "status": "Available",
      "statusAt": "2026-07-25T10:00:00Z",
      "updatedAt": "[now]",
      "vendor": null,
      "version": 1
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_each_pile_with_its_own_live_state() {
    let app = TestApp::start().await;
    app.database.execute(LIVE_STATE).await;
    for device in ["CP-1", "CP-2", "CP-3"] {
        app.pile(device).await;
    }
    let page = app.get("/api/v1/piles").await.json();
    let items = page["items"].as_array().unwrap().iter();
    let shown: Vec<_> = items
        .map(|pile| {
            json!([
                pile["chargePointId"],
                pile["status"],
                pile["online"],
                pile["confidence"],
                pile["statusAt"]
            ])
        })
        .collect();
    assert_eq!(
        shown,
        [
            json!(["CP-3", "Unknown", false, "unknown", null]),
            json!(["CP-2", "Offline", false, "live", "2026-07-25T10:00:00Z"]),
            json!(["CP-1", "Available", true, "stale", "2026-07-25T10:00:00Z"]),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_connectors_of_an_offline_pile_as_offline_with_reported_status() {
    let app = TestApp::start().await;
    app.database.execute(LIVE_STATE).await;
    let outlet = |id: u8| json!({ "connectorId": id, "type": "GB_DC", "maxPowerKw": 60 });
    let (away, never) = (app.pile("CP-2").await, app.pile("CP-3").await);
    let declared = json!({ "connectors": [outlet(1), outlet(2)] });
    for path in [&away, &never] {
        let patched = app.request(Method::PATCH, path).json(&declared).send().await.unwrap();
        assert_eq!(patched.status(), 200);
    }
    let shown = async |path: &str| {
        let pile = app.get(path).await.json();
        let connectors = pile["connectors"].as_array().unwrap().iter();
        let view = |of: &serde_json::Value| json!([of["status"], of["reportedStatus"], of["confidence"]]);
        connectors.map(view).collect::<Vec<_>>()
    };
    let offline = [json!(["Offline", "Available", "live"]), json!(["Offline", null, "live"])];
    assert_eq!(shown(&away).await, offline);
    let unknown = json!(["Unknown", null, "unknown"]);
    assert_eq!(shown(&never).await, [unknown.clone(), unknown]);
    app.database.execute("update charge_points set online = true").await;
    let online = [json!(["Available", "Available", "stale"]), json!(["Unknown", null, "unknown"])];
    assert_eq!(shown(&away).await, online);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_with_a_recent_sign_of_life_is_live() {
    let app = TestApp::start().await;
    app.database.execute(LIVE_STATE).await;
    app.database
        .execute("update charge_points set last_seen_at = clock_timestamp() - interval '600 s'")
        .await;
    let path = app.pile("CP-1").await;
    assert_eq!(app.get(&path).await.json()["confidence"], "live");
    app.database
        .execute("update charge_points set last_seen_at = clock_timestamp() - interval '660 s'")
        .await;
    assert_eq!(app.get(&path).await.json()["confidence"], "stale");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_of_connector_0_overrides_the_others() {
    let app = TestApp::start().await;
    app.database.execute(LIVE_STATE).await;
    app.database.execute("update connectors set status = 'Faulted' where connector_id = 0").await;
    let path = app.pile("CP-1").await;
    assert_eq!(app.get(&path).await.json()["status"], "Faulted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_stale_while_its_partition_is_behind() {
    let app = TestApp::start().await;
    app.database.execute(LIVE_STATE).await;
    app.database
        .execute(
            "update charge_points set last_seen_at = clock_timestamp(), seen_partition = 3;
             insert into ingest_partitions (topic, partition, next_offset)
             values ('ocpp-events-up', 3, 0), ('ocpp-events-up', 4, 0), ('station-events', 3, 0)",
        )
        .await;
    let path = app.pile("CP-1").await;
    let becomes = async |confidence: &str| {
        testkit::eventually(confidence, || async { app.get(&path).await.json()["confidence"] == confidence })
            .await;
    };
    let caught_up = async |of: &str, ago: &str| {
        let update = "update ingest_partitions set caught_up_at = clock_timestamp()";
        app.database.execute(&format!("{update} - interval '{ago}' where {of}")).await;
    };
    becomes("live").await;
    caught_up("topic = 'ocpp-events-up' and partition = 3", "40 s").await;
    becomes("stale").await;
    caught_up("partition = 3", "20 s").await;
    becomes("live").await;
    // Neither another partition nor another topic affects the device.
    caught_up("partition = 4 or topic = 'station-events'", "1 day").await;
    caught_up("topic = 'ocpp-events-up' and partition = 3", "1 day").await;
    becomes("stale").await;
    caught_up("topic = 'ocpp-events-up' and partition = 3", "0 s").await;
    becomes("live").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_the_same_confidence_in_every_view() {
    let app = TestApp::start().await;
    app.database.execute(LIVE_STATE).await;
    let path = app.pile("CP-1").await;
    let station = format!("/api/v1/stations/{}", app.get(&path).await.json()["stationId"].as_str().unwrap());
    let shown = async |online: bool, stored: &str, heard: &str| {
        app.database
            .execute(&format!(
                "update charge_points set online = {online}, confidence = {stored}, last_seen_at = clock_timestamp() - interval '1 day',
                                          written_at = clock_timestamp() - interval '{heard}'"
            ))
            .await;
        let pile = app.get(&path).await.json();
        let station = app.get(&station).await.json();
        let unregistered = app.get("/api/v1/unregistered-charge-points").await.json();
        let device = unregistered["items"][0]["confidence"].clone();
        assert_eq!(pile["connectors"][0]["confidence"], pile["confidence"]);
        assert_eq!(device, pile["confidence"], "CP-2, which is assigned to no pile");
        (pile["confidence"].clone(), station["availability"]["confidence"].clone())
    };
    let expected = |word: &str| (json!(word), json!({ word: 1 }));
    assert_eq!(shown(true, "null", "10 s").await, expected("live"), "the device's clock is slow");
    assert_eq!(shown(true, "null", "660 s").await, expected("stale"));
    assert_eq!(shown(true, "'doubtful'", "10 s").await, expected("doubtful"));
    assert_eq!(shown(false, "'doubtful'", "2 days").await, expected("doubtful"));
    assert_eq!(shown(false, "'unanswered'", "2 days").await, expected("unanswered"));
    assert_eq!(shown(false, "null", "2 days").await, expected("live"), "its gateway reported it lost");
}
