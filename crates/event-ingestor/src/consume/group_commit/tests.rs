use super::*;
use crate::consume::batch::Batch;
use chrono::DateTime;
use domain::order::AppendClock;
use runtime::kafka::ReceivedRecord;
use std::collections::BTreeMap;
use storage::ingest::partitions::{Checkpoint, PartitionLease, PartitionStep, RowPlace};

/// How long a transaction takes, unless the test says otherwise.
const TAKES: Duration = Duration::from_millis(50);

/// The outcome of a fake transaction.
#[derive(Debug, Clone, Copy, Default)]
enum Outcome {
    #[default]
    Committed,
    LeaseLost,
    Refused,
    Unknown,
}

/// Writes nothing; remembers when each transaction began, and the partitions of its batches.
#[derive(Debug, Default)]
struct FakeWriter {
    outcome: Outcome,
    takes: Option<Duration>,
    begun: Mutex<Vec<(Instant, Vec<i32>)>>,
}

impl WriteBatches for FakeWriter {
    async fn write(&self, batches: Vec<PartitionBatch>) -> Result<(Written, Vec<Tally>), StorageError> {
        let partitions = batches.iter().map(|part| part.batch.partition).collect();
        self.begun.locked().push((Instant::now(), partitions));
        tokio::time::sleep(self.takes.unwrap_or(TAKES)).await;
        match self.outcome {
            Outcome::Committed => {
                Ok((Written::Committed, batches.iter().map(|_| Tally::default()).collect()))
            }
            Outcome::LeaseLost => Ok((Written::LeaseLost, Vec::new())),
            Outcome::Refused => Err(StorageError::Refused(storage::DieselError::NotFound)),
            Outcome::Unknown => Err(StorageError::TimedOut),
        }
    }
}

struct Fixture {
    writer: Arc<FakeWriter>,
    group_commit: Arc<GroupCommit<FakeWriter>>,
    began: Instant,
    _task: tokio_util::task::AbortOnDropHandle<()>,
}

impl Fixture {
    fn new(outcome: Outcome) -> Self {
        Self::with(FakeWriter { outcome, ..FakeWriter::default() })
    }

    fn with(writer: FakeWriter) -> Self {
        let writer = Arc::new(writer);
        let metrics = GroupMetrics::new(&opentelemetry::global::meter("test"));
        let turns = Arc::new(Semaphore::new(3));
        let group_commit = Arc::new(GroupCommit::new(Arc::clone(&writer), metrics, turns));
        let task = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(Arc::clone(&group_commit).run()));
        Self { writer, group_commit, began: Instant::now(), _task: task }
    }

    /// A batch of `partition` arrives after `ms`.
    fn arrives(
        &self,
        ms: u64,
        partition: i32,
        records: usize,
        stop: &CancellationToken,
    ) -> tokio::task::JoinHandle<Attempt> {
        let (group_commit, stop) = (Arc::clone(&self.group_commit), stop.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            group_commit.write(part(partition, records), &stop).await
        })
    }

    /// The transactions: when each began, in ms, and the partitions of its batches.
    fn transactions(&self) -> Vec<(u128, Vec<i32>)> {
        let begun = self.writer.begun.locked();
        begun.iter().map(|(at, parts)| ((*at - self.began).as_millis(), parts.clone())).collect()
    }
}

fn part(partition: i32, records: usize) -> PartitionBatch {
    let record = |offset| ReceivedRecord {
        offset,
        timestamp: DateTime::UNIX_EPOCH,
        key: None,
        value: Some(b"{}".to_vec()),
        headers: BTreeMap::new(),
    };
    let records: Vec<_> = (0..).map(record).take(records).collect();
    let next_offset = i64::try_from(records.len()).unwrap();
    let fetched = Fetched { records, unreadable: Vec::new(), next_offset, high_watermark: next_offset };
    let batch =
        Batch::decode("events", partition, fetched, &mut AppendClock::default(), DateTime::UNIX_EPOCH);
    let lease = PartitionLease {
        topic: "events".to_owned(),
        partition,
        epoch: 1,
        next_offset: 0,
        ttl_ms: 10_000,
        place: RowPlace::default(),
    };
    let step = PartitionStep { lease, checkpoint: Checkpoint::from(next_offset) };
    PartitionBatch { step, batch: Arc::new(batch) }
}

#[tokio::test(start_paused = true)]
async fn a_lone_batch_goes_at_once_and_later_ones_share_the_next_transaction() {
    let (fixture, stop) = (Fixture::new(Outcome::Committed), CancellationToken::new());
    let tasks =
        [(5, 1), (10, 2), (20, 3), (40, 4)].map(|(ms, partition)| fixture.arrives(ms, partition, 1, &stop));
    for task in tasks {
        assert!(matches!(task.await.unwrap(), Attempt::Committed(_)));
    }
    assert_eq!(fixture.transactions(), [(6, vec![1]), (56, vec![2, 3, 4])]);
}

#[tokio::test(start_paused = true)]
async fn batches_of_one_response_share_a_transaction() {
    let (fixture, stop) = (Fixture::new(Outcome::Committed), CancellationToken::new());
    let tasks: Vec<_> = (1..=5).map(|partition| fixture.arrives(5, partition, 1, &stop)).collect();
    for task in tasks {
        assert!(matches!(task.await.unwrap(), Attempt::Committed(_)));
    }
    assert_eq!(fixture.transactions(), [(6, vec![1, 2, 3, 4, 5])]);
}

#[tokio::test(start_paused = true)]
async fn the_pace_of_transactions_follows_the_load() {
    let stop = CancellationToken::new();
    let fixture = Fixture::with(FakeWriter { takes: Some(TAKES / 10), ..FakeWriter::default() });
    let few = [(0, 1), (1, 2), (2, 3)];
    let many = [(20, 1), (25, 2), (25, 3), (25, 4), (25, 5), (33, 1), (42, 2), (90, 1)];
    let tasks = few.into_iter().chain(many).map(|(ms, partition)| fixture.arrives(ms, partition, 1, &stop));
    for task in tasks.collect::<Vec<_>>() {
        assert!(matches!(task.await.unwrap(), Attempt::Committed(_)));
    }
    let transactions = fixture.transactions();
    let begun: Vec<_> = transactions.iter().map(|(at, parts)| (*at, parts.len())).collect();
    // 1 ms after the first batch, and 12 ms after the transaction before, or 20 ms if that had several.
    assert_eq!(begun, [(1, 2), (13, 1), (25, 5), (45, 2), (91, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_begins_another_transaction_at_once() {
    let (fixture, stop) = (Fixture::new(Outcome::Committed), CancellationToken::new());
    let tasks = [(0, 1, 1), (10, 2, 60), (20, 3, 60), (30, 4, 1)]
        .map(|(ms, partition, records)| fixture.arrives(ms, partition, records, &stop));
    for task in tasks {
        assert!(matches!(task.await.unwrap(), Attempt::Committed(_)));
    }
    let transactions = fixture.transactions();
    assert_eq!(transactions.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 20, 70]);
    assert_eq!(transactions.iter().map(|(_, parts)| parts.len()).collect::<Vec<_>>(), [1, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_transaction_does_not_hold_up_other_partitions() {
    let stop = CancellationToken::new();
    let fixture = Fixture::with(FakeWriter { takes: Some(TAKES * 100), ..FakeWriter::default() });
    let tasks = [(0, 1), (10, 2), (20, 3)].map(|(ms, partition)| fixture.arrives(ms, partition, 1, &stop));
    for task in tasks {
        assert!(matches!(task.await.unwrap(), Attempt::Committed(_)));
    }
    let (gather, patience) = (GATHER.as_millis(), PATIENCE.as_millis());
    assert_eq!(fixture.transactions(), [(gather, vec![1]), (gather + patience, vec![2, 3])]);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_has_a_bounded_number_of_records() {
    let (fixture, stop) = (Fixture::new(Outcome::Committed), CancellationToken::new());
    let first = fixture.arrives(0, 0, 1, &stop);
    let tasks: Vec<_> = (1..=12).map(|partition| fixture.arrives(5, partition, LARGE - 1, &stop)).collect();
    for task in std::iter::once(first).chain(tasks) {
        assert!(matches!(task.await.unwrap(), Attempt::Committed(_)));
    }
    let most = fixture.transactions().iter().map(|(_, parts)| parts.len() * (LARGE - 1)).max().unwrap();
    assert!(most <= MOST, "{most}");
}

#[tokio::test(start_paused = true)]
async fn all_partitions_of_a_failed_transaction_learn_whether_they_may_write_again() {
    for outcome in [Outcome::LeaseLost, Outcome::Refused, Outcome::Unknown] {
        let (fixture, stop) = (Fixture::new(outcome), CancellationToken::new());
        let tasks = [(0, 1), (5, 2), (5, 3)].map(|(ms, partition)| fixture.arrives(ms, partition, 1, &stop));
        for task in tasks {
            let attempt = task.await.unwrap();
            match outcome {
                Outcome::Unknown => assert!(matches!(attempt, Attempt::Unknown), "{attempt:?}"),
                _ => assert!(matches!(attempt, Attempt::Failed), "{outcome:?} {attempt:?}"),
            }
        }
        assert_eq!(fixture.transactions().len(), 2, "no attempt must be repeated here");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_asked_to_stop_waits_only_for_a_transaction_that_has_begun() {
    let fixture = Fixture::new(Outcome::Committed);
    let (stop, stays) = (CancellationToken::new(), CancellationToken::new());
    let (begun, waits) = (fixture.arrives(0, 1, 1, &stop), fixture.arrives(10, 2, 1, &stop));
    let stays = fixture.arrives(10, 3, 1, &stays);
    tokio::time::sleep(Duration::from_millis(30)).await;
    stop.cancel();
    assert!(matches!(waits.await.unwrap(), Attempt::Withdrawn));
    assert_eq!(fixture.began.elapsed().as_millis(), 30);
    assert!(matches!(begun.await.unwrap(), Attempt::Committed(_)));
    assert!(matches!(stays.await.unwrap(), Attempt::Committed(_)));
    assert_eq!(fixture.transactions(), [(1, vec![1]), (51, vec![3])]);
}

#[test]
fn shares_transactions_only_for_small_batches() {
    let fetched = |records: usize, bytes: usize| {
        let record = |offset| ReceivedRecord {
            offset,
            timestamp: DateTime::UNIX_EPOCH,
            key: None,
            value: Some(vec![b' '; bytes]),
            headers: BTreeMap::new(),
        };
        let records: Vec<_> = (0..).map(record).take(records).collect();
        Fetched { records, unreadable: Vec::new(), next_offset: 1, high_watermark: 1 }
    };
    assert!(is_small(&fetched(1, 500)) && is_small(&fetched(LARGE - 1, 500)));
    assert!(!is_small(&fetched(LARGE, 1)) && !is_small(&fetched(2, LARGE_BYTES / 2)));
}
