//! Adding, changing, retiring and restoring piles; a change that must not be is refused.

use super::LiveView;
use super::row::{DetailColumns, Row};
use crate::assets::{audit, stations};
use crate::schema::{piles, sessions};
use crate::{Connection, StorageError, feed};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{Pile, PileDetails, Signature};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, PileChanged};
use domain::ids::{Actor, ChargePointId, PileId};

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
    /// It is in sight, so there is nothing to restore.
    #[error("the pile is not retired")]
    NotRetired,
    /// The station that it stood in is retired itself.
    #[error("the pile's station is retired")]
    StationRetired,
}

/// Adds a pile to a station that is there, in the name of `by`.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(
    connection: &mut Connection,
    pile: &Pile,
    by: &Actor,
) -> Result<Result<(), Refusal>, StorageError> {
    let inserted = connection
        .transaction(async |tx| {
            if !stations::keep(tx, pile.station_id).await? {
                return Ok(Err(Refusal::StationNotFound));
            }
            diesel::insert_into(piles::table)
                .values((
                    piles::id.eq(pile.id.0),
                    piles::station_id.eq(pile.station_id.0),
                    DetailColumns::try_from(&pile.details)?,
                    piles::created_at.eq(pile.edition.created_at),
                    piles::updated_at.eq(pile.edition.updated_at),
                    piles::version.eq(pile.edition.version),
                ))
                .execute(tx)
                .await?;
            tell(tx, AssetAction::Created, None, pile, by).await?;
            Ok(Ok(()))
        })
        .await;
    refuse_taken(inserted, &pile.details.charge_point_id)
}

/// Makes of what is said of a pile what `change` makes of it, provided that it is at one of the `expected` versions, where
/// given. Nobody else edits it meanwhile. While a vehicle is charging at it, its device is not exchanged. Answers it beside
/// what its device reports, read before anything is committed, so that nothing can fail once the pile is changed.
///
/// # Errors
/// When Postgres fails.
pub async fn update<E: From<Refusal> + Send>(
    connection: &mut Connection,
    id: PileId,
    expected: Option<&[i64]>,
    signature: &Signature,
    change: impl FnOnce(&PileDetails) -> Result<PileDetails, E> + Send,
) -> Result<Result<(Pile, Option<LiveView>), E>, StorageError> {
    let mut wanted = None;
    let updated = connection
        .transaction(async |tx| {
            let before = match lock(tx, id, expected, false).await? {
                Ok(before) => before,
                Err(refusal) => return Ok(Err(refusal.into())),
            };
            let details = match change(&before.details) {
                Ok(details) => details,
                Err(error) => return Ok(Err(error)),
            };
            wanted = Some(details.charge_point_id.clone());
            let device = &before.details.charge_point_id;
            if details.charge_point_id != *device && has_open_session(tx, device).await? {
                return Ok(Err(Refusal::OpenSession.into()));
            }
            let row = diesel::update(piles::table.find(id.0))
                .set((
                    DetailColumns::try_from(&details)?,
                    piles::updated_at.eq(signature.at),
                    piles::version.eq(piles::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let pile = Pile::try_from(row)?;
            tell(tx, AssetAction::Updated, Some(&before), &pile, &signature.by).await?;
            let live = super::find_live(tx, &pile.details.charge_point_id).await?;
            Ok(Ok((pile, live)))
        })
        .await;
    match wanted {
        Some(device) => refuse_taken(updated, &device),
        None => updated,
    }
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
    signature: &Signature,
) -> Result<Result<(), Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let before = match lock(tx, id, expected, false).await? {
                Ok(before) => before,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if has_open_session(tx, &before.details.charge_point_id).await? {
                return Ok(Err(Refusal::OpenSession));
            }
            let pile = mark(tx, id, signature, true).await?;
            tell(tx, AssetAction::Retired, Some(&before), &pile, &signature.by).await?;
            Ok(Ok(()))
        })
        .await
}

/// Brings a retired pile back as it was, into the station that it stood in, provided that it is at one of the `expected`
/// versions, where given, and its device is not another pile's by now. Answers as [`update`].
///
/// # Errors
/// When Postgres fails.
pub async fn restore(
    connection: &mut Connection,
    id: PileId,
    expected: Option<&[i64]>,
    signature: &Signature,
) -> Result<Result<(Pile, Option<LiveView>), Refusal>, StorageError> {
    let mut wanted = None;
    let restored = connection
        .transaction(async |tx| {
            let before = match lock(tx, id, expected, true).await? {
                Ok(before) => before,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if !stations::keep(tx, before.station_id).await? {
                return Ok(Err(Refusal::StationRetired));
            }
            wanted = Some(before.details.charge_point_id);
            let pile = mark(tx, id, signature, false).await?;
            tell(tx, AssetAction::Restored, None, &pile, &signature.by).await?;
            let live = super::find_live(tx, &pile.details.charge_point_id).await?;
            Ok(Ok((pile, live)))
        })
        .await;
    match wanted {
        Some(device) => refuse_taken(restored, &device),
        None => restored,
    }
}

/// Takes a pile out of sight, or brings it back.
async fn mark(
    tx: &mut Connection,
    id: PileId,
    signature: &Signature,
    retired: bool,
) -> Result<Pile, StorageError> {
    let row = diesel::update(piles::table.find(id.0))
        .set((
            piles::retired_at.eq(retired.then_some(signature.at)),
            piles::updated_at.eq(signature.at),
            piles::version.eq(piles::version + 1),
        ))
        .returning(Row::as_returning())
        .get_result(tx)
        .await?;
    Pile::try_from(row)
}

/// Writes down what was done to a pile, and tells the feed: whoever follows its device, and whoever follows the device that
/// it had before.
async fn tell(
    tx: &mut Connection,
    action: AssetAction,
    before: Option<&Pile>,
    pile: &Pile,
    by: &Actor,
) -> Result<(), StorageError> {
    let before = before.map(|before| &before.details);
    let after = Some(&pile.details).filter(|_| pile.edition.retired_at.is_none());
    audit::append(tx, pile.id.0, pile.edition, action, by, (before, after)).await?;
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
    let device = &pile.details.charge_point_id;
    let left = before.map(|before| &before.charge_point_id).filter(|left| *left != device);
    let devices = left.into_iter().chain([device]);
    feed::append_of(tx, &devices.map(change).collect::<Vec<_>>()).await
}

/// Whether a vehicle is charging at a device.
async fn has_open_session(tx: &mut Connection, device: &ChargePointId) -> QueryResult<bool> {
    let open = sessions::charge_point_id.eq(device.as_str()).and(sessions::ended_at.is_null());
    diesel::select(exists(sessions::table.filter(open))).get_result(tx).await
}

/// Holds a pile, retired or not, until the transaction ends, so that nobody else edits it.
async fn lock(
    tx: &mut Connection,
    id: PileId,
    expected: Option<&[i64]>,
    retired: bool,
) -> Result<Result<Pile, Refusal>, StorageError> {
    let row = piles::table
        .find(id.0)
        .select(Row::as_select())
        // Not against key share: who records a command holds the device and refers to the pile, which never gets another id.
        .for_no_key_update()
        .first(tx)
        .await
        .optional()?;
    let Some(pile) = row.map(Pile::try_from).transpose()? else {
        return Ok(Err(Refusal::NotFound));
    };
    let current = pile.edition.version;
    Ok(match (pile.edition.retired_at.is_some(), expected) {
        (true, _) if !retired => Err(Refusal::NotFound),
        (false, _) if retired => Err(Refusal::NotRetired),
        (_, Some(expected)) if !expected.contains(&current) => Err(Refusal::OtherVersion { current }),
        _ => Ok(pile),
    })
}

/// Turns the unique index's veto, which alone decides whose device it is, into a refusal.
fn refuse_taken<T, E: From<Refusal>>(
    written: Result<Result<T, E>, StorageError>,
    device: &ChargePointId,
) -> Result<Result<T, E>, StorageError> {
    match written {
        Err(StorageError::Refused(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info)))
            if info.constraint_name() == Some("piles_charge_point_id_unique") =>
        {
            Ok(Err(Refusal::ChargePointTaken(device.clone()).into()))
        }
        other => other,
    }
}
