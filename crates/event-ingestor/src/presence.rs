//! What this replica knows of gateways: which it heard, and which devices are concerned because theirs is silent.

mod concerned;
mod heard;

pub(crate) use concerned::Concerned;
pub(crate) use heard::HeardGateways;

use std::sync::Arc;
use storage::presence::silence::SilencePolicy;

/// What the tasks of partitions share of that.
#[derive(Debug, Clone)]
pub(crate) struct Presence {
    /// When gateways were heard.
    pub gateways: Arc<HeardGateways>,
    /// Devices that a silent gateway concerns.
    pub concerned: Arc<Concerned>,
    /// What follows from silence.
    pub silence: SilencePolicy,
}

impl Presence {
    /// Nothing is known yet.
    pub(crate) fn new(silence: SilencePolicy) -> Self {
        Self { gateways: Arc::default(), concerned: Arc::default(), silence }
    }
}
