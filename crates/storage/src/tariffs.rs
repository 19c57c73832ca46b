//! Tariffs as operators made them, the versions of their prices, and what they are bound to.
//!
//! Who writes of a tariff, its versions or its bindings holds the tariff's row until the transaction ends: so what the feed
//! tells of one tariff is told in order.

mod activate;
pub mod bindings;
mod price_book;
mod publish;
mod row;
pub mod versions;
mod write;

pub use activate::activate_due;
pub use price_book::{Spot, load_book};
pub use write::{Refusal, insert, retire, update};

use crate::schema::tariffs;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::Edition;
use domain::ids::TariffId;
use domain::tariffs::{TariffDetails, TariffStatus};
use domain::text::Label;
use row::Row;

/// A tariff without its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct TariffRecord {
    /// Its id.
    pub id: TariffId,
    /// What the operator says of it.
    pub details: TariffDetails,
    /// When and how often that was edited.
    pub edition: Edition,
}

/// Which tariffs to list; by default all that are not retired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this operator.
    pub operator_id: Option<Label>,
    /// Those that stand so.
    pub status: Option<TariffStatus>,
    /// Those that are retired, instead of those that are not.
    pub retired: bool,
}

/// The tariff called `id`, unless it is retired.
///
/// # Errors
/// When Postgres fails.
pub async fn find(connection: &mut Connection, id: TariffId) -> Result<Option<TariffRecord>, StorageError> {
    let row = tariffs::table
        .filter(tariffs::id.eq(id.0))
        .filter(tariffs::retired_at.is_null())
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(TariffRecord::try_from).transpose()
}

/// Whether there is a tariff called `id`, or was one that is retired.
///
/// # Errors
/// When Postgres fails.
pub async fn is_known(connection: &mut Connection, id: TariffId) -> Result<bool, StorageError> {
    Ok(diesel::select(exists(tariffs::table.find(id.0))).get_result(connection).await?)
}

/// At most `limit` tariffs, the newest first; those that come after the one made at `after`, where given.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    connection: &mut Connection,
    filter: &Filter,
    after: Option<(DateTime<Utc>, TariffId)>,
    limit: i64,
) -> Result<Vec<TariffRecord>, StorageError> {
    let mut query = tariffs::table
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
    if let Some((at, id)) = after {
        // A row comparison, which diesel does not know, enters the index at the very row.
        let place = sql::<Bool>("(tariffs.created_at, tariffs.id) < (").bind::<Timestamptz, _>(at);
        query = query.filter(place.sql(", ").bind::<SqlUuid, _>(id.0).sql(")"));
    }
    let rows = query.load(connection).await?;
    rows.into_iter().map(TariffRecord::try_from).collect()
}
