//! Commands to one pile.

pub(crate) mod body;
pub(crate) mod log;
pub(crate) mod routes;
pub(crate) mod view;
