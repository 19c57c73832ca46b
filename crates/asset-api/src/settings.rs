//! The settings of this service; `defaults.toml` is their manual.

use runtime::auth::AuthSettings;
use runtime::http::WebOrigin;
use runtime::settings::HttpSettings;
use serde::{Deserialize, Deserializer, de};
use std::num::NonZeroU64;
use std::path::PathBuf;
use storage::DatabaseSettings;

/// Every key with its default, and what it is for.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The settings of this service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The HTTP face.
    pub http: HttpSettings,
    /// `[auth]`
    pub auth: AuthSettings,
    /// Where Postgres is.
    pub database: DatabaseSettings,
    /// When what devices report counts as old.
    pub freshness: FreshnessSettings,
    /// How changes are told to those who follow them.
    pub feed: FeedSettings,
    /// What imports are allowed.
    pub import: ImportSettings,
    /// The console's pages.
    pub console: ConsoleSettings,
    /// How tariffs are looked after.
    pub tariffs: TariffSettings,
}

/// The console's pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleSettings {
    /// Where browsers reach command-dispatcher; empty where nobody is to send commands from the pages.
    #[serde(deserialize_with = "origin")]
    pub dispatcher_origin: Option<WebOrigin>,
}

fn origin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<WebOrigin>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let origin =
        |text: &str| text.parse().map_err(|refusal| de::Error::custom(format!("{text:?} {refusal}")));
    (!text.is_empty()).then(|| origin(&text)).transpose()
}

/// How tariffs are looked after.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffSettings {
    /// Milliseconds between looks for versions whose instant has come.
    pub activation_poll_ms: NonZeroU64,
}

/// What imports are allowed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportSettings {
    /// Bytes of a file.
    pub max_body_bytes: u64,
    /// Rows of a file.
    pub max_rows: usize,
    /// Imports that may go on at once.
    pub max_concurrent: usize,
    /// Milliseconds that a client may take to send a file.
    pub receive_timeout_ms: u64,
    /// Milliseconds that may be taken to look the rows up, and again to write them.
    pub work_timeout_ms: u64,
    /// Where a file is kept meanwhile; empty for the system's own place.
    pub directory: PathBuf,
}

/// How changes are told to those who follow them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSettings {
    /// Milliseconds between looks at the feed while anybody follows.
    pub poll_ms: u64,
    /// Clients that may follow at once.
    pub max_clients: usize,
    /// Milliseconds without a change after which a client is told that the connection lives.
    pub keep_alive_ms: u64,
    /// The CloudEvents source.
    pub source: String,
}

/// When what devices report counts as old.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreshnessSettings {
    /// Seconds without a sign of life after which an online device is doubted.
    pub heartbeat_timeout_s: u32,
    /// The topic of the events, as ingestors know it.
    pub ingest_topic: String,
    /// Seconds by which ingestors may be behind before what devices report is doubted.
    pub ingest_lag_s: u32,
}
