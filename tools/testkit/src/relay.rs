//! A proxy in front of a server, which a test can make slow, silent or closed.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How much is passed on at once, in bytes.
const CHUNK: usize = 16 * 1024;

/// The proxy; its connections end when it is dropped.
pub struct Relay {
    /// The address on which it listens.
    pub address: SocketAddr,
    manner: watch::Sender<Manner>,
    upstream: watch::Sender<Option<SocketAddr>>,
    asked: Arc<Mutex<Vec<u8>>>,
    accepting: JoinHandle<()>,
}

/// How the proxy handles traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Passes it on.
    Prompt,
    /// Passes it on after this delay, in each direction.
    Slow(Duration),
    /// Passes requests on, but not the responses.
    Mute,
    /// Passes nothing on, as if it or the server were stopped: connections stay open and new ones
    /// are accepted.
    Frozen,
    /// Closes all connections, including new ones.
    Closed,
}

impl Relay {
    /// A proxy in front of the server at `upstream`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn before(upstream: SocketAddr) -> Self {
        let relay = Self::bind().await;
        relay.lead_to(upstream);
        relay
    }

    /// A proxy without a server yet: connections wait for [`lead_to`](Self::lead_to).
    ///
    /// # Panics
    /// When no port is free.
    pub async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (manner, upstream) = (watch::Sender::new(Manner::Prompt), watch::Sender::new(None));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let accepting = tokio::spawn(accept(listener, manner.clone(), upstream.clone(), Arc::clone(&asked)));
        Self { address, manner, upstream, asked, accepting }
    }

    /// Relays to the server at `upstream`.
    pub fn lead_to(&self, upstream: SocketAddr) {
        self.upstream.send_replace(Some(upstream));
    }

    /// From now on handles all traffic in this manner, including existing connections.
    pub fn be(&self, manner: Manner) {
        self.manner.send_replace(manner);
    }

    /// Whether clients have already sent these bytes.
    ///
    /// # Panics
    /// When the proxy has panicked.
    #[must_use]
    pub fn was_asked(&self, bytes: &[u8]) -> bool {
        self.asked.lock().unwrap().windows(bytes.len()).any(|window| window == bytes)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    manner: watch::Sender<Manner>,
    upstream: watch::Sender<Option<SocketAddr>>,
    asked: Arc<Mutex<Vec<u8>>>,
) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(relay(client, manner.subscribe(), upstream.subscribe(), Arc::clone(&asked)));
        while connections.try_join_next().is_some() {}
    }
}

/// Relays until either side ends, or the proxy is closed.
async fn relay(
    client: TcpStream,
    manner: watch::Receiver<Manner>,
    mut upstream: watch::Receiver<Option<SocketAddr>>,
    asked: Arc<Mutex<Vec<u8>>>,
) {
    let relayed = async {
        let found = *upstream.wait_for(Option::is_some).await.ok()?;
        manner.clone().wait_for(|manner| *manner != Manner::Frozen).await.ok()?;
        let server = TcpStream::connect(found?).await.ok()?;
        for socket in [&client, &server] {
            // This affects only the speed.
            drop(socket.set_nodelay(true));
        }
        let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.into_split(), server.into_split());
        let remember = |bytes: &[u8]| asked.lock().unwrap().extend_from_slice(bytes);
        let passes_questions = |manner: &Manner| *manner != Manner::Frozen;
        let passes_answers = |manner: &Manner| !matches!(manner, Manner::Frozen | Manner::Mute);
        tokio::select! {
            ended = pass(&mut from_client, &mut to_server, manner.clone(), passes_questions, remember) => ended,
            ended = pass(&mut from_server, &mut to_client, manner.clone(), passes_answers, |_| {}) => ended,
        }
    };
    let mut closing = manner.clone();
    tokio::select! {
        _ = relayed => {}
        _ = closing.wait_for(|manner| *manner == Manner::Closed) => {}
    }
}

/// `None` if a side has ended.
async fn pass(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut manner: watch::Receiver<Manner>,
    passes: impl Fn(&Manner) -> bool,
    note: impl Fn(&[u8]),
) -> Option<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        note(&chunk[..length]);
        let current = *manner.wait_for(&passes).await.ok()?;
        if let Manner::Slow(pause) = current {
            tokio::time::sleep(pause).await;
        }
        to.write_all(&chunk[..length]).await.ok()?;
    }
}
