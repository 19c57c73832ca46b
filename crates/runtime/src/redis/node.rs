//! One server, its connections and commands.

use std::time::Duration;

use fred::{
    clients::Pool,
    error::Error,
    interfaces::{ClientLike as _, KeysInterface as _},
    types::{
        Builder, CustomCommand, Expiration, Value,
        config::{Config, ReconnectPolicy, Server, ServerConfig},
    },
};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use super::{RedisError, redacted};
use crate::settings::RedisSettings;

/// First and longest pause between attempts to connect, in milliseconds.
const RECONNECT_MS: (u32, u32) = (100, 5_000);
/// Attempts per command, including the first.
const ATTEMPTS: u32 = 2;
/// Commands that may wait for a connection; further ones are refused.
const BUFFERED_COMMANDS: usize = 1_000;
/// Keys that a server scans per request.
const SCANNED_AT_ONCE: &str = "1000";
/// Pause between checks for a connection.
const CONNECTION_POLL: Duration = Duration::from_millis(5);

/// Opens connections to servers with the same settings.
pub(super) struct Connector {
    config: Config,
    connections: usize,
    command_timeout: Duration,
    connect_timeout: Duration,
    /// The runtime of the process, used for all connections.
    runtime: Handle,
}

/// A server and its connections, which are reopened until this is dropped.
pub(super) struct Node {
    /// The address.
    pub server: Server,
    pool: Pool,
    /// Aborted with the node; fred's tasks would otherwise continue.
    _connections: Vec<AbortOnDropHandle<Result<(), Error>>>,
}

/// A command for the server that has the key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question<'a> {
    /// Reads the value.
    Get(&'a str),
    /// Reads the remaining time to live, in milliseconds.
    TimeToLive(&'a str),
    /// Sets a value that expires.
    Set { key: &'a str, value: &'a str, ttl_ms: i64 },
    /// Deletes the key.
    Delete(&'a str),
}

impl Question<'_> {
    pub(super) const fn key(&self) -> &str {
        match self {
            Self::Get(key) | Self::TimeToLive(key) | Self::Delete(key) | Self::Set { key, .. } => key,
        }
    }

    /// The operation name on spans, for one command or a pipeline.
    pub(super) const fn name(&self, several: bool) -> &'static str {
        match (self, several) {
            (Self::Get(_) | Self::TimeToLive(_), true) => "PIPELINE GET",
            (Self::Set { .. }, true) => "PIPELINE SET",
            (Self::Delete(_), true) => "PIPELINE DEL",
            (Self::Get(_), false) => "GET",
            (Self::TimeToLive(_), false) => "PTTL",
            (Self::Set { .. }, false) => "SET",
            (Self::Delete(_), false) => "DEL",
        }
    }
}

impl Connector {
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub(super) fn new(mut config: Config, settings: &RedisSettings, connections: usize) -> Self {
        // Failing if the server is unavailable at the start would end reconnecting before it began.
        config.fail_fast = false;
        Self {
            config,
            connections,
            command_timeout: Duration::from_millis(settings.command_timeout_ms),
            connect_timeout: Duration::from_millis(settings.connect_timeout_ms),
            runtime: Handle::current(),
        }
    }

    /// The timeout of one command.
    pub(super) const fn command_timeout(&self) -> Duration {
        self.command_timeout
    }

    /// Begins to connect to a server.
    pub(super) fn open(&self, server: Server) -> Result<Node, RedisError> {
        let config =
            Config { server: ServerConfig::Centralized { server: server.clone() }, ..self.config.clone() };
        let pool = self.pool(config).map_err(|error| RedisError::Settings(redacted(&error)))?;
        let _inside = self.runtime.enter();
        let connections =
            pool.clients().iter().map(|client| AbortOnDropHandle::new(client.connect())).collect();
        Ok(Node { server, pool, _connections: connections })
    }

    fn pool(&self, config: Config) -> Result<Pool, Error> {
        Builder::from_config(config)
            .with_performance_config(|performance| performance.default_command_timeout = self.command_timeout)
            .with_connection_config(|connection| {
                connection.connection_timeout = self.connect_timeout;
                connection.internal_command_timeout = self.connect_timeout;
                connection.max_command_attempts = ATTEMPTS;
                connection.max_command_buffer_len = BUFFERED_COMMANDS;
                connection.reconnect_on_auth_error = true;
                // A connection whose server stops responding is closed after a few missed
                // responses.
                connection.unresponsive.max_timeout = Some(self.command_timeout * 4);
                connection.unresponsive.interval = self.command_timeout;
                connection.tcp.nodelay = Some(true);
            })
            .set_policy(ReconnectPolicy::new_exponential(0, RECONNECT_MS.0, RECONNECT_MS.1, 2))
            .build_pool(self.connections)
    }
}

impl Node {
    pub(super) fn is_connected(&self) -> bool {
        self.pool.clients().iter().any(|client| client.is_connected())
    }

    /// Waits for a connection, without a time limit.
    pub(super) async fn connected(&self) {
        while !self.is_connected() {
            tokio::time::sleep(CONNECTION_POLL).await;
        }
    }

    /// Sends all questions in one round trip. The answers are in the order of the questions; each
    /// may be an error of the server. With `asking`, a cluster node also answers for a slot that is
    /// being moved to it.
    pub(super) async fn ask(
        &self,
        questions: &[(Question<'_>, bool)],
    ) -> Result<Vec<Result<Value, Error>>, RedisError> {
        if !self.is_connected() {
            return Err(RedisError::Disconnected);
        }
        let failed = |error: Error| RedisError::Failed(redacted(&error));
        let pipeline = self.pool.next_connected().pipeline();
        for (question, asking) in questions {
            if *asking {
                let asking = CustomCommand::new_static("ASKING", None, false);
                let () = pipeline.custom(asking, Vec::<String>::new()).await.map_err(failed)?;
            }
            let () = match *question {
                Question::Get(key) => pipeline.get(key).await,
                Question::TimeToLive(key) => pipeline.pttl(key).await,
                Question::Set { key, value, ttl_ms } => {
                    pipeline.set(key, value, Some(Expiration::PX(ttl_ms)), None, false).await
                }
                Question::Delete(key) => pipeline.del(key).await,
            }
            .map_err(failed)?;
        }
        let mut answers = pipeline.try_all::<Value>().await.into_iter();
        let mut of_questions = Vec::with_capacity(questions.len());
        for (_, asking) in questions {
            // The answer to ASKING is OK, or the next answer reports the error.
            let answer = if *asking { answers.nth(1) } else { answers.next() };
            match (answer, of_questions.last_mut()) {
                (Some(answer), _) => of_questions.push(answer),
                // A pipeline that failed as a whole has one answer.
                (None, Some(Err(error))) => return Err(failed(error.clone())),
                (None, _) => {
                    return Err(RedisError::Failed(
                        "the server returned fewer answers than commands".to_owned(),
                    ));
                }
            }
        }
        Ok(of_questions)
    }

    /// Checks that the server answers.
    pub(super) async fn ping(&self) -> Result<(), RedisError> {
        if !self.is_connected() {
            return Err(RedisError::Disconnected);
        }
        let pong = self.pool.next_connected().ping::<String>(None).await;
        pong.map(drop).map_err(|error| RedisError::Failed(redacted(&error)))
    }

    /// Some of the keys that match `pattern`, and the next cursor. A scan begins with `0` and ends
    /// when the cursor is `0` again.
    pub(super) async fn scan(
        &self,
        cursor: &str,
        pattern: &str,
    ) -> Result<(String, Vec<String>), RedisError> {
        if !self.is_connected() {
            return Err(RedisError::Disconnected);
        }
        let found = self.inquire("SCAN", &[cursor, "MATCH", pattern, "COUNT", SCANNED_AT_ONCE]).await;
        found.and_then(Value::convert).map_err(|error| RedisError::Failed(redacted(&error)))
    }

    /// Sends an administrative command and returns its response.
    pub(super) async fn inquire(&self, command: &'static str, arguments: &[&str]) -> Result<Value, Error> {
        let command = CustomCommand::new_static(command, None, false);
        self.pool.next_connected().custom(command, arguments.to_vec()).await
    }
}
