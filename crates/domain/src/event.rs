//! A well-formed event of the gateway contract, in the platform's own types.

use crate::ids::{ChargePointId, CommandId, ConnectorId, EventId, GatewayId, IdTag, TransactionId};
use crate::measure::MeterReading;
use crate::order::{RecordPosition, Stamp, plausible_time};
use crate::status::ConnectorStatus;
use chrono::{DateTime, Utc};

/// One event of one charge point.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayEvent {
    /// The gateway's id of the event; the same event may arrive more than once.
    pub event_id: EventId,
    /// The device that the event is about.
    pub charge_point_id: ChargePointId,
    /// The gateway that sent the event; `None` if it gave no name.
    pub gateway_id: Option<GatewayId>,
    /// When the event happened, as device or gateway claim; not trusted without a check, see
    /// [`crate::order`].
    pub claimed_at: Option<DateTime<Utc>>,
    /// The trace of the event; `None` if the gateway sent none.
    pub trace_id: Option<String>,
    /// The content of the event.
    pub kind: EventKind,
}

/// The content of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// The device booted and is connected to the sending gateway.
    Connected(BootReport),
    /// The sending gateway lost the device.
    Disconnected {
        /// The reason; `None` if the gateway gave none.
        reason: Option<String>,
    },
    /// The device is connected.
    Heartbeat,
    /// A connector (or the whole charge point, connector 0) reports its status.
    StatusChanged(StatusReport),
    /// A charging transaction began.
    TransactionStarted(TransactionStart),
    /// A charging transaction continues; carries the same values as a start.
    TransactionUpdated(TransactionStart),
    /// Meter readings of a connector.
    MeterValues(MeterValues),
    /// A charging transaction ended.
    TransactionStopped(TransactionStop),
    /// The outcome of a command.
    CommandAnswered(CommandAnswer),
    /// Any other well-formed event: a sign of life without further effect.
    Other {
        /// The `eventType`, as sent.
        event_type: String,
    },
}

/// The data that a device reports when it boots.
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

/// A connector's status with its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The connector; 0 for the whole charge point.
    pub connector_id: ConnectorId,
    /// The status.
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
    /// The connector.
    pub connector_id: ConnectorId,
    /// The transaction id; `None` if the gateway does not know it yet.
    pub transaction_id: Option<TransactionId>,
    /// The driver; `None` if not reported.
    pub id_tag: Option<IdTag>,
    /// The energy register at the start, in Wh.
    pub meter_start_wh: Option<f64>,
    /// The reservation that the start fulfils.
    pub reservation_id: Option<i64>,
}

/// Readings of one connector.
#[derive(Debug, Clone, PartialEq)]
pub struct MeterValues {
    /// The connector; 0 for the main meter.
    pub connector_id: ConnectorId,
    /// The transaction of the readings; `None` if the gateway does not know it.
    pub transaction_id: Option<TransactionId>,
    /// The readings as sent, without those of the context `Transaction.Begin` or `Transaction.End`.
    pub readings: Vec<MeterReading>,
    /// The energy register at the beginning of the transaction (context `Transaction.Begin`), in
    /// Wh; the greatest of several.
    pub begin_wh: Option<f64>,
    /// The energy register at the end of the transaction (context `Transaction.End`), in Wh; the
    /// greatest of several.
    pub end_wh: Option<f64>,
}

/// The end of a charging transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionStop {
    /// The transaction id; `None` if the gateway does not know it.
    pub transaction_id: Option<TransactionId>,
    /// OCPP 1.6 reason, e.g. `Remote`.
    pub reason: Option<String>,
    /// The energy register at the end, in Wh.
    pub meter_stop_wh: Option<f64>,
    /// When the transaction ended according to the device; `None` if that is the event's own time.
    pub stopped_at: Option<DateTime<Utc>>,
}

impl TransactionStop {
    /// The position of the end in the order of events: by the device's time if it is plausible,
    /// otherwise by the time of the event, which claims `claimed_at`.
    #[must_use]
    pub fn stamp(&self, claimed_at: Option<DateTime<Utc>>, position: &RecordPosition) -> Stamp {
        let stopped_at = plausible_time(self.stopped_at, position.appended_at);
        Stamp::new(stopped_at.or(claimed_at), position)
    }
}

/// The outcome of a command, as reported by the gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandAnswer {
    /// The command; `None` if the id cannot be one of the platform's.
    pub command_id: Option<CommandId>,
    /// The OCPP 1.6 action of the command.
    pub command_name: Option<String>,
    /// The status as sent: `Accepted`, `Rejected`, …
    pub status: String,
    /// The reason: `DEVICE_OFFLINE`, `INVALID_COMMAND_PAYLOAD`, `DEVICE_REJECTED`, …
    pub reason: Option<String>,
}

impl EventKind {
    /// Whether the event is a sign of life of the device itself: it is neither a disconnection nor
    /// a gateway's report that the device could not be reached.
    #[must_use]
    pub fn is_proof_of_life(&self) -> bool {
        match self {
            Self::Disconnected { .. } => false,
            Self::CommandAnswered(answer) => answer.reason.as_deref() != Some("DEVICE_OFFLINE"),
            _ => true,
        }
    }

    /// A short constant name for metrics and logs.
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
