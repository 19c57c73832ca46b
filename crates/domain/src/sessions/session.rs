//! A charging session: what became of one plugging-in.

use crate::ids::{ChargePointId, CommandId, ConnectorId, IdTag, SessionId, TransactionId};
use crate::measure::Dated;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A charging session as the events of its charge point tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChargingSession {
    /// Its id.
    pub id: SessionId,
    /// Where: the device.
    pub charge_point_id: ChargePointId,
    /// Where: the connector.
    pub connector_id: ConnectorId,
    /// The gateway's transaction id; `None` while not told.
    pub transaction_id: Option<TransactionId>,
    /// Who charges.
    pub id_tag: Option<IdTag>,
    /// The reservation that it fulfils.
    pub reservation_id: Option<i64>,
    /// The command that it was started by, if it was by one.
    pub command_id: Option<CommandId>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The energy register when it began, in Wh.
    pub meter_start_wh: Option<f64>,
    /// What shows that it began.
    pub started_by: StartedBy,
    /// Open, or how it ended.
    pub state: SessionState,
}

/// What a session rests on. A start that arrives later replaces weaker evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StartedBy {
    /// `transaction.started`.
    #[default]
    Event,
    /// The first meter values, or the first update, that named the transaction: the gateway sent no
    /// start.
    Readings,
    /// The stop alone: nothing named the transaction before.
    Stop,
}

impl StartedBy {
    /// Every kind of evidence, the strongest first.
    pub const ALL: [Self; 3] = [Self::Event, Self::Readings, Self::Stop];

    /// The word for it in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Readings => "readings",
            Self::Stop => "stop",
        }
    }

    /// The evidence that the API calls `word`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The reason why a session ended whose stop never came: another one began on its connector.
pub const SUPERSEDED: &str = "Superseded";

/// Open, or how it ended.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionState {
    /// Still going on, as far as anyone said.
    Open,
    /// It ended.
    Ended {
        /// When.
        at: DateTime<Utc>,
        /// OCPP 1.6 reason, when told; [`SUPERSEDED`] where the next session ended it.
        reason: Option<String>,
        /// The energy register then, in Wh.
        meter_stop_wh: Option<f64>,
    },
}

impl ChargingSession {
    /// Whether it still goes on.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, SessionState::Open)
    }

    /// When it ended, if it did.
    #[must_use]
    pub const fn ended_at(&self) -> Option<DateTime<Utc>> {
        match self.state {
            SessionState::Open => None,
            SessionState::Ended { at, .. } => Some(at),
        }
    }

    /// The energy register when it ended, in Wh, where it is known.
    #[must_use]
    pub const fn meter_stop_wh(&self) -> Option<f64> {
        match self.state {
            SessionState::Open => None,
            SessionState::Ended { meter_stop_wh, .. } => meter_stop_wh,
        }
    }

    /// Energy delivered, in Wh: by the stop's register reading, or, while the session is open, by `register`,
    /// [the newest one](crate::sessions::registers::Registers::of_session) that it may have shown. `None` when it cannot be told, or when the register ran backwards.
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
