//! Simulates the charge-point gateway and its charge points, for the demo, system tests and load
//! runs.
//!
//! A [`Simulator`] runs any number of gateway pods and devices in one process: events go to Kafka,
//! `conn:` keys to Redis; commands come from Kafka and are executed by a [`device::Device`], a
//! state machine without I/O. [`Load`] produces events at a given rate and keeps a ledger of them
//! with which a database can be compared. [`check`] is for other gateways: it checks whether they
//! keep the contract.

mod behaviour;
pub mod check;
mod commands;
pub mod device;
mod directory;
mod driver;
mod error;
mod history;
mod load;
mod metrics;
mod publisher;
mod random;
mod schedule;
mod serve;
pub mod settings;
mod simulator;
mod statistics;

pub use behaviour::{Behaviour, Manner};
pub use commands::{Outcome, ReceivedCommand, Rejection};
pub use device::DeviceSpec;
pub use error::SimulatorError;
pub use load::{Load, LoadPace, LoadReport, LoadSegment, ledger};
pub use publisher::{Position, SentEvent};
pub use serve::{load, serve};
pub use settings::{Settings, SimulatorSettings};
pub use simulator::{Disconnection, KeyFate, Reconnect, Simulator};
pub use statistics::Statistics;
