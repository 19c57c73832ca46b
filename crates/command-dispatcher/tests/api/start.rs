//! Starts: the responses for a free pile and for all others.

use crate::answer::Answer;
use crate::app::TestApp;
use crate::fleet::Device;
use insta::assert_snapshot;
use serde_json::{Value, json};
use uuid::Uuid;

async fn start(device: Device<'_>, body: Value) -> Answer {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(device).await;
    app.command(pile.id, "start-transaction", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_connector_is_started() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let body = json!({"idTag": "RFID123", "connectorId": 1});
    assert_snapshot!(app.command(pile.id, "start-transaction", body).await, @r#"
    202 Accepted
    location: /api/v1/commands/[id]
    {
      "chargePointId": "CP",
      "commandId": "[id]",
      "commandName": "RemoteStartTransaction",
      "confidence": "live",
      "expiresAt": "[expiresAt]",
      "gatewayId": "gateway-pod-xyz",
      "issuedAt": "[issuedAt]",
      "issuedBy": "anonymous",
      "partition": 1,
      "pileId": "[id]",
      "route": "key",
      "status": "accepted"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_connector_requires_a_free_one() {
    let app = TestApp::start().await;
    let connectors = [(0, "Available"), (1, "Charging"), (2, "Available")];
    let pile = app.pile(Device::online(&connectors)).await;
    let answer = app.command(pile.id, "start-transaction", json!({"idTag": "RFID123"})).await;
    assert_eq!(answer.status, 202, "{answer}");
    let record = app.get(&format!("commands/{}", answer.command_id())).await;
    assert_eq!(record.body["payload"], json!({"idTag": "RFID123"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_connector_that_charges() {
    let device = Device::online(&[(1, "Charging"), (2, "Available")]);
    assert_snapshot!(start(device, json!({"idTag": "RFID123", "connectorId": 1})).await, @r#"
    409 Conflict
    {
      "code": "CONNECTOR_NOT_AVAILABLE",
      "detail": "connector 1 of CP is Charging",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 409,
      "title": "Connector is not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/connector-not-available"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_pile_without_a_free_connector() {
    let device = Device::online(&[(1, "Charging"), (2, "Preparing")]);
    assert_snapshot!(start(device, json!({"idTag": "RFID123"})).await, @r#"
    409 Conflict
    {
      "code": "PILE_NOT_AVAILABLE",
      "detail": "CP is Preparing",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 409,
      "title": "Pile is not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-not-available"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_faulted_pile_whatever_the_status_of_its_connectors() {
    let device = Device::online(&[(0, "Faulted"), (1, "Available")]);
    assert_snapshot!(start(device, json!({"idTag": "RFID123", "connectorId": 1})).await, @r#"
    409 Conflict
    {
      "code": "PILE_NOT_AVAILABLE",
      "detail": "CP is Faulted",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 409,
      "title": "Pile is not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-not-available"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_allows_starts_on_preparing_connectors() {
    let app = TestApp::with(&[("dispatch.startable_statuses", "Available,Preparing")]).await;
    app.create_topic(8).await;
    let pile = app.pile(Device::online(&[(1, "Preparing")])).await;
    let body = json!({"idTag": "RFID123", "connectorId": 1});
    let answer = app.command(pile.id, "start-transaction", body).await;
    assert_eq!(answer.status, 202, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_overrides_the_startable_statuses() {
    let app = TestApp::start().await;
    let (plug_in_first, by_setting) = (app.station().await, app.station().await);
    let statement =
        format!("update stations set startable_statuses = '{{Preparing}}' where id = '{plug_in_first}'");
    app.database.execute(&statement).await;
    let start = async |station, connectors: &[(i16, &str)], connector: Value| {
        let pile = app.pile_in(station, Device::online(connectors)).await;
        let body = json!({"idTag": "RFID123", "connectorId": connector});
        let answer = app.command(pile.id, "start-transaction", body).await;
        (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default().to_owned())
    };
    let (sent, refused) = ((202, String::new()), |code: &str| (409, code.to_owned()));
    let mixed = [(1, "Available"), (2, "Preparing")];
    assert_eq!(start(plug_in_first, &mixed, json!(2)).await, sent);
    assert_eq!(start(plug_in_first, &mixed, json!(null)).await, sent);
    assert_eq!(start(plug_in_first, &mixed, json!(1)).await, refused("CONNECTOR_NOT_AVAILABLE"));
    let free = [(1, "Available")];
    assert_eq!(start(plug_in_first, &free, json!(null)).await, refused("PILE_NOT_AVAILABLE"));
    assert_eq!(start(by_setting, &mixed, json!(2)).await, refused("CONNECTOR_NOT_AVAILABLE"));
    assert_eq!(start(by_setting, &mixed, json!(1)).await, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_one_of_many_concurrent_starts_on_a_plugged_in_connector() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Preparing")])).await;
    app.database.execute("update stations set startable_statuses = '{Available,Preparing}'").await;
    let starts = (0..10).map(|_| {
        let body = json!({"idTag": "RFID123", "connectorId": 1});
        app.command(pile.id, "start-transaction", body)
    });
    let answers = futures_util::future::join_all(starts).await;
    let sent = answers.iter().filter(|answer| answer.status == 202).count();
    let met = answers.iter().filter(|answer| answer.body["code"] == "COMMAND_IN_FLIGHT").count();
    assert_eq!((sent, met), (1, 9));
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_one_of_many_concurrent_starts_with_and_without_a_connector() {
    let app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let starts = (0..20).map(|place| {
        let mut body = json!({"idTag": "RFID123"});
        if place % 2 == 0 {
            body["connectorId"] = json!(1);
        }
        app.command(pile.id, "start-transaction", body)
    });
    let answers = futures_util::future::join_all(starts).await;
    let sent = answers.iter().filter(|answer| answer.status == 202).count();
    let met = answers.iter().filter(|answer| answer.body["code"] == "COMMAND_IN_FLIGHT").count();
    assert_eq!((sent, met), (1, 19));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offline_pile_is_refused() {
    let device = Device { online: Some(false), ..Device::online(&[(1, "Available")]) };
    assert_snapshot!(start(device, json!({"idTag": "RFID123", "connectorId": 1})).await, @r#"
    409 Conflict
    {
      "code": "PILE_OFFLINE",
      "detail": "CP is offline",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 409,
      "title": "Pile is offline",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-offline"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_pile_that_was_never_heard() {
    assert_snapshot!(start(Device::default(), json!({"idTag": "RFID123", "connectorId": 1})).await, @r#"
    409 Conflict
    {
      "code": "PILE_OFFLINE",
      "detail": "CP has never been heard from",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 409,
      "title": "Pile is offline",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-offline"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_unknown_connector() {
    let device = Device::online(&[(1, "Available")]);
    assert_snapshot!(start(device, json!({"idTag": "RFID123", "connectorId": 7})).await, @r#"
    409 Conflict
    {
      "code": "CONNECTOR_NOT_AVAILABLE",
      "detail": "CP has no connector 7",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 409,
      "title": "Connector is not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/connector-not-available"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_every_invalid_field() {
    let device = Device::online(&[(1, "Available")]);
    assert_snapshot!(start(device, json!({"idTag": "x".repeat(21), "connectorId": -1})).await, @r#"
    400 Bad Request
    {
      "code": "INVALID_REQUEST",
      "errors": [
        {
          "field": "idTag",
          "message": "must have at most 20 characters"
        },
        {
          "field": "connectorId",
          "message": "must be a whole number from 1 to 1000"
        }
      ],
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 400,
      "title": "Request is not valid",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/invalid-request"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_malformed_bodies() {
    let app = TestApp::with(&[]).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    let mut refused = Vec::new();
    for body in [
        json!({"idTag": "RFID123", "connectorId": 0}),
        json!({"idTag": "RFID123", "connectorId": 1.5}),
        json!({"idTag": "RFID123", "connectorId": "1"}),
        json!({"idTag": "RFID123", "connector": 1}),
        json!({"idTag": 5}),
        json!({"idTag": "a\u{0}b"}),
        json!({"idTag": " "}),
        json!({}),
        json!([]),
    ] {
        let answer = app.command(pile.id, "start-transaction", body).await;
        assert_eq!(answer.text("code"), "INVALID_REQUEST");
        let error = &answer.body["errors"][0];
        refused.push(format!("{} {}", error["field"], error["message"]));
    }
    assert_snapshot!(refused.join("\n"), @r#"
    "connectorId" "must be a whole number from 1 to 1000"
    "connectorId" "must be a whole number from 1 to 1000"
    "connectorId" "must be a whole number from 1 to 1000"
    "connector" "is not recognized"
    "idTag" "must be a string"
    "idTag" "must not contain control characters"
    "idTag" "must not be empty"
    "idTag" "is required"
    "body" "must be a JSON object"
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_pile_is_not_found() {
    let app = TestApp::with(&[]).await;
    let start = |pile: String| app.command(pile, "start-transaction", json!({"idTag": "RFID123"}));
    assert_snapshot!(start(Uuid::now_v7().to_string()).await, @r#"
    404 Not Found
    {
      "code": "PILE_NOT_FOUND",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 404,
      "title": "There is no such pile",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-not-found"
    }
    "#);
    assert_eq!(start("CP-001".to_owned()).await.text("code"), "PILE_NOT_FOUND");

    let retired = app.pile(Device::online(&[(1, "Available")])).await;
    app.database.execute("update piles set retired_at = now()").await;
    assert_eq!(start(retired.id.to_string()).await.text("code"), "PILE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pile_that_no_gateway_holds_is_offline() {
    let device = Device { gateway: None, ..Device::online(&[(1, "Available")]) };
    assert_snapshot!(start(device, json!({"idTag": "RFID123", "connectorId": 1})).await, @r#"
    409 Conflict
    {
      "code": "PILE_OFFLINE",
      "detail": "no gateway is known for CP",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 409,
      "title": "Pile is offline",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/pile-offline"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn ignores_a_route_key_without_a_valid_gateway_id() {
    for garbage in ["", "a\nb", &"x".repeat(300)] {
        let device = Device { gateway: Some(garbage), ..Device::online(&[(1, "Available")]) };
        let answer = start(device, json!({"idTag": "RFID123", "connectorId": 1})).await;
        assert_eq!(answer.text("code"), "PILE_OFFLINE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_a_start_to_a_doubtful_pile_or_refuses_it_by_setting() {
    let mut app = TestApp::start().await;
    let pile = app.pile(Device::online(&[(1, "Available"), (2, "Available")])).await;
    app.database.execute("update charge_points set confidence = 'doubtful'").await;
    let start = |connector: i64| json!({ "idTag": "TAG", "connectorId": connector });
    let sent = app.command(pile.id, "start-transaction", start(1)).await;
    assert_eq!((sent.status.as_u16(), sent.text("confidence")), (202, "doubtful"));
    let found = app.get(&format!("commands/{}", sent.command_id())).await;
    assert_eq!(found.text("confidence"), "doubtful");
    let strict = app.replica(&[("dispatch.doubtful_starts", "refuse")]);
    app.switch_to(&strict).await;
    let refused = app.command(pile.id, "start-transaction", start(2)).await;
    assert_eq!((refused.status.as_u16(), refused.text("code")), (409, "PILE_DOUBTFUL"));
    testkit::eventually("other commands to be sent, once Redis is connected", || async {
        app.command(pile.id, "reset", json!({})).await.status == 202
    })
    .await;
}
