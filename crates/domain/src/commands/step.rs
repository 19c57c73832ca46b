//! The steps in the life of a command.

use super::effect::Effect;
use super::waiting::WaitEnd;
use crate::ids::{Actor, EventKey, GatewayId, TransactionId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One step in the life of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase")]
pub enum Step {
    /// The command was recorded.
    Accepted,
    /// The command waits for the transaction id of its session.
    Waiting,
    /// The transaction id is known, and the command is sent to this gateway. Recorded before it is
    /// published there.
    #[serde(rename_all = "camelCase")]
    Released {
        /// The transaction to stop.
        transaction_id: TransactionId,
        /// The gateway that holds the device.
        gateway: GatewayId,
        /// The partition that the gateway reads.
        partition: i32,
    },
    /// The command is not sent: the wait ended before the transaction id was known.
    WaitEnded {
        /// Why it ended.
        cause: WaitEnd,
    },
    /// A caller cancelled the command while it waited.
    Cancelled {
        /// The `sub` of the caller.
        by: Actor,
    },
    /// All replicas of the command's partition have its record.
    Published {
        /// The offset of the record.
        offset: i64,
    },
    /// The publication was neither confirmed nor refused.
    Unconfirmed {
        /// The error, suitable for the caller.
        detail: String,
    },
    /// The command was certainly not published.
    Unpublished {
        /// The error, suitable for the caller.
        detail: String,
    },
    /// The device was heard through another gateway, so the command is sent again to that one.
    /// Recorded before it is published there.
    Rerouted {
        /// The previous gateway.
        from: GatewayId,
        /// The new gateway.
        to: GatewayId,
        /// The partition that the new gateway reads.
        partition: i32,
    },
    /// All replicas of the partition to which the command was rerouted have its record.
    Republished {
        /// The offset of the record there.
        offset: i64,
    },
    /// The command is not known to be on the partition to which it was rerouted.
    NotRepublished {
        /// The error, suitable for the caller.
        detail: String,
    },
    /// The gateway reported the answer of the device.
    Answered(DeviceAnswer),
    /// The goal of the command was observed.
    TookEffect(Effect),
    /// The time of the command was over.
    #[serde(rename_all = "camelCase")]
    Expired {
        /// The gateway to which the device had moved; `None` if it had not.
        moved_to: Option<GatewayId>,
        /// The observations that would have shown success; absent from steps that earlier releases
        /// stored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looked_for: Option<String>,
    },
}

/// The answer of a device, as reported by its gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAnswer {
    /// The event that reported the answer.
    pub event: EventKey,
    /// The OCPP status word as sent, such as `Accepted` or `Rejected`.
    pub status: String,
    /// `DEVICE_OFFLINE`, `INVALID_COMMAND_PAYLOAD`, `DEVICE_REJECTED`, …; `None` if none was
    /// reported.
    pub reason: Option<String>,
}

/// A step with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailEntry {
    /// When the step happened, by the clock of its source: the dispatcher, the device or
    /// PostgreSQL.
    pub at: DateTime<Utc>,
    /// Whether the step was recorded after the command had ended; it then changed nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub late: bool,
    /// The step.
    #[serde(flatten)]
    pub step: Step,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it by reference")]
const fn is_false(late: &bool) -> bool {
    !*late
}

impl DeviceAnswer {
    /// The status words by which a device confirms that it carries out the command (OCPP 1.6; the
    /// last three are those of UnlockConnector, ChangeAvailability and ChangeConfiguration).
    const YES: [&'static str; 4] = ["Accepted", "Unlocked", "Scheduled", "RebootRequired"];

    /// Whether the device carries out the command.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        Self::YES.iter().any(|word| word.eq_ignore_ascii_case(&self.status))
    }
}
