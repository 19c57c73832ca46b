//! Statuses of connectors and piles, and how a pile's status follows from its connectors.

use crate::ids::ConnectorId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The nine connector statuses of OCPP 1.6 (`ChargePointStatus`), best first: a pile's status is
/// chosen in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConnectorStatus {
    /// Free.
    Available,
    /// A vehicle or a driver is present, not yet charging.
    Preparing,
    /// Reserved for a driver.
    Reserved,
    /// The charge is over, the vehicle is still plugged in.
    Finishing,
    /// The vehicle takes no energy.
    SuspendedEV,
    /// The charge point supplies no energy.
    SuspendedEVSE,
    /// Energy flows.
    Charging,
    /// Out of service.
    Unavailable,
    /// Broken.
    Faulted,
}

impl ConnectorStatus {
    /// Every status, best first.
    pub const ALL: [Self; 9] = [
        Self::Available,
        Self::Preparing,
        Self::Reserved,
        Self::Finishing,
        Self::SuspendedEV,
        Self::SuspendedEVSE,
        Self::Charging,
        Self::Unavailable,
        Self::Faulted,
    ];

    /// The OCPP 1.6 name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "Available",
            Self::Preparing => "Preparing",
            Self::Reserved => "Reserved",
            Self::Finishing => "Finishing",
            Self::SuspendedEV => "SuspendedEV",
            Self::SuspendedEVSE => "SuspendedEVSE",
            Self::Charging => "Charging",
            Self::Unavailable => "Unavailable",
            Self::Faulted => "Faulted",
        }
    }

    /// Whether a charge is in progress: energy flows, or the vehicle or the charge point has
    /// suspended it.
    #[must_use]
    pub const fn is_charge(self) -> bool {
        matches!(self, Self::Charging | Self::SuspendedEV | Self::SuspendedEVSE)
    }

    /// Parses the exact OCPP 1.6 name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

impl fmt::Display for ConnectorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A pile's status as one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PileStatus {
    /// The device was never heard, or has reported no connector yet.
    Unknown,
    /// The device is not connected to a gateway.
    Offline,
    /// The status that follows from the connectors.
    Reported(ConnectorStatus),
}

impl JsonSchema for PileStatus {
    fn schema_name() -> Cow<'static, str> {
        "PileStatus".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let reported = ConnectorStatus::ALL.into_iter().map(Self::Reported);
        let words: Vec<_> =
            [Self::Unknown, Self::Offline].into_iter().chain(reported).map(Self::as_str).collect();
        json_schema!({
            "description": "The status of a pile: that of the best of its connectors, `Offline` when its device is not connected, `Unknown` \
                            when it was never heard.",
            "type": "string",
            "enum": words,
        })
    }
}

impl PileStatus {
    /// Summarizes a charge point: `Offline` if it is not online; otherwise connector 0's `Faulted`
    /// or `Unavailable`; otherwise the best of its connectors in the order of [`ConnectorStatus`].
    /// Connector 0 alone counts if no other connector was reported.
    #[must_use]
    pub fn roll_up(
        online: bool,
        connectors: impl IntoIterator<Item = (ConnectorId, ConnectorStatus)>,
    ) -> Self {
        if !online {
            return Self::Offline;
        }
        let (mut whole, mut best) = (None, None::<ConnectorStatus>);
        for (connector, status) in connectors {
            if connector.is_whole() {
                whole = Some(status);
            } else {
                best = Some(best.map_or(status, |held| held.min(status)));
            }
        }
        match (whole, best) {
            (Some(out @ (ConnectorStatus::Faulted | ConnectorStatus::Unavailable)), _) => Self::Reported(out),
            (_, Some(best)) => Self::Reported(best),
            (Some(whole), None) => Self::Reported(whole),
            (None, None) => Self::Unknown,
        }
    }

    /// The status of a connector that last reported `reported`, of a device that is `online`;
    /// `Unknown` if the device was never heard. No connector of an offline device can be used,
    /// regardless of its last report.
    #[must_use]
    pub fn of_connector(online: Option<bool>, reported: Option<ConnectorStatus>) -> Self {
        match online {
            Some(false) => Self::Offline,
            Some(true) => reported.map_or(Self::Unknown, Self::Reported),
            None => Self::Unknown,
        }
    }

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Offline => "Offline",
            Self::Reported(status) => status.as_str(),
        }
    }
}

impl PileStatus {
    /// Parses the name in the API.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "Unknown" => Some(Self::Unknown),
            "Offline" => Some(Self::Offline),
            _ => ConnectorStatus::parse(name).map(Self::Reported),
        }
    }
}

impl fmt::Display for PileStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
