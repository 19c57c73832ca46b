//! The settings, converted to librdkafka's configuration.

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use secrecy::ExposeSecret as _;

use super::super::{
    KafkaError,
    login::{Password, user},
    transport::CLIENT_ID,
};
use crate::settings::{KafkaSettings, SaslMechanism};

/// How long a broker may delay the response to a fetch without records, in milliseconds. A change
/// of a reader's position waits for such a response.
const FETCH_WAIT_MS: u64 = 200;
/// Bytes that a fetch requests; librdkafka fetches ahead of its readers.
const FETCH_BYTES: usize = 1 << 20;
/// Kibibytes that librdkafka buffers for a reader before it stops fetching.
const QUEUE_KIB: usize = 4 << 10;
/// Upper bound on the size of a response without its records, in bytes.
const FRAME_BYTES: usize = 512;
/// The smallest response limit that librdkafka accepts, in bytes.
const MIN_RESPONSE_BYTES: usize = 2_000;
/// The largest, 1 GB, which is librdkafka's bound on `fetch.message.max.bytes`.
const MAX_RESPONSE_BYTES: usize = 1_000_000_000;

/// # Errors
///
/// If the settings need features that this build of librdkafka lacks.
pub(super) fn of(settings: &KafkaSettings) -> Result<ClientConfig, KafkaError> {
    if settings.tls {
        return Err(missing("kafka.tls", "TLS"));
    }
    let mut config = ClientConfig::new();
    config.set_log_level(RDKafkaLogLevel::Warning);
    reading(&mut config);
    limits(&mut config, settings);
    authentication(&mut config, settings)?;
    Ok(config)
}

fn missing(setting: &str, what: &str) -> KafkaError {
    KafkaError::Settings(format!(
        "{setting} requires {what}, which this build of librdkafka lacks: \
         use a build without the feature librdkafka"
    ))
}

/// Settings for reading.
fn reading(config: &mut ClientConfig) {
    let fixed = [
        ("client.id", CLIENT_ID),
        // librdkafka assigns partitions only to a consumer with a group, which is never joined.
        ("group.id", CLIENT_ID),
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        ("enable.partition.eof", "true"),
        ("auto.offset.reset", "error"),
        ("isolation.level", "read_committed"),
        ("check.crcs", "true"),
        ("allow.auto.create.topics", "false"),
        // An unknown topic is reported at once; callers retry.
        ("topic.metadata.propagation.max.ms", "0"),
        ("enable.metrics.push", "false"),
        ("log.connection.close", "false"),
        ("fetch.min.bytes", "1"),
        ("fetch.error.backoff.ms", "100"),
        ("fetch.queue.backoff.ms", "20"),
        ("reconnect.backoff.ms", "100"),
        ("reconnect.backoff.max.ms", "1000"),
        ("socket.nagle.disable", "true"),
    ];
    for (key, value) in fixed {
        config.set(key, value);
    }
    config.set("fetch.wait.max.ms", FETCH_WAIT_MS.to_string());
    config.set("queued.max.messages.kbytes", QUEUE_KIB.to_string());
}

/// Addresses, timeouts and sizes. Values outside librdkafka's ranges are clamped.
fn limits(config: &mut ClientConfig, settings: &KafkaSettings) {
    let connect = settings.connect_timeout_ms.clamp(1_000, 300_000);
    let request = settings.request_timeout_ms.clamp(10, 300_000);
    let idle = settings.connection_idle_ms.clamp(2_000, 86_400_000);
    let response = settings.max_response_bytes.clamp(MIN_RESPONSE_BYTES, MAX_RESPONSE_BYTES);
    let fetch = (response - FRAME_BYTES).min(FETCH_BYTES);
    config
        .set("bootstrap.servers", settings.brokers.join(","))
        .set("socket.connection.setup.timeout.ms", connect.to_string())
        .set("socket.timeout.ms", request.to_string())
        .set("connections.max.idle.ms", idle.to_string())
        .set("receive.message.max.bytes", response.to_string())
        .set("fetch.max.bytes", fetch.to_string())
        .set("fetch.message.max.bytes", fetch.to_string())
        // Only limits what is published, and must not exceed `fetch.max.bytes`.
        .set("message.max.bytes", fetch.to_string());
}

fn authentication(config: &mut ClientConfig, settings: &KafkaSettings) -> Result<(), KafkaError> {
    match settings.sasl_mechanism {
        SaslMechanism::None => {
            config.set("security.protocol", "plaintext");
        }
        SaslMechanism::Plain => {
            let (username, password) = user(settings)?;
            let Password { username, password } = Password::current(&username, &password);
            config
                .set("security.protocol", "sasl_plaintext")
                .set("sasl.mechanisms", "PLAIN")
                .set("sasl.username", username)
                .set("sasl.password", password.expose_secret());
        }
        SaslMechanism::ScramSha256 | SaslMechanism::ScramSha512 => {
            return Err(missing("kafka.sasl_mechanism", "SCRAM"));
        }
        SaslMechanism::OauthBearer => return Err(missing("kafka.sasl_mechanism", "OAUTHBEARER")),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
