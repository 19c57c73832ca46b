//! Commands: read from the topic, picked out by each pod, carried out by the device.

mod claims;
mod deployed;
mod intake;
mod reader;
mod seen;

pub(crate) use claims::{Claims, From};
pub(crate) use intake::take;
pub(crate) use reader::CommandReader;
pub(crate) use seen::Seen;

use chrono::{DateTime, Utc};
use domain::commands::Command;
use domain::ids::GatewayId;

/// A command that reached the pod it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedCommand {
    /// The partition that it was read from.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// The pod that it reached.
    pub pod: GatewayId,
    /// The command.
    pub command: Command,
    /// The record's `traceparent` header.
    pub traceparent: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The device does it, or will.
    Accepted,
    /// It was refused.
    Rejected(Rejection),
    /// It came too late; nobody is told.
    Expired,
    /// It had come before; nothing is done twice.
    Repeated,
}

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The pod does not hold the device.
    DeviceOffline,
    /// The payload is not what OCPP asks for.
    InvalidCommandPayload,
    /// The device does not want to.
    DeviceRejected,
}

impl Rejection {
    /// The word for it in `command.response`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceOffline => "DEVICE_OFFLINE",
            Self::InvalidCommandPayload => "INVALID_COMMAND_PAYLOAD",
            Self::DeviceRejected => "DEVICE_REJECTED",
        }
    }
}
