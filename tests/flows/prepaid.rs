//! A prepaid session is stopped once, however often dispatchers and ingestors are killed.

use crate::services::{free_address, ready, start};
use runtime::kafka::Kafka;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use system_tests::{COMMAND_PARTITIONS, Ingestor, PATIENT_MS, Platform};
use testkit::{eventually, eventually_some};
use tokio::process::Child;

const SESSIONS: u32 = 8;
/// The limit of the first session, in Wh; each further one is greater by this.
const STEP_WH: u32 = 60;
/// Time between two kills: each dispatcher is killed in turn, and so is each ingestor.
const BETWEEN_KILLS: Duration = Duration::from_millis(1_500);
/// How long services are killed. They are left alone afterwards, until all sessions have ended.
const UNREST: Duration = Duration::from_secs(40);

/// A dispatcher process that checks limits; killed with SIGKILL when dropped.
async fn dispatcher(platform: &Platform) -> Child {
    let (http, admin, partitions) = (free_address(), free_address(), COMMAND_PARTITIONS.to_string());
    let settings = [
        ("REDIS_URL", testkit::redis_url()),
        ("KAFKA_BROKERS", testkit::kafka_brokers()),
        ("CHARGING__HTTP__LISTEN", http),
        ("CHARGING__ADMIN__LISTEN", admin.clone()),
        ("CHARGING__REDIS__COMMAND_TIMEOUT_MS", PATIENT_MS.to_owned()),
        ("CHARGING__PRESENCE__PROBE_MESSAGE", "off".to_owned()),
        ("CHARGING__STOPS__POLL_MS", "100".to_owned()),
        ("CHARGING__STOPS__LIMIT_INTERVAL_MS", "200".to_owned()),
        // A stop that was recorded and not published is followed by another one after this time; so is one
        // whose effect is recorded later than that.
        ("CHARGING__DISPATCH__COMMAND_TTL_S", "60".to_owned()),
        ("CHARGING__DISPATCH__TOPIC", platform.simulator_settings.topics.commands.clone()),
        ("CHARGING__DISPATCH__PARTITIONS", partitions),
    ];
    let settings = settings.each_ref().map(|(key, value)| (*key, value.as_str()));
    let process = start("command-dispatcher", &platform.database, &settings);
    ready(&admin).await;
    process
}

/// Commands a start with a limit at a new pile, and waits for its session.
async fn begin(platform: &Platform, limit_wh: u32) -> String {
    let (path, device) = platform.register().await;
    platform.connect(&device).await;
    platform.pile("the pile to be available", &path, |pile| pile["status"] == "Available").await;
    let body = json!({ "idTag": "PREPAID", "connectorId": 1, "maxEnergyWh": limit_wh });
    let answer = platform.command(&path, "start-transaction", &body).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    device.to_string()
}

/// The stops on the command topic: the ids of those to each device.
async fn stops(kafka: &Kafka, topic: &str) -> BTreeMap<String, Vec<String>> {
    let mut stops: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for partition in 0..COMMAND_PARTITIONS {
        let reader = kafka.reader(topic, partition.into());
        let end =
            eventually_some("the end of the topic", || async { reader.latest_offset().await.ok() }).await;
        let mut next = 0;
        while next < end {
            let fetched = eventually_some("the records", || async {
                let fetched = reader.fetch(next, Duration::from_millis(200), 1 << 20).await;
                fetched.ok().filter(|fetched| !fetched.records.is_empty())
            })
            .await;
            for record in fetched.records {
                next = record.offset + 1;
                let command: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
                if command["commandName"] == "RemoteStopTransaction" {
                    let text = |field: &str| command[field].as_str().unwrap().to_owned();
                    stops.entry(text("chargePointId")).or_default().push(text("commandId"));
                }
            }
        }
    }
    stops
}

/// Kills one dispatcher and one ingestor in turn, and starts others.
async fn unrest(platform: &Platform, dispatchers: &mut Vec<Child>, ingestors: &mut Vec<Ingestor>) {
    let begun = Instant::now();
    while begun.elapsed() < UNREST {
        tokio::time::sleep(BETWEEN_KILLS).await;
        let mut killed = dispatchers.remove(0);
        killed.kill().await.unwrap();
        dispatchers.push(dispatcher(platform).await);
        tokio::time::sleep(BETWEEN_KILLS).await;
        ingestors.remove(0).crash().await;
        ingestors.push(platform.ingest());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepaid_session_is_stopped_once_while_dispatchers_and_ingestors_are_killed() {
    // The platform's own dispatcher only accepts commands: it takes the lease once and loses it.
    let platform = Platform::start_with(&[("stops.poll_ms", "86400000")], |settings| {
        settings.gateway.pods = 3;
    })
    .await;
    let mut ingestors = vec![platform.ingest(), platform.ingest(), platform.ingest()];
    let mut dispatchers = vec![dispatcher(&platform).await, dispatcher(&platform).await];
    let mut devices = Vec::new();
    for number in 1..=SESSIONS {
        devices.push(begin(&platform, number * STEP_WH).await);
    }
    unrest(&platform, &mut dispatchers, &mut ingestors).await;
    let settled = "select count(*) from session_limits where settled_at is not null";
    eventually("all sessions to be stopped and settled", || async {
        platform.database.json(settled).await == json!(SESSIONS)
    })
    .await;
    let sound =
        "select bool_and(reached = 'energy' and final_value::numeric >= (limits ->> 'maxEnergyWh')::numeric)
                 from session_limits";
    assert_eq!(platform.database.json(sound).await, json!(true));
    let stops = stops(&platform.kafka, &platform.simulator_settings.topics.commands).await;
    for device in devices {
        assert_eq!(stops.get(&device).map(Vec::len), Some(1), "stops of {device}: {stops:?}");
    }
    for ingestor in ingestors {
        ingestor.stop().await;
    }
}
