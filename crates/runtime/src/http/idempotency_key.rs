//! The `Idempotency-Key` header, which belongs to its caller.

use crate::Problem;
use crate::auth::Caller;
use crate::openapi::Parameter;
use crate::problem::FieldError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use schemars::json_schema;
use std::future::{Ready, ready};

const MAX_CHARS: usize = 200;

/// The caller's key for its request; `None` if the header is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<CallerKey>);

/// A key and the caller that it belongs to: the same header of two callers is two keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerKey {
    /// The `sub` of the caller; `anonymous` if requests are not authenticated.
    pub subject: String,
    /// The value of the header: 1 to 200 visible ASCII characters.
    pub key: String,
}

impl IdempotencyKey {
    /// The header as a parameter of an operation.
    #[must_use]
    pub fn parameter() -> Parameter {
        let schema = json_schema!({ "type": "string", "pattern": "^[!-~]{1,200}$" });
        let about = "Identifies the request among those of the caller: a repeated request gets what the first one led to.";
        Parameter::header::<String>("Idempotency-Key", about).like(schema)
    }
}

impl FromRequest for IdempotencyKey {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(read(request).map(Self).map_err(Into::into))
    }
}

fn read(request: &HttpRequest) -> Result<Option<CallerKey>, Problem> {
    let mut given = request.headers().get_all("idempotency-key");
    let Some(first) = given.next() else { return Ok(None) };
    let text = first.to_str().ok().filter(|text| (1..=MAX_CHARS).contains(&text.len()));
    match (text, given.next()) {
        (Some(text), None) if text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            // Every route authenticates its caller before it extracts the handler's arguments.
            let extensions = request.extensions();
            let caller = extensions.get::<Caller>().ok_or_else(Problem::unauthenticated)?;
            Ok(Some(CallerKey { subject: caller.subject().to_owned(), key: text.to_owned() }))
        }
        _ => {
            let message = format!("must be given once, as 1 to {MAX_CHARS} visible ASCII characters");
            Err(Problem::invalid(vec![FieldError::new("Idempotency-Key", message)]))
        }
    }
}
