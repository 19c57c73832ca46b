//! Whether a token is good, and whose it is.

use super::keys::{Keys, NoKeys};
use super::{AuthSettings, Caller};
use crate::Problem;
use anyhow::ensure;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;

/// The longest subject, in characters.
const MAX_SUBJECT: usize = 200;
/// Seconds after which keys may be there.
const RETRY_AFTER_S: u32 = 5;

/// Checks tokens: issuer, audience, expiry, and the signature by a pinned algorithm and one of the issuer's keys.
pub(crate) struct Verifier {
    keys: Keys,
    /// What is checked of a token, by the algorithm that it says it was signed by; others are not taken.
    validations: Vec<(Algorithm, Validation)>,
}

/// What is read of a token's claims (RFC 7519, section 4; RFC 8693, section 4.2).
#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    scope: Scopes,
    /// What some issuers call it.
    #[serde(default)]
    scp: Scopes,
}

/// Names in one text with spaces between them, or in a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scopes {
    Text(String),
    List(Vec<String>),
}

impl Default for Scopes {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Scopes {
    fn into_names(self) -> Vec<String> {
        match self {
            Self::Text(text) => text.split(' ').map(str::to_owned).collect(),
            Self::List(names) => names,
        }
    }
}

impl Verifier {
    /// By `settings`.
    ///
    /// # Errors
    /// When they leave something open that must be pinned.
    pub(super) fn new(settings: &AuthSettings) -> anyhow::Result<Self> {
        ensure!(!settings.issuer.is_empty(), "auth.mode = \"jwt\" needs auth.issuer");
        ensure!(!settings.audience.is_empty(), "auth.mode = \"jwt\" needs auth.audience");
        ensure!(!settings.algorithms.is_empty(), "auth.mode = \"jwt\" needs auth.algorithms");
        let validations = settings.algorithms.iter().map(|named| {
            let algorithm = Algorithm::from(*named);
            (algorithm, validation(settings, algorithm))
        });
        Ok(Self { keys: Keys::new(settings)?, validations: validations.collect() })
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// 401 with what is wrong with it; 503 while there are no keys.
    pub(super) async fn verify(&self, token: &str) -> Result<Caller, Problem> {
        let header = decode_header(token).map_err(|error| refusal(&error))?;
        let validation = self.validations.iter().find(|(algorithm, _)| *algorithm == header.alg);
        let (_, validation) = validation.ok_or_else(|| refused("the token's algorithm is not allowed"))?;
        let key = self.keys.find(header.kid.as_deref(), header.alg).await.map_err(|NoKeys| no_keys())?;
        let key = key.ok_or_else(|| refused("the token's key is not one of the issuer's"))?;
        let claims = decode::<Claims>(token, &key, validation).map_err(|error| refusal(&error))?.claims;
        if claims.sub.is_empty() || claims.sub.chars().count() > MAX_SUBJECT {
            return Err(refused("the token's subject is empty or too long"));
        }
        let scopes = claims.scope.into_names().into_iter().chain(claims.scp.into_names()).collect();
        Ok(Caller::new(&claims.sub, scopes))
    }
}

/// What is checked of a token that is signed by `algorithm`, and by no other.
fn validation(settings: &AuthSettings, algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[&settings.issuer]);
    validation.set_audience(&[&settings.audience]);
    validation.leeway = settings.leeway_s;
    validation.validate_nbf = true;
    validation
}

fn refused(detail: &str) -> Problem {
    Problem::unauthenticated().detail(detail)
}

fn refusal(error: &Error) -> Problem {
    refused(match error.kind() {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidIssuer => "the token is of another issuer",
        ErrorKind::InvalidAudience => "the token is for another audience",
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks one of exp, iss, aud and sub",
        _ => "it is no valid token",
    })
}

/// 503 while there are no keys to check tokens with.
pub(crate) fn no_keys() -> Problem {
    let title = "The keys that tokens are checked with are not available";
    Problem::unavailable("TOKEN_KEYS_UNAVAILABLE", title, RETRY_AFTER_S)
}
