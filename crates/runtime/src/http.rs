//! A service's HTTP face: server, observation of requests, and extractors that fail as problems.

mod docs;
mod extract;
mod framework;
mod guard;
mod json;
mod observe;
pub mod page;
mod routes;
mod server;
mod unread;

pub use extract::{PathParams, QueryParams};
pub(crate) use framework::{body_problems, not_found};
pub use guard::Deadline;
pub(crate) use guard::too_late;
pub use json::{BodyLimit, JsonBody};
pub use routes::{Methods, Routes};
pub use server::{HttpServerHandle, serve};

#[cfg(test)]
mod tests;
