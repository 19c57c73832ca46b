//! What `redis.url` means: which servers to begin with, of what kind they are, and how to speak to them.

use fred::types::config::{Config, Server, ServerConfig};
use secrecy::ExposeSecret as _;

use super::{RedisError, redacted};
use crate::settings::RedisSettings;

/// An address that was understood.
pub(super) struct Address {
    /// Credentials, TLS and database of the servers that have the data.
    pub config: Config,
    /// Where they are.
    pub deployment: Deployment,
}

/// Who knows where the data is.
pub(super) enum Deployment {
    /// One server has it.
    Server(Server),
    /// The nodes of a cluster tell each other, and whoever asks.
    Cluster(Vec<Server>),
    /// Sentinels know the master.
    Sentinels {
        /// All sentinels that are asked.
        hosts: Vec<Server>,
        /// Credentials and TLS of the sentinels.
        config: Config,
        /// The name that they have for the master.
        service: String,
    },
}

impl Address {
    pub(super) fn parse(settings: &RedisSettings) -> Result<Self, RedisError> {
        let config = Config::from_url(settings.url.expose_secret());
        let config = config.map_err(|error| RedisError::Settings(redacted(&error)))?;
        let deployment = match config.server.clone() {
            ServerConfig::Centralized { server } => Deployment::Server(server),
            ServerConfig::Clustered { hosts, .. } => Deployment::Cluster(hosts),
            ServerConfig::Sentinel { hosts, service_name, username, password } => Deployment::Sentinels {
                hosts,
                config: Config { username, password, database: None, ..config.clone() },
                service: service_name,
            },
        };
        Ok(Self { config, deployment })
    }
}
