//! Who asks.

use crate::edition;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::asset::Signature;
use domain::ids::Actor;
use std::convert::Infallible;
use std::future::{Ready, ready};

/// Who asks: the [`Actor`] among the extensions of the request, where whoever checks credentials puts it; else nobody in
/// particular.
pub struct Caller(Actor);

impl Caller {
    /// What stands under an edit that they make now.
    pub fn sign(self) -> Signature {
        Signature { at: edition::now(), by: self.0 }
    }
}

impl FromRequest for Caller {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let actor = request.extensions().get::<Actor>().cloned();
        ready(Ok(Self(actor.unwrap_or_else(Actor::anonymous))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[actix_web::test]
    async fn a_caller_is_who_the_credentials_say_or_anonymous() {
        let request = TestRequest::default().to_http_request();
        let caller = Caller::extract(&request).await.unwrap();
        assert_eq!(caller.sign().by.as_str(), "anonymous");
        request.extensions_mut().insert(Actor::parse("op-7").unwrap());
        let caller = Caller::extract(&request).await.unwrap();
        assert_eq!(caller.sign().by.as_str(), "op-7");
    }
}
