//! Receives an export, whose length is not known when it begins, and counts its lines.

use crate::numbers::{float, round, share};
use crate::report::SessionExport;
use anyhow::{Context as _, ensure};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than the service lets an export take.
const TIMEOUT: Duration = Duration::from_secs(180);
/// Longer than a chunk of the response, which is a page.
const MAX_CHUNK_BYTES: usize = 16 << 20;
/// How often an export is requested.
const ROUNDS: usize = 3;
/// Outcomes of an export that has all the sessions that it may have.
const OUTCOMES: [&str; 2] = ["complete", "rowLimit"];

/// What was received of an export.
#[derive(Debug, Default, PartialEq, Eq)]
struct Received {
    bytes: u64,
    lines: u64,
    /// The last line.
    last: String,
}

/// Requests the export at `path` some times, one after the other; `other_lines` of its lines are
/// not sessions. Returns the median.
pub async fn measure(
    address: &str,
    format: &'static str,
    path: &str,
    other_lines: u64,
) -> anyhow::Result<SessionExport> {
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let received =
            timeout(TIMEOUT, receive(address, path)).await.context("the export took too long")??;
        let seconds = begun.elapsed().as_secs_f64();
        let rows = received.lines.saturating_sub(other_lines);
        let outcome = OUTCOMES.into_iter().find(|outcome| received.last.contains(outcome));
        let outcome = outcome.with_context(|| format!("the export ended early: {}", received.last))?;
        ensure!(rows > 0, "the export at {path} has no sessions");
        let mb = round(float(received.bytes) / 1e6, 1);
        let rows_per_s = round(share(float(rows), seconds), 0);
        all.push(SessionExport { format, outcome, rows, mb, seconds: round(seconds, 2), rows_per_s });
    }
    all.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    all.into_iter().nth(ROUNDS / 2).context("no export was requested")
}

/// Receives a response in chunks.
async fn receive(address: &str, path: &str) -> anyhow::Result<Received> {
    let mut stream = BufReader::new(TcpStream::connect(address).await.context("connect")?);
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    ensure!(line.split(' ').nth(1) == Some("200"), "GET {path}: {line}");
    let mut is_chunked = false;
    while !line.trim_end().is_empty() {
        line.clear();
        stream.read_line(&mut line).await?;
        is_chunked |= line.trim_end().eq_ignore_ascii_case("transfer-encoding: chunked");
    }
    ensure!(is_chunked, "the response of {path} is not chunked");
    let (mut received, mut chunk) = (Received::default(), Vec::new());
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let size = usize::from_str_radix(line.trim_end(), 16);
        let size = size.with_context(|| format!("`{line}` is not the size of a chunk"))?;
        if size == 0 {
            return Ok(received);
        }
        ensure!(size <= MAX_CHUNK_BYTES, "a chunk has {size} bytes");
        // Each chunk is followed by the end of a line.
        chunk.resize(size + 2, 0);
        stream.read_exact(&mut chunk).await?;
        received.add(chunk.get(..size).unwrap_or_default());
    }
}

impl Received {
    /// Adds a chunk, which ends with a line.
    fn add(&mut self, chunk: &[u8]) {
        let mut lines = chunk.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        self.bytes += u64::try_from(chunk.len()).unwrap_or_default();
        self.lines += u64::try_from(chunk.iter().filter(|byte| **byte == b'\n').count()).unwrap_or_default();
        if let Some(last) = lines.next_back() {
            self.last = String::from_utf8_lossy(last).into_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Serves `response` as often as an export is requested.
    async fn serve(response: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    stream.read_buf(&mut request).await.unwrap();
                }
                stream.write_all(response.as_bytes()).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn counts_the_lines_of_all_chunks() {
        let address = serve(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
             6\r\none\r\n\n\r\n15\r\ntwo\nthree\n\"complete\"\n\r\n0\r\n\r\n",
        )
        .await;
        let received = receive(&address, "/x").await.unwrap();
        assert_eq!(received, Received { bytes: 27, lines: 5, last: "\"complete\"".to_owned() });
        let export = measure(&address, "ndjson", "/x", 1).await.unwrap();
        assert_eq!((export.rows, export.outcome), (4, "complete"));
    }

    #[tokio::test]
    async fn an_export_that_ended_early_is_an_error() {
        for response in [
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\ne\r\none\n\"stopped\"\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n\"complete\"\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n\"complete\"\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n\"complete\"\n",
            "HTTP/1.1 503 Service Unavailable\r\n\r\n",
        ] {
            assert!(measure(&serve(response).await, "ndjson", "/x", 1).await.is_err(), "{response}");
        }
    }
}
