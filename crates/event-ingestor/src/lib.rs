//! Kafka → Postgres: consumes the gateways' events and keeps the live state of charge points. Beside it Postgres → Kafka:
//! tells other services what changed.
//!
//! Each replica holds leases on some of the topic's partitions ([`replica`]) and runs one task for each ([`partition`]):
//! fetch, decode ([`batch`]), fold ([`fold`]), and write in one transaction together with the offset. One of the replicas
//! publishes the changes ([`relay`]).

mod consume;
mod device_counts;
mod go_on;
mod metrics;
mod presence;
mod relay;
mod repair;
mod settings;

pub use go_on::{GoOn, go_on};
pub use repair::{check_sessions, repair_sessions};
pub use settings::{DEFAULTS, FeedSettings, IngestSettings, PresenceSettings, Settings};

use anyhow::Context as _;
use consume::days::Days;
use consume::replica::{Pools, Replica};
use metrics::Metrics;
use presence::Presence;
use relay::{FeedMetrics, Relay};
use runtime::Context;
use runtime::causes;
use runtime::kafka::Kafka;
use std::sync::Arc;
use storage::{Database, DatabaseSettings};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// Runs one replica until it is asked to stop.
///
/// # Errors
/// Settings that make no sense, a schema that this program was not built for, or a task that died.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    anyhow::ensure!(
        settings.feed.topic != settings.ingest.topic,
        "feed.topic is that of the gateways' events"
    );
    let database = Database::for_batches(&settings.database).context("database settings")?;
    // Leases are renewed on a connection that no batch can hold up.
    let leases = Database::new(&DatabaseSettings { max_connections: 1, ..settings.database.clone() })
        .context("database settings")?;
    // When gateways were heard, and which are suspected, is written and read beside the batches, and reads all devices at once.
    let watch = Database::for_sweeps(&DatabaseSettings { max_connections: 2, ..settings.database.clone() })
        .context("database settings")?;
    // One to read and note, one to renew the lease meanwhile.
    let feed = Database::new(&DatabaseSettings { max_connections: 2, ..settings.database })
        .context("database settings")?;
    let kafka = Kafka::new(&settings.kafka).context("kafka settings")?;
    let pinged = database.clone();
    context.health.add("database", move || {
        let database = pinged.clone();
        async move { database.ping().await.map_err(|error| error.to_string()) }
    });
    let (asked, topic) = (kafka.clone(), settings.ingest.topic.clone());
    context.health.add("events topic", move || {
        let (asked, topic) = (asked.clone(), topic.clone());
        async move { asked.partitions(&topic).await.map(drop).map_err(|error| error.to_string()) }
    });
    let waited = database.await_schema(|error, pause| {
        tracing::warn!(error = causes(error), retry_in = ?pause, "waiting for the database");
    });
    let Some(checked) = context.shutdown.run_until_requested(waited).await else { return Ok(()) };
    checked.context("check the schema")?;
    let id = Uuid::now_v7();
    let metrics = Arc::new(Metrics::new(&context.meter(), id));
    let relay = Relay {
        id,
        settings: settings.feed,
        lease: settings.ingest.lease(),
        database: feed,
        kafka: kafka.clone(),
        metrics: Arc::new(FeedMetrics::new(&context.meter())),
    };
    let relay = AbortOnDropHandle::new(tokio::spawn(relay.run(context.shutdown.clone())));
    let relayed = async { relay.await.context("the relay died") };
    let IngestSettings { sample_retention_days, status_retention_days, .. } = settings.ingest;
    let days = Arc::new(Days::new(&database, &metrics, sample_retention_days, status_retention_days));
    let keeper = tokio::spawn(Arc::clone(&days).keep(context.shutdown.clone()));
    let keeper = AbortOnDropHandle::new(keeper);
    let kept = async { keeper.await.context("who keeps the days of samples and statuses died") };
    let census = tokio::spawn(device_counts::keep_counting(
        watch.clone(),
        Arc::clone(&metrics),
        context.shutdown.clone(),
    ));
    let census = AbortOnDropHandle::new(census);
    let counted = async { census.await.context("who counts the fleet died") };
    let presence = Presence::new(settings.ingest.silence(settings.presence));
    let check = settings.ingest.silence_check();
    let watched = presence.clone().keep(watch, Arc::clone(&metrics), check, context.shutdown.clone());
    let replica =
        Replica::new(id, settings.ingest, Pools { database, leases }, kafka, metrics, days, presence);
    tokio::try_join!(replica.run(&context.shutdown), relayed, kept, counted, watched)?;
    Ok(())
}
