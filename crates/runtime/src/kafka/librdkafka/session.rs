//! A consumer that reads one partition, with its position.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::{
    super::{
        error::Failure,
        record::{Fetched, ReceivedRecord, UnreadableRange},
    },
    Partition,
    consumer::{Consumer, DamagedBatch, Polled},
};

/// Bytes of records, including their memory overhead, that are returned at once.
const AT_ONCE: usize = 4 << 20;
/// Approximate memory overhead of a record, in bytes.
const RECORD: usize = 256;
/// How soon a cancelled fetch ends.
const CANCELLED_WITHIN: Duration = Duration::from_millis(50);

/// The arguments of a fetch.
pub(super) struct FetchRequest {
    pub(super) offset: i64,
    pub(super) max_wait: Duration,
    pub(super) max_bytes: usize,
    /// Cancelled when no caller waits any more.
    pub(super) cancelled: CancellationToken,
}

/// A consumer that reads one partition.
pub(super) struct Session {
    partition: Arc<Partition>,
    consumer: Consumer,
    /// The offset of the next read.
    position: i64,
    /// Whether the consumer has reported the end of the log at its position.
    at_end: bool,
    /// Whether the consumer has connected; connecting is allowed extra time.
    has_answered: bool,
    failed: bool,
}

/// The contents of a fetch.
#[derive(Default)]
struct Contents {
    records: Vec<ReceivedRecord>,
    unreadable: Vec<UnreadableRange>,
    /// Bytes of the records, without overhead.
    bytes: usize,
}

/// The time limits of one fetch.
struct Limits {
    /// When waiting at the end of the log stops.
    wait_until: Instant,
    /// When the fetch fails, if librdkafka has reported nothing.
    give_up_at: Instant,
    whole: Duration,
}

impl Session {
    pub(super) fn open(partition: Arc<Partition>, offset: i64) -> Result<Self, Failure> {
        let consumer = partition.consumer()?;
        consumer.assign(&partition.topic, partition.number, offset)?;
        Ok(Self { partition, consumer, position: offset, at_end: false, has_answered: false, failed: false })
    }

    /// Whether the session can be used again.
    pub(super) const fn is_sound(&self) -> bool {
        !self.failed
    }

    pub(super) fn fetch(&mut self, request: &FetchRequest) -> Result<Fetched, Failure> {
        let limits = self.limits(request.max_wait);
        if self.position != request.offset {
            self.seek(request.offset)?;
        }
        let mut contents = self.read(request, &limits)?;
        let (_, mut end) = self.partition.ends()?;
        if contents.is_empty() && end > self.position {
            contents = self.step_over(request, &limits)?;
            end = end.max(self.position);
        }
        if end < self.position {
            // A new leader that does not show its newest records yet, or a new log.
            let why = format!("the log ends at {end}, before offset {}", self.position);
            return Err(Failure::Librdkafka(why));
        }
        Ok(Fetched {
            records: contents.records,
            unreadable: contents.unreadable,
            next_offset: self.position,
            high_watermark: end,
        })
    }

    /// Waits for a first record, and returns it with those that are already available.
    fn read(&mut self, request: &FetchRequest, limits: &Limits) -> Result<Contents, Failure> {
        loop {
            let until = if self.at_end { limits.wait_until } else { limits.give_up_at };
            match self.poll(until, request)? {
                Polled::EndOfLog => self.at_end = true,
                Polled::Damaged(batch) => return self.skip(batch, request),
                Polled::Nothing if self.at_end => return Ok(Contents::default()),
                Polled::Nothing => return Err(self.consumer.timed_out(limits.whole)),
                first => return Ok(self.collect(first, request)),
            }
        }
    }

    /// Called if the log ends after the position and no record arrived. Either a record is on its
    /// way, or only transaction markers and records of aborted transactions follow, which
    /// librdkafka skips without reporting its position.
    ///
    /// 1. The consumer queries the end of the log, then seeks to the position.
    /// 2. A fetch that began after the seek returns a record or reports the end of the log. In the
    ///    second case there is no record between the position and the queried end.
    ///
    /// This would fail if the leader moved between the two steps and the new leader did not show
    /// its newest records yet. Therefore both steps run twice, on the same consumer, which has one
    /// leader at a time. Skipping a record would take two leader changes within these round trips,
    /// and librdkafka pauses for longer than that between two changes of its leader.
    fn step_over(&mut self, request: &FetchRequest, limits: &Limits) -> Result<Contents, Failure> {
        let limit = self.partition.connect_and_request_timeout();
        let mut end = i64::MAX;
        for _ in 0..2 {
            let (_, shown) = self.consumer.ends(&self.partition.topic, self.partition.number, limit)?;
            end = end.min(shown);
            if end <= self.position {
                return Ok(Contents::default());
            }
            self.seek(self.position)?;
            match self.poll(limits.give_up_at, request)? {
                Polled::EndOfLog => {}
                Polled::Damaged(batch) => return self.skip(batch, request),
                Polled::Nothing => return Err(self.consumer.timed_out(limits.whole)),
                first => return Ok(self.collect(first, request)),
            }
        }
        self.at_end = true;
        self.position = end;
        Ok(Contents::default())
    }

    /// `first` and the records that librdkafka has buffered after it.
    fn collect(&mut self, first: Polled, request: &FetchRequest) -> Contents {
        let mut contents = Contents::default();
        let mut next = Ok(first);
        loop {
            match next {
                // No record is below the position; if one were, it was returned before.
                Ok(Polled::Record(record)) if record.offset < self.position => {}
                Ok(Polled::Record(record)) => {
                    self.position = record.offset + 1;
                    contents.push(record);
                }
                Ok(Polled::Unreadable(range)) => {
                    self.position = range.last_offset + 1;
                    contents.unreadable.push(range);
                }
                Ok(Polled::EndOfLog) => {
                    self.at_end = true;
                    return contents;
                }
                Ok(Polled::Nothing) => return contents,
                // The next fetch, at the offset that failed, reports it.
                Ok(Polled::Damaged(_)) | Err(_) => {
                    self.failed = true;
                    return contents;
                }
            }
            self.at_end = false;
            if contents.is_full(request.max_bytes) {
                return contents;
            }
            next = self.consumer.poll(Duration::ZERO);
        }
    }

    /// Skips a damaged batch. librdkafka does not report its last offset, and does not find the next
    /// batch by itself. A broker responds with the whole batch that contains the requested offset, so
    /// the last offset is the last one at which the same batch is reported.
    fn skip(&mut self, batch: DamagedBatch, request: &FetchRequest) -> Result<Contents, Failure> {
        let DamagedBatch { first_offset, why } = batch;
        let Some(base) = first_offset else { return Err(Failure::Librdkafka(why)) };
        let limit = self.partition.connect_and_request_timeout();
        let (_, end) = self.consumer.ends(&self.partition.topic, self.partition.number, limit)?;
        let first_offset = base.max(self.position);
        let (mut last_offset, mut behind) = (first_offset, end.max(first_offset + 1));
        while behind - last_offset > 1 {
            let middle = last_offset + (behind - last_offset) / 2;
            match self.is_in_batch(base, middle, limit, request)? {
                true => last_offset = middle,
                false => behind = middle,
            }
        }
        self.seek(behind)?;
        let range = UnreadableRange { first_offset, last_offset, why };
        Ok(Contents { unreadable: vec![range], ..Contents::default() })
    }

    /// Whether `offset` is in the damaged batch that begins at `base`.
    fn is_in_batch(
        &mut self,
        base: i64,
        offset: i64,
        limit: Duration,
        request: &FetchRequest,
    ) -> Result<bool, Failure> {
        self.seek(offset)?;
        match self.poll(Instant::now() + limit, request)? {
            Polled::Damaged(batch) => Ok(batch.first_offset == Some(base)),
            Polled::Record(_) | Polled::Unreadable(_) | Polled::EndOfLog => Ok(false),
            Polled::Nothing => Err(self.consumer.timed_out(limit)),
        }
    }

    fn seek(&mut self, offset: i64) -> Result<(), Failure> {
        let Partition { topic, number, .. } = &*self.partition;
        self.consumer.seek(topic, *number, offset, self.partition.connect_and_request_timeout())?;
        self.position = offset;
        self.at_end = false;
        Ok(())
    }

    /// The next event, or nothing if `until` passes first.
    fn poll(&mut self, until: Instant, request: &FetchRequest) -> Result<Polled, Failure> {
        loop {
            if request.cancelled.is_cancelled() {
                return Err(Failure::Lost);
            }
            let rest = until.saturating_duration_since(Instant::now());
            match self.consumer.poll(rest.min(CANCELLED_WITHIN))? {
                Polled::Nothing if rest.is_zero() => return Ok(Polled::Nothing),
                Polled::Nothing => {}
                polled => {
                    self.has_answered = true;
                    return Ok(polled);
                }
            }
        }
    }

    fn limits(&self, max_wait: Duration) -> Limits {
        let cluster = &self.partition.cluster;
        let connect = if self.has_answered { Duration::ZERO } else { cluster.connect_timeout };
        let whole = max_wait + connect + cluster.request_timeout;
        let now = Instant::now();
        Limits { wait_until: now + max_wait, give_up_at: now + whole, whole }
    }
}

impl Contents {
    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.unreadable.is_empty()
    }

    fn push(&mut self, record: ReceivedRecord) {
        let length = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, Vec::len);
        let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.bytes += length(&record.key) + length(&record.value) + headers;
        self.records.push(record);
    }

    /// Whether the limit of one fetch is reached.
    fn is_full(&self, max_bytes: usize) -> bool {
        let count = self.records.len() + self.unreadable.len();
        self.bytes >= max_bytes || self.bytes + count * RECORD >= AT_ONCE
    }
}
