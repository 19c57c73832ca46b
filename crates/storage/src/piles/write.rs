//! Adding, changing and retiring piles; a change that must not be is refused.

use super::row::{DetailColumns, Row};
use crate::schema::{piles, sessions};
use crate::{Connection, StorageError, feed, stations};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::asset::{Pile, PileDetails};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, PileChanged};
use domain::ids::{ChargePointId, PileId};

/// Why a pile was not added or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such pile, or it is retired.
    #[error("there is no such pile")]
    NotFound,
    /// There is no such station to put it into, or it is retired.
    #[error("there is no such station")]
    StationNotFound,
    /// It was edited since the caller looked.
    #[error("the pile is now at version {current}")]
    OtherVersion {
        /// The version that it is at.
        current: i64,
    },
    /// Its device is another pile's.
    #[error("{0} is the charge point of another pile")]
    ChargePointTaken(ChargePointId),
    /// A vehicle is charging at it.
    #[error("the pile has an open session")]
    OpenSession,
}

/// Adds a pile to a station that is there.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(connection: &mut Connection, pile: &Pile) -> Result<Result<(), Refusal>, StorageError> {
    let inserted = connection
        .transaction(async |tx| {
            if !stations::keep(tx, pile.station_id).await? {
                return Ok(Err(Refusal::StationNotFound));
            }
            diesel::insert_into(piles::table)
                .values((
                    piles::id.eq(pile.id.0),
                    piles::station_id.eq(pile.station_id.0),
                    DetailColumns::from(&pile.details),
                    piles::created_at.eq(pile.edition.created_at),
                    piles::updated_at.eq(pile.edition.updated_at),
                    piles::version.eq(pile.edition.version),
                ))
                .execute(tx)
                .await?;
            tell(tx, pile, AssetAction::Created, None).await?;
            Ok(Ok(()))
        })
        .await;
    refuse_taken(inserted, &pile.details)
}

/// Replaces what is said of a pile, provided that it is at one of the `expected` versions, where given. While a vehicle is
/// charging at it, its device is not exchanged.
///
/// # Errors
/// When Postgres fails.
pub async fn update(
    connection: &mut Connection,
    id: PileId,
    details: &PileDetails,
    expected: Option<&[i64]>,
    at: DateTime<Utc>,
) -> Result<Result<Pile, Refusal>, StorageError> {
    let updated = connection
        .transaction(async |tx| {
            let device = match lock(tx, id, expected).await? {
                Ok(device) => device,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let exchanged = device != details.charge_point_id;
            if exchanged && has_open_session(tx, device.as_str()).await? {
                return Ok(Err(Refusal::OpenSession));
            }
            let row = diesel::update(piles::table.find(id.0))
                .set((
                    DetailColumns::from(details),
                    piles::updated_at.eq(at),
                    piles::version.eq(piles::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let pile = Pile::try_from(row)?;
            tell(tx, &pile, AssetAction::Updated, Some(&device).filter(|_| exchanged)).await?;
            Ok(Ok(pile))
        })
        .await;
    refuse_taken(updated, details)
}

/// Retires a pile at which nobody charges, provided that it is at one of the `expected` versions,
/// where given. Its history is kept, its device is free for another pile.
///
/// # Errors
/// When Postgres fails.
pub async fn retire(
    connection: &mut Connection,
    id: PileId,
    expected: Option<&[i64]>,
    at: DateTime<Utc>,
) -> Result<Result<(), Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let device = match lock(tx, id, expected).await? {
                Ok(device) => device,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if has_open_session(tx, device.as_str()).await? {
                return Ok(Err(Refusal::OpenSession));
            }
            let row = diesel::update(piles::table.find(id.0))
                .set((
                    piles::retired_at.eq(at),
                    piles::updated_at.eq(at),
                    piles::version.eq(piles::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            tell(tx, &Pile::try_from(row)?, AssetAction::Retired, None).await?;
            Ok(Ok(()))
        })
        .await
}

/// Tells the feed what was done to a pile: whoever follows its device, and whoever follows the device that it had `before`.
async fn tell(
    tx: &mut Connection,
    pile: &Pile,
    action: AssetAction,
    before: Option<&ChargePointId>,
) -> Result<(), StorageError> {
    let body = PileChanged {
        pile_id: pile.id,
        station_id: pile.station_id,
        charge_point_id: pile.details.charge_point_id.clone(),
        action,
        version: pile.edition.version,
    };
    let change = |device: &ChargePointId| FeedChange {
        subject: FeedSubject::ChargePoint(device.clone()),
        at: pile.edition.updated_at,
        kind: FeedKind::PileChanged(body.clone()),
    };
    let devices = before.into_iter().chain([&pile.details.charge_point_id]);
    feed::append_of(tx, &devices.map(change).collect::<Vec<_>>()).await
}

/// Whether a vehicle is charging at a device.
async fn has_open_session(tx: &mut Connection, device: &str) -> QueryResult<bool> {
    let open = sessions::charge_point_id.eq(device).and(sessions::ended_at.is_null());
    diesel::select(exists(sessions::table.filter(open))).get_result(tx).await
}

/// Holds a pile until the transaction ends, so that nobody else edits it; answers its device.
async fn lock(
    tx: &mut Connection,
    id: PileId,
    expected: Option<&[i64]>,
) -> Result<Result<ChargePointId, Refusal>, StorageError> {
    let held: Option<(String, i64)> = piles::table
        .filter(piles::id.eq(id.0))
        .filter(piles::retired_at.is_null())
        .select((piles::charge_point_id, piles::version))
        // Not against key share: who records a command holds the device and refers to the pile, which never gets another id.
        .for_no_key_update()
        .first(tx)
        .await
        .optional()?;
    Ok(match (held, expected) {
        (None, _) => Err(Refusal::NotFound),
        (Some((_, current)), Some(expected)) if !expected.contains(&current) => {
            Err(Refusal::OtherVersion { current })
        }
        (Some((charge_point, _)), _) => Ok(ChargePointId::parse(&charge_point)
            .map_err(|error| StorageError::inconsistent("piles", error))?),
    })
}

/// Turns the unique index's veto, which alone decides whose device it is, into a refusal.
fn refuse_taken<T>(
    written: Result<Result<T, Refusal>, StorageError>,
    details: &PileDetails,
) -> Result<Result<T, Refusal>, StorageError> {
    match written {
        Err(StorageError::Refused(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info)))
            if info.constraint_name() == Some("piles_charge_point_id_unique") =>
        {
            Ok(Err(Refusal::ChargePointTaken(details.charge_point_id.clone())))
        }
        other => other,
    }
}
