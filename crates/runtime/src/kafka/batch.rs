//! Reads record batches in the stored format (Kafka's format 2), record by record. A damaged record
//! or batch is skipped alone. Records of aborted transactions and transaction markers are skipped.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::{
    codec::{Malformed, Reader},
    compression::{Compression, UnpackError},
    record::{ReceivedRecord, UnreadableRange},
};

/// Bytes of records, including their memory overhead, that are read at once. The rest of a batch is
/// read by the next fetch.
const AT_ONCE: usize = 4 << 20;
/// Approximate memory overhead of a record, in bytes.
const RECORD: usize = 256;
/// The largest number of records in a batch; a damaged header may claim any number.
const MOST_RECORDS: i32 = 10_000_000;

const FORMAT: i8 = 2;
const LOG_APPEND_TIME: i16 = 1 << 3;
const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;

/// An aborted transaction: the records of its producer from this offset up to its marker are
/// skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Aborted {
    pub(super) producer: i64,
    pub(super) first_offset: i64,
}

/// The contents of batches, from an offset on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) records: Vec<ReceivedRecord>,
    pub(super) unreadable: Vec<UnreadableRange>,
    /// The offset at which the next read begins.
    pub(super) next_offset: i64,
}

/// Why a batch cannot be read.
#[derive(Debug, thiserror::Error)]
enum BatchError {
    #[error("the batch has format {0}, which is older than Kafka 0.11")]
    Format(i8),
    #[error("the checksum of the batch is wrong")]
    Checksum,
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// A batch whose records are still compressed.
struct Batch<'a> {
    header: Header,
    packed: &'a [u8],
}

struct Header {
    attributes: i16,
    base_offset: i64,
    last_offset: i64,
    base_timestamp: i64,
    max_timestamp: i64,
    producer: i64,
    records: i32,
}

/// Reads batches, tracking aborted transactions.
pub(super) struct BatchReader {
    /// Records before this offset are skipped.
    from: i64,
    /// The largest accepted size of an unpacked batch, in bytes.
    max_unpacked: usize,
    /// In order of their first offsets.
    aborted: std::vec::IntoIter<Aborted>,
    next_aborted: Option<Aborted>,
    /// Producers inside a transaction that was aborted.
    aborting: Vec<i64>,
    contents: Contents,
    size: usize,
}

impl BatchReader {
    pub(super) fn new(from: i64, max_unpacked: usize, mut aborted: Vec<Aborted>) -> Self {
        aborted.sort_by_key(|transaction| transaction.first_offset);
        let mut aborted = aborted.into_iter();
        let next_aborted = aborted.next();
        let contents = Contents { next_offset: from, ..Contents::default() };
        Self { from, max_unpacked, aborted, next_aborted, aborting: Vec::new(), contents, size: 0 }
    }

    /// Reads `batches`, of which the last may be incomplete.
    pub(super) fn read(mut self, batches: &[u8]) -> Contents {
        let mut rest = Reader::new(batches);
        while self.size < AT_ONCE
            && let Ok((base_offset, batch)) = next_batch(&mut rest)
        {
            self.take(base_offset, batch);
        }
        self.contents
    }

    /// The contents of a batch of which only the beginning was read, because it exceeds the size
    /// limit.
    pub(super) fn put_aside(mut self, beginning: &[u8], why: &str) -> Option<Contents> {
        let mut reader = Reader::new(beginning);
        let base_offset = reader.i64().ok()?;
        reader.i32().ok()?; // length of the batch
        let last_offset = last_offset(base_offset, &mut reader).ok()?;
        self.unreadable(base_offset, last_offset, why);
        Some(self.contents)
    }

    fn take(&mut self, base_offset: i64, bytes: &[u8]) {
        match Batch::read(base_offset, bytes) {
            Ok(batch) => {
                let last_offset = batch.header.last_offset;
                if let Err(error) = self.take_records(&batch) {
                    self.unreadable(base_offset, last_offset, &error.to_string());
                }
            }
            Err(error) => {
                let last_offset = last_offset(base_offset, &mut Reader::new(bytes)).unwrap_or(base_offset);
                // The batch's offsets may be damaged, too, and reading must advance.
                let last_offset = last_offset.max(self.contents.next_offset);
                self.unreadable(base_offset, last_offset, &error.to_string());
            }
        }
    }

    fn take_records(&mut self, batch: &Batch<'_>) -> Result<(), BatchError> {
        let header = &batch.header;
        let end = header.last_offset + 1;
        if end <= self.from {
            return Ok(());
        }
        let counts = self.counts(header);
        let compression = Compression::of(header.attributes)?;
        if header.attributes & CONTROL != 0 {
            let marker = compression.unpack(batch.packed, self.max_unpacked)?;
            if is_abort(&marker)? {
                self.aborting.retain(|producer| *producer != header.producer);
            }
        } else if counts {
            let unpacked = compression.unpack(batch.packed, self.max_unpacked)?;
            if !self.take_unpacked(header, &unpacked) {
                return Ok(());
            }
        }
        self.contents.next_offset = self.contents.next_offset.max(end);
        Ok(())
    }

    /// Whether the batch's records are delivered: they belong to no aborted transaction.
    fn counts(&mut self, header: &Header) -> bool {
        while let Some(begun) = self.next_aborted.filter(|begun| begun.first_offset <= header.last_offset) {
            self.aborting.push(begun.producer);
            self.next_aborted = self.aborted.next();
        }
        header.attributes & TRANSACTIONAL == 0 || !self.aborting.contains(&header.producer)
    }

    /// Adds the records of a batch. Returns `false` if the limit of one read was reached before the
    /// end.
    fn take_unpacked(&mut self, header: &Header, unpacked: &[u8]) -> bool {
        let mut rest = Reader::new(unpacked);
        let mut expected = header.base_offset;
        for _ in 0..header.records {
            if self.size >= AT_ONCE {
                return false;
            }
            let Ok(Some(bytes)) = rest.varint_bytes() else {
                self.unreadable(expected, header.last_offset, "the batch ends before its last record");
                return true;
            };
            match read_record(header, bytes) {
                Ok(offset) if offset.offset < self.from => expected = offset.offset + 1,
                Ok(record) => {
                    expected = record.offset + 1;
                    self.size += bytes.len() + RECORD;
                    self.contents.next_offset = expected;
                    self.contents.records.push(record);
                }
                Err(Malformed) => {
                    self.unreadable(expected, expected, "the record does not follow Kafka's format");
                    expected += 1;
                }
            }
        }
        true
    }

    fn unreadable(&mut self, first_offset: i64, last_offset: i64, why: &str) {
        let first_offset = first_offset.max(self.contents.next_offset);
        if first_offset > last_offset {
            return;
        }
        self.contents.unreadable.push(UnreadableRange { first_offset, last_offset, why: why.to_owned() });
        self.contents.next_offset = last_offset + 1;
        self.size += RECORD;
    }
}

/// The next batch's first offset and the bytes after its length field. Fails at the end and at an
/// incomplete batch.
fn next_batch<'a>(rest: &mut Reader<'a>) -> Result<(i64, &'a [u8]), Malformed> {
    let base_offset = rest.i64()?;
    let length = usize::try_from(rest.i32()?).map_err(|_negative| Malformed)?;
    Ok((base_offset, rest.take(length)?))
}

/// The last offset of a batch, from the bytes after its length field. A batch of an older format is
/// one record, or a wrapper with the offset of its last record.
fn last_offset(base_offset: i64, reader: &mut Reader<'_>) -> Result<i64, Malformed> {
    reader.i32()?; // epoch of the leader; in older formats a checksum
    if reader.i8()? != FORMAT {
        return Ok(base_offset);
    }
    reader.u32()?; // checksum
    reader.i16()?; // attributes
    let delta = reader.i32()?;
    if (0..MOST_RECORDS).contains(&delta) { Ok(base_offset + i64::from(delta)) } else { Err(Malformed) }
}

impl<'a> Batch<'a> {
    fn read(base_offset: i64, bytes: &'a [u8]) -> Result<Self, BatchError> {
        let mut reader = Reader::new(bytes);
        reader.i32()?; // epoch of the leader
        let format = reader.i8()?;
        if format != FORMAT {
            return Err(BatchError::Format(format));
        }
        let checksum = reader.u32()?;
        // The checksum covers the bytes after these nine.
        if crc32c::crc32c(bytes.get(4 + 1 + 4..).unwrap_or_default()) != checksum {
            return Err(BatchError::Checksum);
        }
        let attributes = reader.i16()?;
        let last_offset_delta = reader.i32()?;
        let base_timestamp = reader.i64()?;
        let max_timestamp = reader.i64()?;
        let producer = reader.i64()?;
        reader.i16()?; // epoch of the producer
        reader.i32()?; // sequence of the first record
        let records = reader.i32()?;
        let sound = (0..MOST_RECORDS).contains(&last_offset_delta) && (0..=MOST_RECORDS).contains(&records);
        let last_offset = base_offset.checked_add(last_offset_delta.into()).filter(|_| sound);
        let last_offset = last_offset.ok_or(Malformed)?;
        let header =
            Header { attributes, base_offset, last_offset, base_timestamp, max_timestamp, producer, records };
        Ok(Self { header, packed: reader.rest() })
    }
}

fn read_record(header: &Header, bytes: &[u8]) -> Result<ReceivedRecord, Malformed> {
    let mut reader = Reader::new(bytes);
    reader.i8()?; // attributes, unused
    let timestamp = header.base_timestamp.checked_add(reader.varint()?).ok_or(Malformed)?;
    let timestamp = if header.attributes & LOG_APPEND_TIME == 0 { timestamp } else { header.max_timestamp };
    let offset = header.base_offset.checked_add(reader.varint()?).ok_or(Malformed)?;
    if !(header.base_offset..=header.last_offset).contains(&offset) {
        return Err(Malformed);
    }
    let key = reader.varint_bytes()?.map(<[u8]>::to_vec);
    let value = reader.varint_bytes()?.map(<[u8]>::to_vec);
    let mut headers = BTreeMap::new();
    for _ in 0..reader.varint()? {
        let name = reader.varint_bytes()?.ok_or(Malformed)?;
        let name = String::from_utf8_lossy(name).into_owned();
        match reader.varint_bytes()? {
            Some(value) => headers.insert(name, value.to_vec()),
            // A header without a value is treated as missing.
            None => headers.remove(&name),
        };
    }
    // A timestamp beyond the calendar's range is replaced.
    let timestamp = DateTime::from_timestamp_millis(timestamp).unwrap_or(DateTime::UNIX_EPOCH);
    Ok(ReceivedRecord { offset, timestamp, key, value, headers })
}

/// Whether the marker aborts its transaction; otherwise it commits it.
fn is_abort(marker: &[u8]) -> Result<bool, Malformed> {
    const ABORT: i16 = 0;
    let mut reader = Reader::new(marker);
    let record = reader.varint_bytes()?.ok_or(Malformed)?;
    let mut record = Reader::new(record);
    record.i8()?; // attributes
    record.varint()?; // time
    record.varint()?; // offset
    let key = record.varint_bytes()?.ok_or(Malformed)?;
    let mut key = Reader::new(key);
    key.i16()?; // version
    Ok(key.i16()? == ABORT)
}

#[cfg(test)]
mod tests;
