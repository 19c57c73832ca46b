//! Sessions with their meter samples, and unregistered charge points.

use crate::app::{TestApp, pile};
use chrono::DateTime;
use domain::ids::TransactionId;
use domain::measure::Dated;
use domain::sessions::registers::Registers;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// `CP-1` has five sessions: two of them began at the same instant, and the last is open. There is
/// also one session of another device.
const SESSIONS: &str = "
    insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-1', true, '2026-07-25T10:10:00Z');
    insert into connectors (charge_point_id, connector_id, energy_wh, energy_at)
    values ('CP-1', 1, 105000, '2026-07-25T10:08:00Z');
    insert into sessions (id, charge_point_id, connector_id, transaction_id, id_tag, reservation_id, started_at, meter_start_wh,
                          ended_at, end_reason, meter_stop_wh, command_id)
    values ('0192f0c1-0000-7000-8000-000000000005', 'CP-1', 1, '634', 'RFID1', 7, '2026-07-25T10:00:00Z', 100000, null, null, null,
            '0192f0c3-0000-7000-8000-000000000001'),
           ('0192f0c1-0000-7000-8000-000000000004', 'CP-1', 2, null, null, null, '2026-07-25T09:00:00Z', 5000,
            '2026-07-25T09:30:00Z', 'EVDisconnected', 12000.5, null),
           ('0192f0c1-0000-7000-8000-000000000003', 'CP-1', 1, null, null, null, '2026-07-25T09:00:00Z', null,
            '2026-07-25T09:30:00Z', null, null, null),
           ('0192f0c1-0000-7000-8000-000000000002', 'CP-1', 1, null, null, null, '2026-07-25T08:00:00Z', null,
            '2026-07-25T08:30:00Z', null, null, null),
           ('0192f0c1-0000-7000-8000-000000000001', 'CP-1', 1, null, null, null, '2026-07-25T07:00:00Z', null,
            '2026-07-25T07:30:00Z', null, null, null),
           ('0192f0c1-0000-7000-8000-000000000009', 'CP-2', 1, null, null, null, '2026-07-25T10:00:00Z', null, null, null, null, null)";

#[tokio::test(flavor = "multi_thread")]
async fn lists_the_sessions_of_a_pile_latest_first() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    app.database.execute(SESSIONS).await;
    let list = format!("{path}/sessions");
    assert_snapshot!(app.get(&format!("{list}?limit=2")).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "items": [
        {
          "chargePointId": "CP-1",
          "commandId": "[id 1]",
          "connectorId": 1,
          "endIssuedBy": null,
          "endReason": null,
          "endedAt": null,
          "energyWh": 5000.0,
          "id": "[id 2]",
          "idTag": "RFID1",
          "limitReached": null,
          "limits": null,
          "meterStartWh": 100000.0,
          "meterStopWh": null,
          "operatorId": null,
          "pileId": "[id 3]",
          "reservationId": 7,
          "startedAt": "2026-07-25T10:00:00Z",
          "startedBy": "event",
          "stationId": "[id 4]",
          "transactionId": "634"
        },
        {
          "chargePointId": "CP-1",
          "commandId": null,
          "connectorId": 2,
          "endIssuedBy": null,
          "endReason": "EVDisconnected",
          "endedAt": "2026-07-25T09:30:00Z",
          "energyWh": 7000.5,
          "id": "[id 5]",
          "idTag": null,
          "limitReached": null,
          "limits": null,
          "meterStartWh": 5000.0,
          "meterStopWh": 12000.5,
          "operatorId": null,
          "pileId": "[id 3]",
          "reservationId": null,
          "startedAt": "2026-07-25T09:00:00Z",
          "startedBy": "event",
          "stationId": "[id 4]",
          "transactionId": null
        }
      ],
      "nextCursor": "[cursor]"
    }
    "#);
    let (mut ids, mut next) = (Vec::new(), format!("{list}?limit=2"));
    loop {
        let page = app.get(&next).await.json();
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().chars().last().unwrap()));
        let Value::String(cursor) = &page["nextCursor"] else { break };
        next = format!("{list}?limit=2&cursor={cursor}");
    }
    assert_eq!(ids, ['5', '4', '3', '2', '1']);
    assert_eq!(app.get("/api/v1/piles/0192f0b0-0000-7000-8000-000000000000/sessions").await.status, 404);

    let open = app.get("/api/v1/sessions/0192f0c1-0000-7000-8000-000000000005").await.json();
    assert_eq!((&open["energyWh"], &open["endedAt"]), (&json!(5000.0), &Value::Null));
    assert_eq!(open["commandId"], "0192f0c3-0000-7000-8000-000000000001");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_session_is_not_found() {
    let app = TestApp::start().await;
    for nowhere in ["0192f0b0-0000-7000-8000-000000000000", "634"] {
        assert_eq!(app.get(&format!("/api/v1/sessions/{nowhere}")).await.json()["code"], "SESSION_NOT_FOUND");
        let samples = app.get(&format!("/api/v1/sessions/{nowhere}/meter-samples")).await;
        assert_eq!(samples.json()["code"], "SESSION_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_the_limits_of_a_session_and_the_one_that_it_reached() {
    const START: &str = "0192f0c3-0000-7000-8000-000000000001";
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    app.database.execute(SESSIONS).await;
    app.database
        .execute(&format!(
            "insert into commands (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at,
                                   expires_at, life)
             select '{START}', id, 'CP-1', 'RemoteStartTransaction', '{{}}', 'confirmed', 'g', 0, now(), now(), '{{\"trail\": []}}'
             from piles;
             insert into session_limits (command_id, limits)
             values ('{START}', '{{\"maxAmount\": \"30.00\", \"currency\": \"CNY\", \"maxEnergyWh\": 4900}}')"
        ))
        .await;
    let session = "/api/v1/sessions/0192f0c1-0000-7000-8000-000000000005";
    let open = app.get(session).await.json();
    let limits = json!({"maxEnergyWh": 4_900, "maxDurationS": null, "maxAmount": "30.00", "currency": "CNY"});
    assert_eq!((&open["limits"], &open["limitReached"]), (&limits, &Value::Null));
    app.database
        .execute(&format!(
            "update session_limits set reached = 'energy', reached_at = '2026-07-25T10:08:00Z', reached_value = '5000',
                                       stop_attempts = 1, stop_command_id = '{START}'"
        ))
        .await;
    let reached = |last: Value, overshoot: Value| {
        json!({
            "limit": "energy", "at": "2026-07-25T10:08:00Z", "value": "5000", "stopCommandId": START,
            "finalValue": last, "overshoot": overshoot,
        })
    };
    assert_eq!(app.get(session).await.json()["limitReached"], reached(Value::Null, Value::Null));
    app.database.execute("update session_limits set final_value = '5012.5', settled_at = now()").await;
    let listed = app.get(&format!("{path}/sessions?limit=1")).await.json();
    assert_eq!(listed["items"][0]["limitReached"], reached(json!("5012.5"), json!("112.5")));
}

#[tokio::test(flavor = "multi_thread")]
async fn energy_of_an_open_session_ignores_other_transactions_and_slips() {
    let app = TestApp::start().await;
    let path = app.pile("CP-1").await;
    app.database.execute(SESSIONS).await;
    let at = |time: &str| DateTime::parse_from_rfc3339(&format!("2026-07-25T{time}Z")).unwrap().to_utc();
    let mut registers = Registers::default();
    for (transaction, time, value) in
        [("634", "10:05:00", 100_500.0), ("634", "10:06:00", 0.0), ("633", "10:10:00", 9_000_000.0)]
    {
        registers.offer(TransactionId::parse(transaction).ok().as_ref(), Dated { at: at(time), value });
    }
    let stored = serde_json::to_string(&registers).unwrap();
    app.database
        .execute(&format!(
            "update connectors set energy_wh = 9000000, energy_at = '2026-07-25T10:10:00Z', registers = '{stored}'"
        ))
        .await;
    let session = app.get("/api/v1/sessions/0192f0c1-0000-7000-8000-000000000005").await.json();
    assert_eq!(session["energyWh"], json!(500.0));
    let listed = app.get(&format!("{path}/sessions?limit=1")).await.json();
    assert_eq!(listed["items"][0]["energyWh"], json!(500.0));
    let pile = app.get(&path).await.json();
    assert_eq!(pile["connectors"][0]["sessionEnergyWh"], json!(500.0), "{pile}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_meter_samples_of_the_sessions_connector_and_time() {
    let app = TestApp::start().await;
    app.database.execute(SESSIONS).await;
    let mut connection = app.database.pool.connection().await.unwrap();
    for day in ["2026-07-24", "2026-07-25", "2026-07-26"] {
        storage::devices::meter_samples::DAYS.ensure(&mut connection, day.parse().unwrap()).await.unwrap();
    }
    app.database
        .execute(
            "insert into meter_samples (charge_point_id, connector_id, taken_at, energy_wh, power_w)
             select device, connector, at, n * 100, 60000
             from generate_series(0, 200) n, (values ('CP-1', 1), ('CP-1', 2), ('CP-2', 1)) d (device, connector),
                  lateral (select timestamptz '2026-07-25T08:55:00Z' + n * interval '5 minutes' as at) made",
        )
        .await;
    let samples = |id: u8, rest: &str| {
        let path = format!("/api/v1/sessions/0192f0c1-0000-7000-8000-00000000000{id}/meter-samples{rest}");
        let app = &app;
        async move { app.get(&path).await }
    };
    assert_snapshot!(samples(4, "?limit=1").await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "items": [
        {
          "currentA": null,
          "energyWh": 700.0,
          "powerW": 60000.0,
          "socPercent": null,
          "takenAt": "2026-07-25T09:30:00Z",
          "temperatureC": null,
          "voltageV": null
        }
      ],
      "nextCursor": "[cursor]"
    }
    "#);
    let times = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|sample| sample["takenAt"].as_str().unwrap().chars().skip(11).take(5).collect()).collect()
    };
    let first = samples(4, "?limit=4").await.json();
    assert_eq!(times(&first), ["09:30", "09:25", "09:20", "09:15"]);
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = samples(4, &format!("?limit=4&cursor={cursor}")).await.json();
    assert_eq!(
        (times(&rest), &rest["nextCursor"]),
        (vec!["09:10".into(), "09:05".into(), "09:00".into()], &Value::Null)
    );
    let open = samples(5, "?limit=200").await.json();
    assert_eq!(open["items"].as_array().unwrap().len(), 188);
    assert_eq!(open["items"][0]["takenAt"], "2026-07-26T01:35:00Z");
    assert_eq!(samples(1, "").await.json()["items"], json!([]));
    assert_eq!(samples(1, "?cursor=AQ").await.json()["code"], "INVALID_CURSOR");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_a_device_without_a_pile_until_it_is_registered() {
    let app = TestApp::start().await;
    app.database
        .execute(
            "insert into charge_points (charge_point_id, online, last_seen_at, gateway_id, model, vendor, firmware_version,
                                        serial_number, booted_at)
             values ('CP-1', true, '2026-07-25T10:10:00Z', 'gateway-pod-xyz', 'DC-120', 'Vendor-A', 'v1', 'SN-9',
                     '2026-07-25T10:00:00Z'),
                    ('CP-2', false, '2026-07-25T10:10:00Z', null, null, null, null, null, null),
                    ('cp-0', true, '2026-07-25T10:10:00Z', null, null, null, null, null, null),
                    ('CP-3', true, '2026-07-25T10:10:00Z', null, null, null, null, null, null)",
        )
        .await;
    let list = "/api/v1/unregistered-charge-points";
    let registered = app.pile("CP-3").await;
    assert_snapshot!(app.get(&format!("{list}?limit=1")).await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "items": [
        {
          "bootedAt": "2026-07-25T10:00:00Z",
          "chargePointId": "CP-1",
          "confidence": "stale",
          "firmwareVersion": "v1",
          "gatewayId": "gateway-pod-xyz",
          "lastSeenAt": "2026-07-25T10:10:00Z",
          "model": "DC-120",
          "online": true,
          "serialNumber": "SN-9",
          "vendor": "Vendor-A"
        }
      ],
      "nextCursor": "[cursor]"
    }
    "#);
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|device| device["chargePointId"].as_str().unwrap().to_owned()).collect()
    };
    let first = app.get(&format!("{list}?limit=2")).await.json();
    assert_eq!(names(&first), ["CP-1", "CP-2"]);
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = app.get(&format!("{list}?limit=2&cursor={cursor}")).await.json();
    assert_eq!((names(&rest), &rest["nextCursor"]), (vec!["cp-0".into()], &Value::Null));
    assert_eq!(names(&app.get(&format!("{list}?online=false")).await.json()), ["CP-2"]);
    assert_eq!(app.get(&format!("{list}?cursor=AQ")).await.json()["code"], "INVALID_CURSOR");

    let station = app.station().await;
    assert_eq!(app.post(&format!("{station}/piles"), &pile("CP-1")).await.status, 201);
    assert_eq!(app.delete(&registered).await.status, 204);
    assert_eq!(names(&app.get(list).await.json()), ["CP-2", "CP-3", "cp-0"]);
}
