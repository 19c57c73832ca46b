//! The TLS configuration of a client.

use crate::identity::Identity;
use crate::trust::Verifier;
use crate::{CredentialsError, TlsFiles};
use rustls::ClientConfig;
use rustls::client::Resumption;
use std::sync::Arc;

/// What is verified of a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Nothing: the connection is encrypted, but another server could answer.
    None,
    /// That a trusted authority issued it, and that it has not expired.
    Authority,
    /// The same, and that it is valid for the name or address that the client connects to.
    AuthorityAndName,
}

/// A TLS configuration whose certificates and key follow their files.
///
/// Sessions are not resumed: a resumed session would not verify the server's certificate again,
/// and connections are opened rarely.
///
/// # Errors
/// If a file cannot be read or used, or no authority is trusted. The text names the setting.
pub fn client_config(
    files: &TlsFiles<'_>,
    verification: Verification,
) -> Result<ClientConfig, CredentialsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::open(files, verification, &provider)?;
    let identity = Identity::open(files, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| CredentialsError::new(files.section, error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        Some(identity) => builder.with_client_cert_resolver(Arc::new(identity)),
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    Ok(config)
}

#[cfg(test)]
mod tests;
