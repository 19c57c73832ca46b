//! The rules of the platform: types and transitions of stations, piles, devices, sessions, commands
//! and tariffs.
//!
//! The crate has no I/O, no async code, no clock and no randomness: time and identity are
//! arguments, so the same input always leads to the same state. Live state consists of parts that
//! do not depend on the order in which facts arrive ([`latest::Latest`],
//! [`Liveness`](devices::liveness::Liveness), [`Ledger`](sessions::ledger::Ledger)); therefore a
//! replay is harmless.

pub mod assets;
pub mod calendar;
pub mod commands;
pub mod devices;
pub mod digest;
pub mod event;
pub mod feed;
#[cfg(feature = "generate")]
pub mod generate;
mod id_tag_parts;
pub mod ids;
pub mod issues;
pub mod latest;
pub mod measure;
pub mod merged;
pub mod order;
pub mod reliability;
mod schema;
pub mod sessions;
pub mod status;
pub mod tariffs;
pub mod text;
