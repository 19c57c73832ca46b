//! Records as services see them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

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
    /// The producer's time, in milliseconds; on a topic with `LogAppendTime` the broker's. 1970 where it is none that a
    /// calendar has.
    pub timestamp: DateTime<Utc>,
    /// Key.
    pub key: Option<Vec<u8>>,
    /// Value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers; of those with the same name the last, and none without a value.
    pub headers: BTreeMap<String, Vec<u8>>,
}

/// Offsets that cannot be read: a batch that is damaged, too large or packed in a way that is not known, or a record of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRange {
    /// The first of them.
    pub first_offset: i64,
    /// The last of them.
    pub last_offset: i64,
    /// Why, in words.
    pub why: String,
}

/// What a fetch brought.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// In order of offset, none below the one asked for. Empty when nothing arrived in time.
    pub records: Vec<ReceivedRecord>,
    /// What lies between them and cannot be read, in order of offset.
    pub unreadable: Vec<UnreadableRange>,
    /// Where to read on: behind the records, and behind what is stepped over, which are markers of transactions and records
    /// of those that were aborted.
    pub next_offset: i64,
    /// The end of what can be read: the offset the next record to be replicated will get, or the first of a transaction that is
    /// still open.
    pub high_watermark: i64,
}
