//! Several brokers: leaders move, brokers go away and come back, while ingestors read and gateways write.
//!
//! The brokers are those that librdkafka pretends for its own tests; they speak the protocol over real connections.

use chaos::arena::{Arena, Plan, Servers};
use chaos::books::Books;
use chaos::campaign::kafka_settings;
use chaos::narrator::Narrator;
use chaos::traffic::Pace;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use std::time::Duration;
use system_tests::binary;
use testkit::{TestDatabase, unique};

const BROKERS: i32 = 3;
const PARTITIONS: i32 = 6;
/// How long partitions are without a leader.
const OUTAGE: Duration = Duration::from_millis(800);

/// The broker that leads a partition while `down` is away, in the `round`-th round: a different one each round.
fn leader(partition: i32, round: i32, down: i32) -> i32 {
    let mut candidates = (0..BROKERS).map(|step| 1 + (partition + round + step) % BROKERS);
    candidates.find(|broker| *broker != down).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_effect_stands_once_while_leaders_move_and_brokers_die() {
    let cluster = MockCluster::new(BROKERS).unwrap();
    let topic = unique("brokers");
    cluster.create_topic(&topic, PARTITIONS, BROKERS).unwrap();
    let database = TestDatabase::new().await;
    let plan = Plan {
        partitions: PARTITIONS,
        ingestors: 2,
        lease: Duration::from_secs(2),
        // Such a broker gives out one batch at a time, however small.
        pace: Pace { events_per_second: 60, charge_points: 40, marker_interval: Duration::from_millis(300) },
    };
    let logs = binary("event-ingestor").with_file_name("chaos-logs").join(&topic);
    let kafka = kafka_settings(&cluster.bootstrap_servers()).unwrap();
    let servers = Servers { kafka, ingestor: binary("event-ingestor"), logs: logs.clone() };
    let books = Books::open(&database.url).await.unwrap();
    let arena = Arena::open(plan, &servers, books, &topic, Narrator::begin()).await.unwrap();
    let played = play(&arena, &cluster, &topic).await;
    let outcome = arena.close(played).await.unwrap();
    assert_eq!(outcome.findings, [""; 0], "the ingestors' logs are in {}", logs.display());
    std::fs::remove_dir_all(logs).unwrap();
}

async fn play(
    arena: &Arena,
    cluster: &MockCluster<'static, DefaultProducerContext>,
    topic: &str,
) -> anyhow::Result<()> {
    arena.settle().await?;
    for round in 0..2 * BROKERS {
        let down = 1 + round % BROKERS;
        // A leader that dies is gone before another takes its office: for a while nobody has it.
        cluster.broker_down(down)?;
        tokio::time::sleep(OUTAGE).await;
        for partition in 0..PARTITIONS {
            cluster.partition_leader(topic, partition, Some(leader(partition, round, down)))?;
        }
        arena.settle().await?;
        cluster.broker_up(down)?;
        // And once with nobody dead: the old leader is there, and says that it is not.
        for partition in 0..PARTITIONS {
            cluster.partition_leader(topic, partition, Some(leader(partition, round + 1, 0)))?;
        }
        arena.settle().await?;
    }
    Ok(())
}
