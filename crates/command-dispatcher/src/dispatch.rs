//! From a caller's intent to a published command: load context, check, route, insert, publish,
//! record the outcome.

pub(crate) mod command_retention;
pub(crate) mod command_store;
pub(crate) mod delivery;
pub(crate) mod dispatcher;
pub(crate) mod expiry;
pub(crate) mod gateway_directory;
pub(crate) mod intent;
pub(crate) mod pile_order;
pub(crate) mod publisher;
pub(crate) mod record;
pub(crate) mod reroute;
pub(crate) mod topic;
