//! Whether a caller sees the tokens of drivers.

use crate::http::scopes::READ_DRIVERS;
use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest};
use domain::ids::IdTag;
use runtime::Problem;
use runtime::auth::Caller;
use std::borrow::Cow;
use std::future::{Ready, ready};

/// How a caller sees the tokens of drivers: as they are with the scope `drivers:read`, else masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdTags {
    /// As they are.
    Shown,
    /// Masked, see [`IdTag::masked`].
    Masked,
}

impl IdTags {
    /// How `caller` sees them.
    pub fn of(caller: &Caller) -> Self {
        if caller.has(READ_DRIVERS) { Self::Shown } else { Self::Masked }
    }

    /// The token as the caller sees it.
    pub fn show(self, id_tag: &IdTag) -> Cow<'_, IdTag> {
        match self {
            Self::Shown => Cow::Borrowed(id_tag),
            Self::Masked => Cow::Owned(id_tag.masked()),
        }
    }

    /// Refuses a request that needs to see them; `what` names its part that does.
    ///
    /// # Errors
    /// 403 if they are masked.
    pub fn require(self, what: &str) -> Result<(), Problem> {
        match self {
            Self::Shown => Ok(()),
            Self::Masked => {
                let detail = format!("{what} needs the scope {READ_DRIVERS}, which the token lacks");
                Err(Problem::forbidden().detail(detail))
            }
        }
    }
}

impl FromRequest for IdTags {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload).into_inner();
        ready(caller.map(|caller| Self::of(&caller)))
    }
}
