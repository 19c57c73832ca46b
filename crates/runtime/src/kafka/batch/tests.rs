use chrono::Utc;
use proptest::prelude::*;

use super::super::{
    codec::{put_count, put_varint, put_varint_bytes},
    produce,
    record::NewRecord,
};
use super::*;
use crate::settings::KafkaCompression;

const LIMIT: usize = 1 << 20;
const PRODUCER: i64 = 7;
/// Length of a batch's first offset and length fields, in bytes.
const PREFIX: usize = 12;

/// A batch that a test builds by hand.
#[derive(Clone, Default)]
struct TestBatch {
    base_offset: i64,
    attributes: i16,
    records: Vec<Vec<u8>>,
    /// Compressed records, instead of `records`.
    packed: Option<Vec<u8>>,
    max_timestamp: i64,
}

impl TestBatch {
    fn of(base_offset: i64, attributes: i16, records: &[Vec<u8>]) -> Self {
        Self { base_offset, attributes, records: records.to_vec(), ..Self::default() }
    }

    fn bytes(&self) -> Vec<u8> {
        let count = i32::try_from(self.records.len()).unwrap();
        let mut checked = Vec::new();
        checked.extend(self.attributes.to_be_bytes());
        checked.extend((count - 1).to_be_bytes());
        checked.extend(0_i64.to_be_bytes());
        checked.extend(self.max_timestamp.to_be_bytes());
        checked.extend(PRODUCER.to_be_bytes());
        checked.extend([0; 6]);
        checked.extend(count.to_be_bytes());
        checked.extend(self.packed.clone().unwrap_or_else(|| self.records.concat()));
        let mut bytes = Vec::new();
        bytes.extend(self.base_offset.to_be_bytes());
        put_count(&mut bytes, checked.len() + 9).unwrap();
        bytes.extend([0, 0, 0, 0, 2]);
        bytes.extend(crc32c::crc32c(&checked).to_be_bytes());
        bytes.extend(checked);
        bytes
    }
}

/// A record with its length; a header without a value is `None`.
fn record(number: i64, value: &str, headers: &[(&[u8], Option<&[u8]>)]) -> Vec<u8> {
    let mut bytes = vec![0];
    put_varint(&mut bytes, 0);
    put_varint(&mut bytes, number);
    put_varint_bytes(&mut bytes, None).unwrap();
    put_varint_bytes(&mut bytes, Some(value.as_bytes())).unwrap();
    put_varint(&mut bytes, i64::try_from(headers.len()).unwrap());
    for (name, value) in headers {
        put_varint_bytes(&mut bytes, Some(name)).unwrap();
        put_varint_bytes(&mut bytes, *value).unwrap();
    }
    framed(&bytes)
}

fn framed(record: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_varint_bytes(&mut bytes, Some(record)).unwrap();
    bytes
}

/// The marker that ends a transaction; `kind` 0 aborts it, 1 commits it.
fn marker(base_offset: i64, kind: i16) -> TestBatch {
    let mut bytes = vec![0, 0, 0];
    put_varint_bytes(&mut bytes, Some(&[[0, 0], kind.to_be_bytes()].concat())).unwrap();
    put_varint_bytes(&mut bytes, Some(&[0; 6])).unwrap();
    put_varint(&mut bytes, 0);
    TestBatch::of(base_offset, TRANSACTIONAL | CONTROL, &[framed(&bytes)])
}

fn read(from: i64, batches: &[TestBatch]) -> Contents {
    read_with(from, batches, Vec::new())
}

fn read_with(from: i64, batches: &[TestBatch], aborted: Vec<Aborted>) -> Contents {
    let bytes: Vec<u8> = batches.iter().flat_map(TestBatch::bytes).collect();
    BatchReader::new(from, LIMIT, aborted).read(&bytes)
}

/// Offsets and values of the records.
fn texts(contents: &Contents) -> Vec<(i64, String)> {
    let text = |record: &ReceivedRecord| String::from_utf8(record.value.clone().unwrap()).unwrap();
    contents.records.iter().map(|record| (record.offset, text(record))).collect()
}

fn expect(list: &[(i64, &str)]) -> Vec<(i64, String)> {
    list.iter().map(|(offset, text)| (*offset, (*text).to_owned())).collect()
}

fn ranges(contents: &Contents) -> Vec<(i64, i64)> {
    contents.unreadable.iter().map(|range| (range.first_offset, range.last_offset)).collect()
}

fn three() -> Vec<Vec<u8>> {
    ["a", "b", "c"].iter().zip(0..).map(|(value, number)| record(number, value, &[])).collect()
}

#[test]
fn reads_from_within_a_batch_to_the_end_of_the_last() {
    let contents = read(11, &[TestBatch::of(10, 0, &three()), TestBatch::of(13, 0, &three())]);
    assert_eq!(texts(&contents), expect(&[(11, "b"), (12, "c"), (13, "a"), (14, "b"), (15, "c")]));
    assert_eq!((contents.next_offset, ranges(&contents)), (16, vec![]));
}

#[test]
fn leaves_an_incomplete_batch_for_the_next_fetch() {
    let whole = TestBatch::of(0, 0, &three()).bytes();
    let cut = TestBatch::of(3, 0, &three()).bytes();
    for length in 0..cut.len() {
        let bytes = [&whole, &cut[..length]].concat();
        let contents = BatchReader::new(0, LIMIT, Vec::new()).read(&bytes);
        assert_eq!((contents.next_offset, contents.records.len(), contents.unreadable.len()), (3, 3, 0));
    }
}

#[test]
fn ignores_headers_without_a_value() {
    let headers: [(&[u8], Option<&[u8]>); 3] =
        [(b"traceparent", None), (b"ce_id", Some(b"1")), (b"\xff", Some(b"2"))];
    let contents = read(0, &[TestBatch::of(0, 0, &[record(0, "a", &headers)])]);
    let headers = &contents.records[0].headers;
    let names: Vec<_> = headers.keys().map(String::as_str).collect();
    assert_eq!(names, ["ce_id", "\u{fffd}"]);
}

#[test]
fn skips_only_the_damaged_record() {
    let [first, _, last] = three().try_into().unwrap();
    let contents = read(0, &[TestBatch::of(0, 0, &[first, framed(&[0, 0xff]), last])]);
    assert_eq!(texts(&contents), expect(&[(0, "a"), (2, "c")]));
    assert_eq!((ranges(&contents), contents.next_offset), (vec![(1, 1)], 3));
}

#[test]
fn skips_only_the_damaged_batch() {
    let mut damaged = TestBatch::of(3, 0, &three()).bytes();
    *damaged.last_mut().unwrap() ^= 1;
    let bytes =
        [TestBatch::of(0, 0, &three()).bytes(), damaged, TestBatch::of(6, 0, &three()).bytes()].concat();
    let contents = BatchReader::new(4, LIMIT, Vec::new()).read(&bytes);
    assert_eq!(texts(&contents), expect(&[(6, "a"), (7, "b"), (8, "c")]));
    assert_eq!(ranges(&contents), [(4, 5)]);
    assert_eq!(contents.unreadable[0].why, "the checksum of the batch is wrong");
}

#[test]
fn skips_a_batch_of_an_old_format() {
    let mut old = TestBatch::of(0, 0, &three()).bytes();
    old[16] = 1;
    let contents =
        BatchReader::new(0, LIMIT, Vec::new()).read(&[old, TestBatch::of(1, 0, &three()).bytes()].concat());
    assert_eq!((ranges(&contents), contents.records.len()), (vec![(0, 0)], 3));
}

#[test]
fn skips_the_records_of_an_aborted_transaction_up_to_its_marker() {
    let begun = |base: i64| TestBatch::of(base, TRANSACTIONAL, &three());
    let batches = [
        TestBatch::of(0, 0, &three()),
        begun(3),
        TestBatch::of(6, 0, &three()),
        begun(9),
        marker(12, 0),
        begun(13),
        marker(16, 1),
    ];
    let aborted = vec![Aborted { producer: PRODUCER, first_offset: 3 }];
    let contents = read_with(0, &batches, aborted);
    let offsets: Vec<_> = contents.records.iter().map(|record| record.offset).collect();
    assert_eq!(offsets, [0, 1, 2, 6, 7, 8, 13, 14, 15]);
    assert_eq!((contents.next_offset, ranges(&contents)), (17, vec![]));
}

#[test]
fn delivers_the_transaction_of_another_producer_next_to_an_aborted_one() {
    let aborted = vec![Aborted { producer: PRODUCER + 1, first_offset: 0 }];
    let contents = read_with(0, &[TestBatch::of(0, TRANSACTIONAL, &three())], aborted);
    assert_eq!(contents.records.len(), 3);
}

#[test]
fn skips_a_batch_that_unpacks_to_more_than_the_limit() {
    let bomb = {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![0; 2 * LIMIT]).unwrap();
        packer.finish().unwrap()
    };
    let bomb = TestBatch { packed: Some(bomb), ..TestBatch::of(3, 1, &three()) };
    let contents = read(0, &[TestBatch::of(0, 0, &three()), bomb, TestBatch::of(6, 0, &three())]);
    assert_eq!((ranges(&contents), contents.records.len()), (vec![(3, 5)], 6));
    assert_eq!(contents.unreadable[0].why, "the batch unpacks to more than 1048576 bytes");
}

#[test]
fn many_records_are_read_in_several_fetches() {
    let large = "x".repeat(AT_ONCE / 4);
    let records: Vec<_> = (0..10).map(|number| record(number, &large, &[])).collect();
    let batch = TestBatch::of(0, 0, &records);
    let mut from = 0;
    let mut fetches = 0;
    while from < 10 {
        let contents = read(from, std::slice::from_ref(&batch));
        assert!(contents.records.len() <= 4, "{} records at once", contents.records.len());
        assert_eq!(contents.records.first().unwrap().offset, from);
        from = contents.next_offset;
        fetches += 1;
    }
    assert_eq!((from, fetches), (10, 3));
}

#[test]
fn a_header_that_claims_billions_of_records_allocates_no_memory() {
    let mut bytes = TestBatch::of(0, 0, &three()).bytes();
    bytes[57..61].copy_from_slice(&i32::MAX.to_be_bytes());
    let checksum = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
    let contents = BatchReader::new(0, LIMIT, Vec::new()).read(&bytes);
    assert_eq!(ranges(&contents), [(0, 2)]);
}

#[test]
fn uses_the_brokers_time_with_log_append_time() {
    let batch = TestBatch { max_timestamp: 1_753_439_400_000, ..TestBatch::of(0, LOG_APPEND_TIME, &three()) };
    let contents = read(0, &[batch]);
    assert_eq!(contents.records[2].timestamp.timestamp_millis(), 1_753_439_400_000);
}

#[test]
fn skips_the_whole_batch_if_only_its_beginning_is_known() {
    let bytes = TestBatch::of(10, 0, &three()).bytes();
    let contents = BatchReader::new(11, LIMIT, Vec::new()).put_aside(&bytes[..70], "too large").unwrap();
    assert_eq!((ranges(&contents), contents.next_offset), (vec![(11, 12)], 13));
    assert_eq!(BatchReader::new(11, LIMIT, Vec::new()).put_aside(&bytes[..20], "too large"), None);
}

fn new_record() -> impl Strategy<Value = NewRecord> {
    let bytes = || proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
    let headers =
        proptest::collection::btree_map("[a-z]{1,8}", proptest::collection::vec(any::<u8>(), 0..9), 0..4);
    let time = 0_i64..4_000_000_000_000;
    (bytes(), bytes(), headers, time).prop_map(|(key, value, headers, time)| NewRecord {
        key,
        value,
        headers,
        timestamp: DateTime::<Utc>::from_timestamp_millis(time).unwrap(),
    })
}

proptest! {
    #[test]
    fn reads_what_was_published(
        records in proptest::collection::vec(new_record(), 1..20),
        snappy: bool,
    ) {
        let compression = if snappy { KafkaCompression::Snappy } else { KafkaCompression::None };
        let batch = produce::encode(&records, compression).unwrap();
        let contents = BatchReader::new(0, LIMIT, Vec::new()).read(&batch);
        prop_assert_eq!(&contents.unreadable, &[]);
        prop_assert_eq!(contents.next_offset, i64::try_from(records.len()).unwrap());
        let read: Vec<_> = contents
            .records
            .into_iter()
            .map(|ReceivedRecord { key, value, headers, timestamp, .. }| NewRecord { key, value, headers, timestamp })
            .collect();
        prop_assert_eq!(read, records);
    }

    #[test]
    fn any_bytes_advance_the_offset_or_wait_for_more(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
        valid_frame: bool,
        from in 0_i64..1_000,
    ) {
        if valid_frame && bytes.len() > 21 {
            let length = i32::try_from(bytes.len() - PREFIX).unwrap();
            bytes[..8].copy_from_slice(&from.to_be_bytes());
            bytes[8..12].copy_from_slice(&length.to_be_bytes());
            bytes[16] = 2;
            let checksum = crc32c::crc32c(&bytes[21..]);
            bytes[17..21].copy_from_slice(&checksum.to_be_bytes());
        }
        let contents = BatchReader::new(from, LIMIT, Vec::new()).read(&bytes);
        prop_assert!(contents.next_offset >= from);
        if valid_frame && bytes.len() > 21 {
            prop_assert!(contents.next_offset > from, "the offset did not advance");
        }
    }
}
