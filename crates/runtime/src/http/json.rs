//! JSON bodies, parsed strictly: bounded in size and time, with a checked content type, and errors
//! that name the path.

use std::time::Duration;

use actix_web::{FromRequest, HttpRequest, dev::Payload, error::PayloadError, http::header, web::BytesMut};
use futures_util::{
    StreamExt as _,
    future::{FutureExt as _, LocalBoxFuture},
};
use serde::de::DeserializeOwned;

use super::framework;
use crate::Problem;

/// Limits on the size of a body and on the time to receive it.
///
/// The service's settings give the default; a resource may have its own with
/// `.app_data(BodyLimit { … })`.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit {
    /// Largest body, in bytes.
    pub bytes: usize,
    /// Longest time to receive the whole body.
    pub time: Duration,
}

impl Default for BodyLimit {
    fn default() -> Self {
        Self { bytes: 64 * 1024, time: Duration::from_secs(5) }
    }
}

impl BodyLimit {
    /// The limit that applies to `request`.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        request.app_data::<Self>().copied().unwrap_or_default()
    }

    /// Reads a whole body within the limit.
    ///
    /// # Errors
    ///
    /// 413 if it is too large, 408 if it is not received in time, 400 if it is incomplete.
    pub async fn read(self, mut payload: Payload) -> Result<BytesMut, Problem> {
        let whole = async {
            let mut body = BytesMut::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|error| unreadable(&error))?;
                if body.len() + chunk.len() > self.bytes {
                    return Err(self.exceeded());
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body)
        };
        tokio::time::timeout(self.time, whole).await.unwrap_or_else(|_elapsed| Err(framework::too_slow()))
    }

    fn exceeded(self) -> Problem {
        framework::too_large().detail(format!("at most {} bytes are accepted", self.bytes))
    }

    /// Refuses by `Content-Length`, before anything is read.
    fn check_announced(self, request: &HttpRequest) -> Result<(), Problem> {
        let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        match announced.and_then(|length| length.parse::<usize>().ok()) {
            Some(length) if length > self.bytes => Err(self.exceeded()),
            _ => Ok(()),
        }
    }
}

fn unreadable(error: &PayloadError) -> Problem {
    match error {
        PayloadError::Overflow => framework::too_large(),
        _ => Problem::invalid(Vec::new()).field("body", "ended before its announced length"),
    }
}

/// The request's body as JSON.
///
/// Fails with 415 unless the content type is `application/json` (or `…+json`) without compression,
/// with 413 or 408 beyond [`BodyLimit`], and otherwise with 400 `INVALID_REQUEST` naming the field.
/// Unknown fields are errors if `T` has `#[serde(deny_unknown_fields)]`, as every request body
/// should.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = BodyLimit::of(request);
        let checked = check_content_type(request)
            .and_then(|()| refuse_compressed(request))
            .and_then(|()| limit.check_announced(request));
        let payload = payload.take();
        async move {
            checked?;
            let body = limit.read(payload).await?;
            Ok(Self(parse(&body)?))
        }
        .boxed_local()
    }
}

fn check_content_type(request: &HttpRequest) -> Result<(), Problem> {
    let essence = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .map(|kind| kind.trim().trim_matches('"').to_ascii_lowercase());
    match essence.as_deref() {
        Some("application/json") => Ok(()),
        Some(kind) if kind.starts_with("application/") && kind.ends_with("+json") => Ok(()),
        _ => Err(framework::unsupported_media_type()),
    }
}

/// Refuses compressed bodies: a few bytes could expand to any size.
///
/// # Errors
///
/// 415 if the body is compressed.
pub fn refuse_compressed(request: &HttpRequest) -> Result<(), Problem> {
    let mut codings = request.headers().get_all(header::CONTENT_ENCODING);
    if codings.all(|coding| coding == "identity") {
        return Ok(());
    }
    Err(framework::unsupported_media_type().detail("send it without Content-Encoding"))
}

/// Some clients put it in front of text in UTF-8; it is not part of the JSON.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Parses JSON; the error names the path of the invalid value.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::invalid(Vec::new()).field("body", "must not be empty"));
    }
    // Serde would also read a struct from an array, by position; no client intends that.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Problem::invalid(Vec::new()).field("body", "must be a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        // "?" is the path in a body that ended before its first field.
        let field = if path == "." || path == "?" { "body".to_owned() } else { path };
        Problem::invalid(Vec::new()).field(field, error.inner().to_string())
    })?;
    deserializer.end().map_err(|error| Problem::invalid(Vec::new()).field("body", error.to_string()))?;
    Ok(value)
}
