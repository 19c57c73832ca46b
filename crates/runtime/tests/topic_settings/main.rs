//! A topic's settings, read from real brokers: with and without authentication, and with
//! unavailable brokers.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test helper fails the test")]

mod encrypted;
mod gate;

#[path = "../kafka_settings/mod.rs"]
mod kafka_settings;

use std::{
    net::{Ipv4Addr, TcpListener},
    time::{Duration, Instant},
};

use gate::{Gate, PASSWORD, USER};
use runtime::{
    causes,
    kafka::{Excess, Kafka, KafkaError, TopicRetention},
    settings::{KafkaSettings, SaslMechanism},
};
use testkit::{FaultProxy, ProxyMode, TestTopic};

const MECHANISMS: [SaslMechanism; 3] =
    [SaslMechanism::Plain, SaslMechanism::ScramSha256, SaslMechanism::ScramSha512];
const TWO_MINUTES: [(&str, &str); 2] = [("retention.ms", "120000"), ("segment.ms", "60000")];

fn settings(broker: &str) -> KafkaSettings {
    KafkaSettings { connect_timeout_ms: 5_000, ..kafka_settings::plain(vec![broker.to_owned()]) }
}

fn broker() -> String {
    testkit::kafka_brokers().split(',').next().unwrap().to_owned()
}

/// A topic for one test with these settings.
async fn topic(settings_of_topic: &[(&str, &str)]) -> TestTopic {
    let topic = TestTopic::new("settings");
    let kafka = Kafka::new(&settings(&broker())).unwrap();
    testkit::eventually("the topic to be created", || async {
        kafka.create_topic(&topic, 1).await.is_ok() || kafka.partitions(&topic).await.is_ok()
    })
    .await;
    if !settings_of_topic.is_empty() {
        topic.configure(settings_of_topic);
    }
    topic
}

/// Reads until the settings are visible: a broker applies a change a moment after the controller
/// has confirmed it.
async fn read(kafka: &Kafka, topic: &str, expected: TopicRetention) {
    testkit::eventually("the settings to be visible", || async {
        kafka.topic_retention(topic).await.unwrap() == expected
    })
    .await;
}

fn two_minutes() -> TopicRetention {
    TopicRetention { retention: Some(Duration::from_secs(120)), segment: Some(Duration::from_secs(60)) }
}

#[tokio::test]
async fn reads_the_settings_of_a_topic() {
    let kafka = Kafka::new(&settings(&broker())).unwrap();
    let topic = topic(&TWO_MINUTES).await;
    read(&kafka, &topic, two_minutes()).await;
    assert_eq!(two_minutes().excess(Duration::from_secs(120)), None);

    topic.configure(&[("retention.ms", "-1")]);
    read(&kafka, &topic, TopicRetention { retention: None, ..two_minutes() }).await;
}

#[tokio::test]
async fn a_topic_without_settings_inherits_those_of_the_broker() {
    let topic = topic(&[]).await;
    let found = Kafka::new(&settings(&broker())).unwrap().topic_retention(&topic).await.unwrap();
    assert!(matches!(found.excess(Duration::from_secs(120)), Some(Excess::Retention(_))), "{found:?}");
    assert!(found.segment.is_some_and(|segment| segment > Duration::from_secs(3_600)), "{found:?}");
}

#[tokio::test]
async fn reports_an_unknown_topic_by_name() {
    let name = testkit::unique("nowhere");
    let error = Kafka::new(&settings(&broker())).unwrap().topic_retention(&name).await.unwrap_err();
    assert!(matches!(&error, KafkaError::TopicUnknown(topic) if *topic == name), "{error:?}");
}

#[tokio::test]
async fn asks_the_next_broker_if_one_is_unavailable() {
    let topic = topic(&TWO_MINUTES).await;
    let brokers = vec!["127.0.0.1:1".to_owned(), broker()];
    let kafka = Kafka::new(&KafkaSettings { brokers, ..settings(&broker()) }).unwrap();
    read(&kafka, &topic, two_minutes()).await;
}

#[tokio::test]
async fn authenticates_with_each_mechanism() {
    let (topic, gate) = (topic(&TWO_MINUTES).await, Gate::before(broker()).await);
    for sasl_mechanism in MECHANISMS {
        let user = KafkaSettings {
            sasl_mechanism,
            sasl_username: USER.to_owned(),
            sasl_password: PASSWORD.to_owned().into(),
            ..settings(&gate.address)
        };
        read(&Kafka::new(&user).unwrap(), &topic, two_minutes()).await;
    }
}

#[tokio::test]
async fn reports_a_wrong_password_without_repeating_it() {
    let (topic, gate) = (topic(&TWO_MINUTES).await, Gate::before(broker()).await);
    for sasl_mechanism in MECHANISMS {
        let stranger = KafkaSettings {
            sasl_mechanism,
            sasl_username: USER.to_owned(),
            sasl_password: "hunter2".to_owned().into(),
            ..settings(&gate.address)
        };
        let error = Kafka::new(&stranger).unwrap().topic_retention(&topic).await.unwrap_err();
        let text = causes(&error);
        assert!(text.contains("refused the user: no such user (error 58)"), "{sasl_mechanism:?}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn fails_without_authentication() {
    let (topic, gate) = (topic(&TWO_MINUTES).await, Gate::before(broker()).await);
    let error = Kafka::new(&settings(&gate.address)).unwrap().topic_retention(&topic).await.unwrap_err();
    assert!(matches!(error, KafkaError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn gives_up_on_an_unresponsive_broker_in_time() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let proxy = FaultProxy::before(broker().parse().unwrap()).await;
    proxy.set_mode(ProxyMode::DropResponses);
    for address in [silent.local_addr().unwrap(), proxy.address] {
        let short = KafkaSettings {
            connect_timeout_ms: 300,
            request_timeout_ms: 300,
            ..settings(&address.to_string())
        };
        let started = Instant::now();
        let error = Kafka::new(&short).unwrap().topic_retention("any").await.unwrap_err();
        assert!(causes(&error).contains("no answer within 300 ms"), "{}", causes(&error));
        assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn refuses_a_response_above_the_size_limit() {
    let topic = topic(&TWO_MINUTES).await;
    let narrow = KafkaSettings { max_response_bytes: 40, ..settings(&broker()) };
    let error = Kafka::new(&narrow).unwrap().topic_retention(&topic).await.unwrap_err();
    assert!(causes(&error).contains("exceeds kafka.max_response_bytes"), "{}", causes(&error));
}
