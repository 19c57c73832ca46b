//! Markers: records among the events whose effect is not idempotent.
//!
//! A marker is a record that cannot be decoded. It becomes a dead letter, one row for its position,
//! and the audit records each write of that row, even if the row exists already. So a batch that is
//! written twice is detected, although the devices' states would be the same.

use anyhow::Context as _;
use gateway_simulator::LoadPace;
use runtime::Shutdown;
use runtime::kafka::{Kafka, NewRecord, TopicWriter};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// The time limit of the publication of a marker; servers are restarted meanwhile.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Seconds since 1970.
const YEAR_5000_BC: i64 = -219_900_000_000;

/// A marker that Kafka has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Its unique name, which its value contains.
    pub name: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

impl Marker {
    /// Its partition and offset in the form of database rows.
    pub(crate) fn position(&self) -> (Option<i64>, Option<i64>) {
        (Some(self.partition.into()), Some(self.offset))
    }
}

/// How a marker is written to Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Like any record.
    Plain,
    /// With a NUL in the name of a header, which PostgreSQL's text cannot contain.
    NulInHeader,
    /// With a record time before 4713 BC, which PostgreSQL cannot store.
    TimeOutOfRange,
}

/// How often a pausing publisher looks whether it may continue.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Publishes a marker to every partition every `interval` at the full pace, until it is stopped.
pub(crate) fn publish_repeatedly(
    kafka: &Kafka,
    topic: &str,
    partitions: i32,
    interval: Duration,
    pace: &LoadPace,
    stop: &Shutdown,
) -> Vec<AbortOnDropHandle<anyhow::Result<Vec<Marker>>>> {
    let publish = |partition| {
        let publishing =
            publish_to_partition(kafka.writer(topic), partition, interval, pace.clone(), stop.clone());
        AbortOnDropHandle::new(tokio::spawn(publishing))
    };
    (0..partitions).map(publish).collect()
}

async fn publish_to_partition(
    writer: TopicWriter,
    partition: i32,
    interval: Duration,
    pace: LoadPace,
    stop: Shutdown,
) -> anyhow::Result<Vec<Marker>> {
    let mut markers = Vec::new();
    while stop.run_until_requested(next_turn(interval, &pace)).await.is_some() {
        let name = format!("{partition}-{}", markers.len());
        markers.push(publish(&writer, partition, &name, Form::Plain).await?);
    }
    Ok(markers)
}

/// Waits for the time between two markers.
async fn next_turn(interval: Duration, pace: &LoadPace) {
    loop {
        match pace.percent() {
            0 => tokio::time::sleep(POLL_INTERVAL).await,
            percent => return tokio::time::sleep(interval * LoadPace::FULL / percent).await,
        }
    }
}

/// Publishes the marker `name`.
pub(crate) async fn publish(
    writer: &TopicWriter,
    partition: i32,
    name: &str,
    form: Form,
) -> anyhow::Result<Marker> {
    let published = Box::pin(writer.publish(partition, vec![record(name, form)], TIMEOUT)).await;
    let offsets = published.with_context(|| format!("publish the marker {name}"))?;
    let offset = *offsets.first().context("Kafka returned no offset for a marker")?;
    Ok(Marker { name: name.to_owned(), partition, offset })
}

fn record(name: &str, form: Form) -> NewRecord {
    let now = chrono::SubsecRound::trunc_subsecs(runtime::clock::now(), 3);
    let (headers, timestamp) = match form {
        Form::Plain => (BTreeMap::new(), now),
        Form::NulInHeader => (BTreeMap::from([("a\0b".to_owned(), b"c".to_vec())]), now),
        Form::TimeOutOfRange => {
            (BTreeMap::new(), chrono::DateTime::from_timestamp(YEAR_5000_BC, 0).unwrap_or(now))
        }
    };
    let value = Some(format!("{{\"marker\":\"{name}\"}}").into_bytes());
    NewRecord { key: None, value, headers, timestamp }
}
