//! HTTP by the byte: requests that no client would send, and what comes back.

use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long an answer, or the end of a connection, is waited for. Generous: machines are shared.
const PATIENCE: Duration = Duration::from_secs(60);
/// More than any answer has; so many bytes are read of one.
const MAX_BYTES: usize = 4 << 20;

/// A connection on which anything can be written.
pub struct RawConnection {
    stream: TcpStream,
    held: Vec<u8>,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct RawAnswer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// All of it; nothing of a stream without a length.
    pub body: Vec<u8>,
}

impl RawConnection {
    /// Connects to `host:port`.
    ///
    /// # Panics
    /// When nobody listens there.
    pub async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, held: Vec::new() }
    }

    /// Writes `bytes`; says whether the other side took them all.
    pub async fn write(&mut self, bytes: &[u8]) -> bool {
        tokio::time::timeout(PATIENCE, self.stream.write_all(bytes)).await.is_ok_and(|sent| sent.is_ok())
    }

    /// Says that nothing more will be written.
    pub async fn finish(&mut self) {
        drop(self.stream.shutdown().await);
    }

    /// The next answer, interim ones left out; `None` when the connection ends without one.
    ///
    /// # Panics
    /// When what comes is no HTTP, or nothing comes and the connection does not end either.
    pub async fn answer(&mut self) -> Option<RawAnswer> {
        loop {
            let answer =
                tokio::time::timeout(PATIENCE, self.read(false)).await.expect("an answer, or the end")?;
            if answer.status >= 200 {
                return Some(answer);
            }
        }
    }

    /// The next answer, when it is known to have no body whatever its headers say: to a HEAD.
    ///
    /// # Panics
    /// As [`answer`](Self::answer).
    pub async fn answer_without_body(&mut self) -> Option<RawAnswer> {
        tokio::time::timeout(PATIENCE, self.read(true)).await.expect("an answer, or the end")
    }

    /// Waits until the other side has closed the connection; answers the bytes that came before.
    ///
    /// # Panics
    /// When it does not.
    pub async fn closed(mut self) -> Vec<u8> {
        let end = async { while self.more().await {} };
        tokio::time::timeout(PATIENCE, end).await.expect("the connection to be closed");
        self.held
    }

    async fn read(&mut self, bodyless: bool) -> Option<RawAnswer> {
        let end = loop {
            if let Some(end) = self.held.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if !self.more().await {
                assert!(self.held.is_empty(), "cut off: {:?}", String::from_utf8_lossy(&self.held));
                return None;
            }
        };
        let head = end + 4;
        let mut answer = RawAnswer::of_head(std::str::from_utf8(&self.held[..head]).unwrap());
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        let length: usize = if bodyless { 0 } else { length };
        // Nothing is taken away before all of it is there: whoever stops waiting can begin again.
        while self.held.len() < head + length {
            assert!(self.more().await, "a body was cut off");
        }
        answer.body = self.held.drain(..head + length).skip(head).collect();
        Some(answer)
    }

    /// Reads some bytes; false when there will be no more.
    async fn more(&mut self) -> bool {
        assert!(self.held.len() < MAX_BYTES, "too much of an answer");
        let mut piece = [0; 8192];
        let read = self.stream.read(&mut piece).await.unwrap_or(0);
        self.held.extend_from_slice(&piece[..read]);
        read > 0
    }
}

impl RawAnswer {
    fn of_head(head: &str) -> Self {
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: Vec::new() }
    }

    /// The first header of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The code of a problem, which has all that a problem must have and tells nothing of the insides.
    ///
    /// # Panics
    /// When it is no such problem; the message says `what` was sent.
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

/// Writes `request` on a connection of its own; `None` when that ends without an answer.
///
/// # Panics
/// When nobody listens at `address`, or what comes back is no HTTP.
pub async fn ask(address: &str, request: &[u8]) -> Option<RawAnswer> {
    let mut connection = RawConnection::open(address).await;
    connection.write(request).await;
    connection.answer().await
}
