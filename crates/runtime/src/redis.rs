//! Redis: the only module that imports fred. Every answer is quick, also the answer that Redis is away.

use std::{fmt, time::Duration};

use fred::{
    clients::Pool,
    interfaces::{ClientLike as _, KeysInterface as _},
    types::{
        Builder, Expiration,
        config::{Config, ReconnectPolicy},
    },
};
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret as _;

use crate::settings::RedisSettings;

/// Pauses between attempts to connect, from and to, in milliseconds.
const RECONNECT_MS: (u32, u32) = (100, 5_000);
/// Attempts at a command, the first included.
const ATTEMPTS: u32 = 2;
/// Commands waiting for a connection; more are refused.
const BUFFERED_COMMANDS: usize = 1_000;

/// Why Redis gave no answer. The text names no credentials.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The settings cannot be used.
    #[error("redis.url cannot be used: {0}")]
    Settings(String),
    /// No connection at the moment; said at once.
    #[error("not connected to Redis")]
    Disconnected,
    /// No answer in time.
    #[error("no answer from Redis within {0} ms")]
    TimedOut(u128),
    /// Redis answered with an error, or something else went wrong on the way.
    #[error("Redis failed: {0}")]
    Failed(String),
}

/// A Redis server, sentinel group or cluster. Cheap to clone; usable from any runtime.
#[derive(Clone)]
pub struct Redis {
    pool: Pool,
    command_timeout: Duration,
}

impl Redis {
    /// Begins to connect in the background, for as long as it takes; a server that is away is no error here.
    ///
    /// # Errors
    ///
    /// When the URL cannot be understood.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime: connections live on the runtime this is called on.
    pub fn connect(settings: &RedisSettings) -> Result<Self, RedisError> {
        let command_timeout = Duration::from_millis(settings.command_timeout_ms);
        let pool = pool(settings, command_timeout).map_err(|error| RedisError::Settings(redacted(&error)))?;
        // Detached: the tasks end when the last clone of the pool is gone.
        drop(pool.connect_pool());
        Ok(Self { pool, command_timeout })
    }

    /// The values of several keys in one round trip, in the order of the keys; `None` where there is no such key.
    ///
    /// # Errors
    ///
    /// Within the command time-out, when Redis is away or fails.
    pub async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<String>>, RedisError> {
        // A pipeline of GETs and not one MGET: in a cluster the keys live in different slots.
        self.bounded(Box::pin(async {
            let pipeline = self.pool.next_connected().pipeline();
            for key in keys {
                let () = pipeline.get(*key).await?;
            }
            pipeline.all().await
        }))
        .await
    }

    /// The same with how long each key will live, `None` for one that never expires.
    ///
    /// A key's value and its time to live are read one after the other: of a key that goes in between, nothing is told.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many).
    pub async fn get_many_with_ttl(
        &self,
        keys: &[&str],
    ) -> Result<Vec<Option<(String, Option<Duration>)>>, RedisError> {
        let answers: Vec<fred::types::Value> = self
            .bounded(Box::pin(async {
                let pipeline = self.pool.next_connected().pipeline();
                for key in keys {
                    let () = pipeline.get(*key).await?;
                    let () = pipeline.pttl(*key).await?;
                }
                pipeline.all().await
            }))
            .await?;
        let (pairs, _) = answers.as_chunks::<2>();
        Ok(pairs.iter().map(|[value, ttl_ms]| living(value.as_string()?, ttl_ms.as_i64()?)).collect())
    }

    /// Sets a key that expires.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many).
    pub async fn set_with_ttl(&self, key: &str, value: &str, ttl: Duration) -> Result<(), RedisError> {
        self.set_many_with_ttl(&[(key, value)], ttl).await
    }

    /// Sets several keys that expire, in one round trip.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many); some of the keys may then have been set.
    pub async fn set_many_with_ttl(&self, entries: &[(&str, &str)], ttl: Duration) -> Result<(), RedisError> {
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        self.bounded(Box::pin(async {
            let pipeline = self.pool.next_connected().pipeline();
            for (key, value) in entries {
                let () = pipeline.set(*key, *value, Some(Expiration::PX(ttl_ms)), None, false).await?;
            }
            pipeline.all::<Vec<String>>().await.map(drop)
        }))
        .await
    }

    /// Deletes a key; no error if there is none.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many).
    pub async fn delete(&self, key: &str) -> Result<(), RedisError> {
        self.bounded(Box::pin(async { self.pool.del::<i64, _>(key).await.map(drop) })).await
    }

    /// Whether Redis answers.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many).
    pub async fn ping(&self) -> Result<(), RedisError> {
        self.bounded(Box::pin(async { self.pool.ping::<String>(None).await.map(drop) })).await
    }

    /// `command` is boxed: the client's futures are large, which callers should not feel.
    async fn bounded<T>(
        &self,
        command: BoxFuture<'_, Result<T, fred::error::Error>>,
    ) -> Result<T, RedisError> {
        if !self.pool.clients().iter().any(|client| client.is_connected()) {
            return Err(RedisError::Disconnected);
        }
        // fred's own limit is per attempt; this one is for the caller.
        match tokio::time::timeout(self.command_timeout, command).await {
            Ok(outcome) => outcome.map_err(|error| RedisError::Failed(redacted(&error))),
            Err(_elapsed) => Err(RedisError::TimedOut(self.command_timeout.as_millis())),
        }
    }
}

/// Redis says -1 of a key that never expires and -2 of one that is not there.
fn living(value: String, ttl_ms: i64) -> Option<(String, Option<Duration>)> {
    match ttl_ms {
        -2 => None,
        _ => Some((value, u64::try_from(ttl_ms).ok().map(Duration::from_millis))),
    }
}

fn pool(settings: &RedisSettings, command_timeout: Duration) -> Result<Pool, fred::error::Error> {
    let mut config = Config::from_url(settings.url.expose_secret())?;
    // To fail when the server is away at the start would end the reconnecting before it began.
    config.fail_fast = false;
    Builder::from_config(config)
        .with_performance_config(|performance| performance.default_command_timeout = command_timeout)
        .with_connection_config(|connection| {
            connection.connection_timeout = Duration::from_millis(settings.connect_timeout_ms);
            connection.internal_command_timeout = Duration::from_millis(settings.connect_timeout_ms);
            connection.max_command_attempts = ATTEMPTS;
            connection.max_command_buffer_len = BUFFERED_COMMANDS;
            connection.reconnect_on_auth_error = true;
            // A server that accepts and then says nothing is left after a few missed answers.
            connection.unresponsive.max_timeout = Some(command_timeout * 4);
            connection.unresponsive.interval = command_timeout;
            connection.tcp.nodelay = Some(true);
        })
        .set_policy(ReconnectPolicy::new_exponential(0, RECONNECT_MS.0, RECONNECT_MS.1, 2))
        .build_pool(settings.pool_size.get())
}

/// The kind of an error and the server's words. Errors about the URL only say so, for it holds the password.
fn redacted(error: &fred::error::Error) -> String {
    match error.kind() {
        fred::error::ErrorKind::Url | fred::error::ErrorKind::Config => {
            "it is not a valid address".to_owned()
        }
        kind => format!("{}: {}", kind.to_str(), error.details()),
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}
