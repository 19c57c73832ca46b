//! Authentication of a connection: SASL PLAIN and SCRAM, with the library that rskafka also uses,
//! and OAUTHBEARER (RFC 7628, KIP-255), which is a single message.

use std::time::Duration;

use rsasl::{
    config::SASLConfig,
    prelude::{Mechname, SASLClient},
};
use secrecy::ExposeSecret as _;

use super::{
    codec::{Reader, put_count, put_text},
    exchange::Exchange,
    exchange_error::{ExchangeError, SaslError},
    login::{Login, Password, PasswordMechanism},
    token::Tokens,
    transport::Transport,
};

const SASL_HANDSHAKE: i16 = 17;
const SASL_AUTHENTICATE: i16 = 36;
/// Upper bound on the messages of a client: SCRAM needs two, PLAIN one.
const MAX_ROUNDS: usize = 4;
const OAUTHBEARER: &str = "OAUTHBEARER";
/// What a client sends after a token was refused, so that the broker ends the exchange.
const ABORT: &[u8] = &[1];

/// Authenticates with the credentials of the settings; does nothing without them.
pub(super) async fn authenticate(
    exchange: &mut Exchange,
    transport: &Transport,
) -> Result<(), ExchangeError> {
    match &*transport.login {
        Login::None => Ok(()),
        Login::Password { mechanism, username, password } => {
            with_password(exchange, *mechanism, Password::current(username, password)).await
        }
        Login::Token(tokens) => with_token(exchange, tokens).await,
    }
}

async fn with_password(
    exchange: &mut Exchange,
    mechanism: PasswordMechanism,
    Password { username, password }: Password,
) -> Result<(), ExchangeError> {
    let mechanism = name(mechanism);
    choose(exchange, mechanism).await?;
    let password = password.expose_secret().to_owned();
    let config = SASLConfig::with_credentials(None, username, password).map_err(SaslError::from)?;
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

async fn with_token(exchange: &mut Exchange, tokens: &Tokens) -> Result<(), ExchangeError> {
    let token = tokens.current().await?;
    choose(exchange, OAUTHBEARER).await?;
    let message = format!("n,,\u{1}auth=Bearer {}\u{1}\u{1}", token.expose_secret());
    let (reply, lifetime) = send_for_session(exchange, message.as_bytes()).await?;
    if reply.is_empty() {
        if let Some(lifetime) = lifetime {
            exchange.end_after(lifetime);
        }
        return Ok(());
    }
    // The reply says why the token is refused; the broker repeats it as an error after the abort.
    send_for_session(exchange, ABORT).await?;
    Err(SaslError::Endless.into())
}

/// One `SaslHandshake` v1: asks for a mechanism.
async fn choose(exchange: &mut Exchange, mechanism: &'static str) -> Result<(), ExchangeError> {
    let mut body = Vec::new();
    put_text(&mut body, mechanism)?;
    let answer = exchange.request(SASL_HANDSHAKE, 1, &body).await?;
    if Reader::new(&answer).i16()? != 0 {
        return Err(SaslError::NotOffered(mechanism).into());
    }
    Ok(())
}

/// One `SaslAuthenticate` v0: sends the mechanism's message and returns the broker's.
async fn send(exchange: &mut Exchange, message: &[u8]) -> Result<Vec<u8>, ExchangeError> {
    let answer = exchange.request(SASL_AUTHENTICATE, 0, &framed(message)?).await?;
    Ok(read_reply(&mut Reader::new(&answer))?.to_vec())
}

/// One `SaslAuthenticate` v1, which brokers from 2.2 on support. In addition returns for how long
/// the broker serves the connection; `None` for as long as it is open.
async fn send_for_session(
    exchange: &mut Exchange,
    message: &[u8],
) -> Result<(Vec<u8>, Option<Duration>), ExchangeError> {
    let answer = exchange.request(SASL_AUTHENTICATE, 1, &framed(message)?).await?;
    let mut reader = Reader::new(&answer);
    let reply = read_reply(&mut reader)?.to_vec();
    let lifetime_ms = u64::try_from(reader.i64()?).unwrap_or(0);
    Ok((reply, Some(lifetime_ms).filter(|ms| *ms > 0).map(Duration::from_millis)))
}

fn framed(message: &[u8]) -> Result<Vec<u8>, ExchangeError> {
    let mut body = Vec::with_capacity(message.len() + 4);
    put_count(&mut body, message.len())?;
    body.extend(message);
    Ok(body)
}

fn read_reply<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], ExchangeError> {
    let (code, message) = (reader.i16()?, reader.text()?.unwrap_or_default().to_owned());
    if code != 0 {
        return Err(SaslError::Refused { code, message }.into());
    }
    Ok(reader.bytes()?)
}

const fn name(mechanism: PasswordMechanism) -> &'static str {
    match mechanism {
        PasswordMechanism::Plain => "PLAIN",
        PasswordMechanism::ScramSha256 => "SCRAM-SHA-256",
        PasswordMechanism::ScramSha512 => "SCRAM-SHA-512",
    }
}
