//! The caller of an operation that is recorded in the audit.

use crate::http::edit;
use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use domain::assets::EditStamp;
use domain::ids::Actor;
use runtime::Problem;
use std::future::{Ready, ready};

/// The caller, as the audit names it: the subject of its token, or `anonymous` when `auth.mode` is
/// `none`.
pub struct Caller(Actor);

impl Caller {
    /// The stamp of an edit by this caller at the current time.
    pub fn stamp(self) -> EditStamp {
        EditStamp { at: edit::now(), by: self.0 }
    }

    /// The caller without a time.
    pub fn into_actor(self) -> Actor {
        self.0
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
