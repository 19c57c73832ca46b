//! Kafka settings for tests, which override what they need.

use runtime::settings::{KafkaCompression, KafkaSettings};

/// Settings for unencrypted connections to `brokers`.
pub fn plain(brokers: Vec<String>) -> KafkaSettings {
    KafkaSettings::without_tls(brokers, KafkaCompression::None)
}
