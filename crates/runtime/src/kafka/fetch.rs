//! `Fetch` v10: reads the batches of a partition, up to the first transaction that is still open.
//! Brokers from 2.1 on answer it; versions before v10 do not return zstd batches.
//!
//! rskafka's fetch is not used: it fails a whole response for one unreadable record, delivers
//! records of aborted transactions, and unpacks without bound.

use std::time::Duration;

use super::{
    batch::Aborted,
    codec::{Malformed, Reader, put_count, put_text},
    error::{ErrorCode, Failure},
    exchange::{Answered, Request},
};

const NO_REPLICA: i32 = -1;
const READ_COMMITTED: u8 = 1;
const NO_SESSION: i32 = -1;
const NO_EPOCH: i32 = -1;

/// A fetch of one partition from an offset on.
pub(super) struct Fetch<'a> {
    pub(super) topic: &'a str,
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// How long the broker may wait for the first record.
    pub(super) max_wait: Duration,
    /// The broker returns the first batch whole, even if it is larger.
    pub(super) max_bytes: usize,
}

/// The result of a fetch.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batches {
    /// The end of the readable part of the log.
    pub(super) end: i64,
    pub(super) aborted: Vec<Aborted>,
    /// The last batch may be incomplete.
    pub(super) bytes: Vec<u8>,
}

impl Batches {
    /// Whether there is any batch, complete or not.
    pub(super) const fn has_bytes(&self) -> bool {
        !self.bytes.is_empty()
    }
}

impl Request for Fetch<'_> {
    const NAME: &'static str = "fetch";
    const KEY: i16 = 1;
    const VERSION: i16 = 10;
    type Answer = Batches;

    fn encode(&self) -> Result<Vec<u8>, Malformed> {
        let max_bytes = i32::try_from(self.max_bytes).unwrap_or(i32::MAX);
        let mut body = Vec::with_capacity(self.topic.len() + 80);
        put_beginning(&mut body, self.max_wait, max_bytes);
        put_count(&mut body, 1)?;
        put_text(&mut body, self.topic)?;
        put_count(&mut body, 1)?;
        put_partition(&mut body, self.partition, self.offset, max_bytes);
        put_count(&mut body, 0)?; // no partitions to remove from a session
        Ok(body)
    }

    fn decode(&self, answer: &[u8]) -> Result<Answered<Batches>, Failure> {
        let mut reader = Reader::new(answer);
        let (throttled, batches) = read_answer(&mut reader)?;
        let length = reader.count().map_err(Failure::malformed)?;
        let bytes = reader.take(length).map_err(Failure::malformed)?.to_vec();
        Ok(Answered::new(Batches { bytes, ..batches }, throttled))
    }
}

impl Fetch<'_> {
    /// Decodes a response of which only the beginning is known; returns the bytes from its first
    /// batch on.
    pub(super) fn decode_beginning(beginning: &[u8]) -> Option<(Batches, &[u8])> {
        let mut reader = Reader::new(beginning);
        let (_, batches) = read_answer(&mut reader).ok()?;
        reader.i32().ok()?; // total size of the batches
        Some((batches, reader.rest()))
    }
}

/// Reads the fields before the batches, and the throttle time in milliseconds.
fn read_answer(reader: &mut Reader<'_>) -> Result<(i32, Batches), Failure> {
    let mut read = || -> Result<_, Malformed> {
        let throttled = reader.i32()?;
        let code = reader.i16()?;
        reader.i32()?; // session
        reader.count()?; // topics: one
        reader.text()?;
        reader.count()?; // partitions: one
        let (_, partition_code, batches) = read_partition(reader)?;
        Ok((throttled, [code, partition_code], batches))
    };
    let (throttled, codes, batches) = read().map_err(Failure::malformed)?;
    for code in codes {
        ErrorCode::check(code)?;
    }
    Ok((throttled, batches))
}

/// Reads a partition's number, its error code and the fields before its batches.
pub(super) fn read_partition(reader: &mut Reader<'_>) -> Result<(i32, i16, Batches), Malformed> {
    let (partition, code) = (reader.i32()?, reader.i16()?);
    let (replicated, stable) = (reader.i64()?, reader.i64()?);
    reader.i64()?; // start of the log
    let mut aborted = Vec::new();
    for _ in 0..reader.count()? {
        aborted.push(Aborted { producer: reader.i64()?, first_offset: reader.i64()? });
    }
    let end = if stable < 0 { replicated } else { stable };
    Ok((partition, code, Batches { end, aborted, bytes: Vec::new() }))
}

/// Appends the fields before the topics of a request.
pub(super) fn put_beginning(body: &mut Vec<u8>, max_wait: Duration, max_bytes: i32) {
    body.extend(NO_REPLICA.to_be_bytes());
    body.extend(i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX).to_be_bytes());
    body.extend(1_i32.to_be_bytes()); // minimum number of bytes to wait for
    body.extend(max_bytes.to_be_bytes());
    body.push(READ_COMMITTED);
    body.extend(0_i32.to_be_bytes());
    body.extend(NO_SESSION.to_be_bytes());
}

/// Appends a partition of a request.
pub(super) fn put_partition(body: &mut Vec<u8>, partition: i32, offset: i64, max_bytes: i32) {
    body.extend(partition.to_be_bytes());
    body.extend(NO_EPOCH.to_be_bytes());
    body.extend(offset.to_be_bytes());
    body.extend((-1_i64).to_be_bytes()); // start of a follower's log
    body.extend(max_bytes.to_be_bytes());
}
