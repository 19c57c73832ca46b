//! Reads the records of the topic afterwards.

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _};
use runtime::kafka::{Kafka, ReceivedRecord};
use std::collections::BTreeMap;
use std::time::Duration;

/// An offset for each partition.
pub type Offsets = BTreeMap<i32, i64>;

/// Partitions that are read concurrently: more would only wait for the cores.
const AT_ONCE: usize = 4;
const FETCH_BYTES: usize = 4 << 20;
const FETCH_WAIT: Duration = Duration::from_millis(500);

/// The end offset of each partition of `topic`.
pub async fn ends(kafka: &Kafka, topic: &str) -> anyhow::Result<Offsets> {
    let mut ends = Offsets::new();
    for partition in kafka.partitions(topic).await? {
        ends.insert(partition, kafka.reader(topic, partition).latest_offset().await?);
    }
    Ok(ends)
}

/// The records between `from` and `to` by partition, each converted to a `T`.
pub async fn read<T: Send + 'static>(
    kafka: &Kafka,
    topic: &str,
    from: &Offsets,
    to: &Offsets,
    convert: impl Fn(i32, &ReceivedRecord) -> T + Clone + Send + 'static,
) -> anyhow::Result<BTreeMap<i32, Vec<T>>> {
    let each = to.iter().map(|(partition, end)| {
        let (partition, end, begin) = (*partition, *end, from.get(partition).copied().unwrap_or_default());
        let (kafka, topic, convert) = (kafka.clone(), topic.to_owned(), convert.clone());
        let work = async move { read_partition(&kafka, &topic, partition, begin..end, convert).await };
        async move { tokio::spawn(work).await.context("read the topic")? }
    });
    futures_util::stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await
}

async fn read_partition<T>(
    kafka: &Kafka,
    topic: &str,
    partition: i32,
    range: std::ops::Range<i64>,
    convert: impl Fn(i32, &ReceivedRecord) -> T,
) -> anyhow::Result<(i32, Vec<T>)> {
    let reader = kafka.reader(topic, partition);
    let mut converted = Vec::new();
    let mut offset = range.start;
    while offset < range.end {
        let fetched = reader.fetch(offset, FETCH_WAIT, FETCH_BYTES).await?;
        let last = fetched.records.last().map(|record| record.offset);
        ensure!(
            last.is_some(),
            "partition {partition} has no record at offset {offset}, before its end {}",
            range.end
        );
        offset = last.map_or(range.end, |last| last + 1);
        let in_range = fetched.records.into_iter().filter(|record| range.contains(&record.offset));
        converted.extend(in_range.map(|record| convert(partition, &record)));
    }
    Ok((partition, converted))
}
