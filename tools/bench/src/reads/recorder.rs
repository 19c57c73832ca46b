//! A proxy in front of `PostgreSQL` that records the statements of a service's request, and in how
//! many round trips they are sent.

use super::protocol::{MessageDecoder, Statement};
use anyhow::Context as _;
use runtime::lock::MutexExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

/// The delay of responses. What is sent without waiting for a response has been sent by then.
const RESPONSE_DELAY: Duration = Duration::from_millis(2);
const CHUNK_BYTES: usize = 16 * 1_024;

/// What was exchanged on all connections, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Exchange {
    /// The service sent statements, and waits.
    Sent(Vec<Statement>),
    /// The server responded.
    Received,
    /// A message of the service could not be decoded.
    Undecodable(String),
}

/// Statements that were sent before a response.
pub type RoundTrip = Vec<Statement>;

/// The proxy; its connections end with it.
pub struct Recorder {
    exchanges: Arc<Mutex<Vec<Exchange>>>,
    /// The address on which it listens.
    pub address: String,
    _accepting: AbortOnDropHandle<()>,
}

impl Recorder {
    /// Starts a proxy in front of the server that listens on `server`.
    pub async fn before(server: String) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let exchanges = Arc::<Mutex<Vec<Exchange>>>::default();
        let recorded = Arc::clone(&exchanges);
        let accepting = tokio::spawn(async move {
            let mut connections = Vec::new();
            while let Ok((client, _)) = listener.accept().await {
                let forwarded = forward(client, server.clone(), Arc::clone(&recorded));
                // Both directions notice the end of a connection.
                connections.push(AbortOnDropHandle::new(tokio::spawn(async move { drop(forwarded.await) })));
            }
        });
        Ok(Self { exchanges, address, _accepting: AbortOnDropHandle::new(accepting) })
    }

    /// Clears the recording.
    pub fn clear(&self) {
        locked(&self.exchanges).clear();
    }

    /// The round trips since the last call of [`clear`](Self::clear).
    pub fn round_trips(&self) -> anyhow::Result<Vec<RoundTrip>> {
        round_trips(&locked(&self.exchanges))
    }
}

fn round_trips(exchanges: &[Exchange]) -> anyhow::Result<Vec<RoundTrip>> {
    let mut trips: Vec<RoundTrip> = Vec::new();
    let mut has_response = true;
    for exchange in exchanges {
        match exchange {
            Exchange::Sent(statements) if has_response => trips.push(statements.clone()),
            Exchange::Sent(statements) => {
                trips.last_mut().context("no round trip has begun")?.extend_from_slice(statements);
            }
            Exchange::Received => {}
            Exchange::Undecodable(why) => anyhow::bail!("a message could not be decoded: {why}"),
        }
        has_response = *exchange == Exchange::Received;
    }
    Ok(trips)
}

fn locked(exchanges: &Mutex<Vec<Exchange>>) -> std::sync::MutexGuard<'_, Vec<Exchange>> {
    exchanges.locked()
}

async fn forward(
    client: TcpStream,
    server: String,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
) -> anyhow::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::try_join!(
        forward_requests(from_client, to_server, &exchanges),
        forward_responses(from_server, to_client, &exchanges)
    )?;
    Ok(())
}

async fn forward_requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    exchanges: &Mutex<Vec<Exchange>>,
) -> anyhow::Result<()> {
    let mut decoder = MessageDecoder::default();
    let mut bytes = vec![0; CHUNK_BYTES];
    loop {
        let read = from.read(&mut bytes).await?;
        anyhow::ensure!(read > 0, "the client has closed the connection");
        let sent = bytes.get(..read).unwrap_or_default();
        let statements = decoder.receive(sent);
        locked(exchanges).push(
            statements.map_or_else(|error| Exchange::Undecodable(format!("{error:#}")), Exchange::Sent),
        );
        to.write_all(sent).await?;
    }
}

async fn forward_responses(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    exchanges: &Mutex<Vec<Exchange>>,
) -> anyhow::Result<()> {
    let mut bytes = vec![0; CHUNK_BYTES];
    loop {
        let read = from.read(&mut bytes).await?;
        anyhow::ensure!(read > 0, "the server has closed the connection");
        tokio::time::sleep(RESPONSE_DELAY).await;
        locked(exchanges).push(Exchange::Received);
        to.write_all(bytes.get(..read).unwrap_or_default()).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(texts: &[&str]) -> Exchange {
        let statement = |sql: &&str| Statement { sql: (*sql).to_owned(), parameters: Vec::new() };
        Exchange::Sent(texts.iter().map(statement).collect())
    }

    #[test]
    fn a_round_trip_contains_what_is_sent_before_a_response() {
        let exchanges = [
            sent(&[]),
            Exchange::Received,
            sent(&["a"]),
            sent(&["b"]),
            Exchange::Received,
            Exchange::Received,
            sent(&["c"]),
        ];
        let trips: Vec<Vec<String>> = round_trips(&exchanges)
            .unwrap()
            .into_iter()
            .map(|trip| trip.into_iter().map(|statement| statement.sql).collect())
            .collect();
        assert_eq!(trips, [vec![], vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]]);
        assert!(round_trips(&[sent(&["a"]), Exchange::Undecodable("x".to_owned())]).is_err());
    }
}
