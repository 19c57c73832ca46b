//! Probing devices. One replica holds the watch lease, finds devices that are silent or whose
//! gateway is, and sends each a `TriggerMessage` on the same path as all commands.

mod ask;
mod lease;
mod metrics;
mod pace;
mod topic;
mod watch;

pub(crate) use ask::Asker;
pub(crate) use watch::Watch;
