//! Charging stations as operators registered them.

mod row;
mod write;

pub(crate) use write::keep;
pub use write::{Refusal, insert, restore, retire, update};

use crate::schema::stations;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::asset::Station;
use domain::ids::StationId;
use row::Row;

/// The station called `id`, unless it is retired.
///
/// # Errors
/// When Postgres fails.
pub async fn find(connection: &mut Connection, id: StationId) -> Result<Option<Station>, StorageError> {
    let row = stations::table
        .filter(stations::id.eq(id.0))
        .filter(stations::retired_at.is_null())
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(Station::try_from).transpose()
}

/// Whether there is a station called `id`, or was one that is retired.
///
/// # Errors
/// When Postgres fails.
pub async fn is_known(connection: &mut Connection, id: StationId) -> Result<bool, StorageError> {
    Ok(diesel::select(exists(stations::table.find(id.0))).get_result(connection).await?)
}

/// At most `limit` stations, the newest first; those that come after the one made at `after`, where given.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    connection: &mut Connection,
    after: Option<(DateTime<Utc>, StationId)>,
    limit: i64,
) -> Result<Vec<Station>, StorageError> {
    let mut query = stations::table
        .filter(stations::retired_at.is_null())
        .order((stations::created_at.desc(), stations::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed::<Pg>();
    if let Some((at, id)) = after {
        // Said so that the index is entered at `at`: a row comparison, which diesel does not know.
        let later = stations::created_at.lt(at).or(stations::id.lt(id.0));
        query = query.filter(stations::created_at.le(at)).filter(later);
    }
    let rows = query.load(connection).await?;
    rows.into_iter().map(Station::try_from).collect()
}
