//! The client's own certificate.

use crate::{CredentialsError, Reloaded, TlsFiles};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// The client's certificate with its key.
#[derive(Debug)]
pub(crate) struct Identity(Reloaded<Arc<CertifiedKey>>);

impl Identity {
    /// The identity in the files; `None` without them.
    pub(crate) fn open(
        files: &TlsFiles<'_>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Self>, CredentialsError> {
        let Some((certificate, key)) = files.identity()? else { return Ok(None) };
        let setting = format!("{0}.certificate_file and {0}.key_file", files.section);
        let provider = Arc::clone(provider);
        let parse = move |contents: &[Vec<u8>]| parse(contents, &provider).map(Arc::new);
        Reloaded::open(setting, vec![certificate.to_owned(), key.to_owned()], parse)
            .map(|known| Some(Self(known)))
    }
}

fn parse(contents: &[Vec<u8>], provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let [certificate, key] = contents else { return Err("expected a certificate and a key".to_owned()) };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let chain = chain.map_err(|error| format!("the certificate is not valid PEM: {error}"))?;
    if chain.is_empty() {
        return Err("the certificate file contains no certificate".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| format!("the key is not an unencrypted PEM key: {error}"))?;
    CertifiedKey::from_der(chain, key, provider)
        .map_err(|error| format!("the certificate and the key cannot be used together: {error}"))
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.current()))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
