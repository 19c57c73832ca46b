//! Bindings of tariffs to subjects; the bindings of one subject never overlap in time.

mod row;
mod write;

pub use write::{BindingEndRefusal, BindingRefusal, end, insert, insert_once};

pub(super) use row::Held;

use crate::database::operators::{self, OfOperators};
use crate::schema::tariff_bindings;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{BindingId, TariffId};
use domain::tariffs::{Binding, Subject};
use row::{Row, key};
use uuid::Uuid;

/// A binding, with its authors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingRecord {
    /// The binding.
    pub binding: Binding,
    /// When and by whom it was created.
    pub made: EditStamp,
    /// When and by whom its end was last set or moved to an earlier time; `None` if never.
    pub ended: Option<EditStamp>,
}

/// A filter of bindings; by default it selects all, including past ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only bindings of this subject.
    pub subject: Option<Subject>,
    /// Only bindings of this tariff.
    pub tariff_id: Option<TariffId>,
}

/// The binding with id `id` that `bound` allows to read, past or not; `None` if it does not exist.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: BindingId,
) -> Result<Option<BindingRecord>, StorageError> {
    find_among(connection, operators::readable_bindings(bound), id).await
}

/// The binding with id `id` among `own`.
async fn find_among(
    connection: &mut Connection,
    own: OfOperators<'_>,
    id: BindingId,
) -> Result<Option<BindingRecord>, StorageError> {
    let own = tariff_bindings::table.find(id.0).filter(own);
    let row: Option<Row> = own.select(Row::as_select()).first(connection).await.optional()?;
    row.map(BindingRecord::try_from).transpose()
}

/// Up to `limit` bindings that `bound` allows to read, the newest first; with `after`, those that follow the binding created at
/// that time with that id.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &Filter,
    after: Option<(DateTime<Utc>, BindingId)>,
    limit: i64,
) -> Result<Vec<BindingRecord>, StorageError> {
    let mut query = tariff_bindings::table
        .filter(operators::readable_bindings(bound))
        .order((tariff_bindings::created_at.desc(), tariff_bindings::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed::<Pg>();
    if let Some(subject) = &filter.subject {
        query = query.filter(tariff_bindings::subject.eq(key(subject)));
    }
    if let Some(tariff) = filter.tariff_id {
        query = query.filter(tariff_bindings::tariff_id.eq(tariff.0));
    }
    if let Some((at, id)) = after {
        // Diesel has no row comparison. It starts the index scan at the exact row.
        let place = sql::<Bool>("(tariff_bindings.created_at, tariff_bindings.id) < (");
        let place = place.bind::<Timestamptz, _>(at).sql(", ").bind::<SqlUuid, _>(id.0);
        query = query.filter(place.sql(")"));
    }
    let rows: Vec<Row> = query.load(connection).await?;
    rows.into_iter().map(BindingRecord::try_from).collect()
}

/// Whether a tariff has a binding that applies at `at` or later, for `None` at any time; and such a
/// binding that `bound` allows to read, if there is one.
pub(super) async fn not_over(
    tx: &mut Connection,
    bound: &OperatorBound,
    tariff: TariffId,
    at: Option<DateTime<Utc>>,
) -> Result<Option<Option<BindingId>>, StorageError> {
    // A binding that was ended before it began never applies.
    let holds = sql::<Bool>("tstzrange(effective_from, effective_until) && tstzrange(");
    let is_readable = || operators::readable_bindings(bound).is_not_distinct_from(true);
    let found: Option<(Uuid, bool)> = tariff_bindings::table
        .filter(tariff_bindings::tariff_id.eq(tariff.0))
        .filter(holds.bind::<Nullable<Timestamptz>, _>(at).sql(", null)"))
        .order(is_readable().desc())
        .select((tariff_bindings::id, is_readable()))
        .first(tx)
        .await
        .optional()?;
    Ok(found.map(|(id, is_readable)| is_readable.then_some(BindingId(id))))
}
