//! Opening connections to brokers, with TLS and authentication.

use std::{sync::Arc, time::Duration};

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{
    connection::within,
    error::Failure,
    exchange::{Exchange, Request, Stream},
    exchange_error::ExchangeError,
    sasl,
    transport::Transport,
};

/// Connects to `broker` (`host:port`) with the TLS and authentication of the settings.
pub(super) async fn open(transport: &Transport, broker: &str) -> Result<Exchange, ExchangeError> {
    let tcp = TcpStream::connect(broker).await?;
    tcp.set_nodelay(true)?;
    let stream: Box<dyn Stream> = match &transport.tls {
        None => Box::new(tcp),
        Some(tls) => {
            let name = ServerName::try_from(host(broker)?.to_owned())?;
            Box::new(TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await?)
        }
    };
    let mut exchange = Exchange::new(stream, transport.max_response_bytes);
    sasl::authenticate(&mut exchange, transport).await?;
    Ok(exchange)
}

/// Sends one request to `broker` over a new connection.
pub(super) async fn ask_once<R: Request>(
    transport: &Transport,
    broker: &str,
    (connect_timeout, request_timeout): (Duration, Duration),
    request: &R,
) -> Result<R::Answer, Failure> {
    let opening = async { Ok(open(transport, broker).await?) };
    let mut exchange = within(connect_timeout, opening).await?;
    Ok(within(request_timeout, exchange.ask(request)).await?.answer)
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
