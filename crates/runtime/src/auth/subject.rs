//! The subject of the caller, in the type in which a service records it.

use super::Caller;
use crate::Problem;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::fmt::Display;
use std::future::{Ready, ready};
use std::str::FromStr;

/// The subject of the caller's token, or `anonymous` when `auth.mode` is `none`. A subject that is
/// not a valid `T` is answered with 401.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<T>(pub T);

impl<T: FromStr<Err: Display>> FromRequest for Subject<T> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload).into_inner();
        ready(caller.and_then(|caller| {
            let invalid = |error| Problem::unauthenticated().detail(format!("the token's subject: {error}"));
            Ok(Self(caller.subject().parse().map_err(invalid)?))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::HttpMessage as _;
    use actix_web::test::TestRequest;

    fn subject<T: FromStr<Err: Display>>(request: &HttpRequest) -> Result<T, u16> {
        let read = Subject::from_request(request, &mut Payload::None).into_inner();
        read.map(|Subject(subject)| subject).map_err(|error| error.as_response_error().status_code().as_u16())
    }

    #[test]
    fn an_invalid_subject_is_no_authentication() {
        let request = TestRequest::get().to_http_request();
        assert_eq!(subject::<String>(&request), Err(401), "no caller");
        request.extensions_mut().insert(Caller::anonymous());
        assert_eq!(subject(&request), Ok("anonymous".to_owned()));
        assert_eq!(subject::<u8>(&request), Err(401));
    }
}
