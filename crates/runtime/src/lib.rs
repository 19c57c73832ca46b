//! How every service of the platform starts, reports and stops. The crate contains nothing about
//! charging.
//!
//! A service is a [`Service`] with its embedded `defaults.toml`, an async `main` and optional
//! one-shot commands. It receives its own settings, already validated, and a [`Context`]: the
//! shutdown signal, the health registry, the meter. The rest of the crate is what services share at
//! their boundaries: [`http`] with [`auth`], [`openapi`] and [`problem::Problem`], [`kafka`],
//! [`redis`], [`trace`], the [`clock`] and the [`coalescer`] of requests.

mod admin;
pub mod auth;
mod backoff;
mod causes;
pub mod clock;
pub mod coalescer;
mod context;
mod every;
pub mod health;
pub mod http;
pub mod kafka;
pub mod lock;
pub mod openapi;
pub mod problem;
pub mod redis;
mod service;
pub mod settings;
mod shutdown;
pub mod telemetry;
pub mod trace;

pub use backoff::Backoff;
pub use causes::causes;
pub use context::Context;
pub use every::every;
pub use problem::Problem;
pub use service::{ExitWith, Service};
pub use shutdown::Shutdown;
