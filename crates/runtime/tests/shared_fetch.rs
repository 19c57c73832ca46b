//! Partitions that wait for records share requests, and do not disturb each other.

#![cfg(not(feature = "librdkafka"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failing test helper fails the test"
)]

mod kafka_settings;
mod mock_broker;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use mock_broker::PRODUCE;
use runtime::kafka::{FetchError, Fetched, Kafka, NewRecord, PartitionReader};
use tokio::{sync::watch, task::JoinSet};

const PATIENCE: Duration = Duration::from_secs(60);
const PARTITIONS: i32 = 12;
const FETCH: i16 = 1;
const NOT_LEADER: i16 = 6;

/// A broker that keeps what was published.
struct Broker {
    port: u16,
    log: Log,
}

/// What the broker keeps.
#[derive(Clone)]
struct Log {
    state: Arc<Mutex<State>>,
    /// Changes whenever a fetch may have another response.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// The batches of each partition, with one record each.
    logs: BTreeMap<i32, Vec<Vec<u8>>>,
    refused: BTreeSet<i32>,
    /// The partitions of each fetch that was received.
    fetches: Vec<Vec<i32>>,
    throttle_ms: i32,
}

impl Broker {
    async fn start() -> Self {
        let log = Log { state: Arc::default(), changes: watch::Sender::new(0) };
        let answering = log.clone();
        let answer = move |key, body| answering.clone().answer(key, body);
        Self { port: mock_broker::start(PARTITIONS, answer).await, log }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.log.state.lock().unwrap()
    }

    /// Publishes a record with `number` to a partition.
    async fn publish(&self, partition: i32, number: u32) {
        let value = Some(number.to_string().into_bytes());
        let timestamp = chrono::DateTime::UNIX_EPOCH;
        let record = NewRecord { key: None, value, headers: BTreeMap::new(), timestamp };
        self.kafka().writer("t").publish(partition, vec![record], PATIENCE).await.unwrap();
    }

    fn kafka(&self) -> Kafka {
        mock_broker::kafka(self.port)
    }
}

impl Log {
    async fn answer(self, key: i16, body: Vec<u8>) -> Option<Vec<u8>> {
        let mut body = Body(&body);
        match key {
            PRODUCE => Some(self.append(&mut body)),
            FETCH => Some(self.fetch(&mut body).await),
            _ => None,
        }
    }

    fn append(&self, request: &mut Body<'_>) -> Vec<u8> {
        request.take(2 + 2 + 4 + 4 + 3 + 4); // transaction, acks, time limit, the topic
        let partition = request.i32();
        let length = usize::try_from(request.i32()).unwrap();
        let mut batch = request.take(length).to_vec();
        let mut state = self.state.lock().unwrap();
        let log = state.logs.entry(partition).or_default();
        let offset = i64::try_from(log.len()).unwrap();
        batch[..8].copy_from_slice(&offset.to_be_bytes());
        log.push(batch);
        drop(state);
        self.changes.send_modify(|change| *change += 1);
        mock_broker::produced(partition, offset, 0)
    }

    async fn fetch(&self, request: &mut Body<'_>) -> Vec<u8> {
        request.take(4);
        let max_wait = Duration::from_millis(u64::try_from(request.i32()).unwrap());
        request.take(4 + 4 + 1 + 4 + 4 + 4 + 3);
        let mut wanted = Vec::new();
        for _ in 0..request.i32() {
            let partition = request.i32();
            request.take(4);
            wanted.push((partition, request.i64()));
            request.take(8 + 4);
        }
        let partitions = wanted.iter().map(|(partition, _)| *partition).collect();
        self.state.lock().unwrap().fetches.push(partitions);
        let mut changes = self.changes.subscribe();
        let has_response = changes.wait_for(|_| {
            let state = self.state.lock().unwrap();
            wanted.iter().any(|(partition, offset)| {
                state.refused.contains(partition) || state.end(*partition) > *offset
            })
        });
        drop(tokio::time::timeout(max_wait, has_response).await);
        self.state.lock().unwrap().response(&wanted)
    }
}

impl State {
    fn end(&self, partition: i32) -> i64 {
        self.logs.get(&partition).map_or(0, |log| i64::try_from(log.len()).unwrap())
    }

    fn response(&self, wanted: &[(i32, i64)]) -> Vec<u8> {
        let mut body = self.throttle_ms.to_be_bytes().to_vec();
        body.extend([0; 2 + 4]);
        body.extend(1_i32.to_be_bytes());
        body.extend([0, 1, b't']);
        body.extend(i32::try_from(wanted.len()).unwrap().to_be_bytes());
        for (partition, offset) in wanted {
            let is_refused = self.refused.contains(partition);
            let code = if is_refused { NOT_LEADER } else { 0 };
            let log = self.logs.get(partition).map(Vec::as_slice).unwrap_or_default();
            let unread = log.get(usize::try_from(*offset).unwrap()..).unwrap_or_default();
            let bytes = if is_refused { Vec::new() } else { unread.concat() };
            body.extend(partition.to_be_bytes());
            body.extend(code.to_be_bytes());
            for number in [self.end(*partition), self.end(*partition), 0] {
                body.extend(number.to_be_bytes());
            }
            body.extend([0; 4]);
            body.extend(i32::try_from(bytes.len()).unwrap().to_be_bytes());
            body.extend(bytes);
        }
        body
    }
}

/// The rest of a request.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn i32(&mut self) -> i32 {
        i32::from_be_bytes(self.take(4).try_into().unwrap())
    }

    fn i64(&mut self) -> i64 {
        i64::from_be_bytes(self.take(8).try_into().unwrap())
    }
}

/// Readers of all partitions that have fetched once, alone.
async fn readers(kafka: &Kafka) -> Vec<Arc<PartitionReader>> {
    let mut readers = Vec::new();
    for partition in 0..PARTITIONS {
        let reader = kafka.reader("t", partition);
        let fetched = reader.fetch(0, Duration::from_millis(1), 1 << 20).await.unwrap();
        assert_eq!(fetched.next_offset, 0);
        readers.push(Arc::new(reader));
    }
    readers
}

type Outcome = (i32, Result<Fetched, FetchError>);

fn fetch_from(readers: &[Arc<PartitionReader>], fetches: &mut JoinSet<Outcome>, partition: i32, offset: i64) {
    let reader = Arc::clone(&readers[usize::try_from(partition).unwrap()]);
    fetches.spawn(async move { (partition, reader.fetch(offset, PATIENCE, 1 << 20).await) });
}

async fn next(fetches: &mut JoinSet<Outcome>) -> Outcome {
    match tokio::time::timeout(PATIENCE, fetches.join_next()).await {
        Ok(Some(fetched)) => fetched.unwrap(),
        other => panic!("no fetch has ended: {other:?}"),
    }
}

fn value(fetched: &Fetched) -> &[u8] {
    fetched.records[0].value.as_deref().unwrap()
}

#[tokio::test]
async fn one_request_waits_for_all_partitions() {
    let broker = Broker::start().await;
    let (kafka, mut fetches) = (broker.kafka(), JoinSet::new());
    let readers = readers(&kafka).await;
    (0..PARTITIONS).for_each(|partition| fetch_from(&readers, &mut fetches, partition, 0));
    let (begun, mut round) = (Instant::now(), 0);
    // At first they wait in two requests: what began first did not wait for the others.
    while !broker.state().fetches.iter().any(|fetch| fetch.len() == 12) {
        assert!(begun.elapsed() < PATIENCE, "{:?}", broker.state().fetches);
        tokio::join!(broker.publish(0, round), broker.publish(7, round));
        for _ in 0..2 {
            let (partition, fetched) = next(&mut fetches).await;
            let fetched = fetched.unwrap();
            assert_eq!(fetched.next_offset, i64::from(round) + 1, "partition {partition}");
            assert_eq!(value(&fetched), round.to_string().as_bytes());
            fetch_from(&readers, &mut fetches, partition, fetched.next_offset);
        }
        round += 1;
    }
}

#[tokio::test]
async fn a_refused_partition_does_not_disturb_the_others() {
    let broker = Broker::start().await;
    let (kafka, mut fetches) = (broker.kafka(), JoinSet::new());
    let readers = readers(&kafka).await;
    broker.state().refused.insert(5);
    (0..PARTITIONS).for_each(|partition| fetch_from(&readers, &mut fetches, partition, 0));
    let (partition, refused) = next(&mut fetches).await;
    assert_eq!(partition, 5);
    assert!(matches!(refused, Err(FetchError::Unavailable(_))), "{refused:?}");
    broker.publish(6, 1).await;
    let (partition, fetched) = next(&mut fetches).await;
    assert_eq!((partition, fetched.unwrap().next_offset), (6, 1));

    broker.state().refused.clear();
    broker.publish(5, 2).await;
    fetch_from(&readers, &mut fetches, 5, 0);
    let (partition, fetched) = next(&mut fetches).await;
    assert_eq!((partition, value(&fetched.unwrap())), (5, b"2".as_slice()));
}

#[tokio::test]
async fn a_cancelled_fetch_leaves_the_next_request() {
    let broker = Broker::start().await;
    let (kafka, mut fetches, mut cancelled) = (broker.kafka(), JoinSet::new(), JoinSet::new());
    let readers = readers(&kafka).await;
    fetch_from(&readers, &mut cancelled, 0, 0);
    (1..3).for_each(|partition| fetch_from(&readers, &mut fetches, partition, 0));
    cancelled.shutdown().await;
    let mut requests = 0;
    for number in 0..3 {
        broker.publish(1, number).await;
        let (partition, fetched) = next(&mut fetches).await;
        let fetched = fetched.unwrap();
        assert_eq!((partition, fetched.next_offset), (1, i64::from(number) + 1));
        if number == 0 {
            requests = broker.state().fetches.len();
        }
        fetch_from(&readers, &mut fetches, 1, fetched.next_offset);
    }
    let later = broker.state().fetches.split_off(requests);
    assert!(!later.is_empty() && later.iter().all(|fetch| !fetch.contains(&0)), "{later:?}");
    // A new owner reads what has arrived meanwhile.
    broker.publish(0, 7).await;
    fetch_from(&readers, &mut fetches, 0, 0);
    let (partition, fetched) = next(&mut fetches).await;
    assert_eq!((partition, value(&fetched.unwrap())), (0, b"7".as_slice()));
}

#[tokio::test]
async fn a_throttled_request_is_followed_by_a_pause() {
    let broker = Broker::start().await;
    let (kafka, mut fetches) = (broker.kafka(), JoinSet::new());
    let readers = readers(&kafka).await;
    broker.state().throttle_ms = 400;
    // Before the response: a busy machine may suspend the test afterwards.
    let begun = Instant::now();
    fetch_from(&readers, &mut fetches, 0, 0);
    broker.publish(0, 0).await;
    assert_eq!(next(&mut fetches).await.1.unwrap().next_offset, 1);
    broker.publish(0, 1).await;
    fetch_from(&readers, &mut fetches, 0, 1);
    assert_eq!(value(&next(&mut fetches).await.1.unwrap()), b"1");
    assert!(begun.elapsed() >= Duration::from_millis(300), "the reader did not wait: {:?}", begun.elapsed());
}
