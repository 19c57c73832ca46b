//! Gives out tokens where there is no issuer of one's own: on a developer's machine, and in tests. Never in production: whoever
//! can read its folder can make any token.

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Gives out tokens that are signed with EdDSA, by one key.
pub struct Issuer {
    /// The key's id.
    pub key_id: String,
    key: EncodingKey,
    public: String,
}

impl Issuer {
    /// What its tokens have as `iss`.
    pub const NAME: &str = "https://issuer.localhost";
    /// What they have as `aud`.
    pub const AUDIENCE: &str = "charging-platform";

    /// With a new key.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate() -> anyhow::Result<Self> {
        Self::of(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())?.as_ref())
    }

    /// With the key in `folder`, which is made when it is not there; with its public half beside it, see
    /// [`jwks_file`](Self::jwks_file).
    ///
    /// # Errors
    /// When the folder cannot be read or written, or holds no key.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("key.der");
        match std::fs::read(&path) {
            Ok(private) => Self::of(&private).with_context(|| format!("{} is no key", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())?;
                let issuer = Self::of(private.as_ref())?;
                std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
                write_privately(&path, private.as_ref())
                    .and_then(|()| std::fs::write(Self::jwks_file(folder), issuer.jwks()))
                    .with_context(|| format!("write to {}", folder.display()))?;
                Ok(issuer)
            }
            Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
        }
    }

    /// Where the public half of the key in `folder` is: the services' `auth.jwks_file`.
    #[must_use]
    pub fn jwks_file(folder: &Path) -> PathBuf {
        folder.join("jwks.json")
    }

    fn of(private: &[u8]) -> anyhow::Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(private)?;
        let public = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key());
        let key_id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, public.as_bytes()).to_string();
        Ok(Self { key_id, key: EncodingKey::from_ed_der(private), public })
    }

    /// Its public key, as a JWK (RFC 8037).
    #[must_use]
    pub fn jwk(&self) -> Value {
        let public = self.public();
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.key_id, "x": public })
    }

    /// The public key's bytes, in base64url.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.public
    }

    /// A JWK Set with its key alone.
    #[must_use]
    pub fn jwks(&self) -> String {
        json!({ "keys": [self.jwk()] }).to_string()
    }

    /// Claims that are good for an hour, of `subject` with `scopes`, which are separated by spaces.
    #[must_use]
    pub fn claims(subject: &str, scopes: &str) -> Value {
        let expires = jsonwebtoken::get_current_timestamp() + 3_600;
        json!({ "iss": Self::NAME, "aud": Self::AUDIENCE, "sub": subject, "exp": expires, "scope": scopes })
    }

    /// A token that says what `claims` say.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        Ok(encode(&header, claims, &self.key)?)
    }
}

#[cfg(unix)]
fn write_privately(path: &Path, secret: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(secret)
}
