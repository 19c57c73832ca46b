//! The body of a command, which may be omitted where `{}` is valid.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{Error, FromRequest, HttpRequest};
use runtime::http::JsonBody;
use runtime::http::fields::Fields;
use std::future::Future;
use std::pin::Pin;

/// The fields of a JSON body; an absent body counts as `{}`.
pub(super) struct CommandBody(pub(super) Fields);

impl FromRequest for CommandBody {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if is_empty(request) {
            return Box::pin(async { Ok(Self(Fields::default())) });
        }
        let body = JsonBody::<Fields>::from_request(request, payload);
        Box::pin(async move { body.await.map(|JsonBody(body)| Self(body)) })
    }
}

fn is_empty(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    !headers.contains_key(header::TRANSFER_ENCODING) && length.is_none_or(|length| length == "0")
}
