//! Devices that are silent, and gateways that are.

use crate::ground::Ground;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::eventually;

const HASTY: [(&str, &str); 3] = [
    ("ingest.heartbeat_timeout_s", "2"),
    ("ingest.silence_check_ms", "100"),
    ("presence.probe_answer_s", "1"),
];
const PATIENT: [(&str, &str); 3] = [
    ("ingest.heartbeat_timeout_s", "3600"),
    ("ingest.silence_check_ms", "100"),
    ("presence.probe_answer_s", "1"),
];

fn event(id: &str, seconds_ago: i64, kind: &str, payload: &Value) -> String {
    let at = runtime::clock::now() - chrono::TimeDelta::seconds(seconds_ago);
    json!({
        "eventId": id, "eventType": kind, "chargePointId": "CP-1", "gatewayId": "pod-1",
        "timestamp": at.timestamp_millis().to_string(), "payload": payload
    })
    .to_string()
}

fn beat(id: &str, seconds_ago: i64) -> String {
    event(id, seconds_ago, "charge_point.heartbeat", &json!({}))
}

impl Ground {
    /// Waits until the device is `online` and trusted so.
    async fn stands(&self, online: bool, confidence: Option<&str>) {
        let expected = json!([{ "online": online, "confidence": confidence }]);
        eventually(&format!("the device to be {expected}"), || async {
            self.rows("select online, confidence from charge_points").await == expected
        })
        .await;
    }

    /// The dispatcher asks the device.
    async fn ask(&self) {
        self.database
            .execute(
                "insert into device_probes (charge_point_id, asked_at, boot_asked_at, published)
                 values ('CP-1', clock_timestamp(), clock_timestamp(), true)
                 on conflict (charge_point_id) do update set
                   asked_at = excluded.asked_at, boot_asked_at = excluded.boot_asked_at",
            )
            .await;
    }

    async fn history(&self) -> Value {
        self.rows(
            "select online, confidence from status_changes where online is not null order by noted_at, place",
        )
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_does_not_answer_goes_offline_and_comes_back_when_it_is_heard() {
    let ground = Ground::new(2).await;
    let last = ground.publish(1, &[beat("1", 0)]).await;
    let replica = ground.start_with(&HASTY);
    ground.written(1, last).await;
    ground.ask().await;
    ground.stands(false, Some("unanswered")).await;
    let last = ground.publish(1, &[beat("2", 0)]).await;
    ground.written(1, last).await;
    let came = json!({ "online": true, "confidence": null });
    let went = json!({ "online": false, "confidence": "unanswered" });
    assert_eq!(ground.history().await, json!([came, went, came]));
    let told = ground
        .rows(
            "select c -> 'kind' ->> 'type' as type, c -> 'kind' -> 'body' ->> 'confidence' as confidence
                            from feed_chunks, json_array_elements(changes) as c order by id",
        )
        .await;
    assert_eq!(told.as_array().unwrap().len(), 3, "{told}");
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_answers_stays_online_however_idle_it_is() {
    let ground = Ground::new(1).await;
    let last = ground.publish(0, &[beat("0", 0)]).await;
    let replica = ground.start_with(&HASTY);
    ground.written(0, last).await;
    // Four times the timeout: it says nothing of its own, and answers each question.
    for round in 1..=8 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        ground.ask().await;
        let boot =
            event(&round.to_string(), 0, "charge_point.connected", &json!({ "model": "M", "vendor": "V" }));
        let last = ground.publish(0, &[boot]).await;
        ground.written(0, last).await;
    }
    assert_eq!(ground.history().await, json!([{ "online": true, "confidence": null }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_not_asked_is_offline_only_after_twice_the_time_and_with_doubt() {
    let ground = Ground::new(1).await;
    let last = ground.publish(0, &[beat("1", 0)]).await;
    let replica = ground.start_with(&HASTY);
    ground.written(0, last).await;
    ground.stands(false, Some("doubtful")).await;
    let waited = "select extract(epoch from max(at) - min(at)) >= 3.9 as long_enough from status_changes";
    assert_eq!(ground.rows(waited).await, json!([{ "long_enough": true }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_devices_are_not_asked_silence_is_absence() {
    let ground = Ground::new(1).await;
    let last = ground.publish(0, &[beat("1", 0)]).await;
    let replica = ground.start_with(&[&HASTY[..], &[("presence.probe_message", "off")]].concat());
    ground.written(0, last).await;
    ground.stands(false, Some("doubtful")).await;
    let waited =
        "select extract(epoch from max(at) - min(at)) between 1.9 and 3.8 as once from status_changes";
    assert_eq!(ground.rows(waited).await, json!([{ "once": true }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_clock_takes_no_living_device_offline() {
    let ground = Ground::new(1).await;
    let replica = ground.start_with(&HASTY);
    for round in 0..6 {
        let last = ground.publish(0, &[beat(&round.to_string(), 3_600 - round)]).await;
        ground.written(0, last).await;
        ground.ask().await;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    assert_eq!(ground.history().await, json!([{ "online": true, "confidence": null }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_device_of_a_suspected_gateway_is_doubtful_until_it_is_heard_or_does_not_answer() {
    let ground = Ground::new(1).await;
    let last = ground.publish(0, &[beat("1", 0)]).await;
    let replica = ground.start_with(&PATIENT);
    ground.written(0, last).await;
    let heard = "select gateway_id, suspected_at is not null as suspected from gateways";
    eventually("the gateway to be heard", || async {
        ground.rows(heard).await == json!([{ "gateway_id": "pod-1", "suspected": false }])
    })
    .await;
    let suspect = "update gateways set suspected_at = clock_timestamp()";
    ground.database.execute(suspect).await;
    ground.stands(true, Some("doubtful")).await;
    // Any event ends the doubt and the suspicion.
    let last = ground.publish(0, &[beat("2", 0)]).await;
    ground.written(0, last).await;
    ground.stands(true, None).await;
    eventually("the gateway to be heard again", || async {
        ground.rows(heard).await == json!([{ "gateway_id": "pod-1", "suspected": false }])
    })
    .await;
    ground.database.execute(suspect).await;
    ground.stands(true, Some("doubtful")).await;
    ground.ask().await;
    ground.stands(false, Some("unanswered")).await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_devices_of_a_dead_gateway_go_in_chunks() {
    let ground = Ground::new(4).await;
    let device = |number: usize| {
        let mut event: Value = serde_json::from_str(&beat(&format!("e-{number}"), 0)).unwrap();
        event["chargePointId"] = format!("CP-{number}").into();
        event.to_string()
    };
    let replica = ground.start_with(&PATIENT);
    for partition in 0..4 {
        let events: Vec<String> = (0..700).map(|number| device(partition * 1_000 + number)).collect();
        let partition = i32::try_from(partition).unwrap();
        let last = ground.publish(partition, &events).await;
        ground.written(partition, last).await;
    }
    ground.database.execute("delete from feed_chunks where position is null or true").await;
    eventually("the gateway to be known", || async {
        ground.rows("select gateway_id from gateways").await == json!([{ "gateway_id": "pod-1" }])
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    ground.database.execute("update gateways set suspected_at = clock_timestamp()").await;
    eventually("all to be doubtful", || async {
        ground.rows("select count(*) from charge_points where online and confidence = 'doubtful'").await
            == json!([{ "count": 2_800 }])
    })
    .await;
    let largest =
        ground.rows("select max(change_count) <= 500 as bounded, sum(change_count) from feed_chunks").await;
    assert_eq!(largest, json!([{ "bounded": true, "sum": 2_800 }]));
    replica.stop().await;
}
