//! The steps of the ladder, and their commands.

use crate::commands::{Availability, CommandKind, ResetKind, TriggeredMessage};
use crate::ids::ConnectorId;
use crate::issues::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A step of the ladder, the gentlest first. The names are stored and returned by the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RecoveryStep {
    /// Request the status again.
    Trigger,
    /// Restart the software of the device.
    SoftReset,
    /// Restart the device.
    HardReset,
    /// Unlock the connector.
    Unlock,
    /// Take the connector out of service.
    OutOfService,
}

impl RecoveryStep {
    /// All steps, the gentlest first.
    pub const ALL: [Self; 5] =
        [Self::Trigger, Self::SoftReset, Self::HardReset, Self::Unlock, Self::OutOfService];

    /// The name in the API, the feed and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::SoftReset => "softReset",
            Self::HardReset => "hardReset",
            Self::Unlock => "unlock",
            Self::OutOfService => "outOfService",
        }
    }

    /// Parses such a name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == word)
    }

    /// The command of the step at a connector, `None` being the device as a whole; `None` if the step
    /// needs a connector.
    #[must_use]
    pub fn command(self, connector: Option<ConnectorId>) -> Option<CommandKind> {
        let outlet = connector.filter(|connector| !connector.is_whole());
        Some(match self {
            Self::Trigger => CommandKind::TriggerMessage {
                requested: TriggeredMessage::StatusNotification,
                connector_id: outlet,
            },
            Self::SoftReset => CommandKind::Reset { kind: ResetKind::Soft },
            Self::HardReset => CommandKind::Reset { kind: ResetKind::Hard },
            Self::Unlock => CommandKind::UnlockConnector { connector_id: outlet? },
            Self::OutOfService => CommandKind::ChangeAvailability {
                connector_id: outlet.unwrap_or(ConnectorId::WHOLE),
                availability: Availability::Inoperative,
            },
        })
    }

    /// What the step at a connector interrupts: that connector, or 0 for the whole device.
    pub(super) fn reach(self, connector: Option<ConnectorId>) -> ConnectorId {
        match self {
            Self::SoftReset | Self::HardReset => ConnectorId::WHOLE,
            Self::Trigger | Self::Unlock | Self::OutOfService => connector.unwrap_or(ConnectorId::WHOLE),
        }
    }

    /// Whether the step may end the cause. A device that is offline gets no command, and no command
    /// repairs a price.
    #[must_use]
    pub const fn helps_against(self, cause: Cause) -> bool {
        match cause {
            Cause::Fault | Cause::StartWithoutCharge => true,
            // A stuck session ends with a restart; its cable stays locked, and the connector in service.
            Cause::StuckSession => matches!(self, Self::Trigger | Self::SoftReset | Self::HardReset),
            // The boot notification sets the clock.
            Cause::ClockSkew => matches!(self, Self::SoftReset | Self::HardReset),
            Cause::Offline | Cause::Flapping | Cause::SessionWithoutEnergy | Cause::PriceGap => false,
        }
    }
}
