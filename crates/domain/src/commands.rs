//! Commands to charge points, and the rules for sending them.

mod cause;
mod check;
mod configuration;
mod effect;
mod failure;
mod life;
pub mod pending;
mod record;
mod reroute;
mod route;
mod state;
mod step;
mod waiting;

pub use cause::CommandedStart;
pub(crate) use cause::Evidence;
pub use check::{CommandRefusal, LastHeard, OpenSession, PileSnapshot, StartInFlight, StopTarget};
pub use configuration::{ConfigurationKey, ConfigurationValue};
pub use effect::{Effect, EffectKind};
pub use failure::{Failure, FailureCode};
pub use life::CommandLife;
pub use record::{CommandRecord, Goal};
pub use reroute::Sighting;
pub use route::{ChosenGateway, RouteKey, RouteSource, choose_gateway};
pub use state::CommandState;
pub use step::{DeviceAnswer, Step, TrailEntry};
pub use waiting::{WaitEnd, WaitOutcome};

use crate::ids::{ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, SessionId, TransactionId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;

/// A command, ready to be sent to the gateway that holds the charge point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The command id; the gateway recognizes repeated deliveries by it.
    pub id: CommandId,
    /// The commanded device.
    pub charge_point_id: ChargePointId,
    /// The gateway that holds the device.
    pub gateway_id: GatewayId,
    /// The requested action.
    pub kind: CommandKind,
    /// When the command was requested.
    pub issued_at: DateTime<Utc>,
    /// The command must not be carried out after this instant.
    pub expires_at: DateTime<Utc>,
    /// The trace of the request (32 hex digits); `None` without a trace.
    pub trace_id: Option<String>,
}

/// The requested action; one variant per OCPP 1.6 request that the gateway forwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandKind {
    /// Start charging.
    StartTransaction {
        /// The driver.
        id_tag: IdTag,
        /// The connector; `None` if the charge point chooses. Never connector 0.
        connector_id: Option<ConnectorId>,
    },
    /// Stop charging.
    StopTransaction {
        /// The transaction to stop.
        transaction_id: TransactionId,
    },
    /// Restart.
    Reset {
        /// How the charge point restarts.
        kind: ResetKind,
    },
    /// Unlock a connector.
    UnlockConnector {
        /// The connector; never connector 0.
        connector_id: ConnectorId,
    },
    /// Take a connector into or out of service.
    ChangeAvailability {
        /// The connector; 0 for the whole charge point.
        connector_id: ConnectorId,
        /// The requested availability.
        availability: Availability,
    },
    /// Ask the device to send a message immediately.
    TriggerMessage {
        /// The message.
        requested: TriggeredMessage,
        /// The connector that the message is about; `None` if the device decides.
        connector_id: Option<ConnectorId>,
    },
    /// Change a configuration key of the device.
    ChangeConfiguration {
        /// The configuration key.
        key: ConfigurationKey,
        /// The new value.
        value: ConfigurationValue,
    },
}

impl CommandKind {
    /// All OCPP 1.6 actions.
    pub const NAMES: [&'static str; 7] = [
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "Reset",
        "UnlockConnector",
        "ChangeAvailability",
        "TriggerMessage",
        "ChangeConfiguration",
    ];

    /// The OCPP 1.6 action, which is the name on the wire.
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

    /// The observable goal of the command. For a stop, `session` is the session to end, if known.
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

    /// The connector that the command addresses; `None` if it names none.
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
    /// After ending transactions gracefully.
    #[default]
    Soft,
    /// Immediately.
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

/// The destination of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRoute {
    /// The gateway that holds the device.
    pub gateway_id: GatewayId,
    /// The partition of the command topic that this gateway reads.
    pub partition: i32,
}
