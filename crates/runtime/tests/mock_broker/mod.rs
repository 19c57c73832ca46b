//! A broker of a test on loopback, which leads all partitions of the topic `t`. What it does with other
//! requests than those for metadata is the test's.

use std::future::Future;

use runtime::kafka::Kafka;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::kafka_settings;

/// The key of a request that publishes.
pub const PRODUCE: i16 = 0;
const METADATA: i16 = 3;

/// Starts a broker with `partitions`, and returns its port. `answer` gets the key and the body of each
/// request and returns the body of its response; without one the connection is closed.
pub async fn start<F, Fut>(partitions: i32, answer: F) -> u16
where
    F: Fn(i16, Vec<u8>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Option<Vec<u8>>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(serve(client, metadata(port, partitions), answer));
        }
    });
    port
}

/// A client of the broker at `port`.
pub fn kafka(port: u16) -> Kafka {
    Kafka::new(&kafka_settings::plain(vec![format!("127.0.0.1:{port}")])).unwrap()
}

/// The response to a request that published one batch.
pub fn produced(partition: i32, offset: i64, throttle_ms: i32) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(1_i32.to_be_bytes());
    body.extend([0, 1, b't']);
    body.extend(1_i32.to_be_bytes());
    body.extend(partition.to_be_bytes());
    body.extend([0; 2]);
    body.extend(offset.to_be_bytes());
    body.extend((-1_i64).to_be_bytes());
    body.extend(throttle_ms.to_be_bytes());
    body
}

async fn serve<F, Fut>(mut client: TcpStream, metadata: Vec<u8>, answer: F)
where
    F: Fn(i16, Vec<u8>) -> Fut,
    Fut: Future<Output = Option<Vec<u8>>>,
{
    while let Ok(length) = client.read_i32().await {
        let mut request = vec![0; usize::try_from(length).unwrap()];
        client.read_exact(&mut request).await.unwrap();
        let key = i16::from_be_bytes([request[0], request[1]]);
        let client_id = usize::try_from(i16::from_be_bytes([request[8], request[9]])).unwrap();
        let mut response = request[4..8].to_vec();
        response.extend(match key {
            METADATA => metadata.clone(),
            _ => match answer(key, request.split_off(10 + client_id)).await {
                Some(body) => body,
                None => return,
            },
        });
        client.write_i32(i32::try_from(response.len()).unwrap()).await.unwrap();
        // A client that has cancelled its request is gone.
        drop(client.write_all(&response).await);
    }
}

fn metadata(port: u16, partitions: i32) -> Vec<u8> {
    let mut body = vec![0; 4];
    body.extend(1_i32.to_be_bytes());
    body.extend(0_i32.to_be_bytes());
    body.extend([0, 9]);
    body.extend(b"127.0.0.1");
    body.extend(i32::from(port).to_be_bytes());
    // No rack, no cluster, the controller.
    body.extend([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    body.extend(1_i32.to_be_bytes());
    body.extend([0, 0, 0, 1, b't', 0]);
    body.extend(partitions.to_be_bytes());
    for partition in 0..partitions {
        body.extend([0, 0]);
        body.extend(partition.to_be_bytes());
        // Leader 0, no replicas.
        body.extend([0; 4 + 4 + 4]);
    }
    body
}
