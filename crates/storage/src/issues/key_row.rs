//! The key of an issue or a watch at a device, as it is in rows.

use crate::StorageError;
use crate::issues::broken;
use diesel::QueryableByName;
use diesel::sql_types::{Int4, Nullable, Text};
use domain::ids::{ChargePointId, ConnectorId};
use domain::issues::{Cause, IssueKey, IssuePlace};

/// The cause and the place, as columns.
#[derive(QueryableByName)]
pub(in crate::issues) struct KeyRow {
    #[diesel(sql_type = Text)]
    pub(in crate::issues) cause: String,
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Nullable<Int4>)]
    connector_id: Option<i32>,
}

impl KeyRow {
    pub(in crate::issues) fn parse(&self) -> Result<IssueKey, StorageError> {
        let device = ChargePointId::parse(&self.charge_point_id).map_err(broken)?;
        let place = match self.connector_id {
            Some(connector) => {
                IssuePlace::Connector(device, ConnectorId::parse(connector.into()).map_err(broken)?)
            }
            None => IssuePlace::ChargePoint(device),
        };
        Ok(IssueKey { cause: Cause::parse(&self.cause).ok_or_else(|| broken(&self.cause))?, place })
    }
}
