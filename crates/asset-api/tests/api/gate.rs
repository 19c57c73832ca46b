//! A proxy to PostgreSQL that can be closed.

use std::net::SocketAddr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// An open proxy to a server; closes with all its connections when dropped.
pub struct Gate(JoinHandle<()>);

impl Gate {
    /// Starts a proxy from `address` to `server`.
    pub async fn open(address: SocketAddr, server: String) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        Self(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let server = server.clone();
                connections.spawn(async move {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    // The way in which a connection ends does not matter.
                    copy_bidirectional(&mut near, &mut far).await.ok();
                });
            }
        }))
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An address on which no server listens.
pub async fn closed_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}
