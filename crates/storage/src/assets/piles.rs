//! Piles as operators registered them, with the state of their devices.

mod current_type;
mod live;
mod put_many;
mod relocate;
mod row;
mod write;

pub use live::{
    LiveConnector, LiveView, PileQuery, find_live, find_many_with_live, find_with_live, load_live,
};
pub use put_many::{Entry, EntryRefusal};
pub use relocate::{move_to_station, replace_charge_point};
pub use write::{PileRefusal, insert, insert_once, restore, retire, update};

use crate::assets::availability::pile_status;
use crate::assets::search::{and_all_words, has_all_pairs};
use crate::database::operators;
use crate::schema::{charge_points, piles};
use crate::{Connection, SearchTerms, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::{OperatorBound, Pile};
use domain::ids::{ChargePointId, PileId, StationId};
use domain::status::PileStatus;
use row::Row;

/// A filter of piles; by default it selects all that are not retired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only piles of this station.
    pub station_id: Option<StationId>,
    /// Only the pile with this device.
    pub charge_point_id: Option<ChargePointId>,
    /// Only piles with these words in their name, device or serial number.
    pub search: Option<SearchTerms>,
    /// Only piles with this status, derived from their devices.
    pub status: Option<PileStatus>,
    /// `true`: only piles whose device is online; `false`: only piles whose device is offline or
    /// was never heard.
    pub online: Option<bool>,
    /// Only retired piles, instead of those that are not.
    pub retired: bool,
}

/// The pile with id `id` within `bound`, unless it is retired.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: PileId,
) -> Result<Option<Pile>, StorageError> {
    let row = piles::table
        .filter(piles::id.eq(id.0))
        .filter(operators::piles(bound))
        .filter(piles::retired_at.is_null())
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    row.map(Pile::try_from).transpose()
}

/// Whether a pile with id `id` exists within `bound`, retired or not.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn is_known(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: PileId,
) -> Result<bool, StorageError> {
    let own = piles::table.find(id.0).filter(operators::piles(bound));
    Ok(diesel::select(exists(own)).get_result(connection).await?)
}

/// Up to `limit` piles within `bound`, the newest first; with `after`, those that follow the pile created at that
/// time with that id.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &Filter,
    after: Option<(DateTime<Utc>, PileId)>,
    limit: i64,
) -> Result<Vec<Pile>, StorageError> {
    let mut query = piles::table
        .filter(operators::piles(bound))
        .order((piles::created_at.desc(), piles::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed::<Pg>();
    query = match filter.retired {
        true => query.filter(piles::retired_at.is_not_null()),
        false => query.filter(piles::retired_at.is_null()),
    };
    if let Some(search) = &filter.search {
        let pairs = sql::<Bool>(has_all_pairs!("piles")).bind::<Array<Text>, _>(search.values());
        let all = pairs.sql(and_all_words!("piles")).bind::<Array<Text>, _>(search.values());
        query = query.filter(all.sql(") as word))"));
    }
    if let Some(status) = filter.status {
        query = query.filter(sql::<Bool>(concat!(pile_status!(), " = ")).bind::<Text, _>(status.as_str()));
    }
    if let Some(online) = filter.online {
        let there = charge_points::charge_point_id.eq(piles::charge_point_id).and(charge_points::online);
        query = query.filter(exists(charge_points::table.filter(there)).eq(online));
    }
    if let Some(station) = filter.station_id {
        query = query.filter(piles::station_id.eq(station.0));
    }
    if let Some(charge_point) = &filter.charge_point_id {
        query = query.filter(piles::charge_point_id.eq(charge_point.as_str()));
    }
    if let Some((at, id)) = after {
        // Diesel has no row comparison. It starts the index scan at the exact row, which matters
        // because all piles of an import have the same creation time.
        let place = sql::<Bool>("(piles.created_at, piles.id) < (").bind::<Timestamptz, _>(at);
        query = query.filter(place.sql(", ").bind::<SqlUuid, _>(id.0).sql(")"));
    }
    let rows = query.load(connection).await?;
    rows.into_iter().map(Pile::try_from).collect()
}
