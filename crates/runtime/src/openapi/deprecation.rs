//! When an operation was deprecated and may be removed, as its responses announce it.

use std::time::{Duration, UNIX_EPOCH};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, HttpDate, LINK};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The deprecation of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Deprecation {
    since_unix_s: u32,
    sunset_unix_s: u32,
    about: &'static str,
}

impl Deprecation {
    /// Deprecated since the first time, and not removed before the second; both in seconds since
    /// 1970. `about` is the address of a page that names what to use instead.
    #[must_use]
    pub const fn new(since_unix_s: u32, sunset_unix_s: u32, about: &'static str) -> Self {
        Self { since_unix_s, sunset_unix_s, about }
    }

    /// Adds `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and the link to the page.
    pub(crate) fn announce(self, headers: &mut HeaderMap) {
        let sunset = HttpDate::from(UNIX_EPOCH + Duration::from_secs(self.sunset_unix_s.into()));
        let link = format!("<{}>; rel=\"deprecation\"; type=\"text/html\"", self.about);
        let announced =
            [(DEPRECATION, format!("@{}", self.since_unix_s)), (SUNSET, sunset.to_string()), (LINK, link)];
        for (name, value) in announced {
            // An address with characters that no header may have is a programming error.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.append(name, value);
            }
        }
    }
}
