//! What the gateway says: one well-formed event of the gateway contract, in the platform's own types.

use crate::ids::{ChargePointId, CommandId, ConnectorId, EventId, GatewayId, IdTag, TransactionId};
use crate::measure::MeterReading;
use crate::status::ConnectorStatus;
use chrono::{DateTime, Utc};

/// One event of one charge point.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayEvent {
    /// The gateway's name of the event.
    pub event_id: EventId,
    /// The device that it is about.
    pub charge_point_id: ChargePointId,
    /// The pod that sent it, when it said so.
    pub gateway_id: Option<GatewayId>,
    /// When it happened, as device or pod claim; not to be trusted blindly, see [`crate::order`].
    pub claimed_at: Option<DateTime<Utc>>,
    /// The trace that it belongs to, when the gateway said so.
    pub trace_id: Option<String>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// The device booted and is connected to the sending gateway.
    Connected(BootReport),
    /// The sending gateway lost the device.
    Disconnected {
        /// Why, if it said so.
        reason: Option<String>,
    },
    /// The device is alive.
    Heartbeat,
    /// A connector (or the whole charge point, connector 0) reports its status.
    StatusChanged(StatusReport),
    /// A charging transaction began.
    TransactionStarted(TransactionStart),
    /// A charging transaction goes on; carries what a start carries.
    TransactionUpdated(TransactionStart),
    /// Meter readings of a connector.
    MeterValues(MeterValues),
    /// A charging transaction ended.
    TransactionStopped(TransactionStop),
    /// The outcome of a command.
    CommandAnswered(CommandAnswer),
    /// Any other well-formed event: proof of life, otherwise without effect.
    Other {
        /// Its `eventType`, as sent.
        event_type: String,
    },
}

/// What a device says of itself when it boots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct BootReport {
    /// Model name.
    pub model: Option<String>,
    /// Vendor name.
    pub vendor: Option<String>,
    /// Firmware version.
    pub firmware_version: Option<String>,
    /// Serial number.
    pub serial_number: Option<String>,
}

/// A connector's status with what explains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// Which connector; 0 for the whole charge point.
    pub connector_id: ConnectorId,
    /// Its status.
    pub status: ConnectorStatus,
    /// OCPP 1.6 error code; `None` for `NoError`.
    pub error_code: Option<String>,
    /// Free text of the vendor.
    pub info: Option<String>,
    /// Error code of the vendor.
    pub vendor_error_code: Option<String>,
}

/// The start of a charging transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionStart {
    /// Where.
    pub connector_id: ConnectorId,
    /// The transaction's id; `None` while the gateway does not know it.
    pub transaction_id: Option<TransactionId>,
    /// Who charges.
    pub id_tag: Option<IdTag>,
    /// The energy register at the start, in Wh.
    pub meter_start_wh: Option<f64>,
    /// The reservation that it fulfils.
    pub reservation_id: Option<i64>,
}

/// Readings of one connector.
#[derive(Debug, Clone, PartialEq)]
pub struct MeterValues {
    /// Which connector; 0 for the main meter.
    pub connector_id: ConnectorId,
    /// The transaction that they belong to, where the gateway knows it.
    pub transaction_id: Option<TransactionId>,
    /// The readings, as sent, without those of the context `Transaction.Begin` or `Transaction.End`.
    pub readings: Vec<MeterReading>,
    /// The energy register at the begin of the transaction (context `Transaction.Begin`), in Wh; of several the greatest.
    pub begin_wh: Option<f64>,
    /// The energy register at the end of the transaction (context `Transaction.End`), in Wh; of several the greatest.
    pub end_wh: Option<f64>,
}

/// The end of a charging transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionStop {
    /// The transaction's id; `None` when the gateway does not know it.
    pub transaction_id: Option<TransactionId>,
    /// OCPP 1.6 reason, e.g. `Remote`.
    pub reason: Option<String>,
    /// The energy register at the end, in Wh.
    pub meter_stop_wh: Option<f64>,
    /// When it ended, as the device says, where that differs from the event's own time.
    pub stopped_at: Option<DateTime<Utc>>,
}

/// The outcome of a command, as the gateway tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandAnswer {
    /// The command; `None` when the id is none that the platform could have given.
    pub command_id: Option<CommandId>,
    /// The command's name.
    pub command_name: Option<String>,
    /// `Accepted`, `Rejected`, …, as sent.
    pub status: String,
    /// `DEVICE_OFFLINE`, `INVALID_COMMAND_PAYLOAD`, `DEVICE_REJECTED`, …
    pub reason: Option<String>,
}

impl EventKind {
    /// Whether the event shows that the device itself is there: not a goodbye, and not a gateway's word that the device
    /// could not be reached.
    #[must_use]
    pub fn is_proof_of_life(&self) -> bool {
        match self {
            Self::Disconnected { .. } => false,
            Self::CommandAnswered(answer) => answer.reason.as_deref() != Some("DEVICE_OFFLINE"),
            _ => true,
        }
    }

    /// A short constant name, for metrics and logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connected(_) => "connected",
            Self::Disconnected { .. } => "disconnected",
            Self::Heartbeat => "heartbeat",
            Self::StatusChanged(_) => "status_changed",
            Self::TransactionStarted(_) => "transaction_started",
            Self::TransactionUpdated(_) => "transaction_updated",
            Self::MeterValues(_) => "meter_values",
            Self::TransactionStopped(_) => "transaction_stopped",
            Self::CommandAnswered(_) => "command_answered",
            Self::Other { .. } => "other",
        }
    }
}
