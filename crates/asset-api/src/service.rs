//! The commands of the process: serve until shutdown, or migrate.

use crate::Settings;
use crate::assets::import::Imports;
use crate::assets::pile_counts::PileCounts;
use crate::assets::station_map::{Follower, StationMap};
use crate::feed::Hub;
use crate::freshness::IngestProgress;
use crate::http::context::Api;
use crate::http::export::Exports;
use crate::retention_rules;
use crate::routes;
use crate::tariffs;
use actix_web::web;
use anyhow::Context as _;
use chrono::TimeDelta;
use console::{Console, MapTiles, SignIn, Surroundings};
use retention::Retention;
use runtime::Context;
use runtime::auth::AuthMode;
use runtime::causes;
use std::sync::Arc;
use storage::{Database, DatabaseSettings, StorageError};

/// Connections for background work: reading the feed, activating tariff versions, watching the
/// ingest progress, and the health check.
const OWN_CONNECTIONS: usize = 2;

/// Serves the API until shutdown is requested. Waits for PostgreSQL first, without a time limit.
///
/// # Errors
/// When the schema of the database is not the expected one, or the server fails.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    context.health.add("http", || async { Err("the server does not listen yet".to_owned()) });
    let database = pool(&settings, OWN_CONNECTIONS)?;
    context.health.add("database", || async { Err("the schema is not checked yet".to_owned()) });
    let waited = database.await_schema(|error, pause| {
        tracing::warn!(error = causes(error), retry_in = ?pause, "waiting for the database");
    });
    let checked = context.shutdown.run_until_requested(waited).await;
    let Some(checked) = checked else { return Ok(()) };
    checked?;
    let pinged = database.clone();
    context.health.add("database", move || {
        let database = pinged.clone();
        async move { database.ping().await.map_err(|error| error.to_string()) }
    });
    if settings.database.require_synchronous_standby {
        let database = database.clone();
        context.health.add("synchronous standby", move || {
            let database = database.clone();
            async move { database.check_synchronous_standby().await }
        });
    }
    let hub = Hub::start(database.clone(), settings.feed.clone(), context.shutdown.clone());
    let hub = web::Data::from(hub);
    let imports = web::Data::new(Imports::new(settings.import.clone()));
    let exports = web::Data::new(Exports::new(settings.export.clone(), context.shutdown.clone()));
    let progress = IngestProgress::watch(database.clone(), &settings.freshness, context.shutdown.clone());
    let station_map = follow_stations(&settings, &context)?;
    let pile_counts = web::Data::new(PileCounts::default());
    let console = console(&settings)?;
    tariffs::activation::watch(database.clone(), &settings.tariffs, context.shutdown.clone());
    delete_old_rows(&settings, &context)?;
    let (http, auth) = (settings.http.clone(), settings.auth.clone());
    let server = runtime::http::serve(&http, &auth, &context, routes::ABOUT, move |routes| {
        // Each worker sets up its own context, on its own runtime.
        let database = of_worker(&database, &settings);
        let api = Api::new(database, Arc::clone(&progress), station_map.clone(), &settings);
        let routes = routes.share(web::Data::new(api)).share(hub.clone()).share(imports.clone());
        routes::set_up(routes.share(exports.clone()).share(pile_counts.clone()));
        routes.pages(|config| console.install(config));
    })?;
    server.stopped().await
}

/// Starts the task that keeps all stations in memory, unless it is switched off.
fn follow_stations(settings: &Settings, context: &Context) -> anyhow::Result<Option<Arc<StationMap>>> {
    if !settings.station_map.enabled {
        return Ok(None);
    }
    // Its statements find rows by their keys, as those of batches do.
    let database = DatabaseSettings { max_connections: 1, ..settings.database.clone() };
    let database = Database::for_batches(&database)?;
    let map = StationMap::new(&context.meter());
    let heartbeat_timeout = TimeDelta::seconds(settings.freshness.heartbeat_timeout_s.into());
    let (followed, limits) = (Arc::clone(&map), settings.station_map.clone());
    let follower = Follower::new(followed, database, limits, heartbeat_timeout, context.shutdown.clone());
    tokio::spawn(follower.run());
    let built = Arc::clone(&map);
    context.health.add("station map", move || {
        let built = built.is_settled();
        async move { if built { Ok(()) } else { Err("the stations are not loaded yet".to_owned()) } }
    });
    Ok(Some(map))
}

/// Starts the task that deletes old rows of the tables of this service.
fn delete_old_rows(settings: &Settings, context: &Context) -> anyhow::Result<()> {
    let database = DatabaseSettings { max_connections: 1, ..settings.database.clone() };
    let database = Database::for_retention(&database)?;
    let rules = retention_rules::of(&settings.retention);
    let retention = Retention::new(database, retention_rules::LEASE, rules, &context.meter());
    tokio::spawn(retention.run(context.shutdown.clone()));
    Ok(())
}

fn console(settings: &Settings) -> anyhow::Result<Console> {
    let (own, auth) = (&settings.console, &settings.auth);
    let asks_for_tokens = auth.mode == AuthMode::Jwt;
    let sign_in = (asks_for_tokens && !own.sign_in_client_id.is_empty()).then(|| {
        let (id, scopes, parameters) = (&own.sign_in_client_id, &own.sign_in_scopes, &own.sign_in_parameters);
        SignIn::new(&auth.issuer, id, scopes, parameters, &own.sign_in_origins)
            .map(|sign_in| sign_in.with_tokens(own.sign_in_accepts_tokens))
    });
    let map_tiles = (!own.map_tiles.is_empty()).then(|| MapTiles::new(&own.map_tiles, &own.map_attribution));
    let surroundings = Surroundings {
        dispatcher: own.dispatcher_origin.clone(),
        label_content: own.label_content.clone(),
        asks_for_tokens,
        operators_claim: auth.operators_claim.clone(),
        sign_in: sign_in.transpose()?,
        map_tiles: map_tiles.transpose()?,
        version: env!("CARGO_PKG_VERSION"),
    };
    Console::new(&surroundings).context("the console's settings cannot be written")
}

/// A pool whose connections live on the thread of one worker: changing threads for each statement
/// and each result costs more than a small statement itself.
fn of_worker(database: &Database, settings: &Settings) -> Database {
    let for_requests = settings.database.max_connections.saturating_sub(OWN_CONNECTIONS);
    let max_connections = (for_requests / settings.http.workers.get()).max(1);
    pool(settings, max_connections).unwrap_or_else(|error| {
        tracing::warn!(
            error = causes(&error),
            "an HTTP worker uses the shared connections: its own pool cannot be created"
        );
        database.clone()
    })
}

fn pool(settings: &Settings, max_connections: usize) -> Result<Database, StorageError> {
    Database::new(&DatabaseSettings { max_connections, ..settings.database.clone() })
}

/// Brings the schema of the database up to date, and logs the migrations that were applied.
///
/// # Errors
/// When the database cannot be reached, or a migration fails.
pub async fn migrate(settings: Settings, _context: Context) -> anyhow::Result<()> {
    let applied = Database::new(&settings.database)?.migrate().await?;
    for version in &applied {
        tracing::info!(version, "migration applied");
    }
    tracing::info!(applied = applied.len(), "the schema is up to date");
    Ok(())
}
