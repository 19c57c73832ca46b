//! The row of a tariff.

use super::TariffRecord;
use crate::StorageError;
use crate::schema::tariffs;
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use domain::assets::Revision;
use domain::ids::TariffId;
use domain::tariffs::{ChangeRule, Currency, TariffDetails, TariffStatus};
use domain::text::Label;
use uuid::Uuid;

/// Whether another person can publish the draft of the tariff by an approval. A request for an earlier revision
/// of the draft cannot be approved. One read of an index that has a row per draft.
const AWAITS_APPROVAL: &str = "(tariffs.retired_at is null and exists (
     select from tariff_versions draft
     where draft.tariff_id = tariffs.id and draft.published_at is null and draft.proposed_revision = draft.revision))";

/// The condition [`AWAITS_APPROVAL`].
pub(super) fn awaits_approval() -> SqlLiteral<Bool> {
    sql(AWAITS_APPROVAL)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = tariffs, check_for_backend(Pg))]
pub(super) struct Row {
    id: Uuid,
    name: String,
    operator_id: Option<String>,
    currency: String,
    status: String,
    change_rule: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
    retired_at: Option<DateTime<Utc>>,
    #[diesel(select_expression = awaits_approval(), select_expression_type = SqlLiteral<Bool>)]
    awaits_approval: bool,
}

/// The columns that an operator edits; an absent value is written as null.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = tariffs, treat_none_as_null = true)]
pub(super) struct DetailColumns<'a> {
    name: &'a str,
    operator_id: Option<&'a str>,
    currency: &'static str,
    status: &'static str,
    change_rule: &'static str,
}

impl<'a> From<&'a TariffDetails> for DetailColumns<'a> {
    fn from(details: &'a TariffDetails) -> Self {
        Self {
            name: details.name.as_str(),
            operator_id: details.operator_id.as_ref().map(Label::as_str),
            currency: details.currency.code(),
            status: details.status.as_str(),
            change_rule: details.change_rule.as_str(),
        }
    }
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("tariffs", what)
}

impl TryFrom<Row> for TariffRecord {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let operator_id = row.operator_id.as_deref().map(Label::parse).transpose();
        let status = TariffStatus::ALL.into_iter().find(|status| status.as_str() == row.status);
        let rule = ChangeRule::ALL.into_iter().find(|rule| rule.as_str() == row.change_rule);
        Ok(Self {
            id: TariffId(row.id),
            details: TariffDetails {
                name: Label::parse(&row.name).map_err(broken)?,
                operator_id: operator_id.map_err(broken)?,
                currency: Currency::parse(&row.currency).map_err(broken)?,
                status: status.ok_or_else(|| broken(format!("status {}", row.status)))?,
                change_rule: rule.ok_or_else(|| broken(format!("rule {}", row.change_rule)))?,
            },
            revision: Revision {
                created_at: row.created_at,
                updated_at: row.updated_at,
                version: row.version,
                retired_at: row.retired_at,
            },
            awaits_approval: row.awaits_approval,
        })
    }
}
