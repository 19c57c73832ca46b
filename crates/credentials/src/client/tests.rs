use super::*;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ServerConfig, ServerConnection};
use std::fs;
use std::path::{Path, PathBuf};

/// An authority with the files of a server's certificate and key.
struct Party {
    issuer: Issuer<'static, KeyPair>,
    ca_file: PathBuf,
    certificate_file: PathBuf,
    key_file: PathBuf,
}

impl Party {
    fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let file = |suffix: &str| folder.join(format!("{name}.{suffix}"));
        fs::write(file("ca"), certificate.pem()).unwrap();
        let party = Self {
            issuer: Issuer::new(params, key),
            ca_file: file("ca"),
            certificate_file: file("crt"),
            key_file: file("key"),
        };
        party.issue("server.example");
        party
    }

    /// Writes a new certificate and key.
    fn issue(&self, name: &str) {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(&self.certificate_file, certificate.pem()).unwrap();
        fs::write(&self.key_file, key.serialize_pem()).unwrap();
    }

    fn server(&self) -> Arc<ServerConfig> {
        use rustls::pki_types::pem::PemObject as _;
        use rustls::pki_types::{CertificateDer, PrivateKeyDer};
        let chain = CertificateDer::pem_file_iter(&self.certificate_file).unwrap();
        let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_file(&self.key_file).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Arc::new(config)
    }
}

/// Performs a handshake in memory; the error is the client's.
fn handshake(client: &Arc<ClientConfig>, server: &Party, name: &str) -> Result<(), rustls::Error> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(server.server()).unwrap();
    while client.is_handshaking() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut bytes = bytes.as_slice();
        while !bytes.is_empty() {
            server.read_tls(&mut bytes).unwrap();
            server.process_new_packets().unwrap();
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut bytes = bytes.as_slice();
        while !bytes.is_empty() {
            client.read_tls(&mut bytes).unwrap();
            client.process_new_packets()?;
        }
    }
    Ok(())
}

fn client(ca_file: &Path, verification: Verification) -> Arc<ClientConfig> {
    let files = TlsFiles { section: "test", ca_file: Some(ca_file), ..TlsFiles::default() };
    Arc::new(client_config(&files, verification).unwrap())
}

#[test]
fn verifies_as_much_as_requested() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (Party::new(folder.path(), "ours"), Party::new(folder.path(), "other"));
    for (verification, wrong_name, wrong_authority) in [
        (Verification::None, true, true),
        (Verification::Authority, true, false),
        (Verification::AuthorityAndName, false, false),
    ] {
        let client = client(&ours.ca_file, verification);
        handshake(&client, &ours, "server.example").unwrap();
        assert_eq!(handshake(&client, &ours, "wrong.example").is_ok(), wrong_name, "{verification:?}");
        assert_eq!(handshake(&client, &other, "server.example").is_ok(), wrong_authority, "{verification:?}");
    }
}

#[test]
fn trusts_a_rotated_authority_without_a_new_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Party::new(folder.path(), "old"), Party::new(folder.path(), "new"));
    let client = client(&old.ca_file, Verification::AuthorityAndName);
    handshake(&client, &new, "server.example").unwrap_err();
    fs::copy(&new.ca_file, &old.ca_file).unwrap();
    handshake(&client, &new, "server.example").unwrap();
    handshake(&client, &old, "server.example").unwrap_err();
}

#[test]
fn keeps_a_pair_until_both_of_its_files_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let party = Party::new(folder.path(), "ours");
    let files = TlsFiles {
        section: "test",
        ca_file: Some(&party.ca_file),
        certificate_file: Some(&party.certificate_file),
        key_file: Some(&party.key_file),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let identity = Identity::open(&files, &provider).unwrap().unwrap();
    let presented = || {
        let key = rustls::client::ResolvesClientCert::resolve(&identity, &[], &[]).unwrap();
        key.cert.first().unwrap().to_vec()
    };
    let before = presented();
    let old_key = fs::read(&party.key_file).unwrap();
    party.issue("server.example");
    let new_key = fs::read(&party.key_file).unwrap();
    fs::write(&party.key_file, old_key).unwrap();
    assert_eq!(presented(), before);
    fs::write(&party.key_file, new_key).unwrap();
    assert_ne!(presented(), before);
}

#[test]
fn names_the_missing_file_of_a_pair() {
    let file = Path::new("/some/client.crt");
    let files = TlsFiles { section: "database", certificate_file: Some(file), ..TlsFiles::default() };
    let error = client_config(&files, Verification::None).unwrap_err().to_string();
    assert_eq!(
        error,
        "database.key_file: is empty, but database.certificate_file is set: set both or neither"
    );
}
