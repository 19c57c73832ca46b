//! `Fetch` v10 for several partitions of a topic that one broker leads.

use std::time::Duration;

use super::{
    codec::{Malformed, Reader, put_count, put_text},
    error::{ErrorCode, Failure},
    exchange::{Answered, Request},
    fetch::{Batches, Fetch, put_beginning, put_partition, read_partition},
};

/// A partition to fetch from an offset on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FetchPart {
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// The broker returns the first batch whole, even if it is larger.
    pub(super) max_bytes: usize,
}

/// A fetch of several partitions; answered once one of them has a record, or after `max_wait`.
pub(super) struct FetchMany<'a> {
    pub(super) topic: &'a str,
    pub(super) parts: &'a [FetchPart],
    pub(super) max_wait: Duration,
    /// The limit of all partitions together, in bytes.
    pub(super) max_bytes: usize,
}

/// The number of a partition with its batches, or why the broker refused it.
pub(super) type FetchedPart = (i32, Result<Batches, Failure>);

impl Request for FetchMany<'_> {
    const NAME: &'static str = Fetch::NAME;
    const KEY: i16 = Fetch::KEY;
    const VERSION: i16 = Fetch::VERSION;
    type Answer = Vec<FetchedPart>;

    fn encode(&self) -> Result<Vec<u8>, Malformed> {
        let bytes = |bytes: usize| i32::try_from(bytes).unwrap_or(i32::MAX);
        let mut body = Vec::with_capacity(self.topic.len() + 60 + 28 * self.parts.len());
        put_beginning(&mut body, self.max_wait, bytes(self.max_bytes));
        put_count(&mut body, 1)?;
        put_text(&mut body, self.topic)?;
        put_count(&mut body, self.parts.len())?;
        for part in self.parts {
            put_partition(&mut body, part.partition, part.offset, bytes(part.max_bytes));
        }
        put_count(&mut body, 0)?; // no partitions to remove from a session
        Ok(body)
    }

    fn decode(&self, answer: &[u8]) -> Result<Answered<Vec<FetchedPart>>, Failure> {
        let mut reader = Reader::new(answer);
        let mut read = || -> Result<_, Malformed> {
            let (throttled, code) = (reader.i32()?, reader.i16()?);
            reader.i32()?; // session
            let mut parts = Vec::new();
            for _ in 0..reader.count()? {
                reader.text()?;
                for _ in 0..reader.count()? {
                    let (partition, code, batches) = read_partition(&mut reader)?;
                    let bytes = reader.bytes()?.to_vec();
                    parts.push((partition, ErrorCode::check(code).map(|()| Batches { bytes, ..batches })));
                }
            }
            Ok((throttled, code, parts))
        };
        let (throttled, code, parts) = read().map_err(Failure::malformed)?;
        ErrorCode::check(code)?;
        Ok(Answered::new(parts, throttled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: i16) -> Vec<u8> {
        let mut answer = 7_i32.to_be_bytes().to_vec();
        answer.extend(code.to_be_bytes());
        answer.extend(0_i32.to_be_bytes());
        answer.extend(1_i32.to_be_bytes());
        put_text(&mut answer, "t").unwrap();
        answer.extend(2_i32.to_be_bytes());
        for (partition, code, bytes) in [(3_i32, 0_i16, &b"abc"[..]), (5, 6, b"")] {
            answer.extend(partition.to_be_bytes());
            answer.extend(code.to_be_bytes());
            for number in [20_i64, 18, 0] {
                answer.extend(number.to_be_bytes());
            }
            answer.extend(0_i32.to_be_bytes());
            put_count(&mut answer, bytes.len()).unwrap();
            answer.extend(bytes);
        }
        answer
    }

    #[test]
    fn asks_for_each_partition_and_reads_the_answer_of_each() {
        let parts = [3, 5].map(|partition| FetchPart { partition, offset: 10, max_bytes: 1_000 });
        let max_wait = Duration::from_millis(500);
        let request = FetchMany { topic: "t", parts: &parts, max_wait, max_bytes: 1_000 };
        let single = Fetch { topic: "t", partition: 3, offset: 10, max_wait, max_bytes: 1_000 };
        let one = FetchMany { parts: &parts[..1], ..request };
        assert_eq!(one.encode(), single.encode(), "with one partition it is the same request");
        assert_eq!(request.encode().unwrap().len(), single.encode().unwrap().len() + 28);
        let answered = request.decode(&answer(0)).unwrap();
        let [(3, Ok(batches)), (5, Err(Failure::Answered(_)))] = answered.answer.as_slice() else {
            panic!("{:?}", answered.answer);
        };
        assert_eq!(*batches, Batches { end: 18, aborted: Vec::new(), bytes: b"abc".to_vec() });
        assert_eq!(answered.throttled, Duration::from_millis(7));
        assert!(request.decode(&answer(3)).is_err());
        let whole = answer(0);
        for length in 0..whole.len() {
            assert!(request.decode(&whole[..length]).is_err(), "{length}");
        }
    }
}
