//! A proxy in front of `PostgreSQL` that records the statements of a service's request, and in how
//! many round trips they are sent.

use super::protocol::{Conversation, Statement};
use anyhow::Context as _;
use runtime::lock::MutexExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

/// The delay of responses. What is sent without waiting for a response has been sent by then.
const HOLD_BACK: Duration = Duration::from_millis(2);
const CHUNK: usize = 16 * 1_024;

/// What was sent on all connections, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    /// The service sent statements, and waits.
    Sent(Vec<Statement>),
    /// A response came.
    Answered,
    /// What was sent could not be decoded.
    Lost(String),
}

/// Statements that were sent before a response came.
pub type RoundTrip = Vec<Statement>;

/// The proxy; its connections end with it.
pub struct Recorder {
    said: Arc<Mutex<Vec<Said>>>,
    /// The address on which it listens.
    pub address: String,
    _accepting: AbortOnDropHandle<()>,
}

impl Recorder {
    /// Starts a proxy in front of the server that listens on `server`.
    pub async fn before(server: String) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let said = Arc::<Mutex<Vec<Said>>>::default();
        let recorded = Arc::clone(&said);
        let accepting = tokio::spawn(async move {
            let mut connections = Vec::new();
            while let Ok((client, _)) = listener.accept().await {
                let relayed = relay(client, server.clone(), Arc::clone(&recorded));
                // Both directions notice the end of a connection.
                connections.push(AbortOnDropHandle::new(tokio::spawn(async move { drop(relayed.await) })));
            }
        });
        Ok(Self { said, address, _accepting: AbortOnDropHandle::new(accepting) })
    }

    /// Forgets everything that was recorded.
    pub fn forget(&self) {
        locked(&self.said).clear();
    }

    /// The round trips since the last call of [`forget`](Self::forget).
    pub fn round_trips(&self) -> anyhow::Result<Vec<RoundTrip>> {
        round_trips(&locked(&self.said))
    }
}

fn round_trips(said: &[Said]) -> anyhow::Result<Vec<RoundTrip>> {
    let mut trips: Vec<RoundTrip> = Vec::new();
    let mut is_answered = true;
    for said in said {
        match said {
            Said::Sent(statements) if is_answered => trips.push(statements.clone()),
            Said::Sent(statements) => {
                trips.last_mut().context("no round trip has begun")?.extend_from_slice(statements);
            }
            Said::Answered => {}
            Said::Lost(why) => anyhow::bail!("a message could not be decoded: {why}"),
        }
        is_answered = *said == Said::Answered;
    }
    Ok(trips)
}

fn locked(said: &Mutex<Vec<Said>>) -> std::sync::MutexGuard<'_, Vec<Said>> {
    said.locked()
}

async fn relay(client: TcpStream, server: String, said: Arc<Mutex<Vec<Said>>>) -> anyhow::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::try_join!(ask(from_client, to_server, &said), answer(from_server, to_client, &said))?;
    Ok(())
}

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, said: &Mutex<Vec<Said>>) -> anyhow::Result<()> {
    let mut conversation = Conversation::default();
    let mut bytes = vec![0; CHUNK];
    loop {
        let read = from.read(&mut bytes).await?;
        anyhow::ensure!(read > 0, "the client has closed the connection");
        let sent = bytes.get(..read).unwrap_or_default();
        let heard = conversation.hear(sent);
        locked(said).push(heard.map_or_else(|error| Said::Lost(format!("{error:#}")), Said::Sent));
        to.write_all(sent).await?;
    }
}

async fn answer(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    said: &Mutex<Vec<Said>>,
) -> anyhow::Result<()> {
    let mut bytes = vec![0; CHUNK];
    loop {
        let read = from.read(&mut bytes).await?;
        anyhow::ensure!(read > 0, "the server has closed the connection");
        tokio::time::sleep(HOLD_BACK).await;
        locked(said).push(Said::Answered);
        to.write_all(bytes.get(..read).unwrap_or_default()).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(texts: &[&str]) -> Said {
        let statement = |sql: &&str| Statement { sql: (*sql).to_owned(), parameters: Vec::new() };
        Said::Sent(texts.iter().map(statement).collect())
    }

    #[test]
    fn a_round_trip_contains_what_is_sent_before_a_response() {
        let said = [
            sent(&[]),
            Said::Answered,
            sent(&["a"]),
            sent(&["b"]),
            Said::Answered,
            Said::Answered,
            sent(&["c"]),
        ];
        let trips: Vec<Vec<String>> = round_trips(&said)
            .unwrap()
            .into_iter()
            .map(|trip| trip.into_iter().map(|statement| statement.sql).collect())
            .collect();
        assert_eq!(trips, [vec![], vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]]);
        assert!(round_trips(&[sent(&["a"]), Said::Lost("x".to_owned())]).is_err());
    }
}
