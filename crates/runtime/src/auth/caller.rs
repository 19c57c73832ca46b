//! Whoever sent a request.

use super::Scope;
use crate::Problem;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use std::collections::BTreeSet;
use std::future::{Ready, ready};
use std::sync::Arc;

/// Who is called so while nobody is asked.
const ANONYMOUS: &str = "anonymous";

/// Whoever sent a request, and what they may do. An argument of handlers that keep a record of who did what. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    subject: Arc<str>,
    granted: Granted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Granted {
    Everything,
    Scopes(BTreeSet<String>),
}

impl Caller {
    /// The subject of a token, with its scopes.
    pub(super) fn new(subject: &str, scopes: BTreeSet<String>) -> Self {
        Self { subject: subject.into(), granted: Granted::Scopes(scopes) }
    }

    /// Anyone, who may do everything.
    pub(super) fn anonymous() -> Self {
        Self { subject: ANONYMOUS.into(), granted: Granted::Everything }
    }

    /// The subject of the token; `anonymous` where nobody is asked.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub(super) fn key(&self) -> &Arc<str> {
        &self.subject
    }

    /// Whether they may do what needs `scope`.
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
        // Every route admits its caller before its handler is asked for.
        let caller = request.extensions().get::<Self>().cloned();
        ready(caller.ok_or_else(|| Problem::unauthenticated().into()))
    }
}
