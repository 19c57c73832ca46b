//! What is true of stations, piles and the devices behind them: types and transitions.
//!
//! No I/O, no async, no clock, no randomness: time and identity come in as arguments, so the same input always gives
//! the same state. Live state is made of parts that do not depend on the order in which facts arrive
//! ([`latest::Latest`], [`Liveness`](devices::liveness::Liveness), [`Ledger`](sessions::ledger::Ledger)); that is what makes replay harmless.

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
pub mod latest;
pub mod measure;
pub mod order;
mod schema;
pub mod sessions;
pub mod status;
pub mod tariffs;
pub mod text;
