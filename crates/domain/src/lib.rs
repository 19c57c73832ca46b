//! What is true of stations, piles and the devices behind them: types and transitions.
//!
//! No I/O, no async, no clock, no randomness: time and identity come in as arguments, so the same input always gives
//! the same state. Live state is made of parts that do not depend on the order in which facts arrive
//! ([`latest::Latest`], [`liveness::Liveness`], [`ledger::Ledger`]); that is what makes replay harmless.

pub mod asset;
pub mod awaited;
pub mod boot_probe;
pub mod calendar;
pub mod change;
pub mod charge_point;
pub mod command;
pub mod connector;
pub mod digest;
pub mod event;
pub mod feed;
#[cfg(feature = "generate")]
pub mod generate;
pub mod history;
mod id_tag_parts;
pub mod ids;
pub mod latest;
pub mod ledger;
pub mod liveness;
pub mod measure;
pub mod order;
pub mod presence;
pub mod registers;
pub mod sample;
mod schema;
pub mod session;
pub mod session_repair;
pub mod status;
pub mod status_trail;
pub mod tariff;
pub mod text;
