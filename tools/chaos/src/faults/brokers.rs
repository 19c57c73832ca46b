//! Several brokers: leaders move, brokers go away and come back, while ingestors read and gateways write.
//!
//! The brokers are those that librdkafka pretends for its own tests; they speak the protocol over real connections.

use crate::environment::{Environment, Plan};
use crate::traffic::{DEPLOYED_PERCENT, Pace};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use std::time::Duration;

/// How many there are; they are numbered from 1.
pub const BROKERS: i32 = 3;
const PARTITIONS: i32 = 6;
/// How long partitions are without a leader.
const OUTAGE: Duration = Duration::from_millis(800);

/// Brokers of a cluster, with one topic.
pub struct PretendedBrokers {
    cluster: MockCluster<'static, DefaultProducerContext>,
    topic: String,
}

impl PretendedBrokers {
    /// How many of everything suits such brokers: each gives out one batch at a time, however small.
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

    /// Starts them, with `topic`.
    ///
    /// # Errors
    /// When librdkafka cannot.
    pub fn start(topic: &str) -> anyhow::Result<Self> {
        let cluster = MockCluster::new(BROKERS)?;
        cluster.create_topic(topic, PARTITIONS, BROKERS)?;
        Ok(Self { cluster, topic: topic.to_owned() })
    }

    /// Where they are.
    #[must_use]
    pub fn addresses(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    /// How many partitions the topic has.
    #[must_use]
    pub const fn partitions(&self) -> i32 {
        PARTITIONS
    }

    /// Has a broker gone: it closes its connections and takes no others. What it led has no leader then.
    ///
    /// # Errors
    /// When librdkafka cannot.
    pub fn take_away(&self, broker: i32) -> anyhow::Result<()> {
        Ok(self.cluster.broker_down(broker)?)
    }

    /// Has it back.
    ///
    /// # Errors
    /// When librdkafka cannot.
    pub fn bring_back(&self, broker: i32) -> anyhow::Result<()> {
        Ok(self.cluster.broker_up(broker)?)
    }

    /// Has every broker answer so much later.
    ///
    /// # Errors
    /// When librdkafka cannot.
    pub fn slow_down(&self, delay: Duration) -> anyhow::Result<()> {
        for broker in 1..=BROKERS {
            self.cluster.broker_round_trip_time(broker, delay)?;
        }
        Ok(())
    }

    /// Has each partition led by a broker that is not `down` (0 for none): a different one each round.
    ///
    /// # Errors
    /// When librdkafka cannot.
    pub fn elect(&self, round: i32, down: i32) -> anyhow::Result<()> {
        for partition in 0..PARTITIONS {
            let candidates = (0..BROKERS).map(|step| 1 + (partition + round + step) % BROKERS);
            let leader = candidates.into_iter().find(|broker| *broker != down);
            self.cluster.partition_leader(&self.topic, partition, leader)?;
        }
        Ok(())
    }
}

/// Takes each broker away twice, and moves all leaders twice as often; says how often leaders moved.
///
/// # Errors
/// When the ingestors do not catch up.
pub async fn depose_leaders(environment: &Environment, brokers: &PretendedBrokers) -> anyhow::Result<i32> {
    environment.settle().await?;
    for round in 0..2 * BROKERS {
        let down = 1 + round % BROKERS;
        environment
            .narrator
            .say(&format!("broker {down} goes away, others lead; it comes back, and leaders move again"));
        // A leader that dies is gone before another takes its office: for a while nobody has it.
        brokers.take_away(down)?;
        tokio::time::sleep(OUTAGE).await;
        brokers.elect(round, down)?;
        environment.settle().await?;
        brokers.bring_back(down)?;
        // And once with nobody dead: the old leader is there, and says that it is not.
        brokers.elect(round + 1, 0)?;
        environment.settle().await?;
    }
    Ok(4 * BROKERS)
}
