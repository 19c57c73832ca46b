//! Silent gateways, and the devices that they hold.

use crate::fixture::{Fixture, HOUR, NOW, POLICY, TOPIC, ask, device, dueness, gateway};
use serde_json::json;
use std::time::Duration;
use storage::devices::presence::silence::judge_devices;
use storage::devices::presence::{due, gateways, silent_devices};

#[tokio::test(flavor = "multi_thread")]
async fn silence_has_no_consequences_while_events_are_not_read() {
    let (mut fixture, mut connection) = Fixture::new().await;
    fixture.heartbeat(&mut connection, &device(1)).await;
    fixture.age(600).await;
    fixture
        .database
        .execute("update ingest_partitions set caught_up_at = clock_timestamp() - interval '31 s'")
        .await;
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap(), []);
    gateways::record_heard(&mut connection, &[(gateway("pod-1"), Duration::from_secs(35))]).await.unwrap();
    let silence = Duration::from_secs(10);
    assert_eq!(gateways::list_quiet(&mut connection, TOPIC, silence, 10).await.unwrap(), []);
    fixture.caught_up(&mut connection).await;
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap().len(), 1);
    assert_eq!(gateways::list_quiet(&mut connection, TOPIC, silence, 10).await.unwrap(), [gateway("pod-1")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_of_a_dead_gateway_become_doubtful_and_then_offline() {
    let (mut fixture, mut connection) = Fixture::new().await;
    for number in 1..=3 {
        fixture.heartbeat(&mut connection, &device(number)).await;
    }
    gateways::record_heard(&mut connection, &[(gateway("pod-1"), NOW)]).await.unwrap();
    fixture.age(12).await;
    fixture.caught_up(&mut connection).await;
    let (silence, answer) = (Duration::from_secs(10), POLICY.answer);
    let quiet = gateways::list_quiet(&mut connection, TOPIC, silence, 10).await.unwrap();
    assert_eq!(quiet, [gateway("pod-1")]);
    let canaries = due::list_canaries(&mut connection, &quiet, HOUR, 2).await.unwrap();
    assert_eq!(canaries.len(), 2);
    ask(&mut connection, &canaries[0].charge_point_id).await;
    gateways::record_probes(&mut connection, &quiet).await.unwrap();
    assert_eq!(
        gateways::list_quiet(&mut connection, TOPIC, silence, 10).await.unwrap(),
        [],
        "the gateway was probed"
    );
    assert_eq!(gateways::suspect_unanswered(&mut connection, TOPIC, answer).await.unwrap(), []);
    fixture.age(11).await;
    fixture.caught_up(&mut connection).await;
    assert_eq!(gateways::suspect_unanswered(&mut connection, TOPIC, answer).await.unwrap(), quiet);
    let suspected = gateways::list_suspected(&mut connection).await.unwrap();
    assert_eq!(suspected, quiet);
    let found = silent_devices::list(&mut connection, &[0], &suspected, answer, 10).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(silent_devices::list(&mut connection, &[1], &suspected, answer, 10).await.unwrap(), []);
    let devices: Vec<_> = found.into_iter().map(|(_, device)| device).collect();
    let judged =
        judge_devices(&mut connection, &fixture.lease, &POLICY, devices.clone()).await.unwrap().unwrap();
    assert_eq!((judged.doubted.len(), judged.gone), (3, 0));
    assert_eq!(fixture.states().await, json!([[true, "doubtful"], [true, "doubtful"], [true, "doubtful"]]));
    // The first device was probed as the canary; the others are probed now, and one of them
    // answers.
    let due = due::list_suspected(&mut connection, HOUR, 10).await.unwrap();
    let mut left: Vec<_> = due.iter().map(|due| due.charge_point_id.clone()).collect();
    left.sort();
    assert_eq!(left, [device(2), device(3)]);
    for due in &due {
        ask(&mut connection, &due.charge_point_id).await;
    }
    fixture.heartbeat(&mut connection, &device(3)).await;
    fixture.age(11).await;
    let found = silent_devices::list(&mut connection, &[0], &[], answer, 10).await.unwrap();
    assert_eq!(found.len(), 2);
    let judged = judge_devices(&mut connection, &fixture.lease, &POLICY, devices).await.unwrap().unwrap();
    assert_eq!((judged.doubted.len(), judged.gone, judged.doubts_settled.len()), (0, 2, 2));
    // The device's state is written before its gateway is recorded as heard.
    let found = silent_devices::list(&mut connection, &[0], &suspected, answer, 10).await.unwrap();
    assert_eq!(found, []);
    let judged =
        judge_devices(&mut connection, &fixture.lease, &POLICY, vec![device(3)]).await.unwrap().unwrap();
    assert_eq!(judged.doubted.len(), 0);
    gateways::record_heard(&mut connection, &[(gateway("pod-1"), NOW)]).await.unwrap();
    assert_eq!(gateways::list_suspected(&mut connection).await.unwrap(), [], "the gateway is heard again");
    assert_eq!(fixture.states().await, json!([[false, "unanswered"], [false, "unanswered"], [true, null]]));
    assert!(!silent_devices::has_doubtful(&mut connection, &[0]).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_devices_is_not_suspected_but_deleted() {
    let (mut fixture, mut connection) = Fixture::new().await;
    fixture.heartbeat(&mut connection, &device(1)).await;
    gateways::record_heard(&mut connection, &[(gateway("pod-1"), NOW)]).await.unwrap();
    fixture.age(12).await;
    fixture.caught_up(&mut connection).await;
    ask(&mut connection, &device(1)).await;
    assert_eq!(
        gateways::forget_abandoned(&mut connection, POLICY.answer).await.unwrap(),
        0,
        "the gateway has a device"
    );
    let moved = "update charge_points set gateway_id = 'pod-2'";
    fixture.database.execute(moved).await;
    gateways::record_probes(&mut connection, &[gateway("pod-1")]).await.unwrap();
    fixture.age(11).await;
    fixture.caught_up(&mut connection).await;
    assert_eq!(gateways::suspect_unanswered(&mut connection, TOPIC, POLICY.answer).await.unwrap(), []);
    assert_eq!(
        gateways::forget_abandoned(&mut connection, HOUR).await.unwrap(),
        0,
        "the gateway was heard just now"
    );
    assert_eq!(gateways::forget_abandoned(&mut connection, POLICY.answer).await.unwrap(), 1);
}
