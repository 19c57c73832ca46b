//! The sections that services share, as types to embed in a service's own settings.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf};

use crate::http::WebOrigin;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// The sections this crate reads itself; every service's `defaults.toml` has them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonSettings {
    /// `[runtime]`
    pub runtime: RuntimeSettings,
    /// `[log]`
    pub log: LogSettings,
    /// `[admin]`
    pub admin: AdminSettings,
    /// `[shutdown]`
    pub shutdown: ShutdownSettings,
}

/// `[runtime]`: the asynchronous runtime of the process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeSettings {
    /// Threads of the main runtime, which carries databases, Kafka and Redis; HTTP workers come on top.
    pub worker_threads: NonZeroUsize,
}

/// `[log]`: what goes to standard error.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// One JSON object per line, or text for people.
    pub format: LogFormat,
    /// A level (`info`) or filter directives (`info,storage=debug`).
    pub level: String,
}

/// The shape of log lines.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Text for people.
    Text,
}

/// `[admin]`: the port for probes and metrics.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminSettings {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
}

/// `[shutdown]`: how the process stops.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShutdownSettings {
    /// Milliseconds between readiness turning 503 and the end of accepting work.
    pub delay_ms: u64,
    /// Milliseconds that work under way may then take.
    pub grace_ms: u64,
}

impl Default for ShutdownSettings {
    fn default() -> Self {
        Self { delay_ms: 0, grace_ms: 20_000 }
    }
}

/// `[http]`: a service's HTTP face.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Worker threads.
    pub workers: NonZeroUsize,
    /// Milliseconds until a request is answered 503.
    pub request_deadline_ms: u64,
    /// Milliseconds a client may take to send its request's head, and then its body.
    ///
    /// For heads after the first on a connection, and what comes of a body that nobody reads, `send_timeout_ms` more.
    pub client_timeout_ms: u64,
    /// Milliseconds a client may take nothing of what is sent to it.
    pub send_timeout_ms: u64,
    /// Milliseconds an idle connection is kept.
    pub keep_alive_ms: u64,
    /// Bytes a request body may have where a route does not say otherwise.
    pub max_body_bytes: usize,
    /// Connections held at once, over all workers; further ones wait in the backlog.
    pub max_connections: NonZeroUsize,
    /// Origins whose pages may call.
    pub cors_origins: Vec<WebOrigin>,
}

/// `[kafka]`: brokers, transport and time limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSettings {
    /// `host:port` of the brokers to start from.
    pub brokers: Vec<String>,
    /// Milliseconds to reach a broker, with metadata and authentication.
    pub connect_timeout_ms: u64,
    /// Milliseconds for one exchange, on top of a fetch's own wait.
    pub request_timeout_ms: u64,
    /// Milliseconds after which an unused connection is opened anew instead of being trusted; keep it below the
    /// brokers' `connections.max.idle.ms` and the patience of firewalls.
    pub connection_idle_ms: u64,
    /// Bytes a single answer may have; must exceed what readers ask for and the largest batch.
    pub max_response_bytes: usize,
    /// Bytes that one batch of records may unpack to; a larger one cannot be read.
    pub max_unpacked_bytes: usize,
    /// How published records are compressed.
    pub compression: KafkaCompression,
    /// Whether to speak TLS.
    pub tls: bool,
    /// PEM file of the authorities to trust; empty for those of the system.
    #[serde(deserialize_with = "optional")]
    pub ca_file: Option<PathBuf>,
    /// How to authenticate; empty for not at all.
    pub sasl_mechanism: SaslMechanism,
    /// SASL user.
    pub sasl_username: String,
    /// SASL password.
    pub sasl_password: SecretString,
}

/// How published records are compressed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum KafkaCompression {
    /// Not at all.
    None,
    /// Snappy: little work, fair gain.
    Snappy,
}

/// How to authenticate to Kafka.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum SaslMechanism {
    /// No authentication.
    #[serde(rename = "")]
    None,
    /// User and password as they are; only sensible with TLS.
    #[serde(rename = "PLAIN")]
    Plain,
    /// SCRAM with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// SCRAM with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

/// `[redis]`: where Redis is and how long to wait for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    /// `redis://…`, `redis-sentinel://…?sentinelServiceName=…&node=…` or `redis-cluster://…?node=…`, `rediss…` for TLS, with
    /// credentials.
    pub url: SecretString,
    /// Connections (for a cluster: per node).
    pub pool_size: NonZeroUsize,
    /// Milliseconds for one command or pipeline.
    pub command_timeout_ms: u64,
    /// Milliseconds to open a connection.
    pub connect_timeout_ms: u64,
}

/// Reads an empty string as absence, since TOML has no null.
fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(Some(text).filter(|text| !text.is_empty()).map(PathBuf::from))
}
