//! Kafka settings for tests, which override what they need.

use runtime::settings::{KafkaCompression, KafkaSettings, SaslMechanism};

/// Settings for unencrypted connections to `brokers`.
pub fn plain(brokers: Vec<String>) -> KafkaSettings {
    KafkaSettings {
        brokers,
        connect_timeout_ms: 3_000,
        request_timeout_ms: 5_000,
        connection_idle_ms: 240_000,
        max_response_bytes: 16 << 20,
        max_unpacked_bytes: 64 << 20,
        compression: KafkaCompression::None,
        tls: false,
        ca_file: None,
        sasl_mechanism: SaslMechanism::None,
        sasl_username: String::new(),
        sasl_password: String::new().into(),
    }
}
