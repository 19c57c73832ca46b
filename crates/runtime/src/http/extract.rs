//! Query and path parameters, failing with problems that name the field.

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};

use super::framework;
use crate::Problem;

/// The query string as `T`; 400 `INVALID_REQUEST` naming the parameter if it is invalid.
///
/// Put `#[serde(deny_unknown_fields)]` on `T`, so that a misspelt filter is not silently ignored.
#[derive(Clone, Copy, Debug)]
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned> FromRequest for QueryParams<T> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(parse_query(request.query_string()).map(Self).map_err(Into::into))
    }
}

fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "query".to_owned() } else { path };
        Problem::invalid(Vec::new()).field(field, error.inner().to_string())
    })
}

/// The path parameters as `T`; 400 `INVALID_REQUEST` if they are invalid.
///
/// A service in which a malformed id is a 404 of its resource takes a `String` and parses it
/// itself.
#[derive(Clone, Copy, Debug)]
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for PathParams<T> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let path = web::Path::<T>::from_request(request, payload).into_inner();
        ready(path.map(|path| Self(path.into_inner())).map_err(|error| {
            // The error already is a problem from our own error handler, or the bare framework is
            // in use.
            match error.as_error::<actix_web::error::PathError>() {
                Some(path_error) => framework::path_problem(path_error).into(),
                None => error,
            }
        }))
    }
}
