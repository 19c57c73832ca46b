//! One connection to one broker, for requests that rskafka lacks or implements differently: TLS,
//! authentication, one exchange at a time. Except for [`ask_once`], nothing here limits the time;
//! callers do.

use std::{io, sync::Arc, time::Duration};

use rustls::pki_types::{InvalidDnsNameError, ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{
    codec::{Malformed, put_count, put_text},
    connection::within,
    error::Failure,
    sasl::{self, SaslError},
    transport::{CLIENT_ID, Transport},
};

/// Number of bytes read of a response above the size limit; they identify its contents.
const BEGINNING: usize = 4_096;

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

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    #[error("broker {0:?} is not of the form host:port")]
    Address(String),
    #[error("the broker's host name is not a valid DNS name")]
    Name(#[from] InvalidDnsNameError),
    #[error("the connection failed")]
    Connection(#[from] io::Error),
    #[error("the response of {length} bytes exceeds kafka.max_response_bytes")]
    TooLarge {
        length: usize,
        /// The first bytes of its body.
        beginning: Vec<u8>,
    },
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("authentication failed")]
    Sasl(#[from] SaslError),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An open, authenticated connection.
pub(super) struct Exchange {
    stream: Box<dyn Stream>,
    max_answer_bytes: usize,
    /// The id of the latest request; its response repeats it.
    correlation: i32,
}

/// Sends one request to `broker` over a new connection.
pub(super) async fn ask_once<R: Request>(
    transport: &Transport,
    broker: &str,
    (connect_timeout, request_timeout): (Duration, Duration),
    request: &R,
) -> Result<R::Answer, Failure> {
    let open = async { Ok(Exchange::open(transport, broker).await?) };
    let mut exchange = within(connect_timeout, open).await?;
    Ok(within(request_timeout, exchange.ask(request)).await?.answer)
}

impl Exchange {
    /// Connects to `broker` (`host:port`) with the TLS and authentication of the settings.
    pub(super) async fn open(transport: &Transport, broker: &str) -> Result<Self, ExchangeError> {
        let tcp = TcpStream::connect(broker).await?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &transport.tls {
            None => Box::new(tcp),
            Some(tls) => {
                let name = ServerName::try_from(host(broker)?.to_owned())?;
                Box::new(TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await?)
            }
        };
        let max_answer_bytes = transport.max_response_bytes;
        let mut exchange = Self { stream, max_answer_bytes, correlation: 0 };
        sasl::authenticate(&mut exchange, transport).await?;
        Ok(exchange)
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

/// The host of `host:port`; an IPv6 address without its brackets.
fn host(broker: &str) -> Result<&str, ExchangeError> {
    let (host, _port) = broker.rsplit_once(':').ok_or_else(|| ExchangeError::Address(broker.to_owned()))?;
    Ok(host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_certificates_for_the_host_without_its_port() {
        assert_eq!(host("kafka-0.example.com:9093").unwrap(), "kafka-0.example.com");
        assert_eq!(host("10.0.0.7:9093").unwrap(), "10.0.0.7");
        assert_eq!(host("[::1]:9093").unwrap(), "::1");
        assert!(host("kafka").is_err());
    }
}
