//! Piles as operators registered them, and beside them what their devices report.

mod live;
mod row;
mod write;

pub use live::{LiveConnector, LiveView, find_live, load_live};
pub use write::{Refusal, insert, restore, retire, update};

use crate::schema::piles;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::asset::Pile;
use domain::ids::{ChargePointId, PileId, StationId};
use row::Row;

/// Which piles to list; empty for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those in this station.
    pub station_id: Option<StationId>,
    /// The one with this device.
    pub charge_point_id: Option<ChargePointId>,
}

/// The pile called `id`, unless it is retired.
///
/// # Errors
/// When Postgres fails.
pub async fn find(connection: &mut Connection, id: PileId) -> Result<Option<Pile>, StorageError> {
    let row = piles::table
        .filter(piles::id.eq(id.0))
        .filter(piles::retired_at.is_null())
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(Pile::try_from).transpose()
}

/// Whether there is a pile called `id`, or was one that is retired.
///
/// # Errors
/// When Postgres fails.
pub async fn is_known(connection: &mut Connection, id: PileId) -> Result<bool, StorageError> {
    Ok(diesel::select(exists(piles::table.find(id.0))).get_result(connection).await?)
}

/// At most `limit` piles, the newest first; those that come after the one made at `after`, where given.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    connection: &mut Connection,
    filter: &Filter,
    after: Option<(DateTime<Utc>, PileId)>,
    limit: i64,
) -> Result<Vec<Pile>, StorageError> {
    let mut query = piles::table
        .filter(piles::retired_at.is_null())
        .order((piles::created_at.desc(), piles::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed::<Pg>();
    if let Some(station) = filter.station_id {
        query = query.filter(piles::station_id.eq(station.0));
    }
    if let Some(charge_point) = &filter.charge_point_id {
        query = query.filter(piles::charge_point_id.eq(charge_point.as_str()));
    }
    if let Some((at, id)) = after {
        // Said so that the index is entered at `at`: a row comparison, which diesel does not know.
        let later = piles::created_at.lt(at).or(piles::id.lt(id.0));
        query = query.filter(piles::created_at.le(at)).filter(later);
    }
    let rows = query.load(connection).await?;
    rows.into_iter().map(Pile::try_from).collect()
}
