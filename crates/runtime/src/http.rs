//! A service's HTTP face: server, observation of requests, and extractors that fail as problems.

mod connections;
mod extract;
mod framework;
mod guard;
mod headers;
mod json;
mod observe;
pub mod page;
mod routes;
mod server;
mod target;
mod unfinished;
mod unread;

pub use extract::{PathParams, QueryParams};
pub use guard::Deadline;
pub use json::{BodyLimit, JsonBody};
pub use routes::{Methods, Routes};
pub use server::{HttpServerHandle, serve};

#[cfg(test)]
mod tests;
