//! The caller of a request.

use super::{Operators, Scope};
use crate::Problem;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use std::collections::BTreeSet;
use std::future::{Ready, ready};
use std::sync::Arc;

/// The subject of callers that are not authenticated.
const ANONYMOUS: &str = "anonymous";

/// The authenticated sender of a request with its scopes and operators. Handlers that write an audit record take
/// it as an argument. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    subject: Arc<str>,
    granted: Granted,
    operators: Operators,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Granted {
    Everything,
    Scopes(BTreeSet<String>),
}

impl Caller {
    /// A caller with the subject, the scopes and the operators of a token.
    pub(super) fn new(subject: &str, scopes: BTreeSet<String>, operators: Operators) -> Self {
        Self { subject: subject.into(), granted: Granted::Scopes(scopes), operators }
    }

    /// An unauthenticated caller, which may do everything.
    pub(super) fn anonymous() -> Self {
        Self { subject: ANONYMOUS.into(), granted: Granted::Everything, operators: Operators::All }
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

    pub(super) fn key(&self) -> &Arc<str> {
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
