//! Responses and records while Kafka, Redis or PostgreSQL is unavailable.

use crate::answer::Answer;
use crate::app::TestApp;
use crate::broker::DeafBroker;
use crate::fleet::{Device, Pile};
use insta::assert_snapshot;
use serde_json::json;

async fn free_pile(app: &TestApp) -> Pile {
    app.pile(Device::online(&[(1, "Available")])).await
}

async fn start(app: &TestApp, pile: &Pile) -> Answer {
    let body = json!({"idTag": "RFID123", "connectorId": 1});
    app.command(pile.id, "start-transaction", body).await
}

/// The recorded command that a failure names.
async fn record_of(app: &TestApp, failure: &Answer) -> Answer {
    let detail = failure.text("detail");
    let id = detail.split(' ').nth(1).unwrap();
    app.get(&format!("commands/{id}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_fails_without_a_broker() {
    let app = TestApp::with(&[("kafka.brokers", "127.0.0.1:1")]).await;
    let pile = free_pile(&app).await;
    let failure = start(&app, &pile).await;
    assert_snapshot!(failure, @r#"
    503 Service Unavailable
    retry-after: 1
    {
      "code": "BROKER_UNAVAILABLE",
      "detail": "command [id] was not published: Kafka is not available",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 503,
      "title": "The message broker is not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/broker-unavailable"
    }
    "#);
    assert_snapshot!(record_of(&app, &failure).await, @r#"
    200 OK
    {
      "answer": null,
      "chargePointId": "CP",
      "commandId": "[id]",
      "commandName": "RemoteStartTransaction",
      "confidence": "live",
      "connectorId": 1,
      "degraded": false,
      "effect": null,
      "events": [
        {
          "at": "[at]",
          "event": "accepted",
          "late": false
        },
        {
          "at": "[at]",
          "detail": "Kafka is not available",
          "event": "unpublished",
          "late": false
        }
      ],
      "expiresAt": "[expiresAt]",
      "failure": "Kafka is not available",
      "failureCode": "NOT_PUBLISHED",
      "gatewayId": "gateway-pod-xyz",
      "issuedAt": "[issuedAt]",
      "issuedBy": "anonymous",
      "limits": null,
      "partition": 1,
      "payload": {
        "connectorId": 1,
        "idTag": "RFID123"
      },
      "pileId": "[id]",
      "publishedAt": null,
      "route": "key",
      "seenGatewayId": null,
      "sessionId": null,
      "status": "failed",
      "transactionId": null
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_with_another_number_of_partitions_gets_no_command() {
    let app = TestApp::with(&[]).await;
    app.create_topic(3).await;
    let pile = free_pile(&app).await;
    let failure = start(&app, &pile).await;
    assert_snapshot!(failure, @r#"
    503 Service Unavailable
    retry-after: 1
    {
      "code": "BROKER_UNAVAILABLE",
      "detail": "command [id] was not published: topic \"commands\" has 3 partitions, 8 are configured",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 503,
      "title": "The message broker is not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/broker-unavailable"
    }
    "#);
    assert_eq!(record_of(&app, &failure).await.text("status"), "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_appears_is_used_without_a_restart() {
    let app = TestApp::with(&[]).await;
    let pile = free_pile(&app).await;
    let failure = start(&app, &pile).await;
    assert_snapshot!(failure.text("detail").split(": ").last().unwrap().replace(&*app.topic, "commands"), @r#"there is no topic "commands""#);
    app.create_topic(8).await;
    assert_eq!(start(&app, &pile).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_was_not_confirmed_may_be_on_the_topic() {
    let broker = DeafBroker::start().await;
    // Long enough for the command to reach the broker on a slow machine.
    let settings = [("kafka.brokers", broker.address.as_str()), ("dispatch.publish_timeout_ms", "15000")];
    let app = TestApp::with(&settings).await;
    app.create_topic(8).await;
    let pile = free_pile(&app).await;
    let failure = start(&app, &pile).await;
    assert_snapshot!(failure, @r#"
    503 Service Unavailable
    retry-after: 1
    {
      "code": "COMMAND_OUTCOME_UNKNOWN",
      "detail": "command [id] may or may not have been published: query it before you send it again",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 503,
      "title": "The outcome of the command is unknown",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/command-outcome-unknown"
    }
    "#);
    let record = record_of(&app, &failure).await;
    assert_snapshot!(record, @r#"
    200 OK
    {
      "answer": null,
      "chargePointId": "CP",
      "commandId": "[id]",
      "commandName": "RemoteStartTransaction",
      "confidence": "live",
      "connectorId": 1,
      "degraded": false,
      "effect": null,
      "events": [
        {
          "at": "[at]",
          "event": "accepted",
          "late": false
        },
        {
          "at": "[at]",
          "detail": "Kafka did not confirm the command",
          "event": "unconfirmed",
          "late": false
        }
      ],
      "expiresAt": "[expiresAt]",
      "failure": "Kafka did not confirm the command",
      "failureCode": "UNCONFIRMED",
      "gatewayId": "gateway-pod-xyz",
      "issuedAt": "[issuedAt]",
      "issuedBy": "anonymous",
      "limits": null,
      "partition": 1,
      "payload": {
        "connectorId": 1,
        "idTag": "RFID123"
      },
      "pileId": "[id]",
      "publishedAt": null,
      "route": "key",
      "seenGatewayId": null,
      "sessionId": null,
      "status": "unknown",
      "transactionId": null
    }
    "#);
    let partition = record.body["partition"].as_i64().unwrap();
    assert!(!app.published(i32::try_from(partition).unwrap()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_the_command_to_query_when_the_deadline_expires() {
    let broker = DeafBroker::start().await;
    let settings = [
        ("kafka.brokers", broker.address.as_str()),
        ("dispatch.publish_timeout_ms", "15000"),
        ("http.request_deadline_ms", "10000"),
    ];
    let app = TestApp::with(&settings).await;
    app.create_topic(8).await;
    let pile = free_pile(&app).await;
    let failure = start(&app, &pile).await;
    assert_eq!(failure.text("code"), "COMMAND_OUTCOME_UNKNOWN");
    testkit::eventually("the outcome to be recorded", || async {
        record_of(&app, &failure).await.body["status"] == "unknown"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_device_without_events_while_redis_is_unavailable() {
    let app = TestApp::with(&[("redis.url", "redis://127.0.0.1:1")]).await;
    let pile = free_pile(&app).await;
    assert_snapshot!(start(&app, &pile).await, @r#"
    503 Service Unavailable
    retry-after: 1
    {
      "code": "ROUTE_STORE_UNAVAILABLE",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 503,
      "title": "The gateway routes are not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/route-store-unavailable"
    }
    "#);
    assert!(app.holds("not exists (select from commands)").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_nothing_is_sent() {
    let nowhere = [
        ("database.url", "postgres://charging@127.0.0.1:1/charging"),
        ("database.connect_timeout_ms", "1000"),
    ];
    let app = TestApp::with(&nowhere).await;
    let pile = free_pile(&app).await;
    assert_snapshot!(start(&app, &pile).await, @r#"
    503 Service Unavailable
    retry-after: 1
    {
      "code": "DATABASE_UNAVAILABLE",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 503,
      "title": "The database is not available",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/database-unavailable"
    }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_internal_error_reveals_no_details() {
    let app = TestApp::with(&[]).await;
    let pile = free_pile(&app).await;
    app.database.execute("alter table commands rename column payload to body").await;
    assert_snapshot!(start(&app, &pile).await, @r#"
    500 Internal Server Error
    {
      "code": "INTERNAL",
      "instance": "/api/v1/piles/[id]/commands/start-transaction",
      "status": 500,
      "title": "Something went wrong on our side",
      "traceId": "[traceId]",
      "type": "https://charging.example/problems/internal"
    }
    "#);
}
