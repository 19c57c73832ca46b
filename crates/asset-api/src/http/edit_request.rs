//! Who changes which versions of a resource, within which bound.

use crate::http::bound::Bound;
use crate::http::edit::{self, IfMatch};
use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::Actor;
use runtime::auth::Subject;
use std::future::{Ready, ready};

/// A request that changes a resource: its caller, time and bound, and the versions that `If-Match`
/// allows.
pub struct EditRequest {
    /// Who changes it, and when.
    pub stamp: EditStamp,
    /// The operators to which the caller is bound.
    pub bound: OperatorBound,
    if_match: IfMatch,
}

impl EditRequest {
    /// The versions that may be changed; `None`: any.
    pub fn versions(&self) -> Option<&[i64]> {
        self.if_match.versions()
    }
}

impl FromRequest for EditRequest {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Subject::<Actor>::from_request(request, payload).into_inner();
        let bound = Bound::from_request(request, payload).into_inner();
        let if_match = IfMatch::of(request);
        ready(caller.and_then(|Subject(by)| Ok(Self { stamp: edit::stamp(by), bound: bound?.0, if_match })))
    }
}
