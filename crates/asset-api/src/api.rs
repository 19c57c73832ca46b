//! What handlers share, and which of them answers what.

use crate::error::ApiError;
use crate::{Settings, audit, dead_letters, feed, piles, sessions, stations, unregistered};
use actix_web::web::{self, ServiceConfig};
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

    /// An online device that was not heard after this instant is doubted.
    pub fn silent_since(&self) -> DateTime<Utc> {
        runtime::clock::now() - self.heartbeat_timeout
    }

    /// When half of the time of a request that begins now is over: whoever has many things to do begins no more of them then.
    pub fn half_time(&self) -> Instant {
        Instant::now() + self.request_deadline / 2
    }
}

/// Which handler answers what.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/api/v1/stations")
                .route(web::post().to(stations::create))
                .route(web::get().to(stations::list)),
        )
        .service(
            web::resource("/api/v1/stations/{stationId}")
                .route(web::get().to(stations::get))
                .route(web::put().to(stations::replace))
                .route(web::patch().to(stations::patch))
                .route(web::delete().to(stations::retire)),
        )
        .service(
            web::resource("/api/v1/stations/{stationId}/availability")
                .route(web::get().to(stations::availability)),
        )
        .service(
            web::resource("/api/v1/stations/{stationId}/restore").route(web::post().to(stations::restore)),
        )
        .service(web::resource("/api/v1/stations/{stationId}/audit").route(web::get().to(audit::of_station)))
        .service(
            web::resource("/api/v1/stations/{stationId}/piles")
                .route(web::post().to(piles::create))
                .route(web::get().to(piles::list_of_station)),
        )
        .service(web::resource("/api/v1/feed").route(web::get().to(feed::follow)))
        .service(web::resource("/api/v1/piles").route(web::get().to(piles::list)))
        .service(
            web::resource("/api/v1/piles/{pileId}")
                .route(web::get().to(piles::get))
                .route(web::put().to(piles::replace))
                .route(web::patch().to(piles::patch))
                .route(web::delete().to(piles::retire)),
        )
        .service(
            web::resource("/api/v1/piles/{pileId}/sessions").route(web::get().to(sessions::list_of_pile)),
        )
        .service(web::resource("/api/v1/sessions/{sessionId}").route(web::get().to(sessions::get)))
        .service(
            web::resource("/api/v1/sessions/{sessionId}/meter-samples")
                .route(web::get().to(sessions::samples)),
        )
        .service(web::resource("/api/v1/unregistered-charge-points").route(web::get().to(unregistered::list)))
        .service(web::resource("/api/v1/piles/{pileId}/restore").route(web::post().to(piles::restore)))
        .service(web::resource("/api/v1/piles/{pileId}/audit").route(web::get().to(audit::of_pile)))
        .service(web::resource("/api/v1/dead-letters").route(web::get().to(dead_letters::list)))
        .service(
            web::resource("/api/v1/dead-letters/replay").route(web::post().to(dead_letters::replay_matching)),
        )
        .service(web::resource("/api/v1/dead-letters/{id}").route(web::get().to(dead_letters::get)))
        .service(
            web::resource("/api/v1/dead-letters/{id}/replay").route(web::post().to(dead_letters::replay_one)),
        );
}
