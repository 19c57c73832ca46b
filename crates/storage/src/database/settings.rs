//! The settings of connections to PostgreSQL.

use credentials::{TlsFileSettings, optional_path};
use secrecy::SecretString;
use serde::Deserialize;
use std::path::PathBuf;

/// The address, encryption and limits of PostgreSQL. `defaults.toml` of each service documents each
/// key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `postgres://user:password@host:port/database`, with several hosts if PostgreSQL fails over
    /// between them.
    pub url: SecretString,
    /// File that contains the URL, read again for each new connection; it takes precedence over
    /// `url`.
    #[serde(deserialize_with = "optional_path")]
    pub url_file: Option<PathBuf>,
    /// Encryption, and what is verified of the server.
    pub sslmode: SslMode,
    /// `ca_file`, `certificate_file` and `key_file`.
    #[serde(flatten)]
    pub tls_files: TlsFileSettings,
    /// Whether SCRAM binds the password exchange to the TLS connection.
    pub channel_binding: ChannelBinding,
    /// Whether hosts other than this machine may be reached without TLS.
    pub allow_plaintext: bool,
    /// Whether readiness requires that commits wait for a standby, and that one is connected.
    pub require_synchronous_standby: bool,
    /// Largest number of connections that this process opens.
    pub max_connections: usize,
    /// Time limit for getting a connection, new or pooled, in ms. Several hosts share it.
    pub connect_timeout_ms: u64,
    /// Time limit of one statement, in ms; PostgreSQL cancels it after that.
    pub statement_timeout_ms: u64,
}

impl DatabaseSettings {
    /// Settings without TLS, for tests and tools: four connections, and 20 seconds for each wait.
    #[must_use]
    pub fn without_tls(url: SecretString) -> Self {
        Self {
            url,
            url_file: None,
            sslmode: SslMode::Disable,
            tls_files: TlsFileSettings::default(),
            channel_binding: ChannelBinding::Prefer,
            allow_plaintext: true,
            require_synchronous_standby: false,
            max_connections: 4,
            connect_timeout_ms: 20_000,
            statement_timeout_ms: 20_000,
        }
    }
}

/// Encryption of connections, with the names and meanings of libpq. Connections over Unix sockets
/// are never encrypted.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// No encryption.
    Disable,
    /// Encryption. The server is verified as by `verify-ca` if there is a `ca_file`, and not at all
    /// otherwise.
    Require,
    /// Encryption, and a server certificate of a trusted authority.
    VerifyCa,
    /// The same, and the certificate must be valid for the host in the URL.
    VerifyFull,
}

impl SslMode {
    /// The name in settings and URLs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// Use of SCRAM's channel binding, which detects a third party between client and server.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// If the server and its certificate support it.
    Prefer,
    /// Always; servers that do not use it are refused.
    Require,
}
