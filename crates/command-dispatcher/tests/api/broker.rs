//! A broker that accepts commands without confirming them: a relay to the real broker that
//! withholds its responses to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The key of Produce requests in Kafka's protocol.
const PRODUCE: [u8; 2] = [0, 0];

/// A relay that stops when dropped.
pub struct DeafBroker {
    pub address: String,
    relay: JoinHandle<()>,
}

impl DeafBroker {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap();
        let relay = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let broker = TcpStream::connect(testkit::kafka_brokers()).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_broker, to_broker) = broker.into_split();
                let deaf = Arc::new(AtomicBool::new(false));
                tokio::spawn(requests(from_client, to_broker, Arc::clone(&deaf)));
                tokio::spawn(answers(from_broker, to_client, deaf, own.port()));
            }
        });
        Self { address: own.to_string(), relay }
    }
}

impl Drop for DeafBroker {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, deaf: Arc<AtomicBool>) {
    while let Some(frame) = read(&mut from).await {
        if frame.starts_with(&PRODUCE) {
            deaf.store(true, Ordering::SeqCst);
        }
        if !write(&mut to, &frame).await {
            break;
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, deaf: Arc<AtomicBool>, port: u16) {
    while let Some(mut frame) = read(&mut from).await {
        redirect(&mut frame, port);
        if !deaf.load(Ordering::SeqCst) && !write(&mut to, &frame).await {
            break;
        }
    }
}

/// Replaces the port of the broker in a response by that of the relay, so that clients do not
/// bypass it.
fn redirect(frame: &mut [u8], port: u16) {
    let brokers = testkit::kafka_brokers();
    let (host, real) = brokers.rsplit_once(':').unwrap();
    let real = real.parse::<u32>().unwrap().to_be_bytes();
    let address = [host.as_bytes(), &real].concat();
    for start in 0..frame.len().saturating_sub(address.len()) {
        let end = start + address.len();
        if frame[start..end] == address {
            frame[end - 4..end].copy_from_slice(&u32::from(port).to_be_bytes());
        }
    }
}

async fn read(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let length = from.read_u32().await.ok()?;
    let mut frame = vec![0; usize::try_from(length).ok()?];
    from.read_exact(&mut frame).await.ok()?;
    Some(frame)
}

async fn write(to: &mut OwnedWriteHalf, frame: &[u8]) -> bool {
    let length = u32::try_from(frame.len()).unwrap();
    to.write_u32(length).await.is_ok() && to.write_all(frame).await.is_ok()
}
