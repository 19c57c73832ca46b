//! Commands to one pile.

pub(crate) mod body;
pub(crate) mod routes;
pub(crate) mod view;
