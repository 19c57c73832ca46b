//! `Fetch` v10: reading the batches of a partition, up to the first transaction that is still open. Brokers from 2.1 on answer it;
//! before v10 they keep back what is packed with zstd.
//!
//! The library's own way is not used: it gives up the whole answer for one record that it cannot read, takes records of aborted
//! transactions for good ones, and unpacks without bound.

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

/// Reads from an offset on.
pub(super) struct Fetch<'a> {
    pub(super) topic: &'a str,
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// How long the broker may wait for the first record.
    pub(super) max_wait: Duration,
    /// The first batch comes whole, however large it is.
    pub(super) max_bytes: usize,
}

/// What it brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batches {
    /// The end of what can be read.
    pub(super) end: i64,
    pub(super) aborted: Vec<Aborted>,
    /// The last of them may be cut off.
    pub(super) bytes: Vec<u8>,
}

impl Request for Fetch<'_> {
    const NAME: &'static str = "fetch";
    const KEY: i16 = 1;
    const VERSION: i16 = 10;
    type Answer = Batches;

    fn encode(&self) -> Result<Vec<u8>, Malformed> {
        let max_bytes = i32::try_from(self.max_bytes).unwrap_or(i32::MAX);
        let mut body = Vec::with_capacity(self.topic.len() + 80);
        body.extend(NO_REPLICA.to_be_bytes());
        body.extend(i32::try_from(self.max_wait.as_millis()).unwrap_or(i32::MAX).to_be_bytes());
        body.extend(1_i32.to_be_bytes()); // the least bytes to wait for
        body.extend(max_bytes.to_be_bytes());
        body.push(READ_COMMITTED);
        body.extend(0_i32.to_be_bytes());
        body.extend(NO_SESSION.to_be_bytes());
        put_count(&mut body, 1)?;
        put_text(&mut body, self.topic)?;
        put_count(&mut body, 1)?;
        body.extend(self.partition.to_be_bytes());
        body.extend(NO_EPOCH.to_be_bytes());
        body.extend(self.offset.to_be_bytes());
        body.extend((-1_i64).to_be_bytes()); // where a replica's log begins
        body.extend(max_bytes.to_be_bytes());
        put_count(&mut body, 0)?; // nothing to take out of a session
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
    /// What of an answer can be told from its beginning: where its first batch begins, too.
    pub(super) fn decode_beginning(beginning: &[u8]) -> Option<(Batches, &[u8])> {
        let mut reader = Reader::new(beginning);
        let (_, batches) = read_answer(&mut reader).ok()?;
        reader.i32().ok()?; // how many bytes all batches have
        Some((batches, reader.rest()))
    }
}

/// What comes before the batches, and for how long the broker throttles.
fn read_answer(reader: &mut Reader<'_>) -> Result<(i32, Batches), Failure> {
    let mut read = || -> Result<_, Malformed> {
        let throttled = reader.i32()?;
        let code = reader.i16()?;
        reader.i32()?; // session
        reader.count()?; // topics, of which there is one
        reader.text()?;
        reader.count()?; // partitions, likewise
        reader.i32()?;
        let partition_code = reader.i16()?;
        let (replicated, stable) = (reader.i64()?, reader.i64()?);
        reader.i64()?; // where the log begins
        let mut aborted = Vec::new();
        for _ in 0..reader.count()? {
            aborted.push(Aborted { producer: reader.i64()?, first_offset: reader.i64()? });
        }
        let end = if stable < 0 { replicated } else { stable };
        Ok((throttled, [code, partition_code], Batches { end, aborted, bytes: Vec::new() }))
    };
    let (throttled, codes, batches) = read().map_err(Failure::malformed)?;
    for code in codes {
        ErrorCode::check(code)?;
    }
    Ok((throttled, batches))
}
