//! Each pile of a station is commanded once, however often dispatchers are killed.

use crate::services::{free_address, ready, start};
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use system_tests::{PATIENT_MS, create_topic};
use testkit::{TestDatabase, TestTopic, eventually, eventually_some, unique};
use tokio::process::Child;
use uuid::Uuid;

const PILES: usize = 150;
/// The number of dispatchers that are killed.
const KILLED: usize = 4;
/// How long the gateway holds its devices.
const HOLD: Duration = Duration::from_secs(600);

/// A dispatcher; killed when dropped.
struct Dispatcher {
    http: String,
    _process: Child,
}

impl Dispatcher {
    async fn start(database: &TestDatabase, topic: &str) -> Self {
        let (http, admin) = (free_address(), free_address());
        let settings = [
            ("REDIS_URL", testkit::redis_url()),
            ("KAFKA_BROKERS", testkit::kafka_brokers()),
            ("CHARGING__HTTP__LISTEN", http.clone()),
            ("CHARGING__ADMIN__LISTEN", admin.clone()),
            ("CHARGING__REDIS__COMMAND_TIMEOUT_MS", PATIENT_MS.to_owned()),
            ("CHARGING__DATABASE__STATEMENT_TIMEOUT_MS", "3000".to_owned()),
            // A command without a recorded outcome counts as sent after this time.
            ("CHARGING__HTTP__REQUEST_DEADLINE_MS", "4000".to_owned()),
            ("CHARGING__DISPATCH__BATCH_POLL_MS", "50".to_owned()),
            ("CHARGING__DISPATCH__BATCH_LEASE_MS", "1000".to_owned()),
            // No command expires while the test compares.
            ("CHARGING__DISPATCH__COMMAND_TTL_S", "3600".to_owned()),
            ("CHARGING__DISPATCH__TOPIC", topic.to_owned()),
            ("CHARGING__DISPATCH__PARTITIONS", "1".to_owned()),
        ];
        let settings = settings.each_ref().map(|(key, value)| (*key, value.as_str()));
        let process = start("command-dispatcher", database, &settings);
        ready(&admin).await;
        Self { http, _process: process }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_pile_of_a_station_is_commanded_once_however_often_dispatchers_are_killed() {
    let (database, topic) = (TestDatabase::new().await, TestTopic::new("commands"));
    let kafka = Kafka::new(&chaos::campaign::kafka_settings(&testkit::kafka_brokers()).unwrap()).unwrap();
    create_topic(&kafka, &topic, 1).await;
    let station = station(&database).await;

    let mut dispatcher = Dispatcher::start(&database, &topic).await;
    let url = format!("http://{}/api/v1/stations/{station}/commands/reset", dispatcher.http);
    let client = reqwest::Client::new();
    eventually("the batch to be accepted", || async {
        let order =
            client.post(&url).header("Idempotency-Key", "order-1").json(&json!({ "ratePerSecond": 50 }));
        order.send().await.is_ok_and(|answer| answer.status().as_u16() == 202)
    })
    .await;
    for generation in 1..=KILLED {
        let enough = PILES / (KILLED + 1) * generation;
        eventually("some piles to be commanded", || async {
            database.json("select count(*) from commands").await.as_u64() >= u64::try_from(enough).ok()
        })
        .await;
        drop(dispatcher);
        dispatcher = Dispatcher::start(&database, &topic).await;
    }
    let finished = "select finished_at is not null from command_batches";
    eventually("the batch to be finished", || async { database.json(finished).await == true }).await;

    assert_eq!(
        database.json("select epoch > 1 from command_batches").await,
        true,
        "another dispatcher continued the batch"
    );
    let piles = json!(PILES);
    let sent = "select count(distinct command_id) from command_batch_items where state = 'sent'";
    assert_eq!(database.json(sent).await, piles);
    assert_eq!(database.json("select count(*) from commands").await, piles, "one command for each pile");
    let on_topic = published(&kafka, &topic).await;
    let twice: Vec<_> = on_topic.iter().filter(|(_, ids)| ids.len() > 1).collect();
    assert!(twice.is_empty(), "devices that received several commands: {twice:?}");
    // Those that were killed had at most as many commands recorded and not published as may be in
    // flight.
    assert!(on_topic.len() >= PILES - 32 * KILLED, "only {} devices received a command", on_topic.len());
}

/// A station with piles whose devices are held by one gateway.
async fn station(database: &TestDatabase) -> Uuid {
    let (station, prefix) = (Uuid::now_v7(), unique("CP"));
    database
        .execute(&format!(
            "insert into stations (id, name, status, created_at, updated_at, version)
             values ('{station}', 'Site', 'Open', now(), now(), 1);
             insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                                updated_at, version)
             select gen_random_uuid(), '{station}', '{prefix}-' || number, 'DC-120', 120, 'DC', now(), now(), 1
             from generate_series(1, {PILES}) as number;
             insert into charge_points (charge_point_id, online, last_seen_at)
             select charge_point_id, true, now() - interval '1 day' from piles"
        ))
        .await;
    let url = testkit::redis_url();
    let overrides = [("redis.url", url.as_str())];
    let settings: gateway_simulator::Settings =
        runtime::settings::parse(gateway_simulator::settings::DEFAULTS, &overrides).unwrap();
    let redis = Redis::connect(&settings.redis).unwrap();
    for number in 1..=PILES {
        let key = format!("conn:{prefix}-{number}");
        eventually("the route to be written", || async {
            redis.set_with_ttl(&key, "gateway-0", HOLD).await.is_ok()
        })
        .await;
    }
    station
}

/// The commands on the topic, by device.
async fn published(kafka: &Kafka, topic: &str) -> BTreeMap<String, BTreeSet<String>> {
    let reader = kafka.reader(topic, 0);
    let end = eventually_some("the end of the topic", || async { reader.latest_offset().await.ok() }).await;
    let mut published: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut next = 0;
    while next < end {
        let fetched = eventually_some("the records", || async {
            let fetched = reader.fetch(next, Duration::from_millis(200), 1 << 20).await;
            fetched.ok().filter(|fetched| !fetched.records.is_empty())
        })
        .await;
        for record in fetched.records {
            let command: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
            let text = |field: &str| command[field].as_str().unwrap().to_owned();
            published.entry(text("chargePointId")).or_default().insert(text("commandId"));
            next = record.offset + 1;
        }
    }
    published
}
