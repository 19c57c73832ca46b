//! How brokers are reached: addresses, TLS, authentication, limits.

use std::{path::Path, sync::Arc, time::Duration};

use rskafka::{
    BackoffConfig,
    client::{Client, ClientBuilder, Credentials, SaslConfig},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Failure, KafkaError};
use crate::settings::{KafkaSettings, SaslMechanism};

/// The client id under which brokers log and count requests.
pub(super) const CLIENT_ID: &str = "charging-platform";

/// What a client is built from. Not `Debug`: rskafka's SASL settings would print the password.
pub(super) struct Transport {
    pub(super) brokers: Vec<String>,
    pub(super) max_response_bytes: usize,
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) sasl: SaslMechanism,
    pub(super) username: String,
    pub(super) password: SecretString,
}

impl Transport {
    pub(super) fn new(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        if settings.brokers.is_empty() {
            return Err(KafkaError::Settings("kafka.brokers is empty".to_owned()));
        }
        Ok(Self {
            brokers: settings.brokers.clone(),
            max_response_bytes: settings.max_response_bytes,
            tls: settings.tls.then(|| tls(settings.ca_file.as_deref())).transpose()?,
            sasl: settings.sasl_mechanism,
            username: settings.sasl_username.clone(),
            password: settings.sasl_password.clone(),
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

    fn sasl(&self) -> Option<SaslConfig> {
        let credentials =
            || Credentials::new(self.username.clone(), self.password.expose_secret().to_owned());
        match self.sasl {
            SaslMechanism::None => None,
            SaslMechanism::Plain => Some(SaslConfig::Plain(credentials())),
            SaslMechanism::ScramSha256 => Some(SaslConfig::ScramSha256(credentials())),
            SaslMechanism::ScramSha512 => Some(SaslConfig::ScramSha512(credentials())),
        }
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

fn tls(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, KafkaError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(file) => {
            let refuse = |error: &dyn std::fmt::Display| {
                KafkaError::Settings(format!("kafka.ca_file {}: {error}", file.display()))
            };
            for certificate in CertificateDer::pem_file_iter(file).map_err(|error| refuse(&error))? {
                let certificate = certificate.map_err(|error| refuse(&error))?;
                roots.add(certificate).map_err(|error| refuse(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(KafkaError::Settings(
            "kafka.tls is on and no trusted certificate authority was found; set kafka.ca_file".to_owned(),
        ));
    }
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}
