//! What handlers share.

use crate::Settings;
use crate::freshness::{FreshnessPolicy, IngestProgress};
use crate::http::error::ApiError;
use chrono::TimeDelta;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::{Database, PooledConnection};

/// What handlers share.
pub struct Api {
    database: Database,
    heartbeat_timeout: TimeDelta,
    progress: Arc<IngestProgress>,
    request_deadline: Duration,
    ingest_topic: String,
}

impl Api {
    /// Handlers that work on `database`, from which `progress` tells how far ingestors are.
    pub fn new(database: Database, progress: Arc<IngestProgress>, settings: &Settings) -> Self {
        Self {
            database,
            progress,
            heartbeat_timeout: TimeDelta::seconds(settings.freshness.heartbeat_timeout_s.into()),
            request_deadline: Duration::from_millis(settings.http.request_deadline_ms),
            ingest_topic: settings.freshness.ingest_topic.clone(),
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

    /// What makes one doubt what devices report.
    pub fn freshness_policy(&self) -> FreshnessPolicy<'_> {
        FreshnessPolicy {
            silent_since: runtime::clock::now() - self.heartbeat_timeout,
            progress: &self.progress,
        }
    }

    /// The topic of the events, as ingestors know it.
    pub fn ingest_topic(&self) -> &str {
        &self.ingest_topic
    }

    /// When half of the time of a request that begins now is over: whoever has many things to do begins no more of them then.
    pub fn half_time(&self) -> Instant {
        Instant::now() + self.request_deadline / 2
    }
}
