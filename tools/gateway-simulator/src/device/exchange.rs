//! What goes into a charge point, and what comes out of it.

use domain::commands::CommandKind;
use domain::event::EventKind;
use domain::ids::{ConnectorId, IdTag};
use domain::status::ConnectorStatus;

/// Something that happens to a charge point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// It connects to a gateway, as after a boot.
    Connect,
    /// Its connection is back without a boot: it announces nothing.
    Resume,
    /// It loses its gateway.
    Disconnect,
    /// It shows that it is alive.
    Heartbeat,
    /// A vehicle is plugged in.
    PlugIn(ConnectorId),
    /// The vehicle is unplugged, which ends its transaction.
    Unplug(ConnectorId),
    /// A driver starts charging with a card.
    Start(ConnectorId, IdTag),
    /// A driver stops charging.
    Stop(ConnectorId),
    /// A connector reports this status and error code, whatever it was before; connector 0 reports for the whole.
    Report(ConnectorId, ConnectorStatus, Option<String>),
    /// Its meter is read.
    ReadMeter(ConnectorId),
    /// The gateway passes a command on.
    Command(CommandKind),
    /// Time has passed: what is due is done.
    Tick,
}

/// What a charge point does in answer to an input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reaction {
    /// What it answers, if it was commanded.
    pub answer: Option<Answer>,
    /// What it reports then, in order.
    pub events: Vec<EventKind>,
    /// Whether it came or went.
    pub link: Option<LinkChange>,
}

/// A charge point's answer to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It does it.
    Accepted,
    /// It does not.
    Rejected,
    /// It will, once the running transaction is over.
    Scheduled,
    /// The connector's lock is open.
    Unlocked,
    /// It has nothing to do that with, such as a connector of that number to unlock.
    NotSupported,
}

impl Answer {
    /// The OCPP word for it.
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

/// A charge point's connection to its gateway changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkChange {
    /// It came.
    Up,
    /// It went.
    Down,
}
