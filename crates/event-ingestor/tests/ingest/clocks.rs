//! Wrong clocks of devices and of the pods that send their records.

use crate::fixture::Fixture;
use crate::undisturbed::{SignsOfLife, undisturbed};
use runtime::kafka::NewRecord;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::eventually;

/// The time-out of [`HASTY`].
const SILENCE: Duration = Duration::from_secs(5);
const HASTY: [(&str, &str); 3] = [
    ("ingest.heartbeat_timeout_s", "5"),
    ("ingest.silence_check_ms", "100"),
    ("presence.probe_message", "off"),
];
const HEARTBEAT: (&str, Value) = ("charge_point.heartbeat", Value::Null);
const GOODBYE: (&str, Value) = ("charge_point.disconnected", Value::Null);

fn status(word: &str) -> (&str, Value) {
    ("connector.status_changed", json!({ "connectorId": 1, "status": word }))
}

/// How far the clocks of event and record are ahead, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Ahead {
    event: i64,
    record: i64,
}

impl Fixture {
    /// Publishes an event and waits until it is written.
    async fn publish_and_wait(&self, pod: &str, ahead: Ahead, (kind, payload): (&str, Value)) {
        let now = chrono::SubsecRound::trunc_subsecs(runtime::clock::now(), 3);
        let clock = |seconds| now + chrono::TimeDelta::seconds(seconds);
        let event = json!({
            "eventId": testkit::unique("event"), "eventType": kind, "chargePointId": "CP-1", "gatewayId": pod,
            "timestamp": clock(ahead.event), "payload": payload
        });
        let record = NewRecord {
            key: Some(b"CP-1".to_vec()),
            value: Some(event.to_string().into_bytes()),
            headers: BTreeMap::new(),
            timestamp: clock(ahead.record),
        };
        let offset = self.append(0, vec![record]).await;
        self.written(0, offset).await;
    }

    async fn online(&self) -> Value {
        self.rows("select online from charge_points").await
    }

    async fn status(&self) -> Value {
        self.rows("select status from connectors").await
    }

    /// Whether the device was heard within the last seconds, according to its record.
    async fn was_heard_now(&self) -> Value {
        self.rows(
            "select seen_appended_at between clock_timestamp() - interval '10 s' and clock_timestamp() + interval '1 s' as record,
                    last_seen_at between clock_timestamp() - interval '10 s' and clock_timestamp() + interval '1 s' as seen
             from charge_points",
        )
        .await
    }
}

/// Asserts that a device whose clocks are this far ahead is online exactly as long as it is heard.
async fn is_online_while_heard(ahead: Ahead) {
    let (fixture, replica, seen) = undisturbed(SILENCE, async |signs: &mut SignsOfLife| {
        let fixture = Fixture::new(1).await;
        let replica = fixture.start_with(&HASTY);
        signs.next(fixture.publish_and_wait("pod-1", Ahead::default(), HEARTBEAT)).await;
        let mut seen = Vec::new();
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_millis(800)).await;
            signs.next(fixture.publish_and_wait("pod-1", ahead, HEARTBEAT)).await;
            seen.push(fixture.was_heard_now().await);
        }
        seen.push(signs.next(fixture.rows("select 1 from status_changes where online = false")).await);
        (fixture, replica, seen)
    })
    .await;
    let (went, heard) = seen.split_last().unwrap();
    assert!(
        heard.iter().all(|now| *now == json!([{ "record": true, "seen": true }])),
        "{ahead:?}: {heard:?}"
    );
    assert_eq!(*went, json!([]), "{ahead:?}");
    fixture.publish_and_wait("pod-1", ahead, GOODBYE).await;
    assert_eq!(fixture.online().await, json!([{ "online": false }]), "{ahead:?}");
    fixture.publish_and_wait("pod-1", ahead, HEARTBEAT).await;
    let came = "select online from status_changes where online is not null order by noted_at, place";
    let expected = json!([{ "online": true }, { "online": false }, { "online": true }]);
    let history = fixture.rows(came).await;
    assert_eq!(history.as_array().unwrap()[..3], expected.as_array().unwrap()[..], "{ahead:?}");
    eventually("the silence to be noticed", || async {
        fixture.online().await == json!([{ "online": false }])
    })
    .await;
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_neither_takes_a_device_offline_nor_keeps_a_silent_one_online() {
    tokio::join!(
        is_online_while_heard(Ahead { event: -900, record: 0 }),
        is_online_while_heard(Ahead { event: -900, record: -900 }),
        is_online_while_heard(Ahead { event: 2_400, record: 2_400 }),
        is_online_while_heard(Ahead { event: 0, record: -40 }),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_from_the_future_hides_no_status() {
    let fixture = Fixture::new(1).await;
    let replica = fixture.start();
    fixture.publish_and_wait("pod-1", Ahead::default(), status("Available")).await;
    fixture.publish_and_wait("pod-2", Ahead { event: 2_400, record: 2_400 }, status("Charging")).await;
    assert_eq!(fixture.status().await, json!([{ "status": "Charging" }]));
    fixture.publish_and_wait("pod-1", Ahead::default(), status("Available")).await;
    assert_eq!(fixture.status().await, json!([{ "status": "Available" }]));
    let late = "select max(at) <= clock_timestamp() as now from status_changes";
    assert_eq!(fixture.rows(late).await, json!([{ "now": true }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_hides_no_status() {
    let fixture = Fixture::new(1).await;
    let replica = fixture.start();
    fixture.publish_and_wait("pod-1", Ahead::default(), status("Available")).await;
    for (word, event) in [("Charging", -20), ("Finishing", -20), ("Available", -5)] {
        fixture.publish_and_wait("pod-1", Ahead { event, record: 0 }, status(word)).await;
        assert_eq!(fixture.status().await, json!([{ "status": word }]));
    }
    let ordered = "select bool_and(ordered) as ordered from (
        select at >= lag(at, 1, at) over (order by noted_at, place) as ordered from status_changes where status is not null) h";
    assert_eq!(fixture.rows(ordered).await, json!([{ "ordered": true }]));
    replica.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_keeps_the_time_at_which_a_record_from_the_future_was_read() {
    let fixture = Fixture::new(1).await;
    let replica = fixture.start();
    let ahead = Ahead { event: 2_400, record: 2_400 };
    fixture.publish_and_wait("pod-1", ahead, status("Dancing")).await;
    let read = "select appended_at <= clock_timestamp() as now from dead_letters";
    assert_eq!(fixture.rows(read).await, json!([{ "now": true }]));
    replica.stop().await;
}
