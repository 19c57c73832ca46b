//! The connector statuses in which charging may start at the piles of a station.

use crate::status::ConnectorStatus;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Connector statuses in which a start may be sent: at least one of [`StartableStatuses::ALLOWED`],
/// each once, in the order of [`ConnectorStatus`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ConnectorStatus>", into = "Vec<ConnectorStatus>")]
pub struct StartableStatuses(Vec<ConnectorStatus>);

/// Why a list of statuses is invalid. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStartableStatuses {
    /// The list is empty, so no start could ever be sent.
    #[error("must name at least one status; use null to apply the setting of command-dispatcher")]
    Empty,
    /// A connector in this status is already charging, or out of service.
    #[error("no charge can start while a connector is {0}: must be any of {allowed}", allowed = StartableStatuses::words())]
    NotStartable(ConnectorStatus),
}

impl StartableStatuses {
    /// The statuses that may be listed. A `Charging` connector is occupied; an `Unavailable` or
    /// `Faulted` one is out of service. `SuspendedEV` and `SuspendedEVSE` are allowed because some
    /// devices report them before a transaction.
    pub const ALLOWED: [ConnectorStatus; 6] = [
        ConnectorStatus::Available,
        ConnectorStatus::Preparing,
        ConnectorStatus::Reserved,
        ConnectorStatus::Finishing,
        ConnectorStatus::SuspendedEV,
        ConnectorStatus::SuspendedEVSE,
    ];

    /// Accepts statuses in any order; repeated ones count once.
    ///
    /// # Errors
    /// The list is empty or contains a status in which no charge can start.
    pub fn parse(mut statuses: Vec<ConnectorStatus>) -> Result<Self, InvalidStartableStatuses> {
        if let Some(other) = statuses.iter().find(|status| !Self::ALLOWED.contains(status)) {
            return Err(InvalidStartableStatuses::NotStartable(*other));
        }
        statuses.sort_unstable();
        statuses.dedup();
        if statuses.is_empty() { Err(InvalidStartableStatuses::Empty) } else { Ok(Self(statuses)) }
    }

    /// The statuses, best first.
    #[must_use]
    pub fn as_slice(&self) -> &[ConnectorStatus] {
        &self.0
    }

    fn words() -> String {
        Self::ALLOWED.map(ConnectorStatus::as_str).join(", ")
    }
}

impl JsonSchema for StartableStatuses {
    fn schema_name() -> Cow<'static, str> {
        "StartableStatuses".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The connector statuses in which a start may be sent.",
            "type": "array",
            "items": { "type": "string", "enum": Self::ALLOWED.map(ConnectorStatus::as_str) },
            "minItems": 1,
        })
    }
}

impl TryFrom<Vec<ConnectorStatus>> for StartableStatuses {
    type Error = InvalidStartableStatuses;
    fn try_from(statuses: Vec<ConnectorStatus>) -> Result<Self, InvalidStartableStatuses> {
        Self::parse(statuses)
    }
}

impl From<StartableStatuses> for Vec<ConnectorStatus> {
    fn from(statuses: StartableStatuses) -> Self {
        statuses.0
    }
}

#[cfg(test)]
mod tests;
