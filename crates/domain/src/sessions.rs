//! Charging sessions, and how they are derived from the facts that a connector reported.

pub mod ledger;
pub mod limits;
pub mod registers;
pub mod repair;
pub mod session;
pub mod status_trail;
