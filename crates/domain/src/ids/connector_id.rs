//! The number of a connector.

use crate::schema::written_as;
use schemars::json_schema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An outlet (枪) of a charge point; 0 is the charge point as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct ConnectorId(u16);

/// A connector number outside the accepted range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("connector id must be between 0 and {max}", max = ConnectorId::MAX)]
pub struct InvalidConnectorId;

impl ConnectorId {
    /// The charge point as a whole.
    pub const WHOLE: Self = Self(0);
    /// The largest accepted number.
    pub const MAX: u16 = 1_000;

    /// Accepts 0 to 1000.
    ///
    /// # Errors
    /// The number is outside that range.
    pub fn parse(raw: i64) -> Result<Self, InvalidConnectorId> {
        u16::try_from(raw).ok().filter(|n| *n <= Self::MAX).map(Self).ok_or(InvalidConnectorId)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether this is the charge point as a whole.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.0 == 0
    }
}

written_as!(
    ConnectorId,
    "ConnectorId",
    json_schema!({
        "description": "The number of a connector at its device; 0 is the device as a whole.",
        "type": "integer",
        "minimum": 0,
        "maximum": ConnectorId::MAX,
    })
);

impl fmt::Display for ConnectorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<i64> for ConnectorId {
    type Error = InvalidConnectorId;
    fn try_from(raw: i64) -> Result<Self, InvalidConnectorId> {
        Self::parse(raw)
    }
}

impl From<ConnectorId> for i64 {
    fn from(id: ConnectorId) -> Self {
        Self::from(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_negative_connector() {
        assert_eq!(ConnectorId::parse(-1), Err(InvalidConnectorId));
        assert_eq!(ConnectorId::parse(1001), Err(InvalidConnectorId));
        assert!(ConnectorId::parse(0).unwrap().is_whole());
    }
}
