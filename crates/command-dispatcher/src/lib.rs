//! Accepts commands to charge points over HTTP and publishes them to the gateway that holds the
//! device.
//!
//! The path of a command:
//!
//! 1. [`http`] parses it into an [`Intent`](dispatch::intent::Intent).
//! 2. The [`Dispatcher`](dispatch::dispatcher::Dispatcher) loads the pile and checks whether it
//!    allows the command.
//! 3. The [`GatewayDirectory`](dispatch::gateway_directory::GatewayDirectory) resolves the gateway
//!    and its partition.
//! 4. [`Delivery`](dispatch::delivery::Delivery) records the command, publishes it to the
//!    [`CommandTopic`](dispatch::topic::CommandTopic), and records the outcome.
//!
//! Only a published command is answered with 202.
//!
//! A stop whose transaction id is not known yet waits, and a session that reaches a limit of its
//! start is stopped: see [`stops`]. If it is turned on, [`recovery`] sends commands that may end the
//! cause of an issue.
//!
//! A command to a whole station is recorded as one of the [`batches`], which replicas carry out
//! through the same dispatcher.

mod batches;
mod dispatch;
mod error;
mod http;
mod lost_commands;
mod metrics;
mod presence;
mod recovery;
mod retention_rules;
mod service;
mod settings;
mod stops;

pub use http::openapi;
pub use lost_commands::{find_lost_commands, lost_commands};
pub use service::serve;
pub use settings::{DEFAULTS, DispatchSettings, Settings};
