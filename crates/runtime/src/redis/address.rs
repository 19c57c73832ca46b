//! Interpretation of the URL: the initial servers, their kind, and how to connect to them.

use std::sync::Arc;

use credentials::{CredentialsError, Reloaded, TlsFiles, Verification, client_config, text};
use fred::types::config::{Config, Server, ServerConfig, TlsConfig};
use secrecy::ExposeSecret as _;

use super::{
    RedisError,
    login::{Role, RotatedCredentials},
    redacted,
};
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
    /// Reads the URL and the files of TLS. The servers are those of the URL at this time; with a
    /// file, its credentials are read again for each connection.
    pub(super) fn parse(settings: &RedisSettings) -> Result<Self, RedisError> {
        let (mut config, file) = match &settings.url_file {
            None => (parse(settings.url.expose_secret()).map_err(RedisError::Settings)?, None),
            Some(file) => {
                let parse = |contents: &[Vec<u8>]| parse(text(contents)?);
                let file = Reloaded::open("redis.url_file", vec![file.clone()], parse)
                    .map_err(|error| invalid(&error))?;
                (Config::clone(&file.current()), Some(Arc::new(file)))
            }
        };
        config.tls = tls(settings, config.tls.take())?;
        let credentials = |role| {
            file.clone().map(|file| -> Arc<dyn fred::types::config::CredentialProvider> {
                Arc::new(RotatedCredentials::new(file, role))
            })
        };
        config.credential_provider = credentials(Role::Server);
        let deployment = match config.server.clone() {
            ServerConfig::Centralized { server } => Deployment::Server(server),
            ServerConfig::Clustered { hosts, .. } => Deployment::Cluster(hosts),
            ServerConfig::Sentinel { hosts, service_name, username, password } => Deployment::Sentinels {
                hosts,
                config: Config {
                    username,
                    password,
                    database: None,
                    credential_provider: credentials(Role::Sentinel),
                    ..config.clone()
                },
                service: service_name,
            },
        };
        Ok(Self { config, deployment })
    }
}

fn parse(url: &str) -> Result<Config, String> {
    Config::from_url(url).map_err(|error| redacted(&error))
}

/// The TLS of the settings; `None` if the URL is without TLS.
fn tls(settings: &RedisSettings, of_url: Option<TlsConfig>) -> Result<Option<TlsConfig>, RedisError> {
    let files = TlsFiles {
        section: "redis",
        ca_file: settings.ca_file.as_deref(),
        certificate_file: settings.certificate_file.as_deref(),
        key_file: settings.key_file.as_deref(),
    };
    match (of_url, files.first_given()) {
        (Some(of_url), _) => {
            let config = client_config(&files, Verification::AuthorityAndName);
            let connector = config.map_err(|error| invalid(&error))?.into();
            Ok(Some(TlsConfig { connector, ..of_url }))
        }
        (None, None) => Ok(None),
        (None, Some(file)) => Err(RedisError::Settings(format!(
            "redis.{file} has no effect because the URL is without TLS: begin the URL with rediss, or remove \
             redis.{file}"
        ))),
    }
}

fn invalid(error: &CredentialsError) -> RedisError {
    RedisError::Settings(error.to_string())
}
