//! Commands and batches that expire.

use super::{EAGER, app, station};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_outcome_of_a_command_appears_at_its_pile() {
    let expire = [
        ("dispatch.command_ttl_s", "0"),
        ("dispatch.answer_grace_s", "0"),
        ("dispatch.expiry_interval_ms", "50"),
    ];
    let app = app(&expire).await;
    let (station, _piles) = station(&app, 1).await;
    let order = app.order(station, "reset", json!({})).await;
    testkit::eventually("the command to expire", || async {
        app.finished(&order).await.body["counts"]["expired"] == 1
    })
    .await;
    let expired = app.get(&format!("command-batches/{}/piles?state=expired", order.text("batchId"))).await;
    assert_eq!(expired.body["items"][0]["code"], "NO_ANSWER");
    assert!(expired.body["items"][0]["commandId"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_the_remaining_piles_when_a_batch_expires() {
    let app = app(&[("dispatch.batch_ttl_s", "2")]).await;
    let (station, _piles) = station(&app, 20).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 1})).await;
    let batch = app.finished(&order).await;
    assert_eq!(batch.body["counts"]["waiting"], 0);
    let refused = batch.body["counts"]["refused"].as_i64().unwrap();
    assert!((16..=20).contains(&refused), "{batch}");
    assert!(
        app.holds(
            "(select bool_and(code = 'BATCH_EXPIRED') from command_batch_items where state = 'refused')"
        )
        .await
    );
    let commands = format!("(select count(*) from commands) = {}", 20 - refused);
    assert!(app.holds(&commands).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_batch_sends_nothing() {
    let app = app(&[("dispatch.batch_ttl_s", "0")]).await;
    let (station, _piles) = station(&app, 3).await;
    let order = app.order(station, "reset", json!({})).await;
    assert_eq!(app.finished(&order).await.body["counts"]["refused"], 3);
    assert!(app.holds("(select count(*) from commands) = 0").await);
}

/// Its last outcomes may be lost: without a synchronous standby its commands could be sent again.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_ends_with_a_failover() {
    let lease = ("dispatch.batch_lease_ms", "500");
    let mut app = app(&[lease]).await;
    let (station, _piles) = station(&app, 20).await;
    let order = app.order(station, "reset", json!({"ratePerSecond": 1})).await;
    testkit::eventually("the first to be sent", || async {
        app.holds("exists (select 1 from command_batch_items where state = 'sent')").await
    })
    .await;
    app.served.abort();
    app.database.execute("update command_batches set timeline = 0").await;
    let next = app.replica(&[EAGER, lease]);
    app.switch_to(&next).await;
    let batch = app.finished(&order).await;
    assert!(batch.body["counts"]["refused"].as_i64().unwrap() >= 10, "{batch}");
    assert!(
        app.holds(
            "(select bool_and(code = 'BATCH_EXPIRED') from command_batch_items where state = 'refused')"
        )
        .await
    );
    let sent =
        "(select count(*) from commands) < 20 and (select count(distinct pile_id) = count(*) from commands)";
    assert!(app.holds(sent).await);
}
