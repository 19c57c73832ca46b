//! Stops that wait for the transaction id of their session.

#[cfg(test)]
mod tests;

use super::failure::FailureCode;
use crate::ids::TransactionId;
use crate::sessions::session::ChargingSession;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Why the wait for a transaction id ended without one. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum WaitEnd {
    /// The gateway did not report the transaction id in time.
    #[error("the gateway did not report the transaction id of the session in time")]
    TimedOut,
    /// The session ended.
    #[error("the session ended before its transaction id was known")]
    SessionEnded,
    /// Later events showed that there was no such session.
    #[error("the session was withdrawn: later events replaced it")]
    SessionWithdrawn,
}

/// What happens to a waiting stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitOutcome {
    /// It continues to wait.
    Wait,
    /// It is sent, for this transaction.
    Release(TransactionId),
    /// It is not sent.
    End(WaitEnd),
}

impl WaitEnd {
    /// All causes.
    pub const ALL: [Self; 3] = [Self::TimedOut, Self::SessionEnded, Self::SessionWithdrawn];

    /// The failure of the command.
    #[must_use]
    pub const fn code(self) -> FailureCode {
        match self {
            Self::TimedOut => FailureCode::TransactionIdUnknown,
            Self::SessionEnded | Self::SessionWithdrawn => FailureCode::SessionEnded,
        }
    }
}

impl WaitOutcome {
    /// What happens at `now` to a stop that waits until `expires_at` for the transaction id of
    /// `session`; `None` if the session was withdrawn. A session that has ended needs no stop, and
    /// an expired stop is not sent even if the id is known by now.
    #[must_use]
    pub fn of(session: Option<&ChargingSession>, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        match session {
            None => Self::End(WaitEnd::SessionWithdrawn),
            Some(session) if !session.is_open() => Self::End(WaitEnd::SessionEnded),
            Some(_) if expires_at <= now => Self::End(WaitEnd::TimedOut),
            Some(session) => session.transaction_id.clone().map_or(Self::Wait, Self::Release),
        }
    }
}
