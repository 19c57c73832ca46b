//! Who changes which versions of a resource.

use crate::http::caller::Caller;
use crate::http::edit::IfMatch;
use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use domain::assets::EditStamp;
use std::future::{Ready, ready};

/// A request that changes a resource: its caller and time, and the versions that `If-Match` allows.
pub struct EditRequest {
    /// Who changes it, and when.
    pub stamp: EditStamp,
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
        let caller = Caller::from_request(request, payload).into_inner();
        let if_match = IfMatch::of(request);
        ready(caller.map(|caller| Self { stamp: caller.stamp(), if_match }))
    }
}
