//! Request rate limits per caller.

use crate::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Number of callers above which those without recent requests are evicted.
const REMEMBERED: usize = 10_000;

/// Counts the requests of each caller, in this process.
pub(crate) struct RateLimits {
    limiter:
        RateLimiter<Arc<str>, DefaultKeyedStateStore<Arc<str>>, DefaultClock, StateInformationMiddleware>,
    per_second: NonZeroU32,
    burst: NonZeroU32,
}

/// A caller's remaining allowance, for the headers of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    per_second: u32,
    burst: u32,
    left: u32,
    /// Seconds until the next request is allowed; 0 if one is allowed now.
    wait_s: u32,
}

impl RateLimits {
    /// Allows each caller `per_second` requests per second, and `burst` at once.
    pub(crate) fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { limiter: RateLimiter::keyed(quota).with_middleware(), per_second, burst }
    }

    /// Counts a request. Returns the remaining allowance, and a 429 problem if this request exceeds
    /// the limit.
    pub(crate) fn count(&self, caller: &Arc<str>) -> (Allowance, Result<(), Problem>) {
        if self.limiter.len() > REMEMBERED {
            self.limiter.retain_recent();
        }
        let allowance = |left, wait_s| Allowance {
            per_second: self.per_second.get(),
            burst: self.burst.get(),
            left,
            wait_s,
        };
        match self.limiter.check_key(caller) {
            Ok(state) => (allowance(state.remaining_burst_capacity(), 0), Ok(())),
            Err(too_soon) => {
                let wait = too_soon.wait_time_from(DefaultClock::default().now());
                let wait_s = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
                (allowance(0, wait_s), Err(too_many_requests(wait_s)))
            }
        }
    }
}

/// 429, with the seconds after which a request is allowed again.
pub(crate) fn too_many_requests(wait_s: u32) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", "Too many requests").retry_after(wait_s)
}

impl Allowance {
    /// Writes `RateLimit-Policy` and `RateLimit`, as defined by the IETF draft on RateLimit header
    /// fields.
    pub(crate) fn write_headers(self, headers: &mut HeaderMap) {
        let window = self.burst.div_ceil(self.per_second);
        let policy = format!("\"caller\";q={};w={window}", self.burst);
        let state = format!("\"caller\";r={};t={}", self.left, self.wait_s);
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}
