//! Authentication of a connection: SASL PLAIN and SCRAM, with the library that rskafka also uses.

use rsasl::{
    config::SASLConfig,
    prelude::{Mechname, SASLClient},
};
use secrecy::ExposeSecret as _;

use super::{
    codec::{Reader, put_count, put_text},
    exchange::Exchange,
    exchange_error::{ExchangeError, SaslError},
    transport::Transport,
};
use crate::settings::SaslMechanism;

const SASL_HANDSHAKE: i16 = 17;
const SASL_AUTHENTICATE: i16 = 36;
/// Upper bound on the messages of a client: SCRAM needs two, PLAIN one.
const MAX_ROUNDS: usize = 4;

/// Authenticates with the mechanism of the settings; does nothing without one.
pub(super) async fn authenticate(
    exchange: &mut Exchange,
    transport: &Transport,
) -> Result<(), ExchangeError> {
    let Some(mechanism) = name(transport.sasl) else { return Ok(()) };
    let mut body = Vec::new();
    put_text(&mut body, mechanism)?;
    let answer = exchange.request(SASL_HANDSHAKE, 1, &body).await?;
    if Reader::new(&answer).i16()? != 0 {
        return Err(SaslError::NotOffered(mechanism).into());
    }
    let password = transport.password.expose_secret().to_owned();
    let config =
        SASLConfig::with_credentials(None, transport.username.clone(), password).map_err(SaslError::from)?;
    let wanted =
        Mechname::parse(mechanism.as_bytes()).map_err(|_invalid| SaslError::NotOffered(mechanism))?;
    let mut session = SASLClient::new(config).start_suggested(&[wanted]).map_err(SaslError::from)?;
    let mut received: Option<Vec<u8>> = None;
    for _ in 0..MAX_ROUNDS {
        let mut to_send = Vec::new();
        let state = session.step(received.as_deref(), &mut to_send).map_err(SaslError::from)?;
        if state.has_sent_message() {
            received = Some(send(exchange, &to_send).await?);
        }
        if state.is_finished() {
            return Ok(());
        }
    }
    Err(SaslError::Endless.into())
}

/// One `SaslAuthenticate` v0: sends the mechanism's message and returns the broker's.
async fn send(exchange: &mut Exchange, message: &[u8]) -> Result<Vec<u8>, ExchangeError> {
    let mut body = Vec::with_capacity(message.len() + 4);
    put_count(&mut body, message.len())?;
    body.extend(message);
    let answer = exchange.request(SASL_AUTHENTICATE, 0, &body).await?;
    let mut reader = Reader::new(&answer);
    let (code, message) = (reader.i16()?, reader.text()?.unwrap_or_default().to_owned());
    if code != 0 {
        return Err(SaslError::Refused { code, message }.into());
    }
    Ok(reader.bytes()?.to_vec())
}

const fn name(mechanism: SaslMechanism) -> Option<&'static str> {
    match mechanism {
        SaslMechanism::None => None,
        SaslMechanism::Plain => Some("PLAIN"),
        SaslMechanism::ScramSha256 => Some("SCRAM-SHA-256"),
        SaslMechanism::ScramSha512 => Some("SCRAM-SHA-512"),
    }
}
