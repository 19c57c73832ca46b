//! What the platform tells a charge point, and whether it may.

mod cause;
mod check;
mod configuration;
mod life;
pub mod pending;
mod record;
mod reroute;
mod route;

pub use cause::CommandedStart;
pub(crate) use cause::Evidence;
pub use check::{LastHeard, OpenSession, PileSnapshot, Refusal, StartInFlight};
pub use configuration::{ConfigurationKey, ConfigurationValue};
pub use life::{
    CommandLife, CommandState, DeviceAnswer, Effect, EffectKind, Failure, FailureCode, Step, Taken,
    TrailEntry,
};
pub use record::{CommandRecord, Goal};
pub use reroute::Sighting;
pub use route::{ChosenGateway, RouteKey, RouteSource, choose_gateway};

use crate::ids::{ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, SessionId, TransactionId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;

/// A command, ready to be sent to the gateway that holds the charge point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its id; the gateway tells repeated deliveries by it.
    pub id: CommandId,
    /// The device to be commanded.
    pub charge_point_id: ChargePointId,
    /// The gateway that holds the device.
    pub gateway_id: GatewayId,
    /// What is asked for.
    pub kind: CommandKind,
    /// When it was asked for.
    pub issued_at: DateTime<Utc>,
    /// After this it must not be carried out any more.
    pub expires_at: DateTime<Utc>,
    /// The trace that it belongs to (32 hex digits).
    pub trace_id: Option<String>,
}

/// What is asked of the charge point; one variant for each OCPP 1.6 request that the gateway passes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandKind {
    /// Start charging.
    StartTransaction {
        /// Who charges.
        id_tag: IdTag,
        /// Where; the charge point chooses when it is absent. Never connector 0.
        connector_id: Option<ConnectorId>,
    },
    /// Stop charging.
    StopTransaction {
        /// The transaction to stop.
        transaction_id: TransactionId,
    },
    /// Restart.
    Reset {
        /// How.
        kind: ResetKind,
    },
    /// Release a connector's lock.
    UnlockConnector {
        /// Which one; never connector 0.
        connector_id: ConnectorId,
    },
    /// Take a connector into or out of service.
    ChangeAvailability {
        /// Which one; 0 for the whole charge point.
        connector_id: ConnectorId,
        /// Into or out of service.
        availability: Availability,
    },
    /// Ask the device to send a message now.
    TriggerMessage {
        /// Which message.
        requested: TriggeredMessage,
        /// Of which connector, where that matters.
        connector_id: Option<ConnectorId>,
    },
    /// Change a configuration key of the device.
    ChangeConfiguration {
        /// The key.
        key: ConfigurationKey,
        /// What it is to be.
        value: ConfigurationValue,
    },
}

impl CommandKind {
    /// Every name that there is.
    pub const NAMES: [&'static str; 7] = [
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "Reset",
        "UnlockConnector",
        "ChangeAvailability",
        "TriggerMessage",
        "ChangeConfiguration",
    ];

    /// The name on the wire: the OCPP 1.6 action.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::StartTransaction { .. } => "RemoteStartTransaction",
            Self::StopTransaction { .. } => "RemoteStopTransaction",
            Self::Reset { .. } => "Reset",
            Self::UnlockConnector { .. } => "UnlockConnector",
            Self::ChangeAvailability { .. } => "ChangeAvailability",
            Self::TriggerMessage { .. } => "TriggerMessage",
            Self::ChangeConfiguration { .. } => "ChangeConfiguration",
        }
    }

    /// What would show that it was done; of a stop, `session` is the one that it is to end, if that is known.
    #[must_use]
    pub fn goal(&self, session: Option<SessionId>) -> Option<Goal> {
        match self {
            Self::StartTransaction { id_tag, connector_id } => {
                Some(Goal::Charging { connector_id: *connector_id, id_tag: id_tag.clone() })
            }
            Self::StopTransaction { transaction_id } => {
                Some(Goal::Stopped { transaction_id: transaction_id.clone(), session_id: session })
            }
            Self::Reset { .. } => Some(Goal::Restarted),
            Self::UnlockConnector { .. }
            | Self::ChangeAvailability { .. }
            | Self::TriggerMessage { .. }
            | Self::ChangeConfiguration { .. } => None,
        }
    }

    /// The connector that it is for; `None` where none is named.
    #[must_use]
    pub const fn connector_id(&self) -> Option<ConnectorId> {
        match self {
            Self::StartTransaction { connector_id, .. } | Self::TriggerMessage { connector_id, .. } => {
                *connector_id
            }
            Self::UnlockConnector { connector_id } | Self::ChangeAvailability { connector_id, .. } => {
                Some(*connector_id)
            }
            Self::StopTransaction { .. } | Self::Reset { .. } | Self::ChangeConfiguration { .. } => None,
        }
    }
}

/// How a charge point restarts (OCPP 1.6 `ResetType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize, JsonSchema)]
pub enum ResetKind {
    /// After ending transactions in good order.
    #[default]
    Soft,
    /// At once.
    Hard,
}

/// OCPP 1.6 `AvailabilityType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, JsonSchema)]
pub enum Availability {
    /// In service.
    Operative,
    /// Out of service.
    Inoperative,
}

/// OCPP 1.6 `MessageTrigger`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, JsonSchema)]
pub enum TriggeredMessage {
    /// `BootNotification`.
    BootNotification,
    /// `DiagnosticsStatusNotification`.
    DiagnosticsStatusNotification,
    /// `FirmwareStatusNotification`.
    FirmwareStatusNotification,
    /// `Heartbeat`.
    Heartbeat,
    /// `MeterValues`.
    MeterValues,
    /// `StatusNotification`.
    StatusNotification,
}

/// Where a command goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRoute {
    /// The pod that holds the device.
    pub gateway_id: GatewayId,
    /// The partition of the command topic that this pod reads.
    pub partition: i32,
}
