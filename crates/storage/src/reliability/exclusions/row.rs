//! The row of an exclusion.

use super::ExclusionRecord;
use crate::StorageError;
use crate::schema::reliability_exclusions;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use domain::assets::EditStamp;
use domain::ids::{Actor, ConnectorId, ExclusionId, PileId, StationId};
use domain::reliability::ExclusionReason;
use domain::text::Label;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = reliability_exclusions, check_for_backend(Pg))]
pub(super) struct Row {
    pub id: Uuid,
    pub station_id: Uuid,
    pub pile_id: Option<Uuid>,
    pub connector_id: Option<i16>,
    pub operator_id: Option<String>,
    pub excluded_from: DateTime<Utc>,
    pub excluded_until: DateTime<Utc>,
    pub reason: String,
    pub note: String,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub withdrawn_at: Option<DateTime<Utc>>,
    pub withdrawn_by: Option<String>,
    pub withdrawal_note: Option<String>,
}

pub(super) fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("reliability_exclusions", what)
}

fn stamp(at: DateTime<Utc>, by: &str) -> Result<EditStamp, StorageError> {
    Ok(EditStamp { at, by: Actor::parse(by).map_err(broken)? })
}

fn label(text: Option<&str>) -> Result<Option<Label>, StorageError> {
    text.map(Label::parse).transpose().map_err(broken)
}

impl TryFrom<Row> for ExclusionRecord {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let connector = row.connector_id.map(|number| ConnectorId::parse(number.into())).transpose();
        let withdrawal_note = label(row.withdrawal_note.as_deref())?;
        let withdrawn = row.withdrawn_at.zip(row.withdrawn_by.as_deref()).map(|(at, by)| stamp(at, by));
        Ok(Self {
            id: ExclusionId(row.id),
            station_id: StationId(row.station_id),
            pile_id: row.pile_id.map(PileId),
            connector_id: connector.map_err(broken)?,
            operator_id: label(row.operator_id.as_deref())?,
            from: row.excluded_from,
            until: row.excluded_until,
            reason: ExclusionReason::parse(&row.reason).ok_or_else(|| broken(&row.reason))?,
            note: Label::parse(&row.note).map_err(broken)?,
            entered: stamp(row.created_at, &row.created_by)?,
            withdrawn: withdrawn.transpose()?.map(|stamp| (stamp, withdrawal_note)),
        })
    }
}
