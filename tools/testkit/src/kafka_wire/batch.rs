//! A batch of records in the format of the log.

use super::Producer;
use super::encoding::{put_length, put_varint};
use std::io::Write as _;
use std::time::SystemTime;

/// A batch of equal records.
pub struct Batch {
    /// The number of records.
    pub records: usize,
    /// The value of each record.
    pub value: Vec<u8>,
    /// Gives every record a header with a name and no value.
    pub null_header: bool,
    /// The producer of the transaction to which the batch belongs.
    pub producer: Option<Producer>,
    /// The partition to which it is written.
    pub partition: i32,
    /// Whether it is compressed with gzip.
    pub gzip: bool,
    /// The producer's time, in milliseconds. The broker may delete old records at any moment.
    pub timestamp_ms: i64,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            records: 1,
            value: b"x".to_vec(),
            null_header: false,
            producer: None,
            partition: 0,
            gzip: false,
            timestamp_ms: now_ms(),
        }
    }
}

fn now_ms() -> i64 {
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since_1970.as_millis()).unwrap()
}

impl Batch {
    pub(super) fn encode(&self) -> Vec<u8> {
        let Producer { id, epoch } = self.producer.unwrap_or(Producer { id: -1, epoch: -1 });
        let count = i32::try_from(self.records).unwrap();
        let mut body = Vec::new();
        let attributes = if self.producer.is_some() { 0x10_i16 } else { 0 } + i16::from(self.gzip);
        body.extend(attributes.to_be_bytes());
        body.extend((count - 1).to_be_bytes());
        body.extend(self.timestamp_ms.to_be_bytes());
        body.extend(self.timestamp_ms.to_be_bytes());
        body.extend(id.to_be_bytes());
        body.extend(epoch.to_be_bytes());
        body.extend(if self.producer.is_some() { 0_i32 } else { -1 }.to_be_bytes());
        body.extend(count.to_be_bytes());
        let records = (0..self.records).flat_map(|number| {
            let mut framed = Vec::new();
            let record = self.record(number);
            put_varint(&mut framed, record.len());
            framed.extend(record);
            framed
        });
        match self.gzip {
            true => body.extend(gzipped(records)),
            false => body.extend(records),
        }
        let mut batch = Vec::new();
        batch.extend(0_i64.to_be_bytes());
        put_length(&mut batch, body.len() + 9);
        batch.extend((-1_i32).to_be_bytes());
        batch.push(2);
        batch.extend(crc32c(&body).to_be_bytes());
        batch.extend(body);
        batch
    }

    /// Attributes, timestamp delta, offset delta, no key, value, headers.
    fn record(&self, number: usize) -> Vec<u8> {
        const NONE: u8 = 1;
        let mut record = vec![0, 0];
        put_varint(&mut record, number);
        record.push(NONE);
        put_varint(&mut record, self.value.len());
        record.extend(&self.value);
        match self.null_header {
            true => record.extend([2, 2, b'h', NONE]),
            false => record.push(0),
        }
        record
    }
}

/// Compresses bytes without holding all of them in memory.
fn gzipped(bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut buffer = Vec::with_capacity(1 << 16);
    for byte in bytes {
        buffer.push(byte);
        if buffer.len() == buffer.capacity() {
            encoder.write_all(&buffer).unwrap();
            buffer.clear();
        }
    }
    encoder.write_all(&buffer).unwrap();
    encoder.finish().unwrap()
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82F6_3B78 * (crc & 1)))
    })
}
