//! Who asks, and what they may: bearer tokens (RFC 6750) that are JWTs (RFC 7519), and the scopes in them.

mod caller;
mod key_set;
mod keys;
mod rate;
mod scope;
mod settings;
mod token;

pub use caller::Caller;
pub(crate) use rate::{Allowance, too_many_requests};
pub use scope::Scope;
pub use settings::{AuthMode, AuthSettings, SigningAlgorithm};

use crate::Problem;
use actix_web::http::header::{self, HeaderMap};
use anyhow::ensure;
use rate::RateLimits;
use std::net::SocketAddr;
use std::sync::Arc;
use token::Verifier;
pub(crate) use token::no_keys;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 8 * 1024;

/// How callers are told apart. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Auth {
    /// Not at all: whoever reaches the port may do everything.
    None,
    /// By their tokens; each may ask so often.
    Jwt(Arc<Verifier>, Arc<RateLimits>),
}

impl Auth {
    /// By `settings`, for a server that listens at `listen`. Must be called on the main runtime, which fetches keys.
    ///
    /// # Errors
    /// When the settings cannot be used; in mode `none` also when others than this machine reach the port.
    pub(crate) fn new(settings: &AuthSettings, listen: SocketAddr) -> anyhow::Result<Self> {
        match settings.mode {
            AuthMode::None => {
                ensure!(
                    listen.ip().is_loopback(),
                    "auth.mode = \"none\" lets everyone do everything, so it is refused off loopback, and http.listen is \
                     {listen}: set auth.mode = \"jwt\" with auth.issuer, auth.audience and auth.jwks_url or auth.jwks_file"
                );
                tracing::warn!("nobody is asked who they are (auth.mode = none)");
                Ok(Self::None)
            }
            AuthMode::Jwt => {
                let limits = RateLimits::new(settings.requests_per_s, settings.burst);
                Ok(Self::Jwt(Arc::new(Verifier::new(settings)?), Arc::new(limits)))
            }
        }
    }

    /// Who sends these headers.
    ///
    /// # Errors
    /// 401 without a valid token, 503 while there are no keys to check tokens with.
    pub(crate) async fn identify(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        match self {
            Self::None => Ok(Caller::anonymous()),
            Self::Jwt(verifier, _) => verifier.verify(bearer(headers)?).await,
        }
    }

    /// Counts a request of `caller`: what is left to them, where that is limited, and whether it was too many.
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

/// The token, if there is exactly one.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let refuse = |detail: &str| Err(Problem::unauthenticated().detail(detail));
    let mut given = headers.get_all(header::AUTHORIZATION);
    let Some(first) = given.next() else { return refuse("there is no Authorization header") };
    if given.next().is_some() {
        return refuse("there are several Authorization headers");
    }
    let token = first.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match token {
        Some(token) if (1..=MAX_TOKEN).contains(&token.len()) => Ok(token),
        _ => refuse("the Authorization header is not `Bearer` and a token"),
    }
}
