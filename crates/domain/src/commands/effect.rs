//! The observed effects of commands, by which a command without an answer is confirmed.

use crate::ids::SessionId;
use crate::status::ConnectorStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An observed effect of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// The kind of effect.
    pub kind: EffectKind,
    /// The session that began or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// For [`EffectKind::Status`], the status of the connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ConnectorStatus>,
}

/// The observable effects of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EffectKind {
    /// A start: the transaction began.
    Charging,
    /// A stop: the transaction ended.
    Stopped,
    /// A reset: the device booted.
    Restarted,
    /// A start: the connector changed to Preparing or Charging after the command was sent. Weaker
    /// than a session, which replaces it when it appears.
    Status,
}

impl EffectKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Charging, Self::Stopped, Self::Restarted, Self::Status];
}

impl Effect {
    /// The effect that a session began or ended, or that the device booted.
    #[must_use]
    pub const fn new(kind: EffectKind, session_id: Option<SessionId>) -> Self {
        Self { kind, session_id, status: None }
    }

    /// The effect that the connector changed to `status`.
    #[must_use]
    pub const fn of_status(status: ConnectorStatus) -> Self {
        Self { kind: EffectKind::Status, session_id: None, status: Some(status) }
    }

    /// The strength of the evidence: a session, then a connector that charges, then one that
    /// prepares.
    pub(super) fn strength(self) -> u8 {
        match (self.kind, self.status) {
            (EffectKind::Status, Some(ConnectorStatus::Preparing)) => 0,
            (EffectKind::Status, _) => 1,
            (EffectKind::Charging | EffectKind::Stopped | EffectKind::Restarted, _) => 2,
        }
    }

    /// Whether `self` is stronger evidence than `other`.
    #[must_use]
    pub fn is_stronger_than(self, other: Self) -> bool {
        self.strength() > other.strength()
    }
}
