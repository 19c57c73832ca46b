//! Asking devices whether they are there: of all replicas one watches, finds devices that are silent or whose gateway is, and
//! sends each a `TriggerMessage` on the path that all commands take.

mod ask;
mod lease;
mod metrics;
mod pace;
mod topic;
mod watch;

pub(crate) use ask::Asker;
pub(crate) use watch::Watch;
