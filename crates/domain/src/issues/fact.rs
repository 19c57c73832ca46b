//! What opened, changed or ended an issue.

use crate::commands::CommandState;
use crate::feed::{AssetAction, SessionPhase};
use crate::ids::{CommandId, GatewayId, IssueId, SessionId};
use crate::status::ConnectorStatus;
use crate::tariffs::UnpricedCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was seen, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// When it happened, as far as known.
    pub at: DateTime<Utc>,
    /// What was seen.
    #[serde(flatten)]
    pub seen: Seen,
}

/// What was seen. Stored as JSON, with the kind under `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Seen {
    /// A status of a connector.
    Status {
        /// The status.
        status: ConnectorStatus,
        /// OCPP 1.6 error code, unless `NoError`.
        error_code: Option<String>,
        /// Error code of the vendor.
        vendor_error_code: Option<String>,
    },
    /// A device connected or disconnected.
    Connectivity {
        /// Whether it is online.
        online: bool,
        /// The gateway through which it was last heard.
        gateway_id: Option<GatewayId>,
    },
    /// A session began, ended or was withdrawn.
    Session {
        /// The session.
        session_id: SessionId,
        /// Its phase.
        phase: SessionPhase,
    },
    /// The energy of a session.
    Energy {
        /// The session.
        session_id: SessionId,
        /// The energy in Wh.
        energy_wh: f64,
    },
    /// Whether a session has a price.
    Price {
        /// The session.
        session_id: SessionId,
        /// Why it has none; `None` if it has one.
        unpriced: Option<UnpricedCode>,
    },
    /// The state of a command.
    Command {
        /// The command.
        command_id: CommandId,
        /// Its state.
        state: CommandState,
    },
    /// A status arrived this long after the time that it claims, or before.
    Lag {
        /// The time in between, in seconds; negative if the clock of the device is ahead.
        seconds: i64,
    },
    /// Nothing happened for this long.
    Quiet {
        /// The time, in seconds.
        seconds: i64,
    },
    /// The pile with the device was retired, or has another device.
    Removed {
        /// What was done to the pile.
        action: AssetAction,
    },
    /// The device is one of many that are offline, which are one issue.
    PartOf {
        /// That issue.
        issue_id: IssueId,
    },
    /// An outage opened: this many devices are offline.
    Outage {
        /// How many.
        offline: u32,
        /// How many the gateway or the station has.
        devices: u32,
    },
    /// An outage ended: this many of its devices are still offline, and are issues of their own.
    Recovered {
        /// How many.
        offline: u32,
    },
    /// No rule is about the cause any more: the settings turned it off.
    RuleOff,
}

impl Fact {
    /// Whether `other` says nothing that this fact does not say, apart from the time and from values
    /// that change with every reading.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        match (&self.seen, &other.seen) {
            (
                Seen::Energy { session_id: one, .. },
                Seen::Energy { session_id: other, .. } | Seen::Session { session_id: other, .. },
            ) => one == other,
            (Seen::Connectivity { .. }, Seen::Connectivity { .. }) | (Seen::Lag { .. }, Seen::Lag { .. }) => {
                true
            }
            (one, other) => one == other,
        }
    }
}
