//! What the platform tells a charge point, and whether it may.

mod check;
mod configuration;

pub use check::{OpenSession, PileSnapshot, Refusal};
pub use configuration::{ConfigurationKey, ConfigurationValue};

use crate::ids::{ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, TransactionId};
use chrono::{DateTime, Utc};

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
}

/// How a charge point restarts (OCPP 1.6 `ResetType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
pub enum ResetKind {
    /// After ending transactions in good order.
    #[default]
    Soft,
    /// At once.
    Hard,
}

/// OCPP 1.6 `AvailabilityType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub enum Availability {
    /// In service.
    Operative,
    /// Out of service.
    Inoperative,
}

/// OCPP 1.6 `MessageTrigger`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
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

/// Where a command stands. States only move forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CommandState {
    /// Checked, routed and recorded; not yet on the topic.
    Accepted,
    /// On the topic, acknowledged by all replicas.
    Published,
    /// The publish was neither confirmed nor refused: it may or may not be on the topic.
    Unknown,
    /// It certainly never reached the topic.
    Failed,
}

impl CommandState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Accepted, Self::Published, Self::Unknown, Self::Failed];

    /// The word for it in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Published => "published",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

/// Where a command goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRoute {
    /// The pod that holds the device.
    pub gateway_id: GatewayId,
    /// The partition of the command topic that this pod reads.
    pub partition: i32,
}
