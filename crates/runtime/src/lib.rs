//! How every service of the platform starts, reports and stops; it knows nothing of charging.
//!
//! A service is a [`Service`] with its embedded `defaults.toml`, an async `main` and perhaps some one-shot commands.
//! What it is handed are its own settings, already checked, and a [`Context`]: when to stop, whom to tell about
//! health, where to count. The rest of the crate is what services share at their edges: [`http`] with
//! [`auth`], [`openapi`] and [`problem::Problem`], [`kafka`], [`redis`], [`trace`] and the [`clock`].

mod admin;
pub mod auth;
mod causes;
pub mod clock;
mod context;
pub mod health;
pub mod http;
pub mod kafka;
pub mod openapi;
pub mod problem;
pub mod redis;
mod service;
pub mod settings;
mod shutdown;
pub mod telemetry;
pub mod trace;

pub use causes::causes;
pub use context::Context;
pub use problem::Problem;
pub use service::{ExitWith, Service};
pub use shutdown::Shutdown;
