//! Interpretation of the URL: the initial servers, their kind, and how to connect to them.

use std::sync::Arc;

use credentials::{CredentialsError, Reloaded, Verification, client_config, text};
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
        let (parsed, file) = match &settings.url_file {
            None => (parse(settings.url.expose_secret()).map_err(RedisError::Settings)?, None),
            Some(file) => {
                let parse = |contents: &[Vec<u8>]| parse(text(contents)?);
                let file = Reloaded::open("redis.url_file", vec![file.clone()], parse)
                    .map_err(|error| invalid(&error))?;
                (ParsedUrl::clone(&file.current()), Some(Arc::new(file)))
            }
        };
        let ParsedUrl { mut config, is_tls } = parsed;
        config.tls = tls(settings, is_tls)?;
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

/// A URL, with its TLS apart.
#[derive(Clone)]
pub(super) struct ParsedUrl {
    /// Without TLS.
    pub config: Config,
    pub is_tls: bool,
}

/// fred itself would set up TLS with the authorities of the machine, and fail without them.
fn parse(url: &str) -> Result<ParsedUrl, String> {
    let plain = ["redis", "valkey"].into_iter().find_map(|scheme| {
        let rest = url.strip_prefix(scheme)?.strip_prefix('s')?;
        Some(format!("{scheme}{rest}"))
    });
    let config = Config::from_url(plain.as_deref().unwrap_or(url)).map_err(|error| redacted(&error))?;
    let is_tls = plain.is_some() || config.uses_tls();
    Ok(ParsedUrl { config, is_tls })
}

/// The TLS of the settings; `None` if the URL is without TLS.
fn tls(settings: &RedisSettings, is_tls: bool) -> Result<Option<TlsConfig>, RedisError> {
    let files = settings.tls_files.of_section("redis");
    match (is_tls, files.first_given()) {
        (true, _) => {
            let config = client_config(&files, Verification::AuthorityAndName);
            Ok(Some(config.map_err(|error| invalid(&error))?.into()))
        }
        (false, None) => Ok(None),
        (false, Some(file)) => Err(RedisError::Settings(format!(
            "redis.{file} has no effect because the URL is without TLS: begin the URL with rediss, or remove \
             redis.{file}"
        ))),
    }
}

fn invalid(error: &CredentialsError) -> RedisError {
    RedisError::Settings(error.to_string())
}
