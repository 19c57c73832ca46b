//! Silent devices and silent gateways.

use crate::fixture::Fixture;
use crate::undisturbed::{SignsOfLife, undisturbed};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::eventually;

/// The time-out of [`HASTY`].
const SILENCE: Duration = Duration::from_secs(4);
const HASTY: [(&str, &str); 3] = [
    ("ingest.heartbeat_timeout_s", "4"),
    ("ingest.silence_check_ms", "100"),
    ("presence.probe_answer_s", "3"),
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

impl Fixture {
    /// Waits until the device is `online` with this confidence.
    async fn wait_for_state(&self, online: bool, confidence: Option<&str>) {
        let expected = json!([{ "online": online, "confidence": confidence }]);
        eventually(&format!("the device to be {expected}"), || async {
            self.rows("select online, confidence from charge_points").await == expected
        })
        .await;
    }

    /// Publishes an event to partition 0, and waits until it is written.
    async fn write_event(&self, event: &str) {
        let last = self.publish(0, &[event]).await;
        self.written(0, last).await;
    }

    /// Records a probe, as command-dispatcher does.
    async fn record_probe(&self) {
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
async fn an_unanswered_device_goes_offline_until_it_is_heard() {
    let fixture = Fixture::new(2).await;
    let last = fixture.publish(1, &[beat("1", 0)]).await;
    let replica = fixture.start_with(&HASTY);
    fixture.written(1, last).await;
    fixture.record_probe().await;
    fixture.wait_for_state(false, Some("unanswered")).await;
    let last = fixture.publish(1, &[beat("2", 0)]).await;
    fixture.written(1, last).await;
    let came = json!({ "online": true, "confidence": null });
    let went = json!({ "online": false, "confidence": "unanswered" });
    assert_eq!(fixture.history().await, json!([came, went, came]));
    let changes = fixture
        .rows(
            "select c -> 'kind' ->> 'type' as type, c -> 'kind' -> 'body' ->> 'confidence' as confidence
                            from feed_chunks, json_array_elements(changes) as c order by id",
        )
        .await;
    assert_eq!(changes.as_array().unwrap().len(), 3, "{changes}");
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_device_that_answers_stays_online() {
    let history = undisturbed(SILENCE, async |signs: &mut SignsOfLife| {
        let fixture = Fixture::new(1).await;
        let replica = fixture.start_with(&HASTY);
        signs.next(fixture.write_event(&beat("0", 0))).await;
        // Twice the time-out: the device sends nothing by itself and answers each probe.
        for round in 1..=8 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            fixture.record_probe().await;
            let boot = json!({ "model": "M", "vendor": "V" });
            let boot = event(&round.to_string(), 0, "charge_point.connected", &boot);
            signs.next(fixture.write_event(&boot)).await;
        }
        let history = signs.next(fixture.history()).await;
        replica.stop().await;
        history
    })
    .await;
    assert_eq!(history, json!([{ "online": true, "confidence": null }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unprobed_device_is_offline_and_doubtful_after_twice_the_time() {
    let fixture = Fixture::new(1).await;
    let last = fixture.publish(0, &[beat("1", 0)]).await;
    let replica = fixture.start_with(&HASTY);
    fixture.written(0, last).await;
    fixture.wait_for_state(false, Some("doubtful")).await;
    let waited = "select extract(epoch from max(at) - min(at)) >= 7.9 as long_enough from status_changes";
    assert_eq!(fixture.rows(waited).await, json!([{ "long_enough": true }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_probes_a_silent_device_is_offline() {
    let fixture = Fixture::new(1).await;
    let last = fixture.publish(0, &[beat("1", 0)]).await;
    let replica = fixture.start_with(&[&HASTY[..], &[("presence.probe_message", "off")]].concat());
    fixture.written(0, last).await;
    fixture.wait_for_state(false, Some("doubtful")).await;
    let waited =
        "select extract(epoch from max(at) - max(greatest(written_at, seen_appended_at))) between 3.9 and 7.8 as once
         from status_changes join charge_points using (charge_point_id)";
    assert_eq!(fixture.rows(waited).await, json!([{ "once": true }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_clock_does_not_take_a_device_offline() {
    let history = undisturbed(SILENCE, async |signs: &mut SignsOfLife| {
        let fixture = Fixture::new(1).await;
        let replica = fixture.start_with(&HASTY);
        for round in 0..8 {
            signs.next(fixture.write_event(&beat(&round.to_string(), 3_600 - round))).await;
            fixture.record_probe().await;
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        let history = signs.next(fixture.history()).await;
        replica.stop().await;
        history
    })
    .await;
    assert_eq!(history, json!([{ "online": true, "confidence": null }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_of_a_suspected_gateway_is_doubtful_until_it_is_heard_or_unanswered() {
    let fixture = Fixture::new(1).await;
    let last = fixture.publish(0, &[beat("1", 0)]).await;
    let replica = fixture.start_with(&PATIENT);
    fixture.written(0, last).await;
    let heard = "select gateway_id, suspected_at is not null as suspected from gateways";
    eventually("the gateway to be heard", || async {
        fixture.rows(heard).await == json!([{ "gateway_id": "pod-1", "suspected": false }])
    })
    .await;
    let suspect = "update gateways set suspected_at = clock_timestamp()";
    fixture.database.execute(suspect).await;
    fixture.wait_for_state(true, Some("doubtful")).await;
    // Any event ends the doubt and the suspicion.
    let last = fixture.publish(0, &[beat("2", 0)]).await;
    fixture.written(0, last).await;
    fixture.wait_for_state(true, None).await;
    eventually("the gateway to be heard again", || async {
        fixture.rows(heard).await == json!([{ "gateway_id": "pod-1", "suspected": false }])
    })
    .await;
    fixture.database.execute(suspect).await;
    fixture.wait_for_state(true, Some("doubtful")).await;
    fixture.record_probe().await;
    fixture.wait_for_state(false, Some("unanswered")).await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_devices_of_a_dead_gateway_are_judged_in_chunks() {
    let fixture = Fixture::new(4).await;
    let device = |number: usize| {
        let mut event: Value = serde_json::from_str(&beat(&format!("e-{number}"), 0)).unwrap();
        event["chargePointId"] = format!("CP-{number}").into();
        event.to_string()
    };
    let replica = fixture.start_with(&PATIENT);
    for partition in 0..4 {
        let events: Vec<String> = (0..700).map(|number| device(partition * 1_000 + number)).collect();
        let partition = i32::try_from(partition).unwrap();
        let last = fixture.publish(partition, &events).await;
        fixture.written(partition, last).await;
    }
    fixture.database.execute("delete from feed_chunks where position is null or true").await;
    eventually("the gateway to be known", || async {
        fixture.rows("select gateway_id from gateways").await == json!([{ "gateway_id": "pod-1" }])
    })
    .await;
    // The gateway may be recorded as heard once more, which ends the suspicion.
    let suspect = "update gateways set suspected_at = clock_timestamp() where suspected_at is null";
    eventually("all to be doubtful", || async {
        fixture.database.execute(suspect).await;
        fixture.rows("select count(*) from charge_points where online and confidence = 'doubtful'").await
            == json!([{ "count": 2_800 }])
    })
    .await;
    let largest =
        fixture.rows("select max(change_count) <= 500 as bounded, sum(change_count) from feed_chunks").await;
    assert_eq!(largest, json!([{ "bounded": true, "sum": 2_800 }]));
    replica.stop().await;
}
