//! The feed reports what happened at the gateways, identically over Kafka and HTTP.

use domain::feed::{FeedKind, FeedPosition};
use domain::ids::ChargePointId;
use gateway_simulator::Load;
use gateway_simulator::settings::LoadSettings;
use runtime::Shutdown;
use runtime::kafka::ReceivedRecord;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use system_tests::{Platform, create_topic, steady};
use testkit::{TestTopic, eventually_some};

const PARTITIONS: i32 = 4;
const PATIENCE: Duration = Duration::from_secs(60);

/// The changes of each subject: ids and contents, in order.
type Changes = BTreeMap<String, Vec<(FeedPosition, Value)>>;

#[tokio::test(flavor = "multi_thread")]
async fn kafka_and_http_publish_the_same_changes_in_the_same_order() {
    let platform = Platform::start(|settings| settings.gateway.pods = 2).await;
    let topic = TestTopic::new("feed");
    create_topic(&platform.kafka, &topic, PARTITIONS).await;
    let relaying = [("feed.topic", &*topic), ("feed.poll_ms", "10")];
    let load = LoadSettings { duplicates: 0.1, moves: 0.02, ..steady(200, 6, 30) };
    let run = Load::new(&load, &platform.simulator_settings, &platform.kafka).await.unwrap();
    let never = Shutdown::new(PATIENCE);
    let play = async {
        let (first, second) = (platform.ingest_with(&relaying), platform.ingest_with(&relaying));
        let (pile, device) = platform.register().await;
        platform.connect(&device).await;
        platform.pile("the pile to be available", &pile, |pile| pile["status"] == "Available").await;
        first.crash().await;
        let start = json!({ "idTag": "RFID123", "connectorId": 1 });
        assert_eq!(platform.command(&pile, "start-transaction", &start).await.status, 202);
        platform.pile("the pile to charge", &pile, |pile| pile["status"] == "Charging").await;
        (device, second)
    };
    let (report, (device, ingestor)) = tokio::join!(run.run(&load, &never), play);
    assert_eq!(report.unwrap().failed, 0);
    // Simulated devices continue to send meter values, which are not in the feed; the changes up to
    // here are compared.
    let end = settled(&platform, &topic).await;
    let (published, streamed) = (published(&platform, &topic, end).await, streamed(&platform, end).await);
    assert_eq!(published.keys().collect::<Vec<_>>(), streamed.keys().collect::<Vec<_>>());
    for (subject, changes) in &streamed {
        assert_eq!(published[subject], *changes, "{subject}");
        continues(subject, changes);
    }
    the_story_is_published(&device, &streamed[device.as_str()]);
    ingestor.stop().await;
}

/// The end of the feed, once everything is published.
async fn settled(platform: &Platform, topic: &str) -> i64 {
    let state = format!(
        "select json_build_array((select position from feed_head), (select next_offset - 1 from ingest_partitions
           where topic = '{topic}'), (select count(*) from feed_chunks where position is null))"
    );
    eventually_some("all changes to be published", || async {
        let now = platform.database.json(&state).await;
        let published = now[0] == now[1] && now[2] == 0;
        now[0].as_i64().filter(|_| published)
    })
    .await
}

/// The changes that a consumer of the topic sees that skips what it has read before.
async fn published(platform: &Platform, topic: &str, end: i64) -> Changes {
    let mut changes = Changes::new();
    for partition in 0..PARTITIONS {
        let reader = platform.kafka.reader(topic, partition);
        let latest = reader.latest_offset().await.unwrap();
        let (mut offset, mut last) = (0, FeedPosition::end_of(0));
        while offset < latest {
            let fetched = reader.fetch(offset, Duration::from_millis(100), 1 << 20).await.unwrap();
            for record in fetched.records {
                offset = record.offset + 1;
                let (id, subject, change) = understand(&record);
                if id > last && id.chunk <= end {
                    last = id;
                    changes.entry(subject).or_default().push((id, change));
                }
            }
        }
    }
    changes
}

fn understand(record: &ReceivedRecord) -> (FeedPosition, String, Value) {
    let id = std::str::from_utf8(&record.headers["ce_id"]).unwrap().parse().unwrap();
    let change = wire::feed::decode_change(record.value.as_deref().unwrap()).unwrap();
    (id, change.key(), serde_json::to_value(&change.kind).unwrap())
}

/// The changes that an HTTP client sees that reads from the beginning.
async fn streamed(platform: &Platform, end: i64) -> Changes {
    let url = platform.asset_url("/api/v1/feed?lastEventId=0-0");
    let mut response = reqwest::get(url).await.unwrap();
    let (mut changes, mut text) = (Changes::new(), String::new());
    let total = format!("select sum(change_count) from feed_chunks where position <= {end}");
    let mut left = platform.database.json(&total).await.as_u64().unwrap();
    while left > 0 {
        let piece = tokio::time::timeout(PATIENCE, response.chunk()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&piece).unwrap());
        while let Some(line_end) = text.find('\n') {
            let line: String = text.drain(..=line_end).collect();
            let Some(data) = line.strip_prefix("data: ") else { continue };
            let event: Value = serde_json::from_str(data).unwrap();
            let id: FeedPosition = event["id"].as_str().unwrap().parse().unwrap();
            if id.chunk <= end {
                left -= 1;
                let change = json!({ "type": event["type"], "data": event["data"] });
                let subject = event["subject"].as_str().unwrap().to_owned();
                changes.entry(subject).or_default().push((id, change));
            }
        }
    }
    changes
}

/// Checks that each status of a connector begins where the previous one ended.
fn continues(subject: &str, changes: &[(FeedPosition, Value)]) {
    let mut statuses: BTreeMap<u64, Value> = BTreeMap::new();
    for (id, change) in changes {
        let data = &change["data"];
        if change["type"] == "charging.connector.status_changed.v1" {
            let connector = data["connectorId"].as_u64().unwrap();
            let before = statuses.insert(connector, data["status"].clone()).unwrap_or_default();
            assert_eq!(before, data["previousStatus"], "{subject} at {id}");
        }
    }
}

/// Checks the changes of the story: registered, online, commanded, charging.
fn the_story_is_published(device: &ChargePointId, changes: &[(FeedPosition, Value)]) {
    let place = |what: &str, is: &dyn Fn(&FeedKind) -> bool| {
        let found =
            changes.iter().position(|(_, change)| is(&serde_json::from_value(change.clone()).unwrap()));
        found.unwrap_or_else(|| panic!("{device}: {what} is missing in {changes:#?}"))
    };
    let places = [
        place("registered", &|kind| matches!(kind, FeedKind::PileChanged(_))),
        place("online", &|kind| matches!(kind, FeedKind::ConnectivityChanged(body) if body.online)),
        place("commanded", &|kind| matches!(kind, FeedKind::CommandChanged(_))),
        place("charging", &|kind| matches!(kind, FeedKind::SessionChanged(_))),
    ];
    assert!(places.is_sorted(), "{places:?}");
}
