//! Ids in paths.

use crate::Problem;
use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use std::future::{Ready, ready};
use uuid::Uuid;

/// What a path can identify by a UUID.
pub trait Resource {
    /// Its id.
    type Id: From<Uuid>;

    /// The response to a path that identifies none: 404.
    fn not_found() -> Problem;
}

/// The id of a resource, from the first parameter of the path. Text that is not a UUID identifies
/// no resource, so it is answered with 404.
#[derive(Debug, Clone, Copy)]
pub struct PathId<R: Resource>(pub R::Id);

impl<R: Resource> PathId<R> {
    /// The id in `text`.
    ///
    /// # Errors
    /// [`Resource::not_found`] if it is not a UUID.
    pub fn parse(text: &str) -> Result<R::Id, Problem> {
        Uuid::try_parse(text).map(R::Id::from).map_err(|_malformed| R::not_found())
    }
}

impl<R: Resource> FromRequest for PathId<R> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let text = request.match_info().iter().next().map_or("", |(_name, text)| text);
        ready(Self::parse(text).map(Self).map_err(Error::from))
    }
}
