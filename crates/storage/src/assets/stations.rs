//! Charging stations as operators registered them.

mod near;
mod put_many;
mod row;
mod write;

pub use near::{Near, list_near};
pub use put_many::{Entry, EntryRefusal};

pub(crate) use row::parse_startable;
pub(crate) use write::lock_active;
pub use write::{StationRefusal, insert, insert_once, restore, retire, update};

use crate::assets::availability::pile_status;
use crate::assets::search::{and_all_words, has_all_pairs};
use crate::database::operators;
use crate::schema::stations;
use crate::{Connection, SearchTerms, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::{OperatorBound, Station, StationStatus};
use domain::ids::StationId;
use domain::text::Label;
use row::Row;
use uuid::Uuid;

/// The station with id `id` within `bound`, unless it is retired.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: StationId,
) -> Result<Option<Station>, StorageError> {
    let found = find_also_retired(connection, bound, id).await?;
    Ok(found.filter(|station| station.revision.retired_at.is_none()))
}

/// The station with id `id` within `bound`, retired or not.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find_also_retired(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: StationId,
) -> Result<Option<Station>, StorageError> {
    let row = stations::table
        .filter(stations::id.eq(id.0))
        .filter(operators::stations(bound))
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(Station::try_from).transpose()
}

/// Those of the stations with these ids that are not retired, of any operator.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find_many(
    connection: &mut Connection,
    ids: impl IntoIterator<Item = StationId> + Send,
) -> Result<Vec<Station>, StorageError> {
    let rows = stations::table
        .filter(stations::id.eq_any(ids.into_iter().map(|id| id.0).collect::<Vec<_>>()))
        .filter(stations::retired_at.is_null())
        .select(Row::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(Station::try_from).collect()
}

/// Up to `limit` stations that are not retired, of any operator, in the order of their ids; with
/// `after`, those that follow this id.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_by_id(
    connection: &mut Connection,
    after: Option<StationId>,
    limit: i64,
) -> Result<Vec<Station>, StorageError> {
    let after = after.unwrap_or(StationId(Uuid::nil())).0;
    let rows = stations::table
        .filter(stations::id.gt(after))
        .filter(stations::retired_at.is_null())
        .order(stations::id)
        .limit(limit)
        .select(Row::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(Station::try_from).collect()
}

/// Whether a station with id `id` exists within `bound`, retired or not.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn is_known(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: StationId,
) -> Result<bool, StorageError> {
    let own = stations::table.find(id.0).filter(operators::stations(bound));
    Ok(diesel::select(exists(own)).get_result(connection).await?)
}

/// A filter of stations; by default it selects all that are not retired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only stations with these words in their name or address.
    pub search: Option<SearchTerms>,
    /// Only stations of this operator.
    pub operator_id: Option<Label>,
    /// Only stations with this status.
    pub status: Option<StationStatus>,
    /// Only stations with a pile at which a vehicle can be charged now.
    pub available_only: bool,
    /// Only retired stations, instead of those that are not.
    pub retired: bool,
}

/// Whether a station has a pile at which a vehicle can be charged now.
macro_rules! is_available {
    () => {
        concat!(
            "exists (select from piles where piles.station_id = stations.id and piles.retired_at is null and ",
            pile_status!(),
            " = 'Available')"
        )
    };
}
use is_available;

/// Up to `limit` stations within `bound`, the newest first; with `after`, those that follow the station created at
/// that time with that id.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &Filter,
    after: Option<(DateTime<Utc>, StationId)>,
    limit: i64,
) -> Result<Vec<Station>, StorageError> {
    let mut query = stations::table
        .filter(operators::stations(bound))
        .order((stations::created_at.desc(), stations::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed::<Pg>();
    query = match filter.retired {
        true => query.filter(stations::retired_at.is_not_null()),
        false => query.filter(stations::retired_at.is_null()),
    };
    if let Some(search) = &filter.search {
        let pairs = sql::<Bool>(has_all_pairs!("stations")).bind::<Array<Text>, _>(search.values());
        let all = pairs.sql(and_all_words!("stations")).bind::<Array<Text>, _>(search.values());
        query = query.filter(all.sql(") as word))"));
    }
    if let Some(operator) = &filter.operator_id {
        query = query.filter(stations::operator_id.eq(operator.as_str()));
    }
    if let Some(status) = filter.status {
        query = query.filter(stations::status.eq(status.as_str()));
    }
    if filter.available_only {
        query = query.filter(sql::<Bool>(is_available!()));
    }
    if let Some((at, id)) = after {
        // Diesel has no row comparison. It starts the index scan at the exact row, which matters
        // because all stations of an import have the same creation time.
        let place = sql::<Bool>("(stations.created_at, stations.id) < (").bind::<Timestamptz, _>(at);
        query = query.filter(place.sql(", ").bind::<SqlUuid, _>(id.0).sql(")"));
    }
    let rows = query.load(connection).await?;
    rows.into_iter().map(Station::try_from).collect()
}
