//! The settings of this service; `defaults.toml` is their manual.

use runtime::settings::HttpSettings;
use serde::Deserialize;
use storage::DatabaseSettings;

/// Every key with its default, and what it is for.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The settings of this service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The HTTP face.
    pub http: HttpSettings,
    /// Where Postgres is.
    pub database: DatabaseSettings,
    /// When what devices report counts as old.
    pub freshness: FreshnessSettings,
}

/// When what devices report counts as old.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreshnessSettings {
    /// Seconds without a sign of life after which an online device is doubted.
    pub heartbeat_timeout_s: u32,
}
