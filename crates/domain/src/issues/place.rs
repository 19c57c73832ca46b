//! Where something is wrong.

use super::{Cause, Severity};
use crate::ids::{ChargePointId, ConnectorId, GatewayId, StationId};
use std::fmt;

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IssuePlace {
    /// A gateway, with the devices that use it.
    Gateway(GatewayId),
    /// A station, with all its piles.
    Station(StationId),
    /// A device.
    ChargePoint(ChargePointId),
    /// A connector of a device.
    Connector(ChargePointId, ConnectorId),
}

/// What at most one open issue has: a cause and a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssueKey {
    /// What is wrong.
    pub cause: Cause,
    /// Where.
    pub place: IssuePlace,
}

impl IssuePlace {
    /// The device; `None` for gateways and stations.
    #[must_use]
    pub const fn charge_point(&self) -> Option<&ChargePointId> {
        match self {
            Self::Gateway(_) | Self::Station(_) => None,
            Self::ChargePoint(device) | Self::Connector(device, _) => Some(device),
        }
    }

    /// The connector; `None` unless the place is one.
    #[must_use]
    pub const fn connector(&self) -> Option<ConnectorId> {
        match self {
            Self::Connector(_, connector) => Some(*connector),
            Self::Gateway(_) | Self::Station(_) | Self::ChargePoint(_) => None,
        }
    }
}

impl IssueKey {
    /// The severity of an issue with this key.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self.place {
            IssuePlace::Gateway(_) | IssuePlace::Station(_) => Severity::Critical,
            IssuePlace::ChargePoint(_) | IssuePlace::Connector(..) => self.cause.severity(),
        }
    }
}

impl fmt::Display for IssuePlace {
    /// Each place has another text; the alphabet of charge points has neither a blank nor a slash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway(gateway) => write!(f, "gateway {gateway}"),
            Self::Station(station) => write!(f, "station {station}"),
            Self::ChargePoint(device) => device.fmt(f),
            Self::Connector(device, connector) => write!(f, "{device}/{connector}"),
        }
    }
}

impl fmt::Display for IssueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cause, self.place)
    }
}
