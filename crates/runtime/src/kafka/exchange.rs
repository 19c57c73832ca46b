//! One connection to one broker, for requests that rskafka lacks or implements differently, one
//! exchange at a time. Nothing here limits the time; callers do.

use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};

use super::{
    codec::{Malformed, put_count, put_text},
    error::Failure,
    exchange_error::ExchangeError,
    transport::CLIENT_ID,
};

/// Number of bytes read of a response above the size limit; they identify its contents.
const BEGINNING: usize = 4_096;
/// The part of a session after which its connection is opened anew.
const SESSION_PERCENT: u32 = 85;

/// A request of Kafka's protocol, in a version without tagged fields.
pub(super) trait Request {
    /// The request's name in metrics and logs.
    const NAME: &'static str;
    /// The protocol's API key.
    const KEY: i16;
    /// The protocol version in use.
    const VERSION: i16;
    /// The decoded response.
    type Answer;

    fn encode(&self) -> Result<Vec<u8>, Malformed>;

    /// # Errors
    /// If the broker refuses the request or violates the protocol.
    fn decode(&self, answer: &[u8]) -> Result<Answered<Self::Answer>, Failure>;
}

/// A response, and how long the broker accepts no further requests on the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answered<T> {
    pub(super) answer: T,
    pub(super) throttled: Duration,
}

impl<T> Answered<T> {
    pub(super) fn new(answer: T, throttled_ms: i32) -> Self {
        Self { answer, throttled: Duration::from_millis(u64::try_from(throttled_ms).unwrap_or(0)) }
    }
}

/// The transport of a connection, with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An open connection.
pub(super) struct Exchange {
    /// Buffered, because the length, the id and the body of a response are read one after another.
    stream: BufReader<Box<dyn Stream>>,
    max_answer_bytes: usize,
    /// The id of the latest request; its response repeats it.
    correlation: i32,
    /// From when on the connection is not used, because the broker will soon end the session.
    ends: Option<Instant>,
}

impl Exchange {
    /// An exchange over `stream` that accepts responses of at most `max_answer_bytes`.
    pub(super) fn new(stream: Box<dyn Stream>, max_answer_bytes: usize) -> Self {
        Self { stream: BufReader::new(stream), max_answer_bytes, correlation: 0, ends: None }
    }

    /// Limits the use of the connection to a part of `lifetime`: a broker closes a connection that
    /// sends a request after its session has expired.
    pub(super) fn end_after(&mut self, lifetime: Duration) {
        self.ends = Instant::now().checked_add(lifetime * SESSION_PERCENT / 100);
    }

    /// Whether the broker still serves the connection.
    pub(super) fn is_in_session(&self) -> bool {
        self.ends.is_none_or(|end| Instant::now() < end)
    }

    /// Sends a request and waits for its response.
    pub(super) async fn ask<R: Request>(&mut self, request: &R) -> Result<Answered<R::Answer>, Failure> {
        let body = request.encode().map_err(ExchangeError::from)?;
        let answer = self.request(R::KEY, R::VERSION, &body).await?;
        request.decode(&answer)
    }

    /// Sends one request and returns the body of its response. `key` and `version` must be without
    /// tagged fields.
    pub(super) async fn request(
        &mut self,
        key: i16,
        version: i16,
        body: &[u8],
    ) -> Result<Vec<u8>, ExchangeError> {
        self.correlation = self.correlation.wrapping_add(1);
        let mut head = Vec::with_capacity(CLIENT_ID.len() + 10);
        head.extend(key.to_be_bytes());
        head.extend(version.to_be_bytes());
        head.extend(self.correlation.to_be_bytes());
        put_text(&mut head, CLIENT_ID)?;
        let mut frame = Vec::with_capacity(head.len() + body.len() + 4);
        put_count(&mut frame, head.len() + body.len())?;
        frame.extend(head);
        frame.extend(body);
        self.stream.write_all(&frame).await?;
        self.stream.flush().await?;

        let length = usize::try_from(self.stream.read_i32().await?).map_err(|_negative| Malformed)?;
        // The length includes the correlation id.
        let length = length.checked_sub(4).ok_or(Malformed)?;
        if self.stream.read_i32().await? != self.correlation {
            return Err(Malformed.into());
        }
        if length > self.max_answer_bytes {
            let mut beginning = vec![0; length.min(BEGINNING)];
            self.stream.read_exact(&mut beginning).await?;
            return Err(ExchangeError::TooLarge { length, beginning });
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await?;
        Ok(answer)
    }
}
