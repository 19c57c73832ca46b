//! Takes commands to charge points over HTTP and publishes them to the gateway that holds the device.
//!
//! One command, from top to bottom: [`http`] parses it into an [`Intent`](dispatch::intent::Intent); the
//! [`Dispatcher`](dispatch::dispatcher::Dispatcher) looks at the pile and checks whether it may be commanded, asks [`routes`] for
//! the gateway and its partition, and hands the command to [`delivery`], which records it, publishes it to the [`topic`]
//! and notes what became of that. Only what was published is answered 202.
//!
//! What is asked of a whole station is kept as one of the [`batches`], which replicas carry out through the same dispatcher.

mod batches;
mod dispatch;
mod error;
mod http;
mod metrics;
mod presence;
mod service;
mod settings;

pub use http::openapi;
pub use service::serve;
pub use settings::{DEFAULTS, DispatchSettings, Settings};
