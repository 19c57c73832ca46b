//! The settings section `[auth]`.

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// `[auth]`: how callers are authenticated and limited.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthSettings {
    /// Whether callers are authenticated.
    pub mode: AuthMode,
    /// The required `iss` of tokens.
    pub issuer: String,
    /// The audience that `aud` of tokens must contain.
    pub audience: String,
    /// The accepted signature algorithms; tokens signed otherwise are refused.
    pub algorithms: Vec<SigningAlgorithm>,
    /// URL of the issuer's JWK Set (RFC 7517, section 5); empty if `jwks_file` is set.
    pub jwks_url: String,
    /// File with the issuer's JWK Set; empty if `jwks_url` is set.
    pub jwks_file: PathBuf,
    /// Timeout for fetching the keys, in milliseconds.
    pub jwks_timeout_ms: u64,
    /// Age in seconds after which the keys are read again.
    pub jwks_max_age_s: u64,
    /// Tolerated clock difference to the issuer, in seconds.
    pub leeway_s: u64,
    /// Name of the claim that lists the operators to which a token is bound; empty if tokens are
    /// never bound.
    pub operators_claim: String,
    /// Whether tokens without that claim are refused. Otherwise they reach every operator.
    pub require_operators: bool,
    /// Requests per second that each caller may send to one replica.
    pub requests_per_s: NonZeroU32,
    /// Requests that each caller may send to one replica at once.
    pub burst: NonZeroU32,
}

/// Whether callers are authenticated.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// Requests are not authenticated; accepted on loopback only.
    None,
    /// Every request needs a bearer token that is a JWT.
    Jwt,
}

/// An asymmetric signature algorithm. Shared secrets are excluded: a program that can check tokens
/// could also issue them.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[expect(missing_docs, reason = "names as in RFC 7518, section 3.1, and RFC 8037")]
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
