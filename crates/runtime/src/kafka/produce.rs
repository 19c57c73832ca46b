//! `Produce` v3: appends a batch of records to a partition, or to each of several. Brokers from 0.11
//! on answer it.
//!
//! rskafka's produce is not used: it treats a throttled response as a failure and sends the batch
//! again, although the brokers have appended it.

use std::{collections::HashMap, time::Duration};

use super::{
    codec::{Malformed, Reader, put_count, put_text, put_varint, put_varint_bytes},
    error::{ErrorCode, Failure},
    exchange::{Answered, Request},
    record::NewRecord,
};
use crate::settings::KafkaCompression;

const ALL_IN_SYNC: i16 = -1;
const NO_PRODUCER: i64 = -1;
const FORMAT: i8 = 2;
const SNAPPY: i16 = 2;

/// Appends `batch`; acknowledged once all in-sync replicas have it. Unlike one of [`ProduceMany`], a
/// refused batch is a failure of the request, so that its connection counts the failure and looks for
/// the leader again.
pub(super) struct Produce<'a> {
    pub(super) topic: &'a str,
    pub(super) partition: i32,
    /// A batch that was built by [`encode`].
    pub(super) batch: &'a [u8],
    /// Time limit of the brokers.
    pub(super) limit: Duration,
}

impl Request for Produce<'_> {
    const NAME: &'static str = "produce";
    const KEY: i16 = 0;
    const VERSION: i16 = 3;
    /// The offset of the batch's first record.
    type Answer = i64;

    fn encode(&self) -> Result<Vec<u8>, Malformed> {
        encode_request(self.topic, &[(self.partition, self.batch)], self.limit)
    }

    fn decode(&self, answer: &[u8]) -> Result<Answered<i64>, Failure> {
        let (appended, throttled) = read_answer(answer).map_err(Failure::malformed)?;
        let (_, code, base_offset) = appended.first().ok_or(Malformed).map_err(Failure::malformed)?;
        ErrorCode::check(*code)?;
        Ok(Answered::new(*base_offset, throttled))
    }
}

/// Appends a batch to each of several partitions with the same leader; acknowledged once all in-sync
/// replicas have all of them.
pub(super) struct ProduceMany<'a> {
    pub(super) topic: &'a str,
    /// Partitions, each with a batch that was built by [`encode`].
    pub(super) batches: &'a [(i32, &'a [u8])],
    /// Time limit of the brokers.
    pub(super) limit: Duration,
}

impl Request for ProduceMany<'_> {
    const NAME: &'static str = "produce";
    const KEY: i16 = 0;
    const VERSION: i16 = 3;
    /// By partition, the offset of the batch's first record, or why it was refused.
    type Answer = HashMap<i32, Result<i64, Failure>>;

    fn encode(&self) -> Result<Vec<u8>, Malformed> {
        encode_request(self.topic, self.batches, self.limit)
    }

    fn decode(&self, answer: &[u8]) -> Result<Answered<Self::Answer>, Failure> {
        let (appended, throttled) = read_answer(answer).map_err(Failure::malformed)?;
        let appended = appended
            .into_iter()
            .map(|(partition, code, base_offset)| (partition, ErrorCode::check(code).map(|()| base_offset)));
        Ok(Answered::new(appended.collect(), throttled))
    }
}

fn encode_request(topic: &str, batches: &[(i32, &[u8])], limit: Duration) -> Result<Vec<u8>, Malformed> {
    let bytes: usize = batches.iter().map(|(_, batch)| batch.len() + 8).sum();
    let mut body = Vec::with_capacity(bytes + topic.len() + 64);
    body.extend((-1_i16).to_be_bytes()); // no transaction
    body.extend(ALL_IN_SYNC.to_be_bytes());
    body.extend(i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).to_be_bytes());
    put_count(&mut body, 1)?;
    put_text(&mut body, topic)?;
    put_count(&mut body, batches.len())?;
    for (partition, batch) in batches {
        body.extend(partition.to_be_bytes());
        put_count(&mut body, batch.len())?;
        body.extend(*batch);
    }
    Ok(body)
}

/// Partitions with their error codes and first offsets.
type Appended = Vec<(i32, i16, i64)>;

/// The response, and the milliseconds of a throttle.
fn read_answer(answer: &[u8]) -> Result<(Appended, i32), Malformed> {
    let mut reader = Reader::new(answer);
    let mut appended = Vec::new();
    reader.count()?; // topics: one
    reader.text()?;
    for _ in 0..reader.count()? {
        let (partition, code, base_offset) = (reader.i32()?, reader.i16()?, reader.i64()?);
        reader.i64()?; // append time, with `LogAppendTime`
        appended.push((partition, code, base_offset));
    }
    Ok((appended, reader.i32()?))
}

/// Encodes `records` as one batch.
///
/// # Errors
/// If their number or size exceeds the limits of Kafka's format.
pub(super) fn encode(records: &[NewRecord], compression: KafkaCompression) -> Result<Vec<u8>, Malformed> {
    let count = i32::try_from(records.len()).map_err(|_too_many| Malformed)?;
    let times = || records.iter().map(|record| record.timestamp.timestamp_millis());
    let (first, latest) = (times().next().unwrap_or_default(), times().max().unwrap_or_default());
    let mut unpacked = Vec::new();
    for (number, record) in (0..).zip(records) {
        put_varint_bytes(&mut unpacked, Some(&encode_record(record, number, first)?))?;
    }
    let (attributes, packed) = match compression {
        KafkaCompression::None => (0, unpacked),
        KafkaCompression::Snappy => {
            let packed = snap::raw::Encoder::new().compress_vec(&unpacked);
            (SNAPPY, packed.map_err(|_too_large| Malformed)?)
        }
    };
    let mut checked = Vec::with_capacity(packed.len() + 40);
    checked.extend(attributes.to_be_bytes());
    checked.extend((count - 1).to_be_bytes());
    checked.extend(first.to_be_bytes());
    checked.extend(latest.to_be_bytes());
    checked.extend(NO_PRODUCER.to_be_bytes());
    checked.extend((-1_i16).to_be_bytes()); // the producer's epoch
    checked.extend((-1_i32).to_be_bytes()); // sequence of the first record
    checked.extend(count.to_be_bytes());
    checked.extend(packed);

    let mut batch = Vec::with_capacity(checked.len() + 21);
    batch.extend(0_i64.to_be_bytes()); // first offset, assigned by the broker
    put_count(&mut batch, checked.len() + 9)?;
    batch.extend((-1_i32).to_be_bytes()); // epoch of the leader
    batch.extend(FORMAT.to_be_bytes());
    batch.extend(crc32c::crc32c(&checked).to_be_bytes());
    batch.extend(checked);
    Ok(batch)
}

fn encode_record(record: &NewRecord, number: i64, first_timestamp: i64) -> Result<Vec<u8>, Malformed> {
    let mut bytes = vec![0]; // attributes, unused
    put_varint(&mut bytes, record.timestamp.timestamp_millis() - first_timestamp);
    put_varint(&mut bytes, number);
    put_varint_bytes(&mut bytes, record.key.as_deref())?;
    put_varint_bytes(&mut bytes, record.value.as_deref())?;
    put_varint(&mut bytes, i64::try_from(record.headers.len()).map_err(|_too_many| Malformed)?);
    for (name, value) in &record.headers {
        put_varint_bytes(&mut bytes, Some(name.as_bytes()))?;
        put_varint_bytes(&mut bytes, Some(value))?;
    }
    Ok(bytes)
}
