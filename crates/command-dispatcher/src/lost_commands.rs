//! The command `lost-commands`: after a failover, lists the commands that were published and that the
//! database does not have.

use crate::Settings;
use anyhow::Context as _;
use domain::commands::{Command, CommandKind};
use runtime::Context;
use runtime::kafka::{Kafka, ReceivedRecord};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;
use storage::{Database, PooledConnection, StorageError, commands};
use wire::RawRecord;

/// How long a fetch waits for records, which are there.
const WAIT: Duration = Duration::from_millis(500);
/// The size of a fetch.
const FETCH_BYTES: usize = 1024 * 1024;

/// Prints the lost commands, one a line.
///
/// # Errors
/// As [`find_lost_commands`].
pub async fn lost_commands(settings: Settings, _context: Context) -> anyhow::Result<()> {
    let lost = find_lost_commands(&settings).await?;
    let mut out = std::io::stdout().lock();
    for command in &lost {
        let Command { id, charge_point_id, gateway_id, kind, issued_at, .. } = command;
        let (name, issued_at) = (kind.name(), issued_at.to_rfc3339());
        writeln!(out, "{id} {name} to {charge_point_id} through {gateway_id}, issued at {issued_at}")?;
    }
    writeln!(out, "{} commands on {} are not in the database", lost.len(), settings.dispatch.topic)?;
    Ok(())
}

/// The commands on the topic that have no row, in the order of their ids. Every command that was
/// answered with 202 is on the topic, until Kafka deletes it after some minutes. `TriggerMessage` is
/// left out, because probes of silent devices have no row either.
///
/// # Errors
/// When Kafka or PostgreSQL fails.
pub async fn find_lost_commands(settings: &Settings) -> anyhow::Result<Vec<Command>> {
    let database = Database::new(&settings.database).context("database settings")?;
    let kafka = Kafka::new(&settings.kafka).context("kafka settings")?;
    let topic = &settings.dispatch.topic;
    let mut lost = Vec::new();
    for partition in kafka.partitions(topic).await.context("list the partitions of the topic")? {
        let reader = kafka.reader(topic, partition);
        let mut offset = reader.earliest_offset().await.context("ask Kafka for the earliest offset")?;
        let end = reader.latest_offset().await.context("ask Kafka for the latest offset")?;
        while offset < end {
            let fetched = reader.fetch(offset, WAIT, FETCH_BYTES).await.context("read the topic")?;
            if fetched.next_offset == offset {
                break;
            }
            offset = fetched.next_offset;
            let published = fetched.records.iter().filter_map(command_of).collect();
            lost.extend(without_row(&database, published).await?);
        }
    }
    lost.sort_by_key(|command| command.id);
    Ok(lost)
}

/// The command in `record`; `None` for other contents, and for a message that may be a probe.
fn command_of(record: &ReceivedRecord) -> Option<Command> {
    let raw = RawRecord {
        value: record.value.as_deref(),
        content_type: record.headers.get("content-type").map(Vec::as_slice),
        traceparent: None,
        place: None,
    };
    let command = wire::decode_command(&raw).ok()?;
    (!matches!(command.kind, CommandKind::TriggerMessage { .. })).then_some(command)
}

async fn without_row(database: &Database, published: Vec<Command>) -> anyhow::Result<Vec<Command>> {
    let ids: Vec<_> = published.iter().map(|command| command.id).collect();
    let work =
        async move |mut connection: PooledConnection| commands::list_missing(&mut connection, &ids).await;
    let missing: BTreeSet<_> = database.run::<_, StorageError, _, _>(work).await?.into_iter().collect();
    Ok(published.into_iter().filter(|command| missing.contains(&command.id)).collect())
}
