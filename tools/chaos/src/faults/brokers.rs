//! Several brokers: leaders move, and brokers disappear and return, while ingestors read and
//! gateways write.
//!
//! The brokers are librdkafka's mock brokers; they speak the protocol over real connections.

use crate::environment::{Environment, Plan};
use crate::traffic::{DEPLOYED_PERCENT, Pace};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use std::time::Duration;

/// The number of brokers, which are numbered from 1.
pub const BROKERS: i32 = 3;
const PARTITIONS: i32 = 6;
/// How long partitions have no leader.
const OUTAGE: Duration = Duration::from_millis(800);

/// A mock cluster with one topic.
pub struct MockBrokers {
    cluster: MockCluster<'static, DefaultProducerContext>,
    topic: String,
}

impl MockBrokers {
    /// The plan for mock brokers, which return one batch per fetch, however small.
    #[must_use]
    pub const fn plan() -> Plan {
        let marker_interval = Duration::from_millis(300);
        let pace = Pace {
            events_per_second: 60,
            charge_points: 40,
            deployed_percent: DEPLOYED_PERCENT,
            marker_interval,
        };
        Plan { partitions: PARTITIONS, ingestors: 2, lease: Duration::from_secs(2), pace, settings: &[] }
    }

    /// Starts the brokers with the topic `topic`.
    ///
    /// # Errors
    /// When librdkafka refuses it.
    pub fn start(topic: &str) -> anyhow::Result<Self> {
        let cluster = MockCluster::new(BROKERS)?;
        cluster.create_topic(topic, PARTITIONS, BROKERS)?;
        Ok(Self { cluster, topic: topic.to_owned() })
    }

    /// The addresses of the brokers.
    #[must_use]
    pub fn addresses(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// The number of partitions of the topic.
    #[must_use]
    pub const fn partitions(&self) -> i32 {
        PARTITIONS
    }

    /// Takes a broker down: it closes its connections and accepts no new ones. Its partitions have
    /// no leader then.
    ///
    /// # Errors
    /// When librdkafka refuses it.
    pub fn take_down(&self, broker: i32) -> anyhow::Result<()> {
        Ok(self.cluster.broker_down(broker)?)
    }

    /// Brings a broker back.
    ///
    /// # Errors
    /// When librdkafka refuses it.
    pub fn bring_up(&self, broker: i32) -> anyhow::Result<()> {
        Ok(self.cluster.broker_up(broker)?)
    }

    /// Delays every response of every broker by `delay`.
    ///
    /// # Errors
    /// When librdkafka refuses it.
    pub fn slow_down(&self, delay: Duration) -> anyhow::Result<()> {
        for broker in 1..=BROKERS {
            self.cluster.broker_round_trip_time(broker, delay)?;
        }
        Ok(())
    }

    /// Elects for each partition a leader that is not `down` (0 for none); a different one each
    /// round.
    ///
    /// # Errors
    /// When librdkafka refuses it.
    pub fn elect_leaders(&self, round: i32, down: i32) -> anyhow::Result<()> {
        for partition in 0..PARTITIONS {
            let candidates = (0..BROKERS).map(|step| 1 + (partition + round + step) % BROKERS);
            let leader = candidates.into_iter().find(|broker| *broker != down);
            self.cluster.partition_leader(&self.topic, partition, leader)?;
        }
        Ok(())
    }
}

/// Takes each broker down twice, and moves all leaders twice as often. Returns how often leaders
/// moved.
///
/// # Errors
/// When the ingestors do not catch up.
pub async fn move_leaders(environment: &Environment, brokers: &MockBrokers) -> anyhow::Result<i32> {
    environment.wait_until_caught_up().await?;
    for round in 0..2 * BROKERS {
        let down = 1 + round % BROKERS;
        environment.output.progress(&format!(
            "broker {down} goes down and others lead; it returns, and leaders move again"
        ));
        // A leader is gone before another is elected: for a while there is none.
        brokers.take_down(down)?;
        tokio::time::sleep(OUTAGE).await;
        brokers.elect_leaders(round, down)?;
        environment.wait_until_caught_up().await?;
        brokers.bring_up(down)?;
        // Also without a broker down: the old leader responds that it is not the leader.
        brokers.elect_leaders(round + 1, 0)?;
        environment.wait_until_caught_up().await?;
    }
    Ok(4 * BROKERS)
}
