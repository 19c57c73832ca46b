//! Interpretation of `redis.url`: the initial servers, their kind, and how to connect to them.

use fred::types::config::{Config, Server, ServerConfig};
use secrecy::ExposeSecret as _;

use super::{RedisError, redacted};
use crate::settings::RedisSettings;

/// A parsed address.
pub(super) struct Address {
    /// Credentials, TLS and database of the servers that have the data.
    pub config: Config,
    /// The servers that have the data, or know it.
    pub deployment: Deployment,
}

/// How the data is distributed.
pub(super) enum Deployment {
    /// One server has all data.
    Server(Server),
    /// The nodes of a cluster, which know the location of every key.
    Cluster(Vec<Server>),
    /// Sentinels, which know the master.
    Sentinels {
        /// The addresses of all sentinels.
        hosts: Vec<Server>,
        /// Credentials and TLS of the sentinels.
        config: Config,
        /// The sentinels' name of the master.
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
