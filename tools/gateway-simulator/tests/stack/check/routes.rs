//! Invalid keys in Redis.

use super::{failures, send_to_redis, start, wait_for_key_reads, wait_for_result};
use crate::harness::{Harness, settings};
use gateway_simulator::KeyFate;
use gateway_simulator::check::RuleResult;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn reports_each_invalid_key() {
    let harness = Harness::start(settings(), 4).await;
    let check = start(&harness, &[]).await;
    let id = harness.device(0).await;
    let key = format!("conn:{id}");
    wait_for_result(&check, "ROUTE_ELSEWHERE", RuleResult::Pass).await;
    wait_for_result(&check, "ROUTE_WITHOUT_TTL", RuleResult::Pass).await;
    assert_eq!(failures(&check.so_far()), [""; 0]);

    send_to_redis(&format!("PERSIST {key}"));
    wait_for_result(&check, "ROUTE_WITHOUT_TTL", RuleResult::Fail).await;
    send_to_redis(&format!("EXPIRE {key} 7200"));
    wait_for_result(&check, "ROUTE_TTL_LONG", RuleResult::Warn).await;

    harness.redis.set_with_ttl(&key, "another-name", MINUTE).await.unwrap();
    wait_for_key_reads(&check, 2).await;
    harness.simulator.heartbeat(&id).await.unwrap();
    wait_for_result(&check, "ROUTE_ELSEWHERE", RuleResult::Fail).await;

    harness.redis.delete(&key).await.unwrap();
    wait_for_key_reads(&check, 2).await;
    harness.simulator.heartbeat(&id).await.unwrap();
    wait_for_result(&check, "ROUTE_RAN_OUT", RuleResult::Fail).await;

    send_to_redis(&format!("HSET {key} pod x"));
    wait_for_result(&check, "ROUTE_INVALID", RuleResult::Fail).await;
    harness.redis.delete(&key).await.unwrap();
    let verdict = check.finish(false).await;
    let expected = ["ROUTE_RAN_OUT", "ROUTE_INVALID", "ROUTE_ELSEWHERE", "ROUTE_WITHOUT_TTL"];
    assert_eq!(failures(&verdict), expected, "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_device_without_a_key() {
    let harness = Harness::start(settings(), 4).await;
    let id = harness.device(0).await;
    harness.redis.delete(&format!("conn:{id}")).await.unwrap();
    let check = start(&harness, &[]).await;
    harness.simulator.heartbeat(&id).await.unwrap();
    wait_for_result(&check, "ROUTE_UNCONFIRMED", RuleResult::Warn).await;
    harness.simulator.heartbeat(&id).await.unwrap();
    wait_for_result(&check, "ROUTE_MISSING", RuleResult::Fail).await;
    assert_eq!(failures(&check.finish(false).await), ["ROUTE_MISSING"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_key_that_outlives_the_disconnection() {
    let harness = Harness::start(settings(), 4).await;
    // Long enough for a busy machine that suspends the simulator between the event and the key.
    let check = start(&harness, &[("check.settle_ms", "3000")]).await;
    let (clean, untidy) = (harness.device(0).await, harness.device(0).await);
    wait_for_result(&check, "ROUTE_MISSING", RuleResult::Pass).await;
    wait_for_key_reads(&check, 4).await;
    harness.simulator.disconnect(&clean).await.unwrap();
    wait_for_result(&check, "ROUTE_LEFT_BEHIND", RuleResult::Pass).await;
    // The device vanishes and its key stays; then the disconnection comes, as from a pod that
    // forgets the key.
    harness.simulator.vanish(&untidy, KeyFate::Expires).await.unwrap();
    let pod = harness.simulator.pods()[0].clone();
    let disconnection = domain::event::GatewayEvent {
        event_id: domain::ids::EventId::parse(&testkit::unique("event")).unwrap(),
        charge_point_id: untidy,
        gateway_id: Some(pod),
        claimed_at: Some(runtime::clock::now()),
        trace_id: None,
        kind: domain::event::EventKind::Disconnected { reason: None },
    };
    harness.simulator.send(disconnection).await.unwrap();
    wait_for_result(&check, "ROUTE_LEFT_BEHIND", RuleResult::Fail).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_of_a_gateway_that_reports_no_disconnections() {
    let mut settings = settings();
    settings.behaviour.hides_disconnections = true;
    let harness = Harness::start(settings, 4).await;
    let check = start(&harness, &[]).await;
    let id = harness.device(0).await;
    wait_for_result(&check, "ROUTE_MISSING", RuleResult::Pass).await;
    harness.simulator.disconnect(&id).await.unwrap();
    wait_for_result(&check, "GOODBYES_NEVER_SENT", RuleResult::Warn).await;
    assert_eq!(failures(&check.finish(false).await), [""; 0], "it is tolerated");
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_keys_that_are_refreshed() {
    let mut settings = settings();
    settings.gateway.conn_ttl_s = 10;
    settings.gateway.conn_refresh_s = 1;
    let harness = Harness::start(settings, 4).await;
    let check = start(&harness, &[]).await;
    harness.device(0).await;
    wait_for_result(&check, "ROUTE_RAN_OUT", RuleResult::Pass).await;
    wait_for_result(&check, "ROUTE_NOT_REFRESHED", RuleResult::Pass).await;
    assert_eq!(failures(&check.finish(false).await), [""; 0]);
}
