//! Adding, changing and retiring stations; a change that must not be is refused.

use super::row::{DetailColumns, Row};
use crate::schema::{piles, stations};
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::asset::{Edition, Station, StationDetails};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, StationChanged};
use domain::ids::StationId;
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
}

/// Adds a station.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(connection: &mut Connection, station: &Station) -> Result<(), StorageError> {
    connection
        .transaction(async |tx| {
            diesel::insert_into(stations::table)
                .values((
                    stations::id.eq(station.id.0),
                    DetailColumns::from(&station.details),
                    stations::created_at.eq(station.edition.created_at),
                    stations::updated_at.eq(station.edition.updated_at),
                    stations::version.eq(station.edition.version),
                ))
                .execute(tx)
                .await?;
            tell(tx, station.id, AssetAction::Created, station.edition).await
        })
        .await
}

/// Replaces what is said of a station, provided that it is at one of the `expected` versions, where given.
///
/// # Errors
/// When Postgres fails.
pub async fn update(
    connection: &mut Connection,
    id: StationId,
    details: &StationDetails,
    expected: Option<&[i64]>,
    at: DateTime<Utc>,
) -> Result<Result<Station, Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            if let Err(refusal) = lock(tx, id, expected).await? {
                return Ok(Err(refusal));
            }
            let row = diesel::update(stations::table.find(id.0))
                .set((
                    DetailColumns::from(details),
                    stations::updated_at.eq(at),
                    stations::version.eq(stations::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let station = Station::try_from(row)?;
            tell(tx, id, AssetAction::Updated, station.edition).await?;
            Ok(Ok(station))
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
    at: DateTime<Utc>,
) -> Result<Result<(), Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            if let Err(refusal) = lock(tx, id, expected).await? {
                return Ok(Err(refusal));
            }
            let standing = piles::station_id.eq(id.0).and(piles::retired_at.is_null());
            if diesel::select(exists(piles::table.filter(standing))).get_result(tx).await? {
                return Ok(Err(Refusal::NotEmpty));
            }
            let row = diesel::update(stations::table.find(id.0))
                .set((
                    stations::retired_at.eq(at),
                    stations::updated_at.eq(at),
                    stations::version.eq(stations::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            tell(tx, id, AssetAction::Retired, Station::try_from(row)?.edition).await?;
            Ok(Ok(()))
        })
        .await
}

/// Tells the feed what was done to a station, which is locked until the transaction ends: its changes are told in order.
async fn tell(
    tx: &mut Connection,
    id: StationId,
    action: AssetAction,
    edition: Edition,
) -> Result<(), StorageError> {
    let body = StationChanged { station_id: id, action, version: edition.version };
    let kind = FeedKind::StationChanged(body);
    feed::append(tx, &[FeedChange { subject: FeedSubject::Station(id), at: edition.updated_at, kind }]).await
}

/// Holds a station until the transaction ends, so that nobody edits it or puts a pile into it.
async fn lock(
    tx: &mut Connection,
    id: StationId,
    expected: Option<&[i64]>,
) -> Result<Result<(), Refusal>, StorageError> {
    let version: Option<i64> = stations::table
        .filter(stations::id.eq(id.0))
        .filter(stations::retired_at.is_null())
        .select(stations::version)
        .for_update()
        .first(tx)
        .await
        .optional()?;
    Ok(match (version, expected) {
        (None, _) => Err(Refusal::NotFound),
        (Some(current), Some(expected)) if !expected.contains(&current) => {
            Err(Refusal::OtherVersion { current })
        }
        (Some(_), _) => Ok(()),
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
