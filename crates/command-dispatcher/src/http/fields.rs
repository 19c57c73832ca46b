//! Fields that several commands share.

use domain::ids::ConnectorId;
use runtime::http::fields::parse::whole;
use serde_json::Value;

/// Parses a connector id from 1 on; 0, the pile as a whole, is invalid.
pub(crate) fn one_connector(value: &Value) -> Result<ConnectorId, String> {
    connector(value, 1)
}

/// Parses a connector id, or 0 for the pile as a whole.
pub(crate) fn any_connector(value: &Value) -> Result<ConnectorId, String> {
    connector(value, 0)
}

fn connector(value: &Value, least: u16) -> Result<ConnectorId, String> {
    let number = whole(least..=ConnectorId::MAX)(value)?;
    ConnectorId::parse(number.into()).map_err(|error| error.to_string())
}
