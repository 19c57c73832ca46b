//! The operators to which the caller of a request is bound.

use crate::http::fields::Fields;
use crate::http::fields::parse::text;
use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use domain::assets::OperatorBound;
use domain::text::Label;
use std::future::{Ready, ready};

/// The bound of the caller, which the handler of every operation with
/// [`Reach::Operator`](runtime::auth::Reach::Operator) passes to the queries that it runs.
pub struct Bound(pub OperatorBound);

impl FromRequest for Bound {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = runtime::auth::Caller::from_request(request, payload).into_inner();
        ready(caller.map(|caller| Self(OperatorBound::of(caller.operators().ids()))))
    }
}

/// Takes `operatorId`, the operator of the thing that a caller with `bound` writes, out of `body`.
/// Without it, the only operator of the caller is the default; faults are recorded in `body`.
pub fn take_operator(body: &mut Fields, bound: &OperatorBound) -> Option<Label> {
    let is_named = body.has("operatorId");
    let named = body.optional("operatorId", |value| {
        let operator = text(Label::parse)(value)?;
        let is_own = bound.reaches(Some(operator.as_str()));
        if is_own { Ok(operator) } else { Err("is not an operator of the token".to_owned()) }
    });
    if is_named || bound.ids().is_none() {
        return named;
    }
    let default = bound.sole().and_then(|operator| Label::parse(operator).ok());
    if default.is_none() {
        body.refuse("operatorId", "is required, because the token is not bound to exactly one operator");
    }
    default
}
