//! The credentials with which connections to brokers authenticate, as their files contain them at
//! the time.

use std::path::Path;

use credentials::{CredentialsError, Secret};
use secrecy::{ExposeSecret as _, SecretString};

use super::{KafkaError, token::Tokens};
use crate::settings::{KafkaSettings, SaslMechanism};

/// How connections authenticate.
pub(super) enum Login {
    None,
    Password { mechanism: PasswordMechanism, username: Secret, password: Secret },
    Token(Tokens),
}

/// A mechanism with a user name and a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PasswordMechanism {
    Plain,
    ScramSha256,
    ScramSha512,
}

/// A user name with its password.
pub(super) struct Password {
    pub(super) username: String,
    pub(super) password: SecretString,
}

impl Login {
    /// Validates the settings and reads the files.
    ///
    /// # Errors
    /// With the setting and the remedy.
    pub(super) fn new(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        let mechanism = match settings.sasl_mechanism {
            SaslMechanism::None => {
                without_token(settings)?;
                return Ok(Self::None);
            }
            SaslMechanism::OauthBearer => return Tokens::new(settings).map(Self::Token),
            SaslMechanism::Plain => PasswordMechanism::Plain,
            SaslMechanism::ScramSha256 => PasswordMechanism::ScramSha256,
            SaslMechanism::ScramSha512 => PasswordMechanism::ScramSha512,
        };
        without_token(settings)?;
        let (username, password) = user(settings)?;
        Ok(Self::Password { mechanism, username, password })
    }
}

impl Password {
    pub(super) fn current(username: &Secret, password: &Secret) -> Self {
        Self { username: username.current().expose_secret().to_owned(), password: password.current() }
    }
}

/// User name and password, each from its setting or its file.
pub(super) fn user(settings: &KafkaSettings) -> Result<(Secret, Secret), KafkaError> {
    let secret = |value: &SecretString, file: Option<&Path>, setting| {
        Secret::new(value, file, setting).map_err(|error| invalid(&error))
    };
    let username = SecretString::from(settings.sasl_username.clone());
    Ok((
        secret(&username, settings.sasl_username_file.as_deref(), "kafka.sasl_username_file")?,
        secret(&settings.sasl_password, settings.sasl_password_file.as_deref(), "kafka.sasl_password_file")?,
    ))
}

/// Refuses settings that have an effect with OAUTHBEARER only.
fn without_token(settings: &KafkaSettings) -> Result<(), KafkaError> {
    let useless = if settings.sasl_token_file.is_some() {
        "kafka.sasl_token_file"
    } else if settings.sasl_token_url.is_empty() {
        return Ok(());
    } else {
        "kafka.sasl_token_url"
    };
    let reason = format!("{useless} is set: set kafka.sasl_mechanism to OAUTHBEARER, or remove {useless}");
    Err(KafkaError::Settings(reason))
}

pub(super) fn invalid(error: &CredentialsError) -> KafkaError {
    KafkaError::Settings(error.to_string())
}

#[cfg(test)]
mod tests;
