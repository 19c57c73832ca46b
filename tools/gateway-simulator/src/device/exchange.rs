//! The inputs and outputs of a charge point.

use domain::commands::CommandKind;
use domain::event::EventKind;
use domain::ids::{ConnectorId, IdTag};
use domain::status::ConnectorStatus;

/// An input of a charge point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// It connects to a gateway, as after a boot.
    Connect,
    /// It reconnects without a boot: it announces nothing.
    Resume,
    /// It loses its connection.
    Disconnect,
    /// It sends a heartbeat.
    Heartbeat,
    /// A vehicle is plugged in.
    PlugIn(ConnectorId),
    /// The vehicle is unplugged, which ends its transaction.
    Unplug(ConnectorId),
    /// A driver starts charging with a card.
    Start(ConnectorId, IdTag),
    /// A driver stops charging.
    Stop(ConnectorId),
    /// A connector reports this status and error code, whatever they were before; connector 0 is
    /// the charge point as a whole.
    Report(ConnectorId, ConnectorStatus, Option<String>),
    /// Its meter is read.
    ReadMeter(ConnectorId),
    /// The gateway forwards a command.
    Command(CommandKind),
    /// Time has passed; due timers fire.
    Tick,
}

/// The reaction of a charge point to an input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reaction {
    /// The answer, if the input is a command.
    pub answer: Option<Answer>,
    /// The events that it reports, in order.
    pub events: Vec<EventKind>,
    /// Whether its connection changed.
    pub link: Option<LinkChange>,
}

/// A charge point's answer to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The command is executed.
    Accepted,
    /// The command is not executed.
    Rejected,
    /// The command will be executed after the running transaction.
    Scheduled,
    /// The connector's lock is open.
    Unlocked,
    /// The charge point does not support it, for example because there is no connector with that
    /// number to unlock.
    NotSupported,
}

impl Answer {
    /// The OCPP status.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Rejected => "Rejected",
            Self::Scheduled => "Scheduled",
            Self::Unlocked => "Unlocked",
            Self::NotSupported => "NotSupported",
        }
    }
}

/// A change of a charge point's connection to its gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkChange {
    /// It connected.
    Up,
    /// It disconnected.
    Down,
}
