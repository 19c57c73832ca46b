//! Creating, updating, retiring and restoring stations; invalid edits are refused.

use super::row::{DetailColumns, Row};
use crate::assets::availability::Availability;
use crate::assets::{audit, availability};
use crate::commands::KeyedRequest;
use crate::creation_keys::{self, Creation};
use crate::database::operators;
use crate::database::transaction::{Abort, Refusable};
use crate::schema::{piles, stations};
use crate::{Connection, StorageError, feed};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{EditStamp, OperatorBound, Station, StationDetails};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, StationChanged};
use domain::ids::{Actor, StationId};
use uuid::Uuid;

/// Why an edit of a station is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StationRefusal {
    /// The station does not exist within the caller's bound, or is retired.
    #[error("there is no such station")]
    NotFound,
    /// The station was edited since the caller read it.
    #[error("the station is now at version {current}")]
    OtherVersion {
        /// The station's current version.
        current: i64,
    },
    /// The station has piles that are not retired.
    #[error("the station still has piles")]
    NotEmpty,
    /// The station is not retired, so it cannot be restored.
    #[error("the station is not retired")]
    NotRetired,
}

/// Creates a station on behalf of `by`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert(connection: &mut Connection, station: &Station, by: &Actor) -> Result<(), StorageError> {
    connection
        .transaction(async |tx| {
            diesel::insert_into(stations::table)
                .values((
                    stations::id.eq(station.id.0),
                    DetailColumns::try_from(&station.details)?,
                    stations::created_at.eq(station.revision.created_at),
                    stations::updated_at.eq(station.revision.updated_at),
                    stations::version.eq(station.revision.version),
                ))
                .execute(tx)
                .await?;
            record_edit(tx, AssetAction::Created, None, station, by).await
        })
        .await
}

/// The same under an idempotency key, if there is one: a repeated request creates nothing.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert_once(
    connection: &mut Connection,
    station: &Station,
    by: &Actor,
    keyed: Option<&KeyedRequest>,
) -> Result<Creation<()>, StorageError> {
    let Some(keyed) = keyed else {
        return insert(connection, station, by).await.map(Creation::Now);
    };
    connection
        .transaction(async |tx| {
            if let Some(earlier) = creation_keys::claim(tx, keyed, station.id.0).await? {
                return Ok(earlier);
            }
            Ok(Creation::Now(insert(tx, station, by).await?))
        })
        .await
}

/// Applies `change` to the details of a station within `bound`, if the station is at one of the `expected`
/// versions, when given. The station is locked meanwhile. Returns the station with the availability
/// of its piles, read before the commit, so that nothing can fail after the station was changed.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn update<E: From<StationRefusal> + Send>(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: StationId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
    change: impl FnOnce(&StationDetails) -> Result<StationDetails, E> + Send,
) -> Result<Result<(Station, Availability), E>, StorageError> {
    connection
        .transaction(async |tx| {
            let before = lock(tx, bound, id, expected, false).await.map_err(Abort::widen)?;
            let details = change(&before.details).map_err(Abort::Refused)?;
            let row = diesel::update(stations::table.find(id.0))
                .set((
                    DetailColumns::try_from(&details)?,
                    stations::updated_at.eq(stamp.at),
                    stations::version.eq(stations::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let station = Station::try_from(row)?;
            record_edit(tx, AssetAction::Updated, Some(&before), &station, &stamp.by).await?;
            let availability = availability::load(tx, id).await?;
            Ok((station, availability))
        })
        .await
        .refusal_as_value()
}

/// Retires a station within `bound` that has no piles, if it is at one of the `expected` versions, when given. Its
/// history is kept.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn retire(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: StationId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
) -> Result<Result<(), StationRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let before = lock(tx, bound, id, expected, false).await?;
            let standing = piles::station_id.eq(id.0).and(piles::retired_at.is_null());
            if diesel::select(exists(piles::table.filter(standing))).get_result(tx).await? {
                return Err(Abort::Refused(StationRefusal::NotEmpty));
            }
            let station = mark(tx, id, stamp, true).await?;
            record_edit(tx, AssetAction::Retired, Some(&before), &station, &stamp.by).await?;
            Ok(())
        })
        .await
        .refusal_as_value()
}

/// Restores a retired station within `bound` unchanged, if it is at one of the `expected` versions, when given.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn restore(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: StationId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
) -> Result<Result<Station, StationRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            lock(tx, bound, id, expected, true).await?;
            let station = mark(tx, id, stamp, false).await?;
            record_edit(tx, AssetAction::Restored, None, &station, &stamp.by).await?;
            Ok(station)
        })
        .await
        .refusal_as_value()
}

/// Retires or restores a station.
async fn mark(
    tx: &mut Connection,
    id: StationId,
    stamp: &EditStamp,
    retired: bool,
) -> Result<Station, StorageError> {
    let row = diesel::update(stations::table.find(id.0))
        .set((
            stations::retired_at.eq(retired.then_some(stamp.at)),
            stations::updated_at.eq(stamp.at),
            stations::version.eq(stations::version + 1),
        ))
        .returning(Row::as_returning())
        .get_result(tx)
        .await?;
    Station::try_from(row)
}

/// Records an edit in the audit trail and appends the change to the feed. The station stays locked
/// until the transaction ends, so its changes are appended in order.
async fn record_edit(
    tx: &mut Connection,
    action: AssetAction,
    before: Option<&Station>,
    station: &Station,
    by: &Actor,
) -> Result<(), StorageError> {
    let before = before.map(|before| &before.details);
    let after = Some(&station.details).filter(|_| station.revision.retired_at.is_none());
    audit::append(tx, station.id.0, station.revision, action, by, (before, after), None).await?;
    let body = StationChanged { station_id: station.id, action, version: station.revision.version };
    let change = FeedChange {
        subject: FeedSubject::Station(station.id),
        at: station.revision.updated_at,
        kind: FeedKind::StationChanged(body),
    };
    feed::append(tx, &[change]).await
}

/// Locks a station within `bound`, retired or not, until the transaction ends, so that it is not edited and no
/// pile is added.
async fn lock(
    tx: &mut Connection,
    bound: &OperatorBound,
    id: StationId,
    expected: Option<&[i64]>,
    retired: bool,
) -> Result<Station, Abort<StationRefusal>> {
    let row = stations::table
        .find(id.0)
        .filter(operators::stations(bound))
        .select(Row::as_select())
        .for_update()
        .first(tx)
        .await
        .optional()?;
    let Some(station) = row.map(Station::try_from).transpose()? else {
        return Err(Abort::Refused(StationRefusal::NotFound));
    };
    let current = station.revision.version;
    match (station.revision.retired_at.is_some(), expected) {
        (true, _) if !retired => Err(Abort::Refused(StationRefusal::NotFound)),
        (false, _) if retired => Err(Abort::Refused(StationRefusal::NotRetired)),
        (_, Some(expected)) if !expected.contains(&current) => {
            Err(Abort::Refused(StationRefusal::OtherVersion { current }))
        }
        _ => Ok(station),
    }
}

/// Locks a station within `bound` against being retired until the transaction ends; `false` if there
/// is no such station.
pub(crate) async fn lock_active(
    tx: &mut Connection,
    bound: &OperatorBound,
    id: StationId,
) -> Result<bool, StorageError> {
    let held: Option<Uuid> = stations::table
        .filter(stations::id.eq(id.0))
        .filter(operators::stations(bound))
        .filter(stations::retired_at.is_null())
        .select(stations::id)
        .for_share()
        .first(tx)
        .await
        .optional()?;
    Ok(held.is_some())
}
