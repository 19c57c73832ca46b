//! The sections that services share, as types to embed in a service's own settings.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf};

use crate::http::WebOrigin;
use credentials::{TlsFileSettings, optional_path};
use secrecy::SecretString;
use serde::Deserialize;

/// The sections that this crate reads itself; every service's `defaults.toml` has them.
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
    /// Threads of the main runtime, which serves databases, Kafka and Redis; HTTP workers are
    /// additional.
    pub worker_threads: NonZeroUsize,
}

/// `[log]`: what goes to standard error.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// The format of log lines.
    pub format: LogFormat,
    /// A level (`info`) or filter directives (`info,storage=debug`).
    pub level: String,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Plain text for people.
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
    /// Milliseconds that running work may then take.
    pub grace_ms: u64,
}

impl Default for ShutdownSettings {
    fn default() -> Self {
        Self { delay_ms: 0, grace_ms: 20_000 }
    }
}

/// `[http]`: the HTTP server of a service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Worker threads.
    pub workers: NonZeroUsize,
    /// Milliseconds until a request is answered with 503.
    pub request_deadline_ms: u64,
    /// Milliseconds that a client may take to send a request's head, and then its body.
    ///
    /// `send_timeout_ms` is added for heads after the first on a connection, and for the rest of a
    /// body that is no longer read.
    pub client_timeout_ms: u64,
    /// Milliseconds for which a client may receive nothing of what is sent to it.
    pub send_timeout_ms: u64,
    /// Milliseconds for which an idle connection is kept.
    pub keep_alive_ms: u64,
    /// Largest request body in bytes, unless a route has its own limit.
    pub max_body_bytes: usize,
    /// Largest number of open connections over all workers; further ones wait in the backlog.
    pub max_connections: NonZeroUsize,
    /// Largest number of idle connections over all workers on which no caller was authenticated;
    /// beyond that, the one that has been idle for longest is closed.
    pub max_unauthenticated_connections: NonZeroUsize,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<WebOrigin>,
}

/// `[kafka]`: brokers, transport and time limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSettings {
    /// `host:port` of the brokers to start from.
    pub brokers: Vec<String>,
    /// Milliseconds to connect to a broker, including metadata and authentication.
    pub connect_timeout_ms: u64,
    /// Milliseconds for one exchange, in addition to a fetch's own wait.
    pub request_timeout_ms: u64,
    /// Milliseconds after which an unused connection is reopened; keep it below the brokers'
    /// `connections.max.idle.ms` and the idle timeouts of firewalls.
    pub connection_idle_ms: u64,
    /// Largest response in bytes; must exceed the fetch size of readers and the largest batch.
    pub max_response_bytes: usize,
    /// Largest unpacked size of a batch in bytes; a larger batch cannot be read.
    pub max_unpacked_bytes: usize,
    /// Compression of published records.
    pub compression: KafkaCompression,
    /// Whether to use TLS.
    pub tls: bool,
    /// `ca_file`, `certificate_file` and `key_file`.
    #[serde(flatten)]
    pub tls_files: TlsFileSettings,
    /// The SASL mechanism; empty for no authentication.
    pub sasl_mechanism: SaslMechanism,
    /// SASL user name, or the id of the client for `sasl_token_url`.
    pub sasl_username: String,
    /// File with the user name, read again for each connection; takes precedence.
    #[serde(deserialize_with = "optional_path")]
    pub sasl_username_file: Option<PathBuf>,
    /// SASL password, or the secret of the client for `sasl_token_url`.
    pub sasl_password: SecretString,
    /// File with the password, read again for each connection; takes precedence.
    #[serde(deserialize_with = "optional_path")]
    pub sasl_password_file: Option<PathBuf>,
    /// File with the token of OAUTHBEARER, read again for each connection.
    #[serde(deserialize_with = "optional_path")]
    pub sasl_token_file: Option<PathBuf>,
    /// The token endpoint for OAUTHBEARER; empty for `sasl_token_file`.
    pub sasl_token_url: String,
    /// The scopes to request from the token endpoint, separated by spaces; empty for its default.
    pub sasl_token_scope: String,
}

impl KafkaSettings {
    /// Settings for unencrypted connections without authentication, for tests and tools.
    #[must_use]
    pub fn without_tls(brokers: Vec<String>, compression: KafkaCompression) -> Self {
        Self {
            brokers,
            connect_timeout_ms: 3_000,
            request_timeout_ms: 5_000,
            connection_idle_ms: 240_000,
            max_response_bytes: 16 << 20,
            max_unpacked_bytes: 64 << 20,
            compression,
            tls: false,
            tls_files: TlsFileSettings::default(),
            sasl_mechanism: SaslMechanism::None,
            sasl_username: String::new(),
            sasl_username_file: None,
            sasl_password: SecretString::default(),
            sasl_password_file: None,
            sasl_token_file: None,
            sasl_token_url: String::new(),
            sasl_token_scope: String::new(),
        }
    }
}

impl RedisSettings {
    /// Settings for two connections to `url` with the certificate authorities of the system, for
    /// tests and tools.
    #[must_use]
    pub fn new(url: SecretString) -> Self {
        Self {
            url,
            url_file: None,
            tls_files: TlsFileSettings::default(),
            pool_size: NonZeroUsize::MIN.saturating_add(1),
            command_timeout_ms: 1_000,
            connect_timeout_ms: 2_000,
        }
    }
}

/// Compression of published records.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum KafkaCompression {
    /// No compression.
    None,
    /// Snappy: low CPU cost, moderate compression.
    Snappy,
}

/// A SASL mechanism for Kafka.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum SaslMechanism {
    /// No authentication.
    #[serde(rename = "")]
    None,
    /// Plain user name and password; use it with TLS only.
    #[serde(rename = "PLAIN")]
    Plain,
    /// SCRAM with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// SCRAM with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    /// A bearer token of an issuer (RFC 7628); use it with TLS only.
    #[serde(rename = "OAUTHBEARER")]
    OauthBearer,
}

/// `[redis]`: address and timeouts of Redis.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    /// `redis://…`, `redis-sentinel://…?sentinelServiceName=…&node=…` or
    /// `redis-cluster://…?node=…`, `rediss…` for TLS, with credentials.
    pub url: SecretString,
    /// File that contains the URL, and takes precedence; its credentials are read again for each
    /// connection.
    #[serde(deserialize_with = "optional_path")]
    pub url_file: Option<PathBuf>,
    /// `ca_file`, `certificate_file` and `key_file`.
    #[serde(flatten)]
    pub tls_files: TlsFileSettings,
    /// Number of connections (for a cluster: per node).
    pub pool_size: NonZeroUsize,
    /// Milliseconds for one command or pipeline.
    pub command_timeout_ms: u64,
    /// Milliseconds to open a connection.
    pub connect_timeout_ms: u64,
}
