//! A consumer that reads one partition, and where it is.

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
    consumer::{Consumer, Polled},
};

/// Bytes of records, with what they take in memory besides, that are returned at once.
const AT_ONCE: usize = 4 << 20;
/// What a record takes in memory besides its bytes, about.
const RECORD: usize = 256;
/// How soon a fetch that was given up ends.
const CANCELLED_WITHIN: Duration = Duration::from_millis(50);

/// What is asked for.
pub(super) struct FetchRequest {
    pub(super) offset: i64,
    pub(super) max_wait: Duration,
    pub(super) max_bytes: usize,
    /// When no caller waits any more.
    pub(super) cancelled: CancellationToken,
}

/// A consumer that reads one partition.
pub(super) struct Session {
    partition: Arc<Partition>,
    consumer: Consumer,
    /// The offset that it reads next.
    position: i64,
    /// Whether it has reported the end of the log at its position.
    at_end: bool,
    /// Whether it has connected, which may take time of its own.
    has_answered: bool,
    failed: bool,
}

/// What was read.
#[derive(Default)]
struct Contents {
    records: Vec<ReceivedRecord>,
    unreadable: Vec<UnreadableRange>,
    /// Bytes of the records alone.
    bytes: usize,
}

/// The time limits of one fetch.
struct Limits {
    /// Until then an end of the log is waited at.
    wait_until: Instant,
    /// Until then librdkafka must have said something.
    give_up_at: Instant,
    whole: Duration,
}

impl Session {
    pub(super) fn open(partition: Arc<Partition>, offset: i64) -> Result<Self, Failure> {
        let consumer = partition.consumer()?;
        consumer.assign(&partition.topic, partition.number, offset)?;
        Ok(Self { partition, consumer, position: offset, at_end: false, has_answered: false, failed: false })
    }

    /// Whether it can be used again.
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
            // A new leader that does not show its newest records yet, or another log.
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

    /// Waits for a first record, and takes what is there with it.
    fn read(&mut self, request: &FetchRequest, limits: &Limits) -> Result<Contents, Failure> {
        loop {
            let until = if self.at_end { limits.wait_until } else { limits.give_up_at };
            match self.poll(until, request)? {
                Polled::EndOfLog => self.at_end = true,
                Polled::Nothing if self.at_end => return Ok(Contents::default()),
                Polled::Nothing => return Err(self.consumer.timed_out(limits.whole)),
                first => return Ok(self.collect(first, request)),
            }
        }
    }

    /// Called when the log ends behind the position and no record came. Either one is on its way, or only transaction
    /// markers and records of aborted transactions follow, which librdkafka steps over without reporting its position.
    ///
    /// 1. The consumer asks for the end of the log, then seeks to the position.
    /// 2. A fetch that began after the seek returns a record or reports the end of the log. In the second case there is
    ///    no record between the position and the end that was asked for.
    ///
    /// This fails if the leader moves between the two steps and the new one does not show its newest records yet. So both
    /// steps are done twice, by the same consumer, which has one leader at a time. Skipping a record would take two moves
    /// within these round trips, and librdkafka pauses for longer between two changes of its leader.
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
                Polled::Nothing => return Err(self.consumer.timed_out(limits.whole)),
                first => return Ok(self.collect(first, request)),
            }
        }
        self.at_end = true;
        self.position = end;
        Ok(Contents::default())
    }

    /// `first` and what librdkafka has behind it.
    fn collect(&mut self, first: Polled, request: &FetchRequest) -> Contents {
        let mut contents = Contents::default();
        let mut next = Ok(first);
        loop {
            match next {
                // None is below the position; if one were, it was returned before.
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
                Err(_failure) => {
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

    fn seek(&mut self, offset: i64) -> Result<(), Failure> {
        let Partition { topic, number, .. } = &*self.partition;
        self.consumer.seek(topic, *number, offset, self.partition.connect_and_request_timeout())?;
        self.position = offset;
        self.at_end = false;
        Ok(())
    }

    /// What comes next, or nothing until then.
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

    /// Whether there are as many as are returned at once.
    fn is_full(&self, max_bytes: usize) -> bool {
        let count = self.records.len() + self.unreadable.len();
        self.bytes >= max_bytes || self.bytes + count * RECORD >= AT_ONCE
    }
}
