//! Decides whether a published command is sent again because its device has since been heard
//! through another gateway.

use super::{CommandRecord, CommandState, GatewayRoute, Step};
use crate::ids::GatewayId;
use chrono::{DateTime, Utc};

/// The commands that are sent again because repeating them does no harm. A start is not among them:
/// if the first one succeeded, a second would begin another charge.
const REPEATABLE: [&str; 6] = [
    "RemoteStopTransaction",
    "Reset",
    "UnlockConnector",
    "ChangeAvailability",
    "TriggerMessage",
    "ChangeConfiguration",
];

/// When and through which gateway an online device was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting<'a> {
    /// The gateway.
    pub gateway_id: &'a GatewayId,
    /// The time at which the event was appended or written, whichever is earlier.
    pub heard_at: DateTime<Utc>,
}

impl CommandRecord {
    /// The OCPP actions of the commands that may be sent again.
    #[must_use]
    pub const fn repeatable() -> &'static [&'static str] {
        &REPEATABLE
    }

    /// Whether the command must be sent again at `now`, to the gateway of the sighting. All of the
    /// following hold:
    ///
    /// - The command is on the topic, can be repeated and has not expired.
    /// - Neither an answer nor an effect was observed.
    /// - It has not been sent again before.
    /// - The device was heard through another gateway after the command was issued.
    ///
    /// A reset that was carried out is confirmed by the boot.
    #[must_use]
    pub fn has_stale_route(&self, sighting: Sighting<'_>, now: DateTime<Utc>) -> bool {
        self.life.state() == CommandState::Published
            && REPEATABLE.contains(&self.name.as_str())
            && now < self.expires_at
            && sighting.heard_at > self.issued_at
            && *sighting.gateway_id != self.gateway_id
            && !self.life.trail().iter().any(|entry| matches!(entry.step, Step::Rerouted { .. }))
    }

    /// Records at `now`, before it is published there, that the command is sent again to `route`.
    pub fn reroute(&mut self, route: GatewayRoute, now: DateTime<Utc>) {
        let GatewayRoute { gateway_id: to, partition } = route;
        let from = std::mem::replace(&mut self.gateway_id, to.clone());
        self.life.apply(now, Step::Rerouted { from, to, partition });
    }
}

#[cfg(test)]
mod tests;
