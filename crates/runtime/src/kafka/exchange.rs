//! One connection to one broker, for requests that the library does not have: TLS, authentication,
//! one exchange at a time. Nothing here is bounded in time; callers do that.

use std::{io, sync::Arc};

use rustls::pki_types::{InvalidDnsNameError, ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{
    codec::{Malformed, Reader, put_count, put_text},
    sasl::{self, SaslError},
    transport::{CLIENT_ID, Transport},
};

/// The largest answer to the requests made here, whose answers are a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 1 << 16;

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    #[error("broker {0:?} is not of the form host:port")]
    Address(String),
    #[error("the broker's name cannot be checked against a certificate")]
    Name(#[from] InvalidDnsNameError),
    #[error("the connection failed")]
    Connection(#[from] io::Error),
    #[error("the answer has {0} bytes, more than are accepted")]
    TooLarge(usize),
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
    /// Of the latest request; its answer repeats it.
    correlation: i32,
}

impl Exchange {
    /// Connects to `broker` (`host:port`) and authenticates, both as the settings say.
    pub(super) async fn open(transport: &Transport, broker: &str) -> Result<Self, ExchangeError> {
        let tcp = TcpStream::connect(broker).await?;
        let stream: Box<dyn Stream> = match &transport.tls {
            None => Box::new(tcp),
            Some(tls) => {
                let name = ServerName::try_from(host(broker)?.to_owned())?;
                Box::new(TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await?)
            }
        };
        let max_answer_bytes = transport.max_response_bytes.min(MAX_ANSWER_BYTES);
        let mut exchange = Self { stream, max_answer_bytes, correlation: 0 };
        sasl::authenticate(&mut exchange, transport).await?;
        Ok(exchange)
    }

    /// One request and the body of its answer. `api` and `version` must be ones without tagged
    /// fields.
    pub(super) async fn request(
        &mut self,
        api: i16,
        version: i16,
        body: &[u8],
    ) -> Result<Vec<u8>, ExchangeError> {
        self.correlation = self.correlation.wrapping_add(1);
        let mut message = Vec::with_capacity(body.len() + 32);
        message.extend(api.to_be_bytes());
        message.extend(version.to_be_bytes());
        message.extend(self.correlation.to_be_bytes());
        put_text(&mut message, CLIENT_ID)?;
        message.extend(body);
        let mut frame = Vec::with_capacity(message.len() + 4);
        put_count(&mut frame, message.len())?;
        frame.extend(message);
        self.stream.write_all(&frame).await?;
        self.stream.flush().await?;

        let length = usize::try_from(self.stream.read_i32().await?).map_err(|_negative| Malformed)?;
        if length > self.max_answer_bytes {
            return Err(ExchangeError::TooLarge(length));
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await?;
        let mut reader = Reader::new(&answer);
        if reader.i32()? != self.correlation {
            return Err(Malformed.into());
        }
        Ok(reader.rest().to_vec())
    }
}

/// The host of `host:port`; that of an IPv6 address without its brackets.
fn host(broker: &str) -> Result<&str, ExchangeError> {
    let (host, _port) = broker.rsplit_once(':').ok_or_else(|| ExchangeError::Address(broker.to_owned()))?;
    Ok(host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_checked_for_the_host_without_its_port() {
        assert_eq!(host("kafka-0.example.com:9093").unwrap(), "kafka-0.example.com");
        assert_eq!(host("10.0.0.7:9093").unwrap(), "10.0.0.7");
        assert_eq!(host("[::1]:9093").unwrap(), "::1");
        assert!(host("kafka").is_err());
    }
}
