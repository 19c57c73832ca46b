//! The short form of `make chaos`, on the shared servers: ingestor processes are killed, frozen and
//! deprived of their leases, and connections are cut at the COMMIT, all in one run.

use chaos::campaign::kafka_settings;
use chaos::database_audit::AuditedDatabase;
use chaos::environment::{Environment, Outcome, Plan, Servers};
use chaos::faults::leases::Fence;
use chaos::faults::{commits, freeze, kill, leases};
use chaos::output::Output;
use chaos::traffic::{DEPLOYED_PERCENT, Pace};
use domain::sessions::session::StartedBy;
use gateway_simulator::ledger::DeviceLedger;
use runtime::kafka::Kafka;
use std::time::Duration;
use system_tests::{binary, create_topic};
use testkit::{TestDatabase, TestTopic, kafka_brokers};

const LEASE: Duration = Duration::from_millis(1_500);
/// How often each ingestor takes each partition from the others.
const ROUNDS: u32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn every_effect_is_written_once_whatever_is_done_to_the_ingestors() {
    let plan = Plan {
        partitions: 8,
        ingestors: 3,
        lease: LEASE,
        pace: Pace {
            events_per_second: 300,
            charge_points: 100,
            deployed_percent: DEPLOYED_PERCENT,
            marker_interval: Duration::from_millis(50),
        },
        settings: &[],
    };
    let outcome = play("chaos", plan, disturb).await;
    for evidence in StartedBy::ALL {
        let rest_on_it = |device: &DeviceLedger| {
            device.shown_sessions().filter(|session| session.started_by == Some(evidence)).count()
        };
        let sessions: usize = outcome.sent.ledger.devices.iter().map(rest_on_it).sum();
        assert!(sessions > 0, "no session is derived from {evidence:?}");
    }
}

/// Runs `act` in an environment of its own on the shared servers; every effect must be written
/// once.
pub async fn play(
    name: &str,
    plan: Plan,
    act: impl AsyncFnOnce(&mut Environment) -> anyhow::Result<()>,
) -> Outcome {
    play_on(&kafka_brokers(), name, plan, act).await
}

/// The same on other brokers.
pub async fn play_on(
    brokers: &str,
    name: &str,
    plan: Plan,
    act: impl AsyncFnOnce(&mut Environment) -> anyhow::Result<()>,
) -> Outcome {
    let database = TestDatabase::new().await;
    let topic = TestTopic::new(name);
    let kafka = kafka_settings(brokers).unwrap();
    create_topic(&Kafka::new(&kafka).unwrap(), &topic, plan.partitions).await;
    let logs = binary("event-ingestor").with_file_name("chaos-logs").join(&*topic);
    let servers = Servers { kafka, ingestor: binary("event-ingestor"), logs: logs.clone() };
    let audited = AuditedDatabase::open(&database.url).await.unwrap();
    let mut environment = Environment::open(plan, &servers, audited, &topic, Output::start()).await.unwrap();
    let played = act(&mut environment).await;
    let outcome = environment.close(played).await.unwrap();
    assert!(outcome.sent.duplicates > 0);
    assert_eq!(outcome.findings, [""; 0], "the ingestors' logs are in {}", logs.display());
    std::fs::remove_dir_all(logs).unwrap();
    outcome
}

async fn disturb(environment: &mut Environment) -> anyhow::Result<()> {
    kill::kill_one(environment).await?;
    freeze::freeze_oldest(environment, LEASE * 2).await?;
    commits::cut(environment, 4, 10).await?;
    leases::ignore_leases(environment, Fence::Epoch, ROUNDS).await?;
    leases::ignore_leases(environment, Fence::Offset, ROUNDS).await?;
    Ok(())
}
