//! The `Idempotency-Key` header.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use runtime::Problem;
use runtime::problem::FieldError;
use std::future::{Ready, ready};

const MAX_CHARS: usize = 200;

/// The caller's key for its request; `None` when the header is absent.
pub(super) struct IdempotencyKey(pub(super) Option<String>);

impl FromRequest for IdempotencyKey {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(read(request).map(Self).map_err(Into::into))
    }
}

fn read(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut given = request.headers().get_all("idempotency-key");
    let Some(first) = given.next() else { return Ok(None) };
    let text = first.to_str().ok().filter(|text| (1..=MAX_CHARS).contains(&text.len()));
    match (text, given.next()) {
        (Some(text), None) if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(text.to_owned())),
        _ => {
            let message = format!("must be given once, as 1 to {MAX_CHARS} visible ASCII characters");
            Err(Problem::invalid(vec![FieldError::new("Idempotency-Key", message)]))
        }
    }
}
