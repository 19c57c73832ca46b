//! Spools a request body to a file without a name, bounded in size and time.

use super::error::ImportError;
use crate::settings::ImportSettings;
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{BytesMut, Payload};
use futures_util::StreamExt;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::time::Duration;

/// Bytes that are collected before they are written.
const AT_ONCE_BYTES: usize = 256 * 1024;

/// Receives the whole body and rewinds the file. The operating system deletes the file when it is
/// closed.
pub async fn receive(
    settings: &ImportSettings,
    request: &HttpRequest,
    body: Payload,
) -> Result<File, ImportError> {
    let limit = settings.max_body_bytes;
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > limit) {
        return Err(ImportError::TooLarge(limit));
    }
    let of_file = settings.clone();
    let file = blocking(move || create(&of_file));
    let whole = copy(file.await?, body, limit);
    let in_time = tokio::time::timeout(Duration::from_millis(settings.receive_timeout_ms), whole).await;
    in_time.unwrap_or_else(|_elapsed| Err(ImportError::CameTooSlowly))
}

/// Creates a file without a name in `import.directory`, or in the system's directory for temporary
/// files.
pub fn create(settings: &ImportSettings) -> io::Result<File> {
    match settings.directory.as_os_str().is_empty() {
        true => tempfile::tempfile(),
        false => tempfile::tempfile_in(&settings.directory),
    }
}

async fn copy(mut file: File, mut body: Payload, limit: u64) -> Result<File, ImportError> {
    let mut waiting = BytesMut::new();
    let mut received = 0_u64;
    while let Some(part) = body.next().await {
        let part = part.map_err(|_error| ImportError::BrokeOff)?;
        received = received.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        if received > limit {
            return Err(ImportError::TooLarge(limit));
        }
        waiting.extend_from_slice(&part);
        if waiting.len() >= AT_ONCE_BYTES {
            file = write(file, waiting.split()).await?;
        }
    }
    let mut file = write(file, waiting).await?;
    blocking(move || file.rewind().map(|()| file)).await
}

async fn write(mut file: File, bytes: BytesMut) -> Result<File, ImportError> {
    blocking(move || file.write_all(&bytes).map(|()| file)).await
}

/// Runs disk I/O on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ImportError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|join| Err(io::Error::other(join))).map_err(ImportError::Spool)
}
