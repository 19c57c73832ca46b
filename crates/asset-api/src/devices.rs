//! Charge points that are not registered, and the status history of piles.

pub(crate) mod status_history;
pub(crate) mod unregistered;
