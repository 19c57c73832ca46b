//! Several brokers: leaders move, brokers go away and come back, while ingestors read and gateways write.

use chaos::arena::{Arena, Servers};
use chaos::books::Books;
use chaos::campaign::kafka_settings;
use chaos::faults::brokers::{PretendedBrokers, depose_leaders};
use chaos::narrator::Narrator;
use system_tests::binary;
use testkit::{TestDatabase, unique};

#[tokio::test(flavor = "multi_thread")]
async fn every_effect_stands_once_while_leaders_move_and_brokers_die() {
    let topic = unique("brokers");
    let brokers = PretendedBrokers::start(&topic).unwrap();
    let database = TestDatabase::new().await;
    let logs = binary("event-ingestor").with_file_name("chaos-logs").join(&topic);
    let kafka = kafka_settings(&brokers.addresses()).unwrap();
    let servers = Servers { kafka, ingestor: binary("event-ingestor"), logs: logs.clone() };
    let books = Books::open(&database.url).await.unwrap();
    let plan = PretendedBrokers::plan();
    let arena = Arena::open(plan, &servers, books, &topic, Narrator::begin()).await.unwrap();
    let played = depose_leaders(&arena, &brokers).await.map(drop);
    let outcome = arena.close(played).await.unwrap();
    assert_eq!(outcome.findings, [""; 0], "the ingestors' logs are in {}", logs.display());
    std::fs::remove_dir_all(logs).unwrap();
}
