//! Certificates for servers and clients of one test.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

/// A certificate authority.
pub struct Authority {
    /// Its certificate (PEM), which clients trust.
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key.
pub struct Certificate {
    /// The certificate (PEM).
    pub pem: String,
    /// The key (PEM, PKCS#8).
    pub key: String,
}

impl Authority {
    /// A new authority, which no other one is mistaken for.
    ///
    /// # Panics
    /// When no key can be generated.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, crate::unique("authority"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// A certificate for a server with these names and addresses.
    ///
    /// # Panics
    /// When a name is invalid.
    #[must_use]
    pub fn server(&self, names: &[&str]) -> Certificate {
        self.issue(&server(names))
    }

    /// The same, which expired years ago.
    ///
    /// # Panics
    /// When a name is invalid.
    #[must_use]
    pub fn expired_server(&self, names: &[&str]) -> Certificate {
        let mut params = server(names);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.issue(&params)
    }

    /// A certificate for a client with this name (`CN`).
    ///
    /// # Panics
    /// When no key can be generated.
    #[must_use]
    pub fn client(&self, name: &str) -> Certificate {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(&params)
    }

    fn issue(&self, params: &CertificateParams) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Certificate { pem, key: key.serialize_pem() }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn server(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}
