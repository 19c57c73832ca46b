//! The caller of a request.

use super::{Operators, Scope};
use crate::{Problem, clock};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

/// The subject of callers that are not authenticated.
const ANONYMOUS: &str = "anonymous";

/// The authenticated sender of a request with its scopes and operators. Handlers that write an audit record take
/// it as an argument. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    subject: Arc<str>,
    granted: Granted,
    operators: Operators,
    /// When a stream that the caller opens must end; `None` if its credentials do not expire.
    ends_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Granted {
    Everything,
    Scopes(BTreeSet<String>),
}

impl Caller {
    /// A caller with the subject, the scopes and the operators of a token, whose streams end at
    /// `ends_at`.
    pub(super) fn new(
        subject: &str,
        scopes: BTreeSet<String>,
        operators: Operators,
        ends_at: Option<DateTime<Utc>>,
    ) -> Self {
        Self { subject: subject.into(), granted: Granted::Scopes(scopes), operators, ends_at }
    }

    /// An unauthenticated caller, which may do everything.
    pub(super) fn anonymous() -> Self {
        Self {
            subject: ANONYMOUS.into(),
            granted: Granted::Everything,
            operators: Operators::All,
            ends_at: None,
        }
    }

    /// The `sub` of the token; `anonymous` if requests are not authenticated.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The operators whose things the caller may reach. Handlers of routes with
    /// [`Reach::Operator`](super::Reach::Operator) apply it in every query.
    #[must_use]
    pub const fn operators(&self) -> &Operators {
        &self.operators
    }

    /// Whether the caller was authenticated: `false` if `auth.mode` is `none`.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        matches!(self.granted, Granted::Scopes(_))
    }

    /// The time that is left for a stream of the caller: until the `exp` of its token. A token that
    /// is past it and still accepted (`auth.leeway_s`) is good for a stream until it is refused.
    /// `None` if the caller was not authenticated.
    #[must_use]
    pub fn stream_time(&self) -> Option<Duration> {
        self.ends_at.map(|end| (end - clock::now()).to_std().unwrap_or_default())
    }

    pub(crate) fn key(&self) -> &Arc<str> {
        &self.subject
    }

    /// Whether the caller may use operations that need `scope`.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        match &self.granted {
            Granted::Everything => true,
            Granted::Scopes(scopes) => scopes.contains(scope.as_str()),
        }
    }
}

impl FromRequest for Caller {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        // Every route authenticates its caller before it extracts the handler's arguments.
        let caller = request.extensions().get::<Self>().cloned();
        ready(caller.ok_or_else(|| Problem::unauthenticated().into()))
    }
}
