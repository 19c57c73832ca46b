//! The HTTP layer of a service: server, observation of requests, and extractors that fail with
//! problems.

mod connections;
mod cors;
mod docs;
mod draining;
mod extract;
pub mod fields;
mod framework;
mod guard;
mod headers;
mod idempotency_key;
mod json;
mod observe;
mod origin;
pub mod page;
mod path_id;
mod routes;
mod server;
mod target;
mod unauthenticated;
mod unfinished;
mod unread;

pub use extract::{PathParams, QueryParams};
pub(crate) use framework::{body_problems, method_not_allowed, not_found};
pub use framework::{too_large, too_slow, unsupported_media_type};
pub use guard::{Deadline, too_late};
pub use idempotency_key::{CallerKey, IdempotencyKey};
pub use json::{BodyLimit, JsonBody, refuse_compressed};
pub use origin::{NotAnOrigin, WebOrigin};
pub use path_id::{PathId, Resource};
pub(crate) use routes::read;
pub use routes::{Methods, Routes};
pub use server::{HttpServerHandle, serve};
pub(crate) use target::too_long;

#[cfg(test)]
mod tests;
