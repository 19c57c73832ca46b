//! The records that services read and write.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// A record to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// The key. It does not choose the partition, which the caller names.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers; names are unique.
    pub headers: BTreeMap<String, Vec<u8>>,
    /// The producer's time, in UTC.
    pub timestamp: DateTime<Utc>,
}

/// A record that was read from the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedRecord {
    /// The position in the partition.
    pub offset: i64,
    /// The producer's time with millisecond precision; the broker's on a topic with
    /// `LogAppendTime`. 1970-01-01 if the value is outside the calendar's range.
    pub timestamp: DateTime<Utc>,
    /// The key; `None` if the record has none.
    pub key: Option<Vec<u8>>,
    /// The value; `None` for a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers. Of several with the same name the last is kept; headers without a value are
    /// dropped.
    pub headers: BTreeMap<String, Vec<u8>>,
}

/// Offsets that cannot be read: a batch that is damaged, too large or of an unknown compression
/// type, or a single record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRange {
    /// The first unreadable offset.
    pub first_offset: i64,
    /// The last unreadable offset.
    pub last_offset: i64,
    /// The reason, for people.
    pub why: String,
}

/// The result of a fetch.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The records in ascending order of offset, from the requested one on. Empty if none arrived
    /// in time.
    pub records: Vec<ReceivedRecord>,
    /// The unreadable ranges, in ascending order of offset.
    pub unreadable: Vec<UnreadableRange>,
    /// The offset of the next fetch: after the records and after skipped transaction markers and
    /// records of aborted transactions.
    pub next_offset: i64,
    /// The end of the readable part of the log: the offset of the next record to be replicated, or
    /// of the first record of a transaction that is still open.
    pub high_watermark: i64,
}
