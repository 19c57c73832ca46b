//! Brokers that belong to the test: leaders move, brokers go down and return, or throttle, while
//! ingestors read and gateways write.

use crate::chaos::play_on;
use chaos::campaign::kafka_settings;
use chaos::database_audit::AuditedDatabase;
use chaos::environment::{Environment, Plan, Servers};
use chaos::faults::brokers::{MockBrokers, move_leaders};
use chaos::faults::quota;
use chaos::output::Output;
use chaos::own_broker::OwnBroker;
use chaos::traffic::{DEPLOYED_PERCENT, Pace};
use std::time::Duration;
use system_tests::binary;
use testkit::{TestDatabase, free_port, unique};

#[tokio::test(flavor = "multi_thread")]
async fn every_effect_is_written_once_while_leaders_move_and_brokers_die() {
    let topic = unique("brokers");
    let brokers = MockBrokers::start(&topic).unwrap();
    let database = TestDatabase::new().await;
    let logs = binary("event-ingestor").with_file_name("chaos-logs").join(&topic);
    let kafka = kafka_settings(&brokers.addresses()).unwrap();
    let servers = Servers { kafka, ingestor: binary("event-ingestor"), logs: logs.clone() };
    let audited = AuditedDatabase::open(&database.url).await.unwrap();
    let plan = MockBrokers::plan();
    let environment = Environment::open(plan, &servers, audited, &topic, Output::start()).await.unwrap();
    let played = move_leaders(&environment, &brokers).await.map(drop);
    let outcome = environment.close(played).await.unwrap();
    assert_eq!(outcome.findings, [""; 0], "the ingestors' logs are in {}", logs.display());
    std::fs::remove_dir_all(logs).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_neither_stops_the_feed_nor_repeats_a_change() {
    let folder = std::env::temp_dir().join(unique("broker"));
    let broker = OwnBroker::start(folder, free_port(), free_port()).await.unwrap();
    let pace = Pace {
        events_per_second: 300,
        charge_points: 60,
        deployed_percent: DEPLOYED_PERCENT,
        marker_interval: Duration::from_millis(100),
    };
    // Long enough for a busy machine: a relay that loses its lease publishes again what its successor
    // publishes.
    let lease = Duration::from_secs(12);
    let plan = Plan { partitions: 6, ingestors: 2, lease, pace, settings: quota::SETTINGS };
    let address = broker.address();
    play_on(&address, "quota", plan, async |environment: &mut Environment| {
        quota::throttle(environment, &address).await.map(drop)
    })
    .await;
}
