//! Charging sessions.

use crate::ids::{ChargePointId, CommandId, ConnectorId, IdTag, SessionId, TransactionId};
use crate::measure::Dated;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A charging session as derived from the events of its charge point.
#[derive(Debug, Clone, PartialEq)]
pub struct ChargingSession {
    /// The session id, see [`SessionId::derive`].
    pub id: SessionId,
    /// The device.
    pub charge_point_id: ChargePointId,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The gateway's transaction id; `None` until it is reported.
    pub transaction_id: Option<TransactionId>,
    /// The driver; `None` if unknown.
    pub id_tag: Option<IdTag>,
    /// The reservation that the session fulfils.
    pub reservation_id: Option<i64>,
    /// The command that started the session; `None` if no command did.
    pub command_id: Option<CommandId>,
    /// When the session began.
    pub started_at: DateTime<Utc>,
    /// The energy register at the beginning, in Wh.
    pub meter_start_wh: Option<f64>,
    /// The evidence of the beginning.
    pub started_by: StartedBy,
    /// Whether the session is open, or how it ended.
    pub state: SessionState,
}

/// The evidence that a session rests on. A start that arrives later replaces weaker evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StartedBy {
    /// A `transaction.started` event.
    #[default]
    Event,
    /// The first meter values, or the first update, that named the transaction: the gateway sent no
    /// start.
    Readings,
    /// The stop alone: no earlier event named the transaction.
    Stop,
}

impl StartedBy {
    /// All kinds of evidence, the strongest first.
    pub const ALL: [Self; 3] = [Self::Event, Self::Readings, Self::Stop];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Readings => "readings",
            Self::Stop => "stop",
        }
    }

    /// Parses the name in the API and in storage.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The end reason of a session whose stop never arrived: another session began on its connector.
pub const SUPERSEDED: &str = "Superseded";

/// The end reason of a session that an operator ended because its stop never arrived.
pub const ENDED_BY_OPERATOR: &str = "EndedByOperator";

/// Whether a session is open, or how it ended.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionState {
    /// No end is known.
    Open,
    /// The session ended.
    Ended {
        /// When it ended.
        at: DateTime<Utc>,
        /// OCPP 1.6 reason; `None` if none was reported, [`SUPERSEDED`] if the next session ended
        /// this one, [`ENDED_BY_OPERATOR`] if an operator did.
        reason: Option<String>,
        /// The energy register at the end, in Wh.
        meter_stop_wh: Option<f64>,
    },
}

impl ChargingSession {
    /// Whether the session is open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, SessionState::Open)
    }

    /// When the session ended; `None` while it is open.
    #[must_use]
    pub const fn ended_at(&self) -> Option<DateTime<Utc>> {
        match self.state {
            SessionState::Open => None,
            SessionState::Ended { at, .. } => Some(at),
        }
    }

    /// The energy register at the end, in Wh; `None` if unknown.
    #[must_use]
    pub const fn meter_stop_wh(&self) -> Option<f64> {
        match self.state {
            SessionState::Open => None,
            SessionState::Ended { meter_stop_wh, .. } => meter_stop_wh,
        }
    }

    /// Energy delivered, in Wh: up to the stop's register or, while the session is open, up to
    /// `register`, [the newest one](crate::sessions::registers::Registers::of_session) that it may
    /// have shown. `None` if a register is missing or the register ran backwards.
    #[must_use]
    pub fn energy_wh(&self, register: Option<Dated<f64>>) -> Option<f64> {
        let until = match &self.state {
            SessionState::Ended { meter_stop_wh, .. } => *meter_stop_wh,
            SessionState::Open => {
                register.filter(|register| register.at >= self.started_at).map(|register| register.value)
            }
        };
        Some(until? - self.meter_start_wh?).filter(|energy| *energy >= 0.0)
    }
}
