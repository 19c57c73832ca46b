//! What devices reported: those that no pile has, and the history of their statuses.

pub(crate) mod status_history;
pub(crate) mod unregistered;
