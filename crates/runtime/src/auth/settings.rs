//! `[auth]`.

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// `[auth]`: who may ask.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthSettings {
    /// Whether callers are asked who they are.
    pub mode: AuthMode,
    /// The `iss` of tokens.
    pub issuer: String,
    /// What `aud` of tokens must name.
    pub audience: String,
    /// How tokens may be signed.
    pub algorithms: Vec<SigningAlgorithm>,
    /// Where the issuer's keys are (RFC 7517, section 5); empty for a file.
    pub jwks_url: String,
    /// A file with the issuer's keys; empty for a URL.
    pub jwks_file: PathBuf,
    /// Milliseconds that fetching the keys may take.
    pub jwks_timeout_ms: u64,
    /// Seconds after which the keys are read again.
    pub jwks_max_age_s: u64,
    /// Seconds by which clocks may differ.
    pub leeway_s: u64,
    /// Requests per second that each caller may send to a replica.
    pub requests_per_s: NonZeroU32,
    /// Requests that each caller may send at once.
    pub burst: NonZeroU32,
}

/// Whether callers are asked who they are.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// Nobody is asked; for loopback only.
    None,
    /// A bearer token that is a JWT.
    Jwt,
}

/// A way of signing with a key that is not a shared secret: with those, whoever can check tokens could make them.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of RFC 7518, section 3.1, and RFC 8037")]
pub enum SigningAlgorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

impl From<SigningAlgorithm> for Algorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        match algorithm {
            SigningAlgorithm::RS256 => Self::RS256,
            SigningAlgorithm::RS384 => Self::RS384,
            SigningAlgorithm::RS512 => Self::RS512,
            SigningAlgorithm::PS256 => Self::PS256,
            SigningAlgorithm::PS384 => Self::PS384,
            SigningAlgorithm::PS512 => Self::PS512,
            SigningAlgorithm::ES256 => Self::ES256,
            SigningAlgorithm::ES384 => Self::ES384,
            SigningAlgorithm::EdDSA => Self::EdDSA,
        }
    }
}
