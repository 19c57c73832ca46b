//! Connector numbers.

use super::InvalidValue;
use domain::ids::{ConnectorId, InvalidConnectorId};

/// Accepts a connector number, or 0 for the charge point as a whole.
pub(crate) fn parse(number: i64) -> Result<ConnectorId, InvalidValue> {
    ConnectorId::parse(number).map_err(|InvalidConnectorId| {
        InvalidValue(format!("must be between 0 and {}, not {number}", ConnectorId::MAX))
    })
}
