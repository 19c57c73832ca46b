//! Tariffs, the versions of their prices, and their bindings.
//!
//! A transaction that writes about a tariff, its versions or its bindings locks the tariff's row
//! until it ends, so the feed contains the changes of one tariff in order.

mod activate;
pub mod bindings;
mod price_book;
mod publish;
mod row;
mod session_quote;
pub mod versions;
mod write;

pub use activate::activate_due;
pub use price_book::{PriceTarget, load_book, load_book_at};
pub use session_quote::{load_book_of, quote_metered, quote_of_session};
pub use write::{TariffRefusal, insert, insert_once, retire, update};

use crate::database::operators;
use crate::schema::tariffs;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::{OperatorBound, Revision};
use domain::ids::TariffId;
use domain::tariffs::{TariffDetails, TariffStatus};
use domain::text::Label;
use row::Row;

/// A tariff without its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct TariffRecord {
    /// Id of the tariff.
    pub id: TariffId,
    /// The details that operators edit.
    pub details: TariffDetails,
    /// The revision of the details.
    pub revision: Revision,
    /// Whether the publication of the draft as it is was requested, and the tariff is not retired.
    pub awaits_approval: bool,
}

/// A filter of tariffs; by default it selects all that are not retired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only tariffs of this operator.
    pub operator_id: Option<Label>,
    /// Only tariffs with this status.
    pub status: Option<TariffStatus>,
    /// Only retired tariffs, instead of those that are not.
    pub retired: bool,
    /// Only tariffs of which this is [`TariffRecord::awaits_approval`].
    pub awaits_approval: Option<bool>,
}

/// The tariff with id `id` that `bound` allows to read, unless it is retired.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: TariffId,
) -> Result<Option<TariffRecord>, StorageError> {
    let row = tariffs::table
        .filter(tariffs::id.eq(id.0))
        .filter(operators::readable_tariffs(bound))
        .filter(tariffs::retired_at.is_null())
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(TariffRecord::try_from).transpose()
}

/// Whether a tariff with id `id` exists that `bound` allows to read, retired or not.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn is_known(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: TariffId,
) -> Result<bool, StorageError> {
    let readable = tariffs::table.find(id.0).filter(operators::readable_tariffs(bound));
    Ok(diesel::select(exists(readable)).get_result(connection).await?)
}

/// Up to `limit` tariffs that `bound` allows to read, the newest first; with `after`, those that follow the tariff created at
/// that time with that id.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &Filter,
    after: Option<(DateTime<Utc>, TariffId)>,
    limit: i64,
) -> Result<Vec<TariffRecord>, StorageError> {
    let mut query = tariffs::table
        .filter(operators::readable_tariffs(bound))
        .order((tariffs::created_at.desc(), tariffs::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed::<Pg>();
    query = match filter.retired {
        true => query.filter(tariffs::retired_at.is_not_null()),
        false => query.filter(tariffs::retired_at.is_null()),
    };
    if let Some(operator) = &filter.operator_id {
        query = query.filter(tariffs::operator_id.eq(operator.as_str()));
    }
    if let Some(status) = filter.status {
        query = query.filter(tariffs::status.eq(status.as_str()));
    }
    if let Some(awaits) = filter.awaits_approval {
        query = query.filter(row::awaits_approval().eq(awaits));
    }
    if let Some((at, id)) = after {
        // Diesel has no row comparison. It starts the index scan at the exact row.
        let place = sql::<Bool>("(tariffs.created_at, tariffs.id) < (").bind::<Timestamptz, _>(at);
        query = query.filter(place.sql(", ").bind::<SqlUuid, _>(id.0).sql(")"));
    }
    let rows = query.load(connection).await?;
    rows.into_iter().map(TariffRecord::try_from).collect()
}
