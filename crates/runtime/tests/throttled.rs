//! A broker that throttles has appended the batch: it is sent once, and the next request waits.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test helper fails the test")]

mod kafka_settings;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI32, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use runtime::kafka::{Kafka, NewRecord, PublishError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const PATIENCE: Duration = Duration::from_secs(60);
const METADATA: i16 = 3;
const PRODUCE: i16 = 0;

/// A broker that leads partition 0 of every topic, appends everything and throttles every client.
#[derive(Clone)]
struct Strict {
    port: u16,
    appended: Arc<AtomicUsize>,
    throttle_ms: Arc<AtomicI32>,
}

impl Strict {
    async fn start(throttle_ms: i32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let broker = Self {
            port: listener.local_addr().unwrap().port(),
            appended: Arc::default(),
            throttle_ms: Arc::new(AtomicI32::new(throttle_ms)),
        };
        let answering = broker.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(answering.clone().answer(client));
            }
        });
        broker
    }

    async fn answer(self, mut client: TcpStream) {
        while let Ok(length) = client.read_i32().await {
            let mut request = vec![0; usize::try_from(length).unwrap()];
            client.read_exact(&mut request).await.unwrap();
            let key = i16::from_be_bytes([request[0], request[1]]);
            let mut answer = request[4..8].to_vec();
            answer.extend(match key {
                METADATA => self.metadata(),
                PRODUCE => self.append(),
                _ => return,
            });
            client.write_i32(i32::try_from(answer.len()).unwrap()).await.unwrap();
            client.write_all(&answer).await.unwrap();
        }
    }

    fn metadata(&self) -> Vec<u8> {
        let mut body = vec![0; 4];
        body.extend(1_i32.to_be_bytes());
        body.extend(0_i32.to_be_bytes());
        body.extend([0, 9]);
        body.extend(b"127.0.0.1");
        body.extend(i32::from(self.port).to_be_bytes());
        // No rack, no cluster, the controller.
        body.extend([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        body.extend(1_i32.to_be_bytes());
        body.extend([0, 0, 0, 1, b't', 0]);
        body.extend(1_i32.to_be_bytes());
        // No error, partition 0, leader 0, no replicas.
        body.extend([0; 2 + 4 + 4 + 4 + 4]);
        body
    }

    fn append(&self) -> Vec<u8> {
        let offset = i64::try_from(self.appended.fetch_add(1, SeqCst)).unwrap();
        let mut body = Vec::new();
        body.extend(1_i32.to_be_bytes());
        body.extend([0, 1, b't']);
        body.extend(1_i32.to_be_bytes());
        body.extend([0; 4 + 2]);
        body.extend(offset.to_be_bytes());
        body.extend((-1_i64).to_be_bytes());
        body.extend(self.throttle_ms.load(SeqCst).to_be_bytes());
        body
    }

    fn kafka(&self) -> Kafka {
        Kafka::new(&kafka_settings::plain(vec![format!("127.0.0.1:{}", self.port)])).unwrap()
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
