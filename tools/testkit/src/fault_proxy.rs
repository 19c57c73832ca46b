//! A TCP proxy in front of a server, which delays, withholds or closes connections.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// The greatest number of bytes that are forwarded at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// The proxy; its connections end when it is dropped.
pub struct FaultProxy {
    /// The address on which it listens.
    pub address: SocketAddr,
    mode: watch::Sender<ProxyMode>,
    upstream: watch::Sender<Option<SocketAddr>>,
    requests: Arc<Mutex<Vec<u8>>>,
    accepting: JoinHandle<()>,
}

/// How the proxy handles traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyMode {
    /// Forwards it.
    Forward,
    /// Forwards it after this delay, in each direction.
    Delay(Duration),
    /// Forwards requests, but not the responses.
    DropResponses,
    /// Forwards nothing, as if it or the server were stopped: connections stay open and new ones
    /// are accepted.
    Stall,
    /// Closes all connections, including new ones.
    Close,
}

impl FaultProxy {
    /// A proxy in front of the server at `upstream`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn before(upstream: SocketAddr) -> Self {
        let proxy = Self::bind().await;
        proxy.set_upstream(upstream);
        proxy
    }

    /// A proxy without a server yet: connections wait for [`set_upstream`](Self::set_upstream).
    ///
    /// # Panics
    /// When no port is free.
    pub async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, upstream) = (watch::Sender::new(ProxyMode::Forward), watch::Sender::new(None));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let accepting = tokio::spawn(accept(listener, mode.clone(), upstream.clone(), Arc::clone(&requests)));
        Self { address, mode, upstream, requests, accepting }
    }

    /// Forwards to the server at `upstream`.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        self.upstream.send_replace(Some(upstream));
    }

    /// Changes how all traffic is handled, including that of existing connections.
    pub fn set_mode(&self, mode: ProxyMode) {
        self.mode.send_replace(mode);
    }

    /// Whether clients have already sent these bytes.
    ///
    /// # Panics
    /// When the proxy has panicked.
    #[must_use]
    pub fn has_received(&self, bytes: &[u8]) -> bool {
        self.requests.lock().unwrap().windows(bytes.len()).any(|window| window == bytes)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    mode: watch::Sender<ProxyMode>,
    upstream: watch::Sender<Option<SocketAddr>>,
    requests: Arc<Mutex<Vec<u8>>>,
) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(serve(client, mode.subscribe(), upstream.subscribe(), Arc::clone(&requests)));
        while connections.try_join_next().is_some() {}
    }
}

/// Forwards until either side ends, or the proxy is closed.
async fn serve(
    client: TcpStream,
    mode: watch::Receiver<ProxyMode>,
    mut upstream: watch::Receiver<Option<SocketAddr>>,
    requests: Arc<Mutex<Vec<u8>>>,
) {
    let forwarded = async {
        let found = *upstream.wait_for(Option::is_some).await.ok()?;
        mode.clone().wait_for(|mode| *mode != ProxyMode::Stall).await.ok()?;
        let server = TcpStream::connect(found?).await.ok()?;
        for socket in [&client, &server] {
            // This affects only the speed.
            drop(socket.set_nodelay(true));
        }
        let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.into_split(), server.into_split());
        let record = |bytes: &[u8]| requests.lock().unwrap().extend_from_slice(bytes);
        let forwards_requests = |mode: &ProxyMode| *mode != ProxyMode::Stall;
        let forwards_responses =
            |mode: &ProxyMode| !matches!(mode, ProxyMode::Stall | ProxyMode::DropResponses);
        tokio::select! {
            ended = forward(&mut from_client, &mut to_server, mode.clone(), forwards_requests, record) => ended,
            ended = forward(&mut from_server, &mut to_client, mode.clone(), forwards_responses, |_| {}) => ended,
        }
    };
    let mut closing = mode.clone();
    tokio::select! {
        _ = forwarded => {}
        _ = closing.wait_for(|mode| *mode == ProxyMode::Close) => {}
    }
}

/// Forwards bytes while `forwards` holds for the current mode. `None` if a side has ended.
async fn forward(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut mode: watch::Receiver<ProxyMode>,
    forwards: impl Fn(&ProxyMode) -> bool,
    record: impl Fn(&[u8]),
) -> Option<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = from.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        record(&chunk[..length]);
        let current = *mode.wait_for(&forwards).await.ok()?;
        if let ProxyMode::Delay(pause) = current {
            tokio::time::sleep(pause).await;
        }
        to.write_all(&chunk[..length]).await.ok()?;
    }
}
