//! The process: creates the parts and serves until asked to stop.

use crate::batches::{Batches, Runner};
use crate::dispatch::command_retention::RetentionCheck;
use crate::dispatch::command_store::CommandStore;
use crate::dispatch::delivery::Delivery;
use crate::dispatch::dispatcher::Dispatcher;
use crate::dispatch::expiry::Expiry;
use crate::dispatch::gateway_directory::GatewayDirectory;
use crate::dispatch::gateway_directory::keys::RouteKeys;
use crate::dispatch::publisher::CommandPublisher;
use crate::dispatch::reroute::Rerouter;
use crate::dispatch::topic::CommandTopic;
use crate::metrics::Metrics;
use crate::presence::{Prober, Watch};
use crate::recovery::RecoveryWorker;
use crate::stops::StopWorker;
use crate::{Settings, http, retention_rules};
use actix_web::web;
use retention::Retention;
use runtime::Context;
use runtime::health::Health;
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use std::sync::Arc;
use std::time::Duration;
use storage::{Database, DatabaseSettings};
use tokio_util::task::AbortOnDropHandle;

/// Subtracted from the deadline of a request, so that the caller gets the cause rather than only a
/// time-out.
const MARGIN: Duration = Duration::from_millis(500);

/// Serves until shutdown is requested, then finishes the commands in flight.
///
/// PostgreSQL, Redis and Kafka may be unavailable at the start and at any later time; commands are
/// refused meanwhile.
///
/// # Errors
/// When the settings are invalid or the port cannot be bound.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    settings.check()?;
    context.health.add("http", || async { Err("the HTTP listener has not started".to_owned()) });
    let metrics = Metrics::new(&context.meter());
    let database = Database::for_batches(&settings.database)?;
    let redis = Redis::connect(&settings.redis)?;
    let kafka = Kafka::new(&settings.kafka)?;
    let topic = Arc::new(CommandTopic::new(&kafka, &settings.dispatch));
    report_health(&context.health, &database, &redis, &topic);
    report_standby(&context.health, &database, &settings.database);
    let topic_retention = RetentionCheck::new(&kafka, &settings.dispatch, metrics.clone());
    let state = topic_retention.state();
    context.health.add_advisory("commands retention", move || state.advisory());
    let topic_retention = AbortOnDropHandle::new(tokio::spawn(topic_retention.run(context.shutdown.clone())));
    let kept = delete_old_rows(&settings, &context)?;

    let deadline = Duration::from_millis(settings.http.request_deadline_ms);
    let patience = deadline.saturating_sub(MARGIN);
    let store = CommandStore::open(database.clone(), metrics.clone(), patience);
    let publisher = CommandPublisher::new(topic, Duration::from_millis(settings.dispatch.publish_timeout_ms));
    let keys = RouteKeys::new(redis, &settings.dispatch);
    let batches = Batches::open(database.clone(), metrics.clone(), &settings);
    // The search for silent devices reads the rows of all devices; the connections for commands are
    // configured not to do that.
    let watched = Database::new(&DatabaseSettings { max_connections: 1, ..settings.database.clone() })?;
    let prober =
        Prober::new(watched.clone(), keys.clone(), publisher.clone(), &settings.dispatch, &settings.presence);
    let watch = Watch::new(watched, prober, settings.presence.clone(), &context.meter());
    let events = watch.topic();
    context.health.add_advisory("events read", move || events.advisory());
    let watch = AbortOnDropHandle::new(tokio::spawn(watch.run(context.shutdown.clone())));
    let delivery = Delivery::new(store.clone(), publisher, metrics.clone(), patience);
    let routes = GatewayDirectory::new(keys, &settings.dispatch, metrics.clone());
    let rerouter = Rerouter::new(database.clone(), delivery.clone(), metrics.clone(), &settings.dispatch);
    let rerouter = AbortOnDropHandle::new(tokio::spawn(rerouter.run(context.shutdown.clone())));
    let warned = database.clone();
    drop(tokio::spawn(async move { warned.warn_of_foreign_messages().await }));
    let expiry = Expiry::new(database, metrics.clone(), &settings.dispatch);
    let expiry = AbortOnDropHandle::new(tokio::spawn(expiry.run(context.shutdown.clone())));
    let dispatcher = Dispatcher::new(
        store.clone(),
        routes,
        delivery.clone(),
        metrics.clone(),
        &settings.dispatch,
        &settings.stops,
        patience,
    );
    let dispatcher = Arc::new(dispatcher);
    // The checks of limits and of issues wait for nothing that commands wait for.
    let checked = Database::new(&DatabaseSettings { max_connections: 2, ..settings.database.clone() })?;
    let recovery = recover_issues(checked.clone(), Arc::clone(&dispatcher), &settings, &context);
    let stops = StopWorker::new(checked, Arc::clone(&dispatcher), settings.stops, &context.meter());
    let stops = AbortOnDropHandle::new(tokio::spawn(stops.run(context.shutdown.clone())));
    let runner = Runner::new(batches.clone(), Arc::clone(&dispatcher), metrics, &settings.dispatch);
    let runner = AbortOnDropHandle::new(tokio::spawn(runner.run(context.shutdown.clone())));
    let (dispatcher, store) = (web::Data::from(dispatcher), web::Data::new(store));
    let batches = web::Data::new(batches);
    let server =
        runtime::http::serve(&settings.http, &settings.auth, &context, http::ABOUT, move |routes| {
            http::routes(routes.share(dispatcher.clone()).share(store.clone()).share(batches.clone()));
        })?;
    server.stopped().await?;
    runner.await?;
    rerouter.await?;
    stops.await?;
    recovery.await?;
    delivery.finish().await;
    expiry.await?;
    topic_retention.await?;
    watch.await?;
    kept.await?;
    Ok(())
}

/// The task that sends commands against the causes of issues.
fn recover_issues(
    database: Database,
    dispatcher: Arc<Dispatcher>,
    settings: &Settings,
    context: &Context,
) -> AbortOnDropHandle<()> {
    let Settings { recovery, presence, .. } = settings;
    let worker = RecoveryWorker::new(database, dispatcher, recovery, presence, &context.meter());
    AbortOnDropHandle::new(tokio::spawn(worker.run(context.shutdown.clone())))
}

/// Reports whether a standby is connected, if the service must have one.
fn report_standby(health: &Health, database: &Database, settings: &DatabaseSettings) {
    if !settings.require_synchronous_standby {
        return;
    }
    let database = database.clone();
    health.add("synchronous standby", move || {
        let database = database.clone();
        async move { database.check_synchronous_standby().await }
    });
}

/// The task that deletes old rows of the tables of this service.
fn delete_old_rows(settings: &Settings, context: &Context) -> anyhow::Result<AbortOnDropHandle<()>> {
    let database = DatabaseSettings { max_connections: 1, ..settings.database.clone() };
    let database = Database::for_retention(&database)?;
    let rules = retention_rules::of(settings);
    let retention = Retention::new(database, retention_rules::LEASE, rules, &context.meter());
    Ok(AbortOnDropHandle::new(tokio::spawn(retention.run(context.shutdown.clone()))))
}

fn report_health(health: &Health, database: &Database, redis: &Redis, topic: &Arc<CommandTopic>) {
    let (database, redis, topic) = (database.clone(), redis.clone(), Arc::clone(topic));
    health.add("database", move || {
        let database = database.clone();
        async move { database.check_schema().await.map_err(|error| error.to_string()) }
    });
    // While Redis is unavailable, commands go to the gateway that the device was last heard
    // through: see `route_last_heard`.
    health.add_until_passed("redis", move || {
        let redis = redis.clone();
        async move { redis.ping().await.map_err(|error| error.to_string()) }
    });
    health.add("commands topic", move || {
        let topic = Arc::clone(&topic);
        async move { topic.verify().await.map_err(|error| error.to_string()) }
    });
}
