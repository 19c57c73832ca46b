//! An issuer of tokens for development and tests, where there is no real issuer, and a small OpenID
//! provider at which the console signs in. Never use it in production: anyone who can read its
//! folder can sign any token, and the provider asks for no password.

mod provider;

pub use provider::serve;

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The place of the private key's 32 bytes in its PKCS#8 form (RFC 8410, section 7).
const SEED: Range<usize> = 16..48;

/// Issues tokens that are signed with EdDSA by one key.
pub struct Issuer {
    /// The key's id.
    pub key_id: String,
    key: EncodingKey,
    public: String,
    seed: String,
}

impl Issuer {
    /// The `iss` of its tokens, and the address of the provider if it is served.
    pub const NAME: &str = "http://127.0.0.1:8090";
    /// The `aud` of its tokens.
    pub const AUDIENCE: &str = "charging-platform";
    /// The claim that lists operators, as in the services' default of `auth.operators_claim`.
    pub const OPERATORS: &str = "operators";

    /// An issuer with a new key.
    ///
    /// # Errors
    /// When the system provides no randomness.
    pub fn generate() -> anyhow::Result<Self> {
        Self::of(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())?.as_ref())
    }

    /// An issuer with the key in `folder`. The key is created if it does not exist, and its public
    /// half is written next to it, see [`jwks_file`](Self::jwks_file).
    ///
    /// # Errors
    /// When the folder cannot be read or written, or contains an invalid key.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("key.der");
        match std::fs::read(&path) {
            Ok(private) => {
                Self::of(&private).with_context(|| format!("{} is not a valid key", path.display()))
            }
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

    /// The file with the public half of the key in `folder`, for the services' setting
    /// `auth.jwks_file`.
    #[must_use]
    pub fn jwks_file(folder: &Path) -> PathBuf {
        folder.join("jwks.json")
    }

    fn of(private: &[u8]) -> anyhow::Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(private)?;
        let public = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key());
        let seed = private.get(SEED).context("the key has no private half")?;
        let seed = BASE64_URL_SAFE_NO_PAD.encode(seed);
        let key_id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, public.as_bytes()).to_string();
        Ok(Self { key_id, key: EncodingKey::from_ed_der(private), public, seed })
    }

    /// The public key as a JWK (RFC 8037).
    #[must_use]
    pub fn jwk(&self) -> Value {
        let public = self.public();
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.key_id, "x": public })
    }

    /// The private key as a JWK, for a test that runs another issuer with the same key.
    #[must_use]
    pub fn private_jwk(&self) -> Value {
        with(self.jwk(), "d", json!(self.seed))
    }

    /// The bytes of the public key in base64url.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.public
    }

    /// A JWK Set with only this key.
    #[must_use]
    pub fn jwks(&self) -> String {
        json!({ "keys": [self.jwk()] }).to_string()
    }

    /// Claims that are valid for an hour, for `subject` with `scopes`, which are separated by
    /// spaces.
    #[must_use]
    pub fn claims(subject: &str, scopes: &str) -> Value {
        let expires = jsonwebtoken::get_current_timestamp() + 3_600;
        json!({ "iss": Self::NAME, "aud": Self::AUDIENCE, "sub": subject, "exp": expires, "scope": scopes })
    }

    /// The same for a subject that is bound to the operators with these ids.
    #[must_use]
    pub fn claims_of(subject: &str, scopes: &str, operators: &[&str]) -> Value {
        with(Self::claims(subject, scopes), Self::OPERATORS, json!(operators))
    }

    /// A token with these claims.
    ///
    /// # Errors
    /// When the token cannot be signed.
    pub fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        Ok(encode(&header, claims, &self.key)?)
    }
}

/// The object with this member.
fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    object
}

#[cfg(unix)]
fn write_privately(path: &Path, secret: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(secret)
}
