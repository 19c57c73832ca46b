//! The body of a command, which may be omitted where `{}` is valid.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{Error, FromRequest, HttpRequest};
use runtime::http::JsonBody;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;

/// A JSON body as `T`; an absent body counts as `{}`.
pub(super) struct CommandBody<T>(pub(super) T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for CommandBody<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if is_empty(request) {
            return Box::pin(async { Ok(Self(T::default())) });
        }
        let body = JsonBody::<T>::from_request(request, payload);
        Box::pin(async move { body.await.map(|JsonBody(body)| Self(body)) })
    }
}

fn is_empty(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    !headers.contains_key(header::TRANSFER_ENCODING) && length.is_none_or(|length| length == "0")
}
