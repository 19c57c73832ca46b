//! The context that all handlers share.

use crate::Settings;
use crate::assets::piles::reader::{FoundPile, PileReader};
use crate::assets::station_map::{CurrentMap, StationMap};
use crate::freshness::{FreshnessPolicy, IngestProgress};
use crate::http::error::ApiError;
use chrono::TimeDelta;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::assets::piles::PileQuery;
use storage::assets::stations::Filter;
use storage::{Database, PooledConnection};

/// The database, the settings and the ingest progress that handlers need.
pub struct Api {
    database: Database,
    piles: PileReader,
    heartbeat_timeout: TimeDelta,
    progress: Arc<IngestProgress>,
    station_map: Option<Arc<StationMap>>,
    request_deadline: Duration,
    ingest_topic: String,
    publish_approval: bool,
}

impl Api {
    /// Creates the context of an HTTP worker, on its runtime; `progress` and `station_map` must come from the same database.
    pub fn new(
        database: Database,
        progress: Arc<IngestProgress>,
        station_map: Option<Arc<StationMap>>,
        settings: &Settings,
    ) -> Self {
        Self {
            piles: PileReader::new(database.clone()),
            database,
            progress,
            station_map,
            heartbeat_timeout: TimeDelta::seconds(settings.freshness.heartbeat_timeout_s.into()),
            request_deadline: Duration::from_millis(settings.http.request_deadline_ms),
            ingest_topic: settings.freshness.ingest_topic.clone(),
            publish_approval: settings.tariffs.publish_approval,
        }
    }

    /// Runs `work` on a connection. A client that disconnects does not stop it halfway.
    pub async fn run<T, F, Fut>(&self, work: F) -> Result<T, ApiError>
    where
        F: FnOnce(PooledConnection) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, ApiError>> + Send,
        T: Send + 'static,
    {
        self.database.run(work).await
    }

    /// Like [`Api::run`], for work that may take up to `limit`.
    pub async fn run_within<T, F, Fut>(&self, limit: Duration, work: F) -> Result<T, ApiError>
    where
        F: FnOnce(PooledConnection) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, ApiError>> + Send,
        T: Send + 'static,
    {
        self.database.run_within(limit, work).await
    }

    /// Finds a pile with its live state, as the database has it after the call; `None` if the caller
    /// reaches none with this id.
    pub async fn find_pile(&self, query: PileQuery) -> Result<Option<FoundPile>, ApiError> {
        self.piles.find(query).await
    }

    /// The stations in memory, with all that was committed before the call; `None` if a list with this
    /// filter must be read from the database.
    pub async fn station_map(&self, filter: &Filter) -> Option<CurrentMap<'_>> {
        self.station_map.as_ref()?.current(filter).await
    }

    /// The rules for the confidence in devices at the current time.
    pub fn freshness_policy(&self) -> FreshnessPolicy<'_> {
        FreshnessPolicy {
            silent_since: runtime::clock::now() - self.heartbeat_timeout,
            progress: &self.progress,
        }
    }

    /// The topic of the events, `freshness.ingest_topic`.
    pub fn ingest_topic(&self) -> &str {
        &self.ingest_topic
    }

    /// Whether a publication of prices needs the approval of a second person, `tariffs.publish_approval`.
    pub const fn publish_approval(&self) -> bool {
        self.publish_approval
    }

    /// The middle of the deadline of a request that begins now. A handler with many items starts no
    /// further one after it.
    pub fn half_time(&self) -> Instant {
        Instant::now() + self.request_deadline / 2
    }
}
