//! Markers: records among the events whose effect does not bear repetition.
//!
//! A marker is a record that nobody can use. It becomes a dead letter, one row for its position, and the audit notes each time
//! that the row is written, even where it stands already. So a batch that is written twice shows, although the devices'
//! states would be the same.

use anyhow::Context as _;
use runtime::Shutdown;
use runtime::kafka::{Kafka, NewRecord, TopicWriter};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// How long one marker is tried. Servers are restarted meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

/// A marker that Kafka has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Its name, told in its value; no other has it.
    pub name: String,
    /// The partition that it lies in.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

/// Puts a marker into every partition, every `interval`, until told to stop.
pub(crate) fn keep_marking(
    kafka: &Kafka,
    topic: &str,
    partitions: i32,
    interval: Duration,
    stop: &Shutdown,
) -> Vec<AbortOnDropHandle<anyhow::Result<Vec<Marker>>>> {
    let mark = |partition| {
        let marking = mark_partition(kafka.writer(topic), partition, interval, stop.clone());
        AbortOnDropHandle::new(tokio::spawn(marking))
    };
    (0..partitions).map(mark).collect()
}

async fn mark_partition(
    writer: TopicWriter,
    partition: i32,
    interval: Duration,
    stop: Shutdown,
) -> anyhow::Result<Vec<Marker>> {
    let mut markers = Vec::new();
    while stop.run_until_requested(tokio::time::sleep(interval)).await.is_some() {
        let name = format!("{partition}-{}", markers.len());
        let published = Box::pin(writer.publish(partition, vec![record(&name)], PATIENCE)).await;
        let offsets = published.with_context(|| format!("publish the marker {name}"))?;
        let offset = *offsets.first().context("a marker without offset")?;
        markers.push(Marker { name, partition, offset });
    }
    Ok(markers)
}

fn record(name: &str) -> NewRecord {
    NewRecord {
        key: None,
        value: Some(format!("{{\"marker\":\"{name}\"}}").into_bytes()),
        headers: BTreeMap::new(),
        timestamp: chrono::SubsecRound::trunc_subsecs(runtime::clock::now(), 3),
    }
}
