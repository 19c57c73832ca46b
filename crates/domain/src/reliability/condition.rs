//! Whether a connector can be used.

use crate::devices::presence::Confidence;
use crate::status::ConnectorStatus;

/// Whether a device is there, as far as the platform knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// It is connected to a gateway.
    Online,
    /// It was connected, but its gateway is silent.
    Doubtful,
    /// It is not connected.
    Offline,
}

impl Connection {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Online, Self::Doubtful, Self::Offline];

    /// The connection of a device that is shown as `online` with this confidence.
    #[must_use]
    pub const fn of(online: bool, confidence: Confidence) -> Self {
        match (online, confidence) {
            (false, _) => Self::Offline,
            (true, Confidence::Live) => Self::Online,
            (true, Confidence::Doubtful | Confidence::Unanswered) => Self::Doubtful,
        }
    }

    /// The name in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Doubtful => "doubtful",
            Self::Offline => "offline",
        }
    }

    /// Parses the name in storage.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// Why a connector is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It, or the whole device, reports `Faulted`.
    Faulted,
    /// It, or the whole device, reports `Unavailable`.
    Unavailable,
    /// Its device is offline.
    Offline,
}

/// Whether a connector can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It can be used, or is in use.
    Up,
    /// It cannot be used.
    Down(Cause),
    /// The platform cannot know it: its device is doubtful, or no change of its connectivity is
    /// recorded.
    Unknown,
}

impl Condition {
    /// The condition of a connector with `status`, whose device has this connection and reports
    /// `whole` for itself (connector 0).
    #[must_use]
    pub const fn of(
        connection: Option<Connection>,
        whole: Option<ConnectorStatus>,
        status: ConnectorStatus,
    ) -> Self {
        match connection {
            Some(Connection::Offline) => return Self::Down(Cause::Offline),
            Some(Connection::Doubtful) | None => return Self::Unknown,
            Some(Connection::Online) => {}
        }
        match (whole, status) {
            (Some(ConnectorStatus::Faulted), _) | (_, ConnectorStatus::Faulted) => Self::Down(Cause::Faulted),
            (Some(ConnectorStatus::Unavailable), _) | (_, ConnectorStatus::Unavailable) => {
                Self::Down(Cause::Unavailable)
            }
            _ => Self::Up,
        }
    }
}
