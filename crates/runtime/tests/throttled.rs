//! A broker that throttles has appended the batch: it is sent once, and the next request waits.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test helper fails the test")]

mod kafka_settings;
mod mock_broker;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use mock_broker::PRODUCE;
use runtime::kafka::{Kafka, NewRecord, PublishError};

const PATIENCE: Duration = Duration::from_secs(60);

/// A broker that appends everything and throttles every client.
struct Strict {
    port: u16,
    appended: Arc<AtomicUsize>,
}

impl Strict {
    async fn start(throttle_ms: i32) -> Self {
        let appended = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&appended);
        let answer = move |key, _body| {
            let append = || i64::try_from(count.fetch_add(1, SeqCst)).unwrap();
            let answer = (key == PRODUCE).then(|| mock_broker::produced(0, append(), throttle_ms));
            async move { answer }
        };
        Self { port: mock_broker::start(1, answer).await, appended }
    }

    fn kafka(&self) -> Kafka {
        mock_broker::kafka(self.port)
    }
}

fn record() -> NewRecord {
    let timestamp = chrono::DateTime::UNIX_EPOCH;
    NewRecord { key: None, value: Some(b"x".to_vec()), headers: BTreeMap::new(), timestamp }
}

#[tokio::test]
async fn a_throttled_batch_is_sent_once_and_the_next_request_waits() {
    let broker = Strict::start(400).await;
    let writer = broker.kafka().writer("t");
    let begun = Instant::now();
    for offset in 0..3 {
        assert_eq!(writer.publish(0, vec![record()], PATIENCE).await.unwrap(), [offset]);
    }
    assert_eq!(broker.appended.load(SeqCst), 3);
    assert!(begun.elapsed() >= Duration::from_millis(800), "the writer did not wait: {:?}", begun.elapsed());
}

#[tokio::test]
async fn reports_not_published_if_the_throttle_exceeds_the_limit() {
    let broker = Strict::start(60_000).await;
    let writer = broker.kafka().writer("t");
    writer.publish(0, vec![record()], PATIENCE).await.unwrap();
    let error = writer.publish(0, vec![record()], Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(error, PublishError::Refused(_)), "{error:?}");
    assert_eq!(broker.appended.load(SeqCst), 1);
}
