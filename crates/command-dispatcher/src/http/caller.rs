//! The caller that sends commands.

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use domain::ids::Actor;
use runtime::Problem;
use std::future::{Ready, ready};

/// The subject of the caller's token, or `anonymous` when `auth.mode` is `none`.
pub(super) struct Issuer(pub(super) Actor);

impl FromRequest for Issuer {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = runtime::auth::Caller::from_request(request, payload).into_inner();
        ready(caller.and_then(|caller| {
            let unfit = |error| Problem::unauthenticated().detail(format!("the token's subject: {error}"));
            Ok(Self(Actor::parse(caller.subject()).map_err(unfit)?))
        }))
    }
}
