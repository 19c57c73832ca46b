//! Adding, changing, retiring and restoring stations; a change that must not be is refused.

use super::row::{DetailColumns, Row};
use crate::assets::availability::Availability;
use crate::assets::{audit, availability};
use crate::schema::{piles, stations};
use crate::{Connection, StorageError, feed};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{Signature, Station, StationDetails};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, StationChanged};
use domain::ids::{Actor, StationId};
use uuid::Uuid;

/// Why a station was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such station, or it is retired.
    #[error("there is no such station")]
    NotFound,
    /// It was edited since the caller looked.
    #[error("the station is now at version {current}")]
    OtherVersion {
        /// The version that it is at.
        current: i64,
    },
    /// There are piles in it.
    #[error("the station still has piles")]
    NotEmpty,
    /// It is in sight, so there is nothing to restore.
    #[error("the station is not retired")]
    NotRetired,
}

/// Adds a station in the name of `by`.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(connection: &mut Connection, station: &Station, by: &Actor) -> Result<(), StorageError> {
    connection
        .transaction(async |tx| {
            diesel::insert_into(stations::table)
                .values((
                    stations::id.eq(station.id.0),
                    DetailColumns::try_from(&station.details)?,
                    stations::created_at.eq(station.edition.created_at),
                    stations::updated_at.eq(station.edition.updated_at),
                    stations::version.eq(station.edition.version),
                ))
                .execute(tx)
                .await?;
            tell(tx, AssetAction::Created, None, station, by).await
        })
        .await
}

/// Makes of what is said of a station what `change` makes of it, provided that it is at one of the `expected` versions,
/// where given. Nobody else edits it meanwhile. Answers it beside how its piles stand, read before anything is committed, so
/// that nothing can fail once the station is changed.
///
/// # Errors
/// When Postgres fails.
pub async fn update<E: From<Refusal> + Send>(
    connection: &mut Connection,
    id: StationId,
    expected: Option<&[i64]>,
    signature: &Signature,
    change: impl FnOnce(&StationDetails) -> Result<StationDetails, E> + Send,
) -> Result<Result<(Station, Availability), E>, StorageError> {
    connection
        .transaction(async |tx| {
            let before = match lock(tx, id, expected, false).await? {
                Ok(before) => before,
                Err(refusal) => return Ok(Err(refusal.into())),
            };
            let details = match change(&before.details) {
                Ok(details) => details,
                Err(error) => return Ok(Err(error)),
            };
            let row = diesel::update(stations::table.find(id.0))
                .set((
                    DetailColumns::try_from(&details)?,
                    stations::updated_at.eq(signature.at),
                    stations::version.eq(stations::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let station = Station::try_from(row)?;
            tell(tx, AssetAction::Updated, Some(&before), &station, &signature.by).await?;
            let availability = availability::load(tx, id).await?;
            Ok(Ok((station, availability)))
        })
        .await
}

/// Retires a station without piles, provided that it is at one of the `expected` versions, where
/// given; its history is kept.
///
/// # Errors
/// When Postgres fails.
pub async fn retire(
    connection: &mut Connection,
    id: StationId,
    expected: Option<&[i64]>,
    signature: &Signature,
) -> Result<Result<(), Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let before = match lock(tx, id, expected, false).await? {
                Ok(before) => before,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let standing = piles::station_id.eq(id.0).and(piles::retired_at.is_null());
            if diesel::select(exists(piles::table.filter(standing))).get_result(tx).await? {
                return Ok(Err(Refusal::NotEmpty));
            }
            let station = mark(tx, id, signature, true).await?;
            tell(tx, AssetAction::Retired, Some(&before), &station, &signature.by).await?;
            Ok(Ok(()))
        })
        .await
}

/// Brings a retired station back as it was, provided that it is at one of the `expected` versions, where given.
///
/// # Errors
/// When Postgres fails.
pub async fn restore(
    connection: &mut Connection,
    id: StationId,
    expected: Option<&[i64]>,
    signature: &Signature,
) -> Result<Result<Station, Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            if let Err(refusal) = lock(tx, id, expected, true).await? {
                return Ok(Err(refusal));
            }
            let station = mark(tx, id, signature, false).await?;
            tell(tx, AssetAction::Restored, None, &station, &signature.by).await?;
            Ok(Ok(station))
        })
        .await
}

/// Takes a station out of sight, or brings it back.
async fn mark(
    tx: &mut Connection,
    id: StationId,
    signature: &Signature,
    retired: bool,
) -> Result<Station, StorageError> {
    let row = diesel::update(stations::table.find(id.0))
        .set((
            stations::retired_at.eq(retired.then_some(signature.at)),
            stations::updated_at.eq(signature.at),
            stations::version.eq(stations::version + 1),
        ))
        .returning(Row::as_returning())
        .get_result(tx)
        .await?;
    Station::try_from(row)
}

/// Writes down what was done to a station, and tells the feed. It is locked until the transaction ends: its changes are told
/// in order.
async fn tell(
    tx: &mut Connection,
    action: AssetAction,
    before: Option<&Station>,
    station: &Station,
    by: &Actor,
) -> Result<(), StorageError> {
    let before = before.map(|before| &before.details);
    let after = Some(&station.details).filter(|_| station.edition.retired_at.is_none());
    audit::append(tx, station.id.0, station.edition, action, by, (before, after)).await?;
    let body = StationChanged { station_id: station.id, action, version: station.edition.version };
    let change = FeedChange {
        subject: FeedSubject::Station(station.id),
        at: station.edition.updated_at,
        kind: FeedKind::StationChanged(body),
    };
    feed::append(tx, &[change]).await
}

/// Holds a station, retired or not, until the transaction ends, so that nobody edits it or puts a pile into it.
async fn lock(
    tx: &mut Connection,
    id: StationId,
    expected: Option<&[i64]>,
    retired: bool,
) -> Result<Result<Station, Refusal>, StorageError> {
    let row = stations::table.find(id.0).select(Row::as_select()).for_update().first(tx).await.optional()?;
    let Some(station) = row.map(Station::try_from).transpose()? else {
        return Ok(Err(Refusal::NotFound));
    };
    let current = station.edition.version;
    Ok(match (station.edition.retired_at.is_some(), expected) {
        (true, _) if !retired => Err(Refusal::NotFound),
        (false, _) if retired => Err(Refusal::NotRetired),
        (_, Some(expected)) if !expected.contains(&current) => Err(Refusal::OtherVersion { current }),
        _ => Ok(station),
    })
}

/// Holds a station so that it is not retired before the transaction ends; says whether there is one.
pub(crate) async fn keep(tx: &mut Connection, id: StationId) -> Result<bool, StorageError> {
    let held: Option<Uuid> = stations::table
        .filter(stations::id.eq(id.0))
        .filter(stations::retired_at.is_null())
        .select(stations::id)
        .for_share()
        .first(tx)
        .await
        .optional()?;
    Ok(held.is_some())
}
