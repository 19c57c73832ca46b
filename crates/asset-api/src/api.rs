//! What handlers share.

use crate::Settings;
use crate::error::ApiError;
use chrono::{DateTime, TimeDelta, Utc};
use std::future::Future;
use std::time::{Duration, Instant};
use storage::{Database, PooledConnection};

/// What handlers share.
pub struct Api {
    database: Database,
    heartbeat_timeout: TimeDelta,
    request_deadline: Duration,
}

impl Api {
    /// Handlers that work on `database`.
    pub fn new(database: Database, settings: &Settings) -> Self {
        Self {
            database,
            heartbeat_timeout: TimeDelta::seconds(settings.freshness.heartbeat_timeout_s.into()),
            request_deadline: Duration::from_millis(settings.http.request_deadline_ms),
        }
    }

    /// Does `work` on a connection; a client that goes away does not stop it halfway.
    pub async fn run<T, F, Fut>(&self, work: F) -> Result<T, ApiError>
    where
        F: FnOnce(PooledConnection) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, ApiError>> + Send,
        T: Send + 'static,
    {
        self.database.run(work).await
    }

    /// The same with work that is known to take long, at most `limit`.
    pub async fn run_within<T, F, Fut>(&self, limit: Duration, work: F) -> Result<T, ApiError>
    where
        F: FnOnce(PooledConnection) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, ApiError>> + Send,
        T: Send + 'static,
    {
        self.database.run_within(limit, work).await
    }

    /// An online device that was not heard after this instant is doubted.
    pub fn silent_since(&self) -> DateTime<Utc> {
        runtime::clock::now() - self.heartbeat_timeout
    }

    /// When half of the time of a request that begins now is over: whoever has many things to do begins no more of them then.
    pub fn half_time(&self) -> Instant {
        Instant::now() + self.request_deadline / 2
    }
}
