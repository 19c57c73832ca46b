//! An HTTP client with little overhead, because it shares the cores with what it measures.
//!
//! It supports only as much of HTTP/1.1 as the services use: a head, and a body whose length the
//! head contains.

use anyhow::{Context as _, bail, ensure};
use runtime::lock::MutexExt as _;
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The greatest number of connections, half of what the service accepts by default. A call that
/// finds none free waits, which counts as latency.
const CONNECTIONS: usize = 1_024;
/// Longer than the service takes to respond that it is overloaded.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The greatest length of a response in bytes.
const MAX_RESPONSE_BYTES: usize = 512 * 1_024;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// A client that keeps its connections open.
pub struct HttpClient {
    address: SocketAddr,
    /// The connection that was used last is used next, so that a low rate uses few connections.
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

struct Connection {
    stream: TcpStream,
    /// The received part of the response.
    received: Vec<u8>,
}

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the service closes the connection.
    pub closes: bool,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
}

impl HttpClient {
    /// A client of the service that listens on `address`; connections are opened on demand.
    pub fn new(address: &str) -> anyhow::Result<Self> {
        let address = address.parse().with_context(|| format!("`{address}` is not a valid address"))?;
        Ok(Self { address, idle: Mutex::default(), permits: Semaphore::new(CONNECTIONS) })
    }

    /// Sends a POST request with a JSON body.
    pub async fn post(&self, path: &str, body: &str) -> anyhow::Result<Response> {
        let (host, length) = (self.address, body.len());
        self.call(&format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> anyhow::Result<Response> {
        self.call(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.address)).await
    }

    async fn call(&self, request: &str) -> anyhow::Result<Response> {
        let _permit = self.permits.acquire().await?;
        timeout(TIMEOUT, self.exchange(request))
            .await
            .unwrap_or_else(|_elapsed| bail!("no response within {TIMEOUT:?}"))
    }

    async fn exchange(&self, request: &str) -> anyhow::Result<Response> {
        let idle = self.idle.locked().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::open(self.address).await?,
        };
        let response = connection.exchange(request.as_bytes()).await?;
        if !response.closes {
            self.idle.locked().push(connection);
        }
        Ok(response)
    }
}

impl Connection {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(2_048) })
    }

    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Response> {
        self.stream.write_all(request).await?;
        self.received.clear();
        loop {
            if let Some(response) = parse(&self.received)? {
                return Ok(response);
            }
            ensure!(
                self.received.len() < MAX_RESPONSE_BYTES,
                "the response is longer than {MAX_RESPONSE_BYTES} bytes"
            );
            let read = self.stream.read_buf(&mut self.received).await?;
            ensure!(read > 0, "the connection was closed before the response was complete");
        }
    }
}

/// The response, once it is complete.
fn parse(received: &[u8]) -> anyhow::Result<Option<Response>> {
    let Some(head_length) = received.windows(HEAD_END.len()).position(|window| window == HEAD_END) else {
        return Ok(None);
    };
    let (head, body) = received.split_at(head_length + HEAD_END.len());
    let head = std::str::from_utf8(head).context("the response's head is not valid UTF-8")?;
    let status = head.lines().next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.context("the response has no status")?;
    let header = |wanted: &str| {
        let mut headers = head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let length = header("content-length").and_then(|value| value.parse::<usize>().ok());
    let length = length.context("the response has no content-length")?;
    // The service may close the connection after a failure of its own.
    let closes =
        status >= 500 || header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(body.get(..length).map(|body| Response { status, body: body.to_vec(), closes }))
}

impl Response {
    /// The body if the status is `expected`; otherwise the error of the response.
    pub fn body_of(&self, expected: u16) -> anyhow::Result<&[u8]> {
        if self.status == expected {
            return Ok(&self.body);
        }
        let problem = serde_json::from_slice(&self.body).map(|problem: Problem| problem.code);
        bail!("{} {}", self.status, problem.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn response(status: u16, body: &[u8]) -> Response {
        Response { status, body: body.to_vec(), closes: false }
    }

    #[test]
    fn a_response_is_complete_when_its_body_has_its_length() {
        let text = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\ndate: x\r\n\r\nhello";
        for end in 0..text.len() {
            assert_eq!(parse(&text[..end]).unwrap(), None, "{end}");
        }
        assert_eq!(parse(text).unwrap(), Some(response(202, b"hello")));
        assert!(parse(b"HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(parse(b"SMTP\r\ncontent-length: 0\r\n\r\n").is_err());
    }

    #[test]
    fn reports_the_error_code_of_an_unexpected_response() {
        let refused = response(503, br#"{"code":"BROKER_UNAVAILABLE"}"#);
        assert_eq!(refused.body_of(202).unwrap_err().to_string(), "503 BROKER_UNAVAILABLE");
        assert_eq!(response(200, b"{}").body_of(200).unwrap(), b"{}");
    }

    #[tokio::test]
    async fn keeps_a_connection_unless_the_service_closes_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = HttpClient::new(&listener.local_addr().unwrap().to_string()).unwrap();
        let served = tokio::spawn(async move {
            // For each connection, the ends of the heads of its responses, one per request.
            for heads in [&["202 X", "422 X", "500 X"][..], &["202 X\r\nConnection: Close"], &["202 X"]] {
                let (mut stream, _) = listener.accept().await.unwrap();
                for head in heads {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n{}") {
                        stream.read_buf(&mut request).await.unwrap();
                    }
                    let response = format!("HTTP/1.1 {head}\r\ncontent-length: 2\r\n\r\n{{}}");
                    stream.write_all(response.as_bytes()).await.unwrap();
                }
            }
        });
        for status in [202, 422, 500, 202, 202] {
            assert_eq!(client.post("/x", "{}").await.unwrap().status, status);
        }
        served.await.unwrap();
    }
}
