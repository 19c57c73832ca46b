//! How far the ingestors are behind the brokers.

use crate::database_audit::{AuditedDatabase, rows};
use anyhow::Context as _;
use runtime::kafka::{Kafka, PartitionReader};
use std::collections::BTreeMap;

/// Reads the end offsets of a topic's partitions.
pub(crate) struct Ends(Vec<(i32, PartitionReader)>);

impl Ends {
    pub(crate) fn new(kafka: &Kafka, topic: &str, partitions: i32) -> Self {
        Self((0..partitions).map(|partition| (partition, kafka.reader(topic, partition))).collect())
    }

    /// The offset that the next record of each partition will get.
    pub(crate) async fn now(&self) -> anyhow::Result<BTreeMap<i32, i64>> {
        let mut ends = BTreeMap::new();
        for (partition, reader) in &self.0 {
            let end = reader.latest_offset().await.context("read the end of a partition")?;
            ends.insert(*partition, end);
        }
        Ok(ends)
    }
}

/// The first offset of each partition that is not yet written.
pub(crate) async fn next_offsets(audited: &AuditedDatabase) -> anyhow::Result<BTreeMap<i32, i64>> {
    let stored = rows(&audited.database, "select partition, next_offset from chaos_partitions").await?;
    let pair = |row: &serde_json::Value| {
        let partition = row.get("partition")?.as_i64().and_then(|number| i32::try_from(number).ok())?;
        Some((partition, row.get("next_offset")?.as_i64()?))
    };
    Ok(stored.iter().filter_map(pair).collect())
}

/// Records that are appended but not yet written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// In all partitions.
    pub total: i64,
    /// In the partition that is furthest behind.
    pub largest: i64,
}

impl Backlog {
    pub(crate) fn between(next: &BTreeMap<i32, i64>, ends: &BTreeMap<i32, i64>) -> Self {
        let missing =
            |(partition, end): (&i32, &i64)| (end - next.get(partition).copied().unwrap_or(0)).max(0);
        Self { total: ends.iter().map(missing).sum(), largest: ends.iter().map(missing).max().unwrap_or(0) }
    }
}
