//! The settings of this service. `defaults.toml` documents each key.

use console::LabelContent;
use runtime::auth::AuthSettings;
use runtime::http::WebOrigin;
use runtime::settings::HttpSettings;
use serde::{Deserialize, Deserializer, de};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use storage::DatabaseSettings;

/// The text of `defaults.toml`: every key with its default and a comment.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The settings of this service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `[http]`: the API's server.
    pub http: HttpSettings,
    /// `[auth]`: authentication and rate limits of callers.
    pub auth: AuthSettings,
    /// `[database]`: the connections to PostgreSQL.
    pub database: DatabaseSettings,
    /// `[freshness]`: when the state of a device counts as stale.
    pub freshness: FreshnessSettings,
    /// `[station_map]`: the stations in memory.
    pub station_map: StationMapSettings,
    /// `[feed]`: publication of changes over HTTP.
    pub feed: FeedSettings,
    /// `[import]`: limits of imports.
    pub import: ImportSettings,
    /// `[export]`: limits of exports.
    pub export: ExportSettings,
    /// `[console]`: the console's pages.
    pub console: ConsoleSettings,
    /// `[tariffs]`: publication and activation of tariff versions.
    pub tariffs: TariffSettings,
    /// `[retention]`: how long rows are kept.
    pub retention: RetentionSettings,
}

/// How long rows are kept.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionSettings {
    /// How long edits are kept in the audit trail, in days.
    pub audit_days: u32,
}

/// The settings of the stations that are kept in memory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationMapSettings {
    /// Whether lists of stations are answered from memory.
    pub enabled: bool,
    /// Number of piles above which lists are read from the database instead.
    pub max_piles: usize,
}

/// The settings of the console's pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleSettings {
    /// The origin of command-dispatcher as browsers reach it; `None` if the setting is empty, and
    /// the pages then neither send nor list commands.
    #[serde(deserialize_with = "origin")]
    pub dispatcher_origin: Option<WebOrigin>,
    /// The text of the QR code on the label of a connector, with names of its values in braces.
    pub label_content: LabelContent,
    /// The console's client id at the issuer of tokens; empty if the console does not sign in there.
    pub sign_in_client_id: String,
    /// The scopes that the console requests, separated by spaces.
    pub sign_in_scopes: String,
    /// Further parameters of the console's requests to the issuer, in the form of a query.
    pub sign_in_parameters: String,
    /// Origins of the issuer's endpoints, if they are not at the origin of the issuer.
    pub sign_in_origins: Vec<WebOrigin>,
    /// Whether users who can sign in at the issuer may also paste a token.
    pub sign_in_accepts_tokens: bool,
    /// The address of the map's tiles; empty if it has none.
    pub map_tiles: String,
    /// Whose tiles they are.
    pub map_attribution: String,
}

fn origin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<WebOrigin>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let origin =
        |text: &str| text.parse().map_err(|refusal| de::Error::custom(format!("{text:?} {refusal}")));
    (!text.is_empty()).then(|| origin(&text)).transpose()
}

/// The settings of the publication and activation of tariff versions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffSettings {
    /// Interval between checks for versions that have come into force, in ms.
    pub activation_poll_ms: NonZeroU64,
    /// Whether a publication needs the approval of a second person.
    pub publish_approval: bool,
}

/// The limits of imports.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportSettings {
    /// Largest file, in bytes.
    pub max_body_bytes: u64,
    /// Largest number of rows in a file.
    pub max_rows: usize,
    /// Largest number of imports that run in this process at once.
    pub max_concurrent: usize,
    /// Time limit for a client to send a file, in ms.
    pub receive_timeout_ms: u64,
    /// Time limit for checking all rows, and again for writing them, in ms.
    pub work_timeout_ms: u64,
    /// Directory for temporary files; empty for the system's directory.
    pub directory: PathBuf,
}

/// The limits of exports.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportSettings {
    /// Largest number of rows in an export.
    pub max_rows: NonZeroUsize,
    /// Largest number of exports that run in this process at once.
    pub max_concurrent: usize,
    /// Time after which an export starts no further page, in ms.
    pub timeout_ms: u64,
}

/// The settings of the feed over HTTP.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSettings {
    /// Interval between reads of the feed while clients follow it, in ms.
    pub poll_ms: u64,
    /// Largest number of clients that follow the feed at once.
    pub max_clients: usize,
    /// Largest number of clients with the same authenticated caller that follow the feed at once.
    pub max_clients_per_caller: usize,
    /// Time without a change after which a client receives a keep-alive comment, in ms.
    pub keep_alive_ms: u64,
    /// The CloudEvents source of the changes.
    pub source: String,
}

/// The limits after which the state of a device counts as stale.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreshnessSettings {
    /// Time without a sign of life after which an online device is stale, in seconds.
    pub heartbeat_timeout_s: u32,
    /// The topic of the events, the same as `ingest.topic` of event-ingestor.
    pub ingest_topic: String,
    /// Time by which event-ingestor may be behind in a partition before its devices are stale, in
    /// seconds.
    pub ingest_lag_s: u32,
}
