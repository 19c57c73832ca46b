//! Probing devices. One replica holds the watch lease, finds devices that are silent or whose
//! gateway is, and sends each a `TriggerMessage` on the same path as all commands.

mod metrics;
mod probe;
mod rate_limit;
mod topic;
mod watch;

pub(crate) use probe::Prober;
pub(crate) use watch::Watch;
