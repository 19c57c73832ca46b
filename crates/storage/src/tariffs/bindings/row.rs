//! The row of a binding.

use super::BindingRecord;
use crate::StorageError;
use crate::schema::tariff_bindings;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use domain::assets::EditStamp;
use domain::ids::{Actor, BindingId, ConnectorId, PileId, StationId, TariffId};
use domain::tariffs::{Binding, Level, Subject};
use domain::text::Label;
use serde::Deserialize;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = tariff_bindings, check_for_backend(Pg))]
pub(super) struct Row {
    #[diesel(embed)]
    held: Held,
    created_at: DateTime<Utc>,
    created_by: String,
    ended_at: Option<DateTime<Utc>>,
    ended_by: Option<String>,
}

/// The binding alone, from columns or from JSON that PostgreSQL builds.
#[derive(Queryable, Selectable, Deserialize)]
#[diesel(table_name = tariff_bindings, check_for_backend(Pg))]
pub(crate) struct Held {
    id: Uuid,
    level: String,
    operator_id: Option<String>,
    station_id: Option<Uuid>,
    pile_id: Option<Uuid>,
    connector_id: Option<i16>,
    tariff_id: Uuid,
    effective_from: DateTime<Utc>,
    effective_until: Option<DateTime<Utc>>,
}

/// The columns that identify the subject.
#[derive(Insertable)]
#[diesel(table_name = tariff_bindings)]
pub(super) struct SubjectColumns<'a> {
    level: &'static str,
    operator_id: Option<&'a str>,
    station_id: Option<Uuid>,
    pile_id: Option<Uuid>,
    connector_id: Option<i16>,
}

pub(super) fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("tariff_bindings", what)
}

/// The value of the generated column `subject`.
pub(super) fn key(subject: &Subject) -> String {
    let level = subject.level().as_str();
    match subject {
        Subject::Platform => level.to_owned(),
        Subject::Operator { operator_id } => format!("{level}:{operator_id}"),
        Subject::Station { station_id } => format!("{level}:{station_id}"),
        Subject::Pile { pile_id } => format!("{level}:{pile_id}"),
        Subject::Connector { pile_id, connector_id } => {
            format!("{level}:{pile_id}:{}", connector_id.number())
        }
    }
}

impl<'a> TryFrom<&'a Subject> for SubjectColumns<'a> {
    type Error = StorageError;

    fn try_from(subject: &'a Subject) -> Result<Self, StorageError> {
        let none = Self {
            level: subject.level().as_str(),
            operator_id: None,
            station_id: None,
            pile_id: None,
            connector_id: None,
        };
        Ok(match subject {
            Subject::Platform => none,
            Subject::Operator { operator_id } => Self { operator_id: Some(operator_id.as_str()), ..none },
            Subject::Station { station_id } => Self { station_id: Some(station_id.0), ..none },
            Subject::Pile { pile_id } => Self { pile_id: Some(pile_id.0), ..none },
            Subject::Connector { pile_id, connector_id } => Self {
                pile_id: Some(pile_id.0),
                connector_id: Some(i16::try_from(connector_id.number()).map_err(broken)?),
                ..none
            },
        })
    }
}

impl Held {
    fn subject(&self) -> Result<Subject, StorageError> {
        let station_id = self.station_id.map(StationId);
        let pile_id = self.pile_id.map(PileId);
        let connector_id = self.connector_id.map(|number| ConnectorId::parse(number.into()));
        let operator_id = self.operator_id.as_deref().map(Label::parse);
        let subject = match self.level.as_str() {
            level if level == Level::Platform.as_str() => Some(Subject::Platform),
            level if level == Level::Operator.as_str() => {
                let operator_id = operator_id.transpose().map_err(broken)?;
                operator_id.map(|operator_id| Subject::Operator { operator_id })
            }
            level if level == Level::Station.as_str() => {
                station_id.map(|station_id| Subject::Station { station_id })
            }
            level if level == Level::Pile.as_str() => pile_id.map(|pile_id| Subject::Pile { pile_id }),
            level if level == Level::Connector.as_str() => {
                let connector = pile_id.zip(connector_id.transpose().map_err(broken)?);
                connector.map(|(pile_id, connector_id)| Subject::Connector { pile_id, connector_id })
            }
            _ => None,
        };
        subject.ok_or_else(|| broken(format!("a binding without the subject of its level: {}", self.id)))
    }
}

impl TryFrom<Held> for Binding {
    type Error = StorageError;

    fn try_from(held: Held) -> Result<Self, StorageError> {
        Ok(Self {
            id: BindingId(held.id),
            subject: held.subject()?,
            tariff_id: TariffId(held.tariff_id),
            effective_from: held.effective_from,
            effective_until: held.effective_until,
        })
    }
}

fn stamp(at: DateTime<Utc>, by: &str) -> Result<EditStamp, StorageError> {
    Ok(EditStamp { at, by: Actor::parse(by).map_err(broken)? })
}

impl TryFrom<Row> for BindingRecord {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let ended = row.ended_at.zip(row.ended_by.as_deref());
        Ok(Self {
            binding: Binding::try_from(row.held)?,
            made: stamp(row.created_at, &row.created_by)?,
            ended: ended.map(|(at, by)| stamp(at, by)).transpose()?,
        })
    }
}
