//! The operators to which the caller of a request is bound.

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use domain::assets::OperatorBound;
use runtime::auth::Caller;
use std::future::{Ready, ready};

/// The bound of the caller, which every handler passes to the queries that it leads to.
pub(super) struct Bound(pub(super) OperatorBound);

impl FromRequest for Bound {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload).into_inner();
        ready(caller.map(|caller| Self(OperatorBound::of(caller.operators().ids()))))
    }
}
