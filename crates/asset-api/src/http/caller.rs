//! Who edits.

use crate::http::edit;
use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use domain::assets::Signature;
use domain::ids::Actor;
use runtime::Problem;
use std::future::{Ready, ready};

/// Who edits: the subject of the caller's token, or `anonymous` where nobody is asked.
pub struct Caller(Actor);

impl Caller {
    /// What stands under an edit that they make now.
    pub fn sign(self) -> Signature {
        Signature { at: edit::now(), by: self.0 }
    }
}

impl FromRequest for Caller {
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
