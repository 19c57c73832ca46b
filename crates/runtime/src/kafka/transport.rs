//! How brokers are reached: addresses, TLS, authentication, limits.

use std::{sync::Arc, time::Duration};

use credentials::{TlsFiles, Verification, client_config};
use futures_util::future::BoxFuture;
use rskafka::{
    BackoffConfig,
    client::{Client, ClientBuilder, Credentials, OauthBearerCredentials, SaslConfig},
};
use rustls::ClientConfig;
use secrecy::ExposeSecret as _;

use super::{
    Failure, KafkaError,
    login::{Login, Password, PasswordMechanism, invalid},
};
use crate::settings::KafkaSettings;

/// The client id under which brokers log and count requests.
pub(super) const CLIENT_ID: &str = "charging-platform";

/// What a client is built from. Not `Debug`: rskafka's SASL settings would print the password.
pub(super) struct Transport {
    pub(super) brokers: Vec<String>,
    pub(super) max_response_bytes: usize,
    /// Its certificates and key follow their files.
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) login: Arc<Login>,
}

impl Transport {
    pub(super) fn new(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        if settings.brokers.is_empty() {
            return Err(KafkaError::Settings("kafka.brokers is empty".to_owned()));
        }
        Ok(Self {
            brokers: settings.brokers.clone(),
            max_response_bytes: settings.max_response_bytes,
            tls: tls(settings)?,
            login: Arc::new(Login::new(settings)?),
        })
    }

    /// Connects to a broker and loads the cluster's metadata. Without a time limit of its own.
    pub(super) async fn connect(&self) -> Result<Client, Failure> {
        let mut builder = ClientBuilder::new(self.brokers.clone())
            .client_id(CLIENT_ID)
            .max_message_size(self.max_response_bytes)
            .backoff_config(single_attempt());
        if let Some(tls) = &self.tls {
            builder = builder.tls_config(Arc::clone(tls));
        }
        if let Some(sasl) = self.sasl() {
            builder = builder.sasl_config(sasl);
        }
        builder.build().await.map_err(Failure::client)
    }

    /// The credentials for a new client, as the files contain them now.
    fn sasl(&self) -> Option<SaslConfig> {
        match &*self.login {
            Login::None => None,
            Login::Password { mechanism, username, password } => {
                let Password { username, password } = Password::current(username, password);
                let credentials = Credentials::new(username, password.expose_secret().to_owned());
                Some(match mechanism {
                    PasswordMechanism::Plain => SaslConfig::Plain(credentials),
                    PasswordMechanism::ScramSha256 => SaslConfig::ScramSha256(credentials),
                    PasswordMechanism::ScramSha512 => SaslConfig::ScramSha512(credentials),
                })
            }
            Login::Token(_) => {
                let login = Arc::clone(&self.login);
                let callback = move || -> BoxFuture<'static, Result<String, _>> {
                    let login = Arc::clone(&login);
                    Box::pin(async move { token(&login).await })
                };
                let callback = Arc::new(callback);
                Some(SaslConfig::Oauthbearer(OauthBearerCredentials {
                    callback,
                    authz_id: None,
                    bearer_kvs: Vec::new(),
                }))
            }
        }
    }
}

/// The current token; empty for a login without tokens, for which it is not called.
async fn token(login: &Login) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    match login {
        Login::Token(tokens) => Ok(tokens.current().await?.expose_secret().to_owned()),
        Login::None | Login::Password { .. } => Ok(String::new()),
    }
}

/// rskafka stops retrying once the sum of its pauses reaches the deadline, so zero means a single
/// attempt. Retries are made here, where it is known whether a request may have been sent.
fn single_attempt() -> BackoffConfig {
    BackoffConfig {
        init_backoff: Duration::from_millis(10),
        max_backoff: Duration::from_millis(100),
        base: 2.0,
        deadline: Some(Duration::ZERO),
    }
}

/// The TLS of the settings; `None` without it.
fn tls(settings: &KafkaSettings) -> Result<Option<Arc<ClientConfig>>, KafkaError> {
    let files = settings.tls_files.of_section("kafka");
    if settings.tls {
        let config = client_config(&files, Verification::AuthorityAndName);
        return config.map(|config| Some(Arc::new(config))).map_err(|error| invalid(&error));
    }
    let of_client = TlsFiles { ca_file: None, ..files };
    match of_client.first_given() {
        None => Ok(None),
        Some(file) => Err(KafkaError::Settings(format!(
            "kafka.{file} has no effect because kafka.tls is false: set kafka.tls to true, or remove kafka.{file}"
        ))),
    }
}
