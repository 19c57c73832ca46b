//! A simulator on topics of its own, and clients that read its events and command it.

use crate::sample::charge_point;
use chrono::TimeDelta;
use domain::commands::{Command, CommandKind};
use domain::event::GatewayEvent;
use domain::ids::{ChargePointId, CommandId, GatewayId};
use gateway_simulator::settings::{
    BehaviourSettings, DEFAULTS, GatewaySettings, LifeSettings, Settings, TopicSettings,
};
use gateway_simulator::{DeviceSpec, ReceivedCommand, Simulator, SimulatorSettings};
use runtime::kafka::{Kafka, NewRecord, ReceivedRecord};
use runtime::redis::Redis;
use std::sync::Arc;
use std::time::Duration;
use testkit::{TestTopic, kafka_brokers, redis_url, unique};
use uuid::Uuid;
use wire::RawRecord;

pub const TIMEOUT: Duration = Duration::from_secs(120);

/// A simulator, its topics, and clients.
pub struct Harness {
    pub simulator: Simulator,
    pub kafka: Kafka,
    pub redis: Redis,
    pub topics: TopicSettings,
    _deleted_at_the_end: [TestTopic; 2],
    pub context: runtime::Context,
}

/// Settings with which tests do not affect each other.
pub fn settings() -> SimulatorSettings {
    SimulatorSettings {
        topics: TopicSettings { events: unique("sim-events"), commands: unique("sim-commands") },
        gateway: GatewaySettings { pod_prefix: unique("pod") + "-", ..GatewaySettings::default() },
        behaviour: BehaviourSettings { reboot_ms: 100, finishing_ms: 100, ..BehaviourSettings::default() },
        life: LifeSettings::default(),
    }
}

impl Harness {
    /// Creates topics of 3 and of `command_partitions` partitions, and a simulator on them.
    pub async fn start(settings: SimulatorSettings, command_partitions: i32) -> Self {
        let (brokers, redis) = (kafka_brokers(), redis_url());
        // Long time-outs for a busy machine.
        let overrides = [
            ("kafka.brokers", &*brokers),
            ("kafka.connect_timeout_ms", "20000"),
            ("kafka.request_timeout_ms", "20000"),
            ("redis.url", &*redis),
            ("redis.connect_timeout_ms", "20000"),
            ("redis.command_timeout_ms", "20000"),
        ];
        let stack: Settings = runtime::settings::parse(DEFAULTS, &overrides).unwrap();
        let kafka = Kafka::new(&stack.kafka).unwrap();
        let redis = Redis::connect(&stack.redis).unwrap();
        let topics = settings.topics.clone();
        let deleted = [TestTopic::named(&topics.events), TestTopic::named(&topics.commands)];
        for (topic, partitions) in [(&topics.events, 3), (&topics.commands, command_partitions)] {
            testkit::eventually("the topic to be created", || async {
                kafka.create_topic(topic, partitions).await.is_ok() || kafka.partitions(topic).await.is_ok()
            })
            .await;
        }
        set_retention(&kafka, &topics.commands, Duration::from_secs(120)).await;
        let context = runtime::Context::new("simulator-test");
        let shutdown = context.shutdown.clone();
        let simulator = Simulator::start(settings, kafka.clone(), redis.clone(), shutdown).await.unwrap();
        Self { simulator, kafka, redis, topics, _deleted_at_the_end: deleted, context }
    }

    /// Connects a new device to that pod.
    pub async fn device(&self, pod: usize) -> ChargePointId {
        let id = charge_point();
        let spec = DeviceSpec::new(id.clone()).on_pod(pod);
        self.simulator.connect(spec).await.unwrap();
        id
    }

    /// A command for a device of that pod.
    pub fn command(&self, pod: &GatewayId, id: &ChargePointId, kind: CommandKind) -> Command {
        let now = runtime::clock::now();
        Command {
            id: CommandId(Uuid::now_v7()),
            charge_point_id: id.clone(),
            gateway_id: pod.clone(),
            kind,
            issued_at: now,
            expires_at: now + TimeDelta::seconds(60),
            trace_id: None,
        }
    }

    /// Publishes a command as the platform would.
    pub async fn publish(&self, partition: i32, command: &Command) {
        let encoded = wire::encode_command(command);
        self.publish_bytes(partition, &encoded.key, encoded.value).await;
    }

    pub async fn publish_bytes(&self, partition: i32, key: &str, value: Vec<u8>) {
        let record = NewRecord {
            key: Some(key.as_bytes().to_vec()),
            value: Some(value),
            headers: [].into(),
            timestamp: runtime::clock::now(),
        };
        let writer = self.kafka.writer(&self.topics.commands);
        Box::pin(writer.publish(partition, vec![record], TIMEOUT)).await.unwrap();
    }

    /// Sends a command to the pod with this number and waits until it is received.
    pub async fn send_command(
        &self,
        pod: usize,
        id: &ChargePointId,
        kind: CommandKind,
    ) -> Arc<ReceivedCommand> {
        let command = self.command(&self.simulator.pods()[pod], id, kind);
        self.publish(self.simulator.command_partition(pod).unwrap(), &command).await;
        self.received(&command).await
    }

    pub async fn received(&self, command: &Command) -> Arc<ReceivedCommand> {
        self.simulator.wait_for_command(|received| received.command.id == command.id, TIMEOUT).await.unwrap()
    }

    /// All records of a device, read from its partition until one is `last`.
    pub async fn records_until(
        &self,
        id: &ChargePointId,
        last: impl Fn(&GatewayEvent) -> bool,
    ) -> Vec<(ReceivedRecord, GatewayEvent)> {
        let search = async {
            for partition in (0..3).cycle() {
                let records = self.partition(partition).await;
                let own: Vec<_> = records
                    .into_iter()
                    .filter(|record| record.key.as_deref() == Some(id.as_str().as_bytes()))
                    .map(|record| {
                        let event = wire::decode(&RawRecord::json(record.value.as_deref().unwrap())).unwrap();
                        (record, event)
                    })
                    .collect();
                if own.iter().any(|(_, event)| last(event)) {
                    return own;
                }
            }
            vec![]
        };
        tokio::time::timeout(TIMEOUT, search).await.unwrap()
    }

    async fn partition(&self, partition: i32) -> Vec<ReceivedRecord> {
        let reader = self.kafka.reader(&self.topics.events, partition);
        let mut records = Vec::new();
        loop {
            let next = records.len().try_into().unwrap();
            let fetch = reader.fetch(next, Duration::from_millis(50), 1 << 20);
            let fetched = Box::pin(fetch).await.unwrap();
            let is_end = fetched.records.is_empty();
            records.extend(fetched.records);
            if is_end {
                return records;
            }
        }
    }

    /// The pod that the device's key names.
    pub async fn key(&self, id: &ChargePointId) -> Option<String> {
        let key = format!("conn:{id}");
        Box::pin(self.redis.get_many(&[&key])).await.unwrap().remove(0)
    }
}

/// Sets the retention of the command topic; returns when the broker reports it.
pub async fn set_retention(kafka: &Kafka, topic: &str, retention: Duration) {
    let brokers = kafka_brokers();
    let (broker, millis) = (brokers.split(',').next().unwrap(), retention.as_millis().to_string());
    let settings = [("retention.ms", &*millis), ("segment.ms", "60000")];
    testkit::kafka_wire::Connection::open(broker).configure_topic(topic, &settings);
    testkit::eventually("the broker to report the settings", || async {
        kafka.topic_retention(topic).await.unwrap().retention == Some(retention)
    })
    .await;
}
