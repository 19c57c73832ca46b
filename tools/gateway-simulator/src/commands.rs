//! Commands: read from the topic, selected by each pod, executed by the device.

mod claims;
mod deployed;
mod handler;
mod reader;
mod recent;

pub(crate) use claims::{Claims, FetchFrom};
pub(crate) use handler::handle_record;
pub(crate) use reader::CommandReader;
pub(crate) use recent::RecentCommands;

use chrono::{DateTime, Utc};
use domain::commands::Command;
use domain::ids::GatewayId;

/// A command that was received by the pod for which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedCommand {
    /// The partition from which it was read.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// The pod that received it.
    pub pod: GatewayId,
    /// The command.
    pub command: Command,
    /// The record's `traceparent` header.
    pub traceparent: Option<String>,
    /// The outcome.
    pub outcome: Outcome,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

/// The outcome of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The device has executed it, or will.
    Accepted,
    /// It was refused.
    Rejected(Rejection),
    /// It has expired; nothing is answered.
    Expired,
    /// It was received before; it is not executed again.
    Repeated,
}

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The pod does not hold the device.
    DeviceOffline,
    /// The payload is not valid for OCPP.
    InvalidCommandPayload,
    /// The device rejected it.
    DeviceRejected,
}

impl Rejection {
    /// The reason in `command.response`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceOffline => "DEVICE_OFFLINE",
            Self::InvalidCommandPayload => "INVALID_COMMAND_PAYLOAD",
            Self::DeviceRejected => "DEVICE_REJECTED",
        }
    }
}
