//! Verification of servers.

use crate::{CredentialsError, Reloaded, TlsFiles, Verification};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// Verifies servers by the authorities of a file or of the system.
#[derive(Debug)]
pub(crate) struct Verifier {
    authorities: Reloaded<RootCertStore>,
    verification: Verification,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    pub(crate) fn open(
        files: &TlsFiles<'_>,
        verification: Verification,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, CredentialsError> {
        let setting = format!("{}.ca_file", files.section);
        let authorities = match (files.ca_file, verification) {
            (Some(file), _) => Reloaded::open(setting, vec![file.to_owned()], parse)?,
            (None, Verification::None) => Reloaded::fixed(RootCertStore::empty()),
            (None, _) => Reloaded::fixed(of_the_system(setting)?),
        };
        Ok(Self { authorities, verification, provider: Arc::clone(provider) })
    }
}

/// The authorities of this machine, as they are at the start.
fn of_the_system(setting: String) -> Result<RootCertStore, CredentialsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let reason = "is empty, and this machine has no certificate authorities: set the file";
        return Err(CredentialsError::new(setting, reason));
    }
    Ok(roots)
}

fn parse(contents: &[Vec<u8>]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in contents.iter().flat_map(|file| CertificateDer::pem_slice_iter(file)) {
        let certificate = certificate.map_err(|error| format!("not valid PEM: {error}"))?;
        roots.add(certificate).map_err(|error| format!("not the certificate of an authority: {error}"))?;
    }
    if roots.is_empty() { Err("the file contains no certificate".to_owned()) } else { Ok(roots) }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.verification == Verification::None {
            return Ok(ServerCertVerified::assertion());
        }
        let parsed = ParsedCertificate::try_from(certificate)?;
        let (roots, algorithms) =
            (self.authorities.current(), self.provider.signature_verification_algorithms);
        verify_server_cert_signed_by_trust_anchor(&parsed, &roots, intermediates, now, algorithms.all)?;
        if self.verification == Verification::AuthorityAndName {
            verify_server_name(&parsed, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
