//! HTTP by the byte: requests that no client would send, and their responses.

use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long to wait for a response or for the end of a connection. Generous, because machines are
/// shared.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The greatest size of a response, in bytes.
const MAX_RESPONSE_BYTES: usize = 4 << 20;

/// A connection on which any bytes can be written.
pub struct RawConnection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// A response.
#[derive(Debug, Clone)]
pub struct RawResponse {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The whole body; empty for a stream without a length.
    pub body: Vec<u8>,
}

impl RawConnection {
    /// Connects to `host:port`.
    ///
    /// # Panics
    /// When the connection is refused.
    pub async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new() }
    }

    /// Writes `bytes`; returns whether the other side accepted all of them.
    pub async fn write(&mut self, bytes: &[u8]) -> bool {
        tokio::time::timeout(TIMEOUT, self.stream.write_all(bytes)).await.is_ok_and(|sent| sent.is_ok())
    }

    /// Closes the writing half.
    pub async fn finish(&mut self) {
        drop(self.stream.shutdown().await);
    }

    /// The next response, without interim ones; `None` if the connection ends without one.
    ///
    /// # Panics
    /// When the bytes are not HTTP, or nothing is received and the connection does not end.
    pub async fn response(&mut self) -> Option<RawResponse> {
        loop {
            let response = tokio::time::timeout(TIMEOUT, self.read(false))
                .await
                .expect("a response, or the end of the connection")?;
            if response.status >= 200 {
                return Some(response);
            }
        }
    }

    /// The next response if it has no body whatever its headers say, as to a HEAD request.
    ///
    /// # Panics
    /// Like [`response`](Self::response).
    pub async fn response_without_body(&mut self) -> Option<RawResponse> {
        tokio::time::timeout(TIMEOUT, self.read(true))
            .await
            .expect("a response, or the end of the connection")
    }

    /// Waits until the other side has closed the connection; returns the bytes that were received
    /// before.
    ///
    /// # Panics
    /// When it does not close the connection.
    pub async fn closed(mut self) -> Vec<u8> {
        let end = async { while self.more().await {} };
        tokio::time::timeout(TIMEOUT, end).await.expect("the connection to be closed");
        self.received
    }

    async fn read(&mut self, without_body: bool) -> Option<RawResponse> {
        let end = loop {
            if let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if !self.more().await {
                assert!(
                    self.received.is_empty(),
                    "the response is incomplete: {:?}",
                    String::from_utf8_lossy(&self.received)
                );
                return None;
            }
        };
        let head = end + 4;
        let mut response = RawResponse::of_head(std::str::from_utf8(&self.received[..head]).unwrap());
        let length = response.header("content-length").map_or(0, |length| length.parse().unwrap());
        let length: usize = if without_body { 0 } else { length };
        // Nothing is consumed before the response is complete: a caller that stops waiting can
        // start again.
        while self.received.len() < head + length {
            assert!(self.more().await, "the body is incomplete");
        }
        response.body = self.received.drain(..head + length).skip(head).collect();
        Some(response)
    }

    /// Reads some bytes; returns false at the end of the connection.
    async fn more(&mut self) -> bool {
        assert!(self.received.len() < MAX_RESPONSE_BYTES, "the response is too long");
        let mut piece = [0; 8192];
        let read = self.stream.read(&mut piece).await.unwrap_or(0);
        self.received.extend_from_slice(&piece[..read]);
        read > 0
    }
}

impl RawResponse {
    fn of_head(head: &str) -> Self {
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: Vec::new() }
    }

    /// The first header with this name, which must be in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The code of a problem that has all required fields and exposes no internals.
    ///
    /// # Panics
    /// When the response is not such a problem; the message contains `what`, the request that was
    /// sent.
    #[must_use]
    pub fn problem(&self, what: &str) -> String {
        let shown =
            || format!("{what}: {} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", shown());
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{}", shown());
        let trace = problem["traceId"].as_str().unwrap_or_default();
        assert!(trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit()), "{}", shown());
        let code = problem["code"].as_str().unwrap_or_default();
        assert!(!code.is_empty() && problem["title"].is_string(), "{}", shown());
        code.to_owned()
    }
}

/// Writes `request` on a new connection; `None` if that ends without a response.
///
/// # Panics
/// When the connection is refused, or the response is not HTTP.
pub async fn exchange(address: &str, request: &[u8]) -> Option<RawResponse> {
    let mut connection = RawConnection::open(address).await;
    connection.write(request).await;
    connection.response().await
}
