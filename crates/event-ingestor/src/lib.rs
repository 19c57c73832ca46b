//! Consumes the gateways' events from Kafka and keeps the live state of charge points in
//! PostgreSQL; publishes the changes from PostgreSQL to Kafka for other services.
//!
//! Each replica holds leases on some of the topic's partitions ([`replica`](consume::replica)) and
//! runs a task for each ([`partition`](consume::partition)): fetch, decode
//! ([`batch`](consume::batch)), fold ([`fold`](consume::fold)), and write in one transaction
//! together with the offset. One replica publishes the changes ([`relay`]).

mod after_restore;
mod consume;
mod device_counts;
mod issues;
mod metering;
mod metrics;
mod presence;
mod receipts;
mod relay;
mod reliability;
mod repair;
mod resume;
mod retention_rules;
mod session_archive;
mod settings;
mod table_sizes;
mod timeline;

pub use after_restore::after_restore;
pub use repair::{check_sessions, repair_sessions};
pub use resume::{ResumeCommand, resume};
pub use settings::{
    DEFAULTS, FeedSettings, IngestSettings, IssueSettings, MeteredSettings, PresenceSettings,
    ReceiptSettings, ReliabilitySettings, RetentionSettings, Settings,
};

use anyhow::Context as _;
use consume::days::Days;
use consume::replica::{Connections, Replica};
use issues::IssueEvaluator;
use metering::{MeterPublisher, MeteredConnectors};
use metrics::Metrics;
use presence::Presence;
use receipts::ReceiptWriter;
use relay::{FeedMetrics, Relay};
use reliability::ReliabilityLedger;
use retention::{Retention, Rule, TableMetrics};
use runtime::health::Health;
use runtime::kafka::Kafka;
use runtime::{Context, Shutdown, causes};
use std::sync::Arc;
use storage::{Database, DatabaseSettings};
use timeline::TimelineMetrics;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// Runs one replica until it is asked to stop.
///
/// # Errors
/// When settings are invalid, the schema does not match this program, or a task died.
pub async fn serve(settings: Settings, context: Context) -> anyhow::Result<()> {
    check(&settings)?;
    let database = Database::for_batches(&settings.database).context("database settings")?;
    // The connection for renewing leases, which no batch can delay.
    let leases = one_connection(&settings.database)?;
    // When gateways were heard and which are suspected is read and written independently of the
    // batches, and reads all devices at once.
    let watch = Database::new(&DatabaseSettings { max_connections: 2, ..settings.database.clone() })
        .context("database settings")?;
    // One connection to read the feed and record the position, one to renew the lease meanwhile. The
    // position is recorded as that of a partition, so its row must be found where it was.
    let feed = Database::for_batches(&DatabaseSettings { max_connections: 2, ..settings.database.clone() })
        .context("database settings")?;
    let (receipts, meters) = (one_connection(&settings.database)?, one_connection(&settings.database)?);
    let ledger = ReliabilityLedger::new(one_connection(&settings.database)?, &settings, &context.meter());
    let issues = one_connection(&settings.database)?;
    let pruned = DatabaseSettings { max_connections: 1, ..settings.database.clone() };
    let pruned = Database::for_retention(&pruned).context("database settings")?;
    let rules = retention_rules::of(&settings);
    let kafka = Kafka::new(&settings.kafka).context("kafka settings")?;
    report_health(&context.health, &settings, &database, &kafka);
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
    let writer = ReceiptWriter::new(receipts, settings.receipts, &context.meter());
    let is_metered = settings.metered.interval().is_some();
    let metered = Arc::new(MeteredConnectors::new(is_metered));
    let publisher = MeterPublisher::new(meters, settings.metered, Arc::clone(&metered), &context.meter());
    let evaluation = settings.issues.evaluation(&settings.ingest.topic, is_metered);
    let evaluator = IssueEvaluator::new(issues, evaluation, &context.meter());
    let derived = derive_records(writer, publisher, ledger, evaluator, context.shutdown.clone());
    let pruned = delete_old_rows(pruned, rules, watch.clone(), Arc::clone(&metrics), &context);
    let IngestSettings { sample_retention_days, status_retention_days, long_open_session_h, .. } =
        settings.ingest;
    let days = Arc::new(Days::new(&database, &metrics, sample_retention_days, status_retention_days));
    let keeper = tokio::spawn(Arc::clone(&days).maintain(context.shutdown.clone()));
    let keeper = AbortOnDropHandle::new(keeper);
    let kept = async { keeper.await.context("the task that maintains day partitions died") };
    let device_counts = tokio::spawn(device_counts::keep_counting(
        watch.clone(),
        Arc::clone(&metrics),
        long_open_session_h,
        context.shutdown.clone(),
    ));
    let device_counts = AbortOnDropHandle::new(device_counts);
    let counted = async { device_counts.await.context("the task that counts devices died") };
    let timeline = TimelineMetrics::new(&context.meter());
    let timeline = tokio::spawn(timeline::watch(watch.clone(), timeline, context.shutdown.clone()));
    let _timeline = AbortOnDropHandle::new(timeline);
    let presence = Presence::new(settings.ingest.silence(settings.presence));
    let check = settings.ingest.silence_check();
    let watched = presence.clone().run(watch, Arc::clone(&metrics), check, context.shutdown.clone());
    let connections = Connections { database, leases, kafka };
    let replica = Replica::new(id, settings.ingest, connections, metrics, days, presence, metered);
    tokio::try_join!(replica.run(&context.shutdown), relayed, derived, pruned, kept, counted, watched)?;
    Ok(())
}

/// Refuses settings that contradict each other.
fn check(settings: &Settings) -> anyhow::Result<()> {
    anyhow::ensure!(
        settings.feed.topic != settings.ingest.topic,
        "feed.topic must not be ingest.topic, the topic of the gateways' events"
    );
    anyhow::ensure!(
        settings.retention.sessions_days >= RetentionSettings::SHORTEST_SESSIONS_DAYS,
        "retention.sessions_days must be at least {}: late events may change sessions that are younger",
        RetentionSettings::SHORTEST_SESSIONS_DAYS
    );
    anyhow::ensure!(
        settings.retention.reliability_days >= settings.ingest.status_retention_days,
        "retention.reliability_days must be at least ingest.status_retention_days: deleted days would be computed again"
    );
    Ok(())
}

fn report_health(health: &Health, settings: &Settings, database: &Database, kafka: &Kafka) {
    let pinged = database.clone();
    health.add("database", move || {
        let database = pinged.clone();
        async move { database.ping().await.map_err(|error| error.to_string()) }
    });
    if settings.database.require_synchronous_standby {
        let database = database.clone();
        health.add("synchronous standby", move || {
            let database = database.clone();
            async move { database.check_synchronous_standby().await }
        });
    }
    let (asked, topic) = (kafka.clone(), settings.ingest.topic.clone());
    health.add("events topic", move || {
        let (asked, topic) = (asked.clone(), topic.clone());
        async move { asked.partitions(&topic).await.map(drop).map_err(|error| error.to_string()) }
    });
}

/// A pool with one connection, for a task that must not wait for others.
fn one_connection(settings: &DatabaseSettings) -> anyhow::Result<Database> {
    Database::new(&DatabaseSettings { max_connections: 1, ..settings.clone() }).context("database settings")
}

/// Runs the tasks that delete old rows and that read the sizes of the tables, until asked to stop.
async fn delete_old_rows(
    database: Database,
    rules: Vec<Rule>,
    watch: Database,
    metrics: Arc<Metrics>,
    context: &Context,
) -> anyhow::Result<()> {
    let retention = Retention::new(database, retention_rules::LEASE, rules, &context.meter());
    let retention = AbortOnDropHandle::new(tokio::spawn(retention.run(context.shutdown.clone())));
    let pruned = async { retention.await.context("the task that deletes old rows died") };
    let tables = TableMetrics::new(&context.meter());
    let sizes = table_sizes::keep_reading(watch, metrics, tables, context.shutdown.clone());
    let sizes = AbortOnDropHandle::new(tokio::spawn(sizes));
    let read = async { sizes.await.context("the task that reads the sizes of tables died") };
    tokio::try_join!(pruned, read)?;
    Ok(())
}

/// Runs the tasks that compute what follows from the events: receipts, meters, days of connectors and
/// issues, until asked to stop.
async fn derive_records(
    writer: ReceiptWriter,
    publisher: MeterPublisher,
    ledger: ReliabilityLedger,
    evaluator: IssueEvaluator,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let writer = AbortOnDropHandle::new(tokio::spawn(writer.run(shutdown.clone())));
    let written = async { writer.await.context("the task that writes receipts died") };
    let publisher = AbortOnDropHandle::new(tokio::spawn(publisher.run(shutdown.clone())));
    let metered = async { publisher.await.context("the task that publishes meters died") };
    let ledger = AbortOnDropHandle::new(tokio::spawn(ledger.run(shutdown.clone())));
    let computed = async { ledger.await.context("the task that computes the reliability ledger died") };
    let evaluator = AbortOnDropHandle::new(tokio::spawn(evaluator.run(shutdown)));
    let evaluated = async { evaluator.await.context("the task that evaluates issues died") };
    tokio::try_join!(written, metered, computed, evaluated)?;
    Ok(())
}
