//! Kafka → Postgres: consumes the gateways' events and keeps the live state of charge points.
//!
//! Each replica holds leases on some of the topic's partitions ([`replica`]) and runs one task for each ([`partition`]):
//! fetch, decode ([`batch`]), fold ([`fold`]), and write in one transaction together with the offset.

mod batch;
mod fold;
mod metrics;
mod partition;
mod replica;
mod settings;

pub use settings::{DEFAULTS, IngestSettings, Settings};

use anyhow::Context as _;
use metrics::Metrics;
use replica::Replica;
use runtime::Context;
use runtime::causes;
use runtime::kafka::Kafka;
use std::sync::Arc;
use std::time::Duration;
use storage::{Database, DatabaseSettings, StorageError};

/// How long to wait before asking an absent Postgres for its schema again.
const SCHEMA_RETRY: Duration = Duration::from_secs(1);

/// Runs one replica until it is asked to stop.
///
/// # Errors
/// Settings that make no sense, a schema that this program was not built for, or a task that died.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    let database = Database::new(&settings.database).context("database settings")?;
    // Leases are renewed on a connection that no batch can hold up.
    let leases = Database::new(&DatabaseSettings { max_connections: 1, ..settings.database })
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
    if !schema_is_known(&database, &context).await? {
        return Ok(());
    }
    let metrics = Arc::new(Metrics::new(&context.meter()));
    Replica::new(settings.ingest, database, leases, kafka, metrics).run(&context.shutdown).await
}

/// Waits for Postgres and checks its schema; `false` when asked to stop before it was there.
async fn schema_is_known(database: &Database, context: &Context) -> anyhow::Result<bool> {
    loop {
        match database.check_schema().await {
            Ok(()) => return Ok(true),
            Err(error) if error.is_transient() => {
                tracing::warn!(error = causes(&error), "waiting for the database");
            }
            Err(error @ StorageError::WrongSchema { .. }) => return Err(error.into()),
            Err(error) => return Err(error).context("check the schema"),
        }
        if context.shutdown.run_until_requested(tokio::time::sleep(SCHEMA_RETRY)).await.is_none() {
            return Ok(false);
        }
    }
}
