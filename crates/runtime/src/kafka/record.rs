//! Records as services see them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rskafka::record::{Record, RecordAndOffset};

/// A record to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// Key, which the log keeps but which chooses nothing here: the caller names the partition.
    pub key: Option<Vec<u8>>,
    /// Value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers; a name can be used once.
    pub headers: BTreeMap<String, Vec<u8>>,
    /// The producer's time.
    pub timestamp: DateTime<Utc>,
}

/// A record as it lies in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRecord {
    /// Position in the partition.
    pub offset: i64,
    /// The producer's time, in milliseconds. On a topic with `LogAppendTime`, too: the client library does not show
    /// the brokers' time.
    pub timestamp: DateTime<Utc>,
    /// Key.
    pub key: Option<Vec<u8>>,
    /// Value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers; of those with the same name the last.
    pub headers: BTreeMap<String, Vec<u8>>,
}

/// What a fetch brought.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// In order of offset, none below the one asked for. Empty when nothing arrived in time.
    pub records: Vec<ReceivedRecord>,
    /// The offset the next record to be replicated will get: the end of what can be read.
    pub high_watermark: i64,
}

impl From<NewRecord> for Record {
    fn from(record: NewRecord) -> Self {
        let NewRecord { key, value, headers, timestamp } = record;
        Self { key, value, headers, timestamp }
    }
}

impl From<RecordAndOffset> for ReceivedRecord {
    fn from(received: RecordAndOffset) -> Self {
        let Record { key, value, headers, timestamp } = received.record;
        Self { offset: received.offset, timestamp, key, value, headers }
    }
}
