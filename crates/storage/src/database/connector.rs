//! Opening of connections: choice of the server, TLS, and the settings of the session.

use super::causes::causes;
use super::message_language::ASK_FOR_ENGLISH;
use super::servers::{Server, servers};
use super::settings::{ChannelBinding, DatabaseSettings, SslMode};
use crate::StorageError;
use credentials::{Reloaded, TlsFiles, Verification, client_config};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use secrecy::ExposeSecret;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio_postgres::config::SslNegotiation;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The part of the time limit that is spent on attempts; the rest is for reporting why they failed.
const ATTEMPTS_PERCENT: u32 = 90;

/// Opens connections as the settings say. URL, certificates and key are those that their files
/// contain at the time.
pub(super) struct Connector {
    servers: Reloaded<Vec<Server>>,
    /// `None` without TLS.
    tls: Option<MakeRustlsConnect>,
    /// Time limit of an opening, over all servers.
    limit: Duration,
    /// SQL that configures a session.
    session: String,
    /// Index of the server to try first: the one that was connected to last.
    first: AtomicUsize,
}

impl Connector {
    /// Validates the settings and reads the files. `session` is SQL that configures the session, in
    /// addition to the settings of all sessions.
    ///
    /// # Errors
    /// [`StorageError::Settings`] with the setting and the remedy.
    pub(super) fn new(settings: &DatabaseSettings, session: &str) -> Result<Self, StorageError> {
        let invalid = |reason: String| StorageError::Settings(reason);
        let servers = match &settings.url_file {
            Some(file) => {
                let own = settings.clone();
                let parse = move |contents: &[Vec<u8>]| servers(credentials::text(contents)?, &own);
                Reloaded::open("database.url_file", vec![file.clone()], parse)
                    .map_err(|error| invalid(error.to_string()))?
            }
            None => {
                let found = servers(settings.url.expose_secret(), settings);
                Reloaded::fixed(found.map_err(|reason| invalid(format!("database.url: {reason}")))?)
            }
        };
        let bound = settings.statement_timeout_ms;
        Ok(Self {
            tls: tls(settings, is_direct(&servers.current()))?,
            servers,
            limit: Duration::from_millis(settings.connect_timeout_ms) * ATTEMPTS_PERCENT / 100,
            session: format!(
                "set statement_timeout = {bound}; set idle_in_transaction_session_timeout = {bound}; \
                 set timezone = 'UTC'; set jit = off; set max_parallel_workers_per_gather = 0; \
                 {ASK_FOR_ENGLISH} {session}"
            ),
            first: AtomicUsize::new(0),
        })
    }

    /// Opens a connection to the first server that is available, and writable if the URL requires
    /// it. The servers share the time limit, so that one that does not respond leaves time for the
    /// others.
    pub(super) async fn open(&self) -> ConnectionResult<AsyncPgConnection> {
        let end = Instant::now() + self.limit;
        let servers = self.servers.current();
        let first = self.first.load(Relaxed);
        let mut failures = Vec::new();
        for turn in 0..servers.len() {
            let index = (first + turn) % servers.len();
            let Some(server) = servers.get(index) else { break };
            let left = u32::try_from(servers.len() - turn).unwrap_or(u32::MAX);
            let limit = end.saturating_duration_since(Instant::now()) / left;
            match tokio::time::timeout(limit, self.open_to(&server.config)).await {
                Ok(Ok(connection)) => {
                    self.first.store(index, Relaxed);
                    return Ok(connection);
                }
                Ok(Err(error)) => failures.push(format!("{}: {error}", server.name)),
                Err(_elapsed) => {
                    failures.push(format!("{}: no response within {} ms", server.name, limit.as_millis()));
                }
            }
        }
        Err(ConnectionError::BadConnection(failures.join("; ")))
    }

    async fn open_to(&self, server: &Config) -> Result<AsyncPgConnection, String> {
        let opened = match &self.tls {
            None => {
                let (client, connection) = server.connect(NoTls).await.map_err(|error| causes(&error))?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
            Some(tls) => {
                let (client, connection) =
                    server.connect(tls.clone()).await.map_err(|error| causes(&error))?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
        };
        let mut connection = opened.map_err(|error| causes(&error))?;
        connection.batch_execute(&self.session).await.map_err(|error| causes(&error))?;
        Ok(connection)
    }
}

/// Whether connections begin with TLS, without asking the server for it.
fn is_direct(servers: &[Server]) -> bool {
    servers.iter().any(|server| server.config.get_ssl_negotiation() == SslNegotiation::Direct)
}

/// The TLS of the settings; `None` for `disable`.
fn tls(settings: &DatabaseSettings, is_direct: bool) -> Result<Option<MakeRustlsConnect>, StorageError> {
    let files = settings.tls_files.of_section("database");
    let verification = match settings.sslmode {
        SslMode::Disable => return without_tls(settings, &files).map(|()| None),
        SslMode::Require if files.ca_file.is_none() => Verification::None,
        SslMode::Require | SslMode::VerifyCa => Verification::Authority,
        SslMode::VerifyFull => Verification::AuthorityAndName,
    };
    let mut config =
        client_config(&files, verification).map_err(|error| StorageError::Settings(error.to_string()))?;
    if is_direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(Some(MakeRustlsConnect::new(config)))
}

/// Refuses settings that have an effect with TLS only.
fn without_tls(settings: &DatabaseSettings, files: &TlsFiles<'_>) -> Result<(), StorageError> {
    let useless = match files.first_given() {
        Some(file) => format!("database.{file}"),
        None if settings.channel_binding == ChannelBinding::Require => "database.channel_binding".to_owned(),
        None => return Ok(()),
    };
    Err(StorageError::Settings(format!(
        "{useless} has no effect because database.sslmode is disable: set database.sslmode to verify-full, or \
         remove {useless}"
    )))
}
