//! Why an exchange with a broker failed.

use std::io;

use rsasl::prelude::{SASLError, SessionError};
use rustls::pki_types::InvalidDnsNameError;

use super::codec::Malformed;

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

/// Why authentication failed. No variant contains credentials.
#[derive(Debug, thiserror::Error)]
pub(super) enum SaslError {
    #[error("the broker does not offer {0}")]
    NotOffered(&'static str),
    #[error("the broker refused the user: {message} (error {code})")]
    Refused { code: i16, message: String },
    #[error("the SASL mechanism cannot be set up")]
    Mechanism(#[from] SASLError),
    #[error("the broker's SASL message is not valid")]
    Session(#[from] SessionError),
    #[error("the broker does not end the SASL exchange")]
    Endless,
}
