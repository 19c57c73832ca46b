//! Chunks as Kafka records, by partition, until each is acknowledged.

use domain::feed::FeedPosition;
use runtime::kafka::{NewRecord, PublishError, TopicWriter};
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU16;
use std::time::Duration;
use storage::feed::Chunk;
use wire::feed::EncodedChange;

/// The approximate size of a request; brokers refuse more than 1 MiB by default.
const MAX_BYTES: usize = 512 * 1024;

/// The records of some chunks; none, some or all of them may be published.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The position of the feed after these chunks.
    pub next_position: i64,
    /// The number of chunks.
    pub chunks: usize,
    /// The number of changes.
    pub changes: u64,
    /// Unacknowledged requests of each partition, in order.
    waiting: BTreeMap<i32, VecDeque<Vec<NewRecord>>>,
}

impl Outgoing {
    /// The records of `chunks`; `None` when there are no chunks.
    pub(super) fn of(chunks: &[Chunk], partitions: NonZeroU16, source: &str) -> Option<Self> {
        let next_position = chunks.last()?.position + 1;
        let mut outgoing = Self { next_position, chunks: chunks.len(), changes: 0, waiting: BTreeMap::new() };
        let mut filled: BTreeMap<i32, usize> = BTreeMap::new();
        for chunk in chunks {
            for (change, index) in chunk.changes.iter().zip(0..) {
                let position = FeedPosition { chunk: chunk.position, index };
                let encoded = EncodedChange::new(change, position, source);
                let partition = encoded.partition(partitions);
                let record = record(encoded, chunk);
                outgoing.changes += 1;
                let bytes = filled.entry(partition).or_default();
                let requests = outgoing.waiting.entry(partition).or_default();
                *bytes += size(&record);
                match requests.back_mut().filter(|_| *bytes <= MAX_BYTES) {
                    Some(request) => request.push(record),
                    None => {
                        *bytes = size(&record);
                        requests.push_back(vec![record]);
                    }
                }
            }
        }
        Some(outgoing)
    }

    /// Publishes the unacknowledged records, all partitions at once. A second call does not repeat
    /// acknowledged records.
    pub(super) async fn publish(
        &mut self,
        writer: &TopicWriter,
        within: Duration,
    ) -> Result<(), PublishError> {
        while !self.waiting.is_empty() {
            let next = self.waiting.iter().filter_map(|(partition, requests)| {
                requests.front().map(|request| (*partition, request.clone()))
            });
            let mut outcome = Ok(());
            for (partition, published) in writer.publish_many(next.collect(), within).await {
                match published {
                    Ok(()) => self.acknowledge(partition),
                    Err(error) => outcome = Err(error),
                }
            }
            outcome?;
        }
        Ok(())
    }

    /// Removes the first request of the partition.
    fn acknowledge(&mut self, partition: i32) {
        if let Some(requests) = self.waiting.get_mut(&partition) {
            requests.pop_front();
            if requests.is_empty() {
                self.waiting.remove(&partition);
            }
        }
    }
}

/// The timestamp is that of the chunk: devices' clocks would disturb the topic's retention.
fn record(encoded: EncodedChange, chunk: &Chunk) -> NewRecord {
    let headers = encoded.headers.into_iter();
    NewRecord {
        key: Some(encoded.key.into_bytes()),
        value: Some(encoded.value),
        headers: headers.map(|(name, value)| (name.to_owned(), value.into_bytes())).collect(),
        timestamp: chunk.created_at,
    }
}

/// The approximate size of a record in a request.
fn size(record: &NewRecord) -> usize {
    let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let content = record.key.as_ref().map_or(0, Vec::len) + record.value.as_ref().map_or(0, Vec::len);
    content + headers + 32
}

#[cfg(test)]
mod tests;
