//! Validation of tokens.

use super::keys::{Keys, NoKeys};
use super::operators::OperatorsClaim;
use super::{AuthSettings, Caller};
use crate::{Problem, clock};
use anyhow::ensure;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// The longest accepted subject, in characters.
const MAX_SUBJECT: usize = 200;
/// `Retry-After` while no keys are available, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// Checks tokens: issuer, audience, expiry, and the signature by an allowed algorithm and one of
/// the issuer's keys.
pub(crate) struct Verifier {
    keys: Keys,
    /// The checks by signature algorithm; tokens with another algorithm are refused.
    validations: Vec<(Algorithm, Validation)>,
    operators: OperatorsClaim,
    /// Time after its `exp` for which a token is still accepted.
    leeway: TimeDelta,
}

/// The claims that are read from a token (RFC 7519, section 4; RFC 8693, section 4.2).
#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// Seconds since 1970, perhaps with a fraction. Any value is read here; the checks of the token
    /// refuse one that is missing or not a number.
    #[serde(default)]
    exp: Value,
    #[serde(default)]
    scope: Scopes,
    /// The name of `scope` at some issuers.
    #[serde(default)]
    scp: Scopes,
    /// All other claims; one of them may list operators.
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Scopes in one text, separated by spaces, or as a list.
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
    /// Creates a verifier from `settings`.
    ///
    /// # Errors
    /// If issuer, audience or algorithms are empty, or the key source or the operators' claim is
    /// invalid.
    pub(super) fn new(settings: &AuthSettings) -> anyhow::Result<Self> {
        ensure!(!settings.issuer.is_empty(), "auth.mode = \"jwt\" needs auth.issuer");
        ensure!(!settings.audience.is_empty(), "auth.mode = \"jwt\" needs auth.audience");
        ensure!(!settings.algorithms.is_empty(), "auth.mode = \"jwt\" needs auth.algorithms");
        let validations = settings.algorithms.iter().map(|named| {
            let algorithm = Algorithm::from(*named);
            (algorithm, validation(settings, algorithm))
        });
        let operators = OperatorsClaim::new(settings)?;
        let leeway = TimeDelta::from_std(Duration::from_secs(settings.leeway_s)).unwrap_or(TimeDelta::MAX);
        let validations = validations.collect();
        Ok(Self { keys: Keys::new(settings)?, validations, operators, leeway })
    }

    /// Checks `token` and returns its caller.
    ///
    /// # Errors
    /// 401 with the reason if the token is invalid; 503 while no keys are available.
    pub(super) async fn verify(&self, token: &str) -> Result<Caller, Problem> {
        let header = decode_header(token).map_err(|error| refusal(&error))?;
        let validation = self.validations.iter().find(|(algorithm, _)| *algorithm == header.alg);
        let (_, validation) = validation.ok_or_else(|| refused("the token's algorithm is not allowed"))?;
        let key = self.keys.find(header.kid.as_deref(), header.alg).await.map_err(|NoKeys| no_keys())?;
        let key = key.ok_or_else(|| refused("the issuer has no key with the token's key id"))?;
        let mut claims = decode::<Claims>(token, &key, validation).map_err(|error| refusal(&error))?.claims;
        if claims.sub.is_empty() || claims.sub.chars().count() > MAX_SUBJECT {
            return Err(refused("the token's subject must have 1 to 200 characters"));
        }
        let operators = self.operators.read(&mut claims.others).map_err(|reason| refused(&reason))?;
        let scopes = claims.scope.into_names().into_iter().chain(claims.scp.into_names()).collect();
        let ends_at = claims.exp.as_f64().and_then(|exp| self.end_of_streams(exp));
        Ok(Caller::new(&claims.sub, scopes, operators, ends_at))
    }

    /// When streams must end that a caller opens with a token that expires at `exp`; `None` for a
    /// time that is too far away to be expressed.
    fn end_of_streams(&self, exp: f64) -> Option<DateTime<Utc>> {
        let since_1970 = TimeDelta::from_std(Duration::try_from_secs_f64(exp).ok()?).ok()?;
        let end = DateTime::UNIX_EPOCH.checked_add_signed(since_1970)?;
        if clock::now() < end { Some(end) } else { end.checked_add_signed(self.leeway) }
    }
}

/// The checks of a token that is signed by `algorithm`.
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
        ErrorKind::InvalidIssuer => "the token was issued by another issuer",
        ErrorKind::InvalidAudience => "the token is for another audience",
        ErrorKind::InvalidSignature => "the token's signature is invalid",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks one of exp, iss, aud and sub",
        _ => "the token is not a valid JWT",
    })
}

/// 503 while no keys are available to check tokens with.
pub(crate) fn no_keys() -> Problem {
    let title = "The keys for checking tokens are not available";
    Problem::unavailable("TOKEN_KEYS_UNAVAILABLE", title, RETRY_AFTER_S)
}
