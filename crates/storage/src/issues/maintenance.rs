//! Maintenance windows: times in which no issue opens at a station or a pile.

use crate::database::operators;
use crate::database::pruning::{Pruned, Slice};
use crate::database::transaction::{Abort, Refusable};
use crate::schema::{issue_progress, maintenance_windows, piles, stations};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{MaintenanceWindowId, PileId, StationId};
use domain::text::Label;
use uuid::Uuid;

/// A maintenance window.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = maintenance_windows, check_for_backend(Pg))]
pub struct MaintenanceWindow {
    /// The id.
    pub id: Uuid,
    /// The station.
    pub station_id: Uuid,
    /// The pile; `None` for the whole station.
    pub pile_id: Option<Uuid>,
    /// The beginning.
    pub begins_at: DateTime<Utc>,
    /// The end, exclusive.
    pub ends_at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// The caller that recorded it.
    pub created_by: String,
    /// The caller that ended it early; `None` if none did.
    pub ended_by: Option<String>,
}

/// A window to record. Its place is a station, a pile, or both if they belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWindow {
    /// The id.
    pub id: MaintenanceWindowId,
    /// The station; that of the pile if it is `None`.
    pub station_id: Option<StationId>,
    /// The pile; `None` for the whole station.
    pub pile_id: Option<PileId>,
    /// The beginning.
    pub begins_at: DateTime<Utc>,
    /// The end, exclusive; after the beginning.
    pub ends_at: DateTime<Utc>,
    /// Why.
    pub reason: Label,
}

/// Why a window is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowRefusal {
    /// The window does not exist within the caller's bound.
    #[error("there is no such maintenance window")]
    NotFound,
    /// The station or the pile does not exist within the caller's bound, or is retired, or the pile is at
    /// another station.
    #[error("there is no such place")]
    PlaceNotFound,
    /// The window has ended.
    #[error("the maintenance window ended at {at}")]
    Ended {
        /// When.
        at: DateTime<Utc>,
    },
}

/// Records a window at a place within `bound`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert(
    connection: &mut Connection,
    bound: &OperatorBound,
    window: &NewWindow,
    stamp: &EditStamp,
) -> Result<Result<MaintenanceWindow, WindowRefusal>, StorageError> {
    let Some(station) = station_of(connection, bound, window).await? else {
        return Ok(Err(WindowRefusal::PlaceNotFound));
    };
    let row = (
        maintenance_windows::id.eq(window.id.0),
        maintenance_windows::station_id.eq(station),
        maintenance_windows::pile_id.eq(window.pile_id.map(|pile| pile.0)),
        maintenance_windows::begins_at.eq(window.begins_at),
        maintenance_windows::ends_at.eq(window.ends_at),
        maintenance_windows::reason.eq(window.reason.as_str()),
        maintenance_windows::created_at.eq(stamp.at),
        maintenance_windows::created_by.eq(stamp.by.as_str()),
    );
    let inserted = diesel::insert_into(maintenance_windows::table)
        .values(row)
        .returning(MaintenanceWindow::as_returning())
        .get_result(connection)
        .await?;
    Ok(Ok(inserted))
}

/// The station of the window's place; `None` if the caller reaches no such place.
async fn station_of(
    connection: &mut Connection,
    bound: &OperatorBound,
    window: &NewWindow,
) -> Result<Option<Uuid>, StorageError> {
    let named = window.station_id.map(|station| station.0);
    let found: Option<Uuid> = match window.pile_id {
        Some(pile) => {
            let own =
                piles::table.find(pile.0).filter(piles::retired_at.is_null()).filter(operators::piles(bound));
            own.select(piles::station_id).first(connection).await.optional()?
        }
        None => {
            let own = stations::table
                .filter(stations::id.nullable().eq(named))
                .filter(stations::retired_at.is_null())
                .filter(operators::stations(bound));
            own.select(stations::id).first(connection).await.optional()?
        }
    };
    Ok(found.filter(|found| named.is_none_or(|named| named == *found)))
}

/// The window with id `id` within `bound`; `None` if it does not exist.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: MaintenanceWindowId,
) -> Result<Option<MaintenanceWindow>, StorageError> {
    let own = maintenance_windows::table.find(id.0).filter(operators::maintenance_windows(bound));
    Ok(own.select(MaintenanceWindow::as_select()).first(connection).await.optional()?)
}

/// Up to `limit` windows within `bound`, the latest recorded first; with `after`, those that follow the
/// window recorded at that time with that id. `station`: only windows of this station and its piles.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    station: Option<StationId>,
    after: Option<(DateTime<Utc>, MaintenanceWindowId)>,
    limit: i64,
) -> Result<Vec<MaintenanceWindow>, StorageError> {
    let mut query = maintenance_windows::table
        .filter(operators::maintenance_windows(bound))
        .order((maintenance_windows::created_at.desc(), maintenance_windows::id.desc()))
        .limit(limit)
        .select(MaintenanceWindow::as_select())
        .into_boxed::<Pg>();
    if let Some(station) = station {
        query = query.filter(maintenance_windows::station_id.eq(station.0));
    }
    if let Some((at, id)) = after {
        let place = sql::<Bool>("(maintenance_windows.created_at, maintenance_windows.id) < (");
        let place = place.bind::<Timestamptz, _>(at).sql(", ").bind::<SqlUuid, _>(id.0);
        query = query.filter(place.sql(")"));
    }
    Ok(query.load(connection).await?)
}

/// Ends the window `id` within `bound` at the time of `stamp`, or before it begins. What is still wrong
/// at the place becomes an issue at that time.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn end(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: MaintenanceWindowId,
    stamp: &EditStamp,
) -> Result<Result<MaintenanceWindow, WindowRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            // A pass of the rules that read the former end must be over.
            let progress = issue_progress::table.select(issue_progress::position).for_update();
            let _positions: Vec<i64> = progress.load(tx).await?;
            let held =
                maintenance_windows::table.find(id.0).select(maintenance_windows::ends_at).for_update();
            let _ends_at: Option<DateTime<Utc>> = held.first(tx).await.optional()?;
            let window = find(tx, bound, id).await?.ok_or(Abort::Refused(WindowRefusal::NotFound))?;
            if window.ends_at <= stamp.at || window.ends_at == window.begins_at {
                return Err(Abort::Refused(WindowRefusal::Ended { at: window.ends_at }));
            }
            let ends_at = stamp.at.max(window.begins_at);
            hasten(tx, &window, ends_at).await?;
            let ended = (
                maintenance_windows::ends_at.eq(ends_at),
                maintenance_windows::ended_by.eq(stamp.by.as_str()),
            );
            let ended = diesel::update(maintenance_windows::table.find(id.0))
                .set(ended)
                .returning(MaintenanceWindow::as_returning())
                .get_result(tx)
                .await?;
            Ok(ended)
        })
        .await
        .refusal_as_value()
}

/// What `window` postponed to its end is due at `ends_at` instead.
async fn hasten(
    tx: &mut Connection,
    window: &MaintenanceWindow,
    ends_at: DateTime<Utc>,
) -> Result<(), StorageError> {
    diesel::sql_query(
        "update issue_watches set due_at = $4, state = jsonb_set(state, '{due,at}', to_jsonb($4::timestamptz))
         where due_at = $3 and state #>> '{due,then}' = 'open'
           and charge_point_id in (
             select charge_point_id from piles
             where station_id = $1 and (id = $2 or $2 is null) and retired_at is null)",
    )
    .bind::<SqlUuid, _>(window.station_id)
    .bind::<Nullable<SqlUuid>, _>(window.pile_id)
    .bind::<Timestamptz, _>(window.ends_at)
    .bind::<Timestamptz, _>(ends_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes windows that ended before the age of `slice`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select id, ends_at from maintenance_windows
          where ends_at < now() - make_interval(secs => $1) and ends_at >= coalesce($2, '-infinity')
          order by ends_at limit $3 for update skip locked),
        gone as (delete from maintenance_windows using old where maintenance_windows.id = old.id returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(ends_at) as up_to from old";
    slice.run(connection, statement).await
}
