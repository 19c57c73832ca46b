//! Authentication and authorization: bearer tokens (RFC 6750) that are JWTs (RFC 7519), and the
//! scopes and operators in them.

mod caller;
mod key_set;
mod keys;
mod operators;
mod rate;
mod scope;
mod settings;
mod subject;
mod token;

pub use caller::Caller;
pub use operators::{Operators, Reach};
pub(crate) use rate::{Allowance, too_many_requests};
pub use scope::Scope;
pub use settings::{AuthMode, AuthSettings, SigningAlgorithm};
pub use subject::Subject;

use crate::Problem;
use actix_web::http::header::{self, HeaderMap};
use anyhow::ensure;
use rate::RateLimits;
use std::net::SocketAddr;
use std::sync::Arc;
use token::Verifier;
pub(crate) use token::no_keys;

/// The longest token that is accepted, in bytes.
const MAX_TOKEN: usize = 8 * 1024;

/// How callers are authenticated. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Auth {
    /// No authentication: every client that reaches the port may do everything.
    None,
    /// Bearer tokens, with a request rate limit per caller.
    Jwt(Arc<Verifier>, Arc<RateLimits>),
}

impl Auth {
    /// Authenticates according to `settings`, for a server that listens at `listen`. Must be called
    /// on the main runtime, which fetches the keys.
    ///
    /// # Errors
    /// If the settings are invalid; in mode `none` also if `listen` is not a loopback address.
    pub(crate) fn new(settings: &AuthSettings, listen: SocketAddr) -> anyhow::Result<Self> {
        match settings.mode {
            AuthMode::None => {
                ensure!(
                    listen.ip().is_loopback(),
                    "auth.mode = \"none\" is allowed on loopback only, since it grants every client everything, but http.listen is \
                     {listen}: set auth.mode = \"jwt\" with auth.issuer, auth.audience and auth.jwks_url or auth.jwks_file"
                );
                tracing::warn!(
                    "requests are not authenticated (auth.mode = none); use this for development only"
                );
                Ok(Self::None)
            }
            AuthMode::Jwt => {
                let limits = RateLimits::new(settings.requests_per_s, settings.burst);
                Ok(Self::Jwt(Arc::new(Verifier::new(settings)?), Arc::new(limits)))
            }
        }
    }

    /// The caller that sends these headers.
    ///
    /// # Errors
    /// 401 without a valid token, 503 while no keys are available to check tokens with.
    pub(crate) async fn identify(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        match self {
            Self::None => Ok(Caller::anonymous()),
            Self::Jwt(verifier, _) => verifier.verify(bearer(headers)?).await,
        }
    }

    /// Counts a request of `caller`. Returns the remaining allowance, if the caller is limited, and
    /// a 429 problem if the limit is exceeded.
    pub(crate) fn count(&self, caller: &Caller) -> (Option<Allowance>, Result<(), Problem>) {
        match self {
            Self::None => (None, Ok(())),
            Self::Jwt(_, limits) => {
                let (allowance, counted) = limits.count(caller.key());
                (Some(allowance), counted)
            }
        }
    }
}

/// The bearer token, if there is exactly one.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let refuse = |detail: &str| Err(Problem::unauthenticated().detail(detail));
    let mut given = headers.get_all(header::AUTHORIZATION);
    let Some(first) = given.next() else { return refuse("the Authorization header is missing") };
    if given.next().is_some() {
        return refuse("the request has more than one Authorization header");
    }
    let token = first.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match token {
        Some(token) if (1..=MAX_TOKEN).contains(&token.len()) => Ok(token),
        _ => refuse("the Authorization header must be `Bearer` followed by a token of at most 8192 bytes"),
    }
}
