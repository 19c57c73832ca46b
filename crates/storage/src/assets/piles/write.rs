//! Creating, updating, retiring and restoring piles; invalid edits are refused.

use super::LiveView;
use super::row::{DetailColumns, Row};
use crate::assets::{audit, placements, stations};
use crate::commands::KeyedRequest;
use crate::creation_keys::{self, Creation};
use crate::database::operators;
use crate::database::transaction::{Abort, Refusable};
use crate::database::violations::violates_unique;
use crate::schema::{piles, sessions};
use crate::{Connection, StorageError, feed};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{EditStamp, OperatorBound, Pile, PileDetails};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, PileChanged};
use domain::ids::{Actor, ChargePointId, PileId, SessionId, StationId};
use domain::text::Label;
use serde::Serialize;
use uuid::Uuid;

/// Largest number of open sessions that a refusal names.
const NAMED_SESSIONS: i64 = 10;

/// Why an edit of a pile is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PileRefusal {
    /// The pile does not exist within the caller's bound, or is retired.
    #[error("there is no such pile")]
    NotFound,
    /// The station of the new pile does not exist or is retired.
    #[error("there is no such station")]
    StationNotFound,
    /// The pile was edited since the caller read it.
    #[error("the pile is now at version {current}")]
    OtherVersion {
        /// The pile's current version.
        current: i64,
    },
    /// This device is assigned to another pile, which may be outside the caller's bound.
    #[error("{0} is in use")]
    ChargePointTaken(ChargePointId),
    /// The pile's device has open sessions.
    #[error("the pile has an open session")]
    OpenSessions {
        /// The newest of them, at most ten; without those outside the caller's bound.
        ids: Vec<SessionId>,
    },
    /// The pile is not retired, so it cannot be restored.
    #[error("the pile is not retired")]
    NotRetired,
    /// The station of the pile is retired.
    #[error("the pile's station is retired")]
    StationRetired,
    /// The pile has this charge point, or is at this station, already.
    #[error("nothing would change")]
    Unchanged,
}

/// Creates a pile in an existing station within `bound`, on behalf of `by`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert(
    connection: &mut Connection,
    bound: &OperatorBound,
    pile: &Pile,
    by: &Actor,
) -> Result<Result<(), PileRefusal>, StorageError> {
    let inserted = connection
        .transaction(async |tx| {
            if !stations::lock_active(tx, bound, pile.station_id).await? {
                return Err(Abort::Refused(PileRefusal::StationNotFound));
            }
            diesel::insert_into(piles::table)
                .values((
                    piles::id.eq(pile.id.0),
                    piles::station_id.eq(pile.station_id.0),
                    DetailColumns::try_from(&pile.details)?,
                    piles::created_at.eq(pile.revision.created_at),
                    piles::updated_at.eq(pile.revision.updated_at),
                    piles::version.eq(pile.revision.version),
                ))
                .execute(tx)
                .await?;
            record_edit(tx, AssetAction::Created, None, pile, by, None).await?;
            Ok(())
        })
        .await
        .refusal_as_value();
    refuse_taken(inserted, &pile.details.charge_point_id)
}

/// The same under an idempotency key, if there is one: a repeated request creates nothing.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert_once(
    connection: &mut Connection,
    bound: &OperatorBound,
    pile: &Pile,
    by: &Actor,
    keyed: Option<&KeyedRequest>,
) -> Result<Result<Creation<()>, PileRefusal>, StorageError> {
    let Some(keyed) = keyed else {
        return Ok(insert(connection, bound, pile, by).await?.map(Creation::Now));
    };
    connection
        .transaction(async |tx| {
            if let Some(earlier) = creation_keys::claim(tx, keyed, pile.id.0).await? {
                return Ok(earlier);
            }
            insert(tx, bound, pile, by).await?.map(Creation::Now).map_err(Abort::Refused)
        })
        .await
        .refusal_as_value()
}

/// Applies `change` to the details of a pile within `bound`, if the pile is at one of the `expected` versions,
/// when given. The pile is locked meanwhile. Its device cannot be replaced during a session.
/// Returns the pile with the live state of its device, read before the commit, so that nothing can
/// fail after the pile was changed.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn update<E: From<PileRefusal> + Send>(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: PileId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
    change: impl FnOnce(&PileDetails) -> Result<PileDetails, E> + Send,
) -> Result<Result<(Pile, Option<LiveView>), E>, StorageError> {
    let mut wanted = None;
    let updated = connection
        .transaction(async |tx| {
            let before = lock(tx, bound, id, expected, false).await.map_err(Abort::widen)?;
            let details = change(&before.details).map_err(Abort::Refused)?;
            wanted = Some(details.charge_point_id.clone());
            let device = &before.details.charge_point_id;
            if details.charge_point_id != *device {
                refuse_open_sessions(tx, bound, device).await.map_err(Abort::widen)?;
            }
            let row = diesel::update(piles::table.find(id.0))
                .set((
                    DetailColumns::try_from(&details)?,
                    piles::updated_at.eq(stamp.at),
                    piles::version.eq(piles::version + 1),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let pile = Pile::try_from(row)?;
            record_edit(tx, AssetAction::Updated, Some(&before), &pile, &stamp.by, None).await?;
            let live = super::find_live(tx, bound, &pile.details.charge_point_id).await?;
            Ok((pile, live))
        })
        .await
        .refusal_as_value();
    match wanted {
        Some(device) => refuse_taken(updated, &device),
        None => updated,
    }
}

/// Retires a pile within `bound` without an open session, if it is at one of the `expected` versions, when given.
/// Its history is kept and its device becomes free for another pile.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn retire(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: PileId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
) -> Result<Result<(), PileRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let before = lock(tx, bound, id, expected, false).await?;
            refuse_open_sessions(tx, bound, &before.details.charge_point_id).await?;
            let pile = mark(tx, id, stamp, true).await?;
            record_edit(tx, AssetAction::Retired, Some(&before), &pile, &stamp.by, None).await?;
            Ok(())
        })
        .await
        .refusal_as_value()
}

/// Restores a retired pile within `bound` unchanged in its station, if it is at one of the `expected` versions,
/// when given, and its device is not assigned to another pile. Returns the same as [`update`].
///
/// # Errors
/// If PostgreSQL fails.
pub async fn restore(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: PileId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
) -> Result<Result<(Pile, Option<LiveView>), PileRefusal>, StorageError> {
    let mut wanted = None;
    let restored = connection
        .transaction(async |tx| {
            let before = lock(tx, bound, id, expected, true).await?;
            if !stations::lock_active(tx, bound, before.station_id).await? {
                return Err(Abort::Refused(PileRefusal::StationRetired));
            }
            wanted = Some(before.details.charge_point_id);
            let pile = mark(tx, id, stamp, false).await?;
            record_edit(tx, AssetAction::Restored, None, &pile, &stamp.by, None).await?;
            let live = super::find_live(tx, bound, &pile.details.charge_point_id).await?;
            Ok((pile, live))
        })
        .await
        .refusal_as_value();
    match wanted {
        Some(device) => refuse_taken(restored, &device),
        None => restored,
    }
}

/// Retires or restores a pile.
async fn mark(
    tx: &mut Connection,
    id: PileId,
    stamp: &EditStamp,
    retired: bool,
) -> Result<Pile, StorageError> {
    let row = diesel::update(piles::table.find(id.0))
        .set((
            piles::retired_at.eq(retired.then_some(stamp.at)),
            piles::updated_at.eq(stamp.at),
            piles::version.eq(piles::version + 1),
        ))
        .returning(Row::as_returning())
        .get_result(tx)
        .await?;
    Pile::try_from(row)
}

/// Records an edit in the audit trail and appends the change to the feed, for the pile's device and
/// for its previous device, if that changed.
pub(super) async fn record_edit(
    tx: &mut Connection,
    action: AssetAction,
    before: Option<&Pile>,
    pile: &Pile,
    by: &Actor,
    reason: Option<&Label>,
) -> Result<(), StorageError> {
    let has_moved = before.is_some_and(|before| before.station_id != pile.station_id);
    let audited = |of: &Pile| AuditedPile {
        details: of.details.clone(),
        station_id: has_moved.then_some(of.station_id),
    };
    let (was, is) = (before.map(audited), Some(audited(pile)).filter(|_| pile.revision.retired_at.is_none()));
    audit::append(tx, pile.id.0, pile.revision, action, by, (was.as_ref(), is.as_ref()), reason).await?;
    let body = PileChanged {
        pile_id: pile.id,
        station_id: pile.station_id,
        charge_point_id: pile.details.charge_point_id.clone(),
        action,
        version: pile.revision.version,
    };
    let change = |device: &ChargePointId| FeedChange {
        subject: FeedSubject::ChargePoint(device.clone()),
        at: pile.revision.updated_at,
        kind: FeedKind::PileChanged(body.clone()),
    };
    let device = &pile.details.charge_point_id;
    let left = before.map(|before| &before.details.charge_point_id).filter(|left| *left != device);
    let devices: Vec<&ChargePointId> = left.into_iter().chain([device]).collect();
    // All at once, in key order, as ingestors lock them.
    let names: Vec<&str> = devices.iter().map(|device| device.as_str()).collect();
    feed::lock_devices(tx, &names).await?;
    placements::place_sessions(tx, &[device.as_str()]).await?;
    let changes: Vec<_> = devices.into_iter().map(change).collect();
    feed::append(tx, &changes).await
}

/// The details of a pile in the audit trail, with the station if the edit changed it.
#[derive(Serialize)]
struct AuditedPile {
    #[serde(flatten)]
    details: PileDetails,
    #[serde(rename = "stationId", skip_serializing_if = "Option::is_none")]
    station_id: Option<StationId>,
}

/// Refuses an edit while a device has open sessions.
async fn refuse_open_sessions(
    tx: &mut Connection,
    bound: &OperatorBound,
    device: &ChargePointId,
) -> Result<(), Abort<PileRefusal>> {
    let open = sessions::table
        .filter(sessions::charge_point_id.eq(device.as_str()).and(sessions::ended_at.is_null()))
        .order((sessions::started_at.desc(), sessions::id.desc()))
        .limit(NAMED_SESSIONS)
        .select((sessions::id, operators::sessions(bound).is_not_distinct_from(true)));
    let found: Vec<(Uuid, bool)> = open.load(tx).await?;
    if found.is_empty() {
        return Ok(());
    }
    let ids = found.into_iter().filter(|(_, is_own)| *is_own).map(|(id, _)| SessionId(id)).collect();
    Err(Abort::Refused(PileRefusal::OpenSessions { ids }))
}

/// Locks a pile within `bound`, retired or not, against other edits until the transaction ends.
pub(super) async fn lock(
    tx: &mut Connection,
    bound: &OperatorBound,
    id: PileId,
    expected: Option<&[i64]>,
    retired: bool,
) -> Result<Pile, Abort<PileRefusal>> {
    let row = piles::table
        .find(id.0)
        .filter(operators::piles(bound))
        .select(Row::as_select())
        // Not against key share: a transaction that records a command locks the device and refers
        // to the pile, whose id never changes.
        .for_no_key_update()
        .first(tx)
        .await
        .optional()?;
    let Some(pile) = row.map(Pile::try_from).transpose()? else {
        return Err(Abort::Refused(PileRefusal::NotFound));
    };
    let current = pile.revision.version;
    match (pile.revision.retired_at.is_some(), expected) {
        (true, _) if !retired => Err(Abort::Refused(PileRefusal::NotFound)),
        (false, _) if retired => Err(Abort::Refused(PileRefusal::NotRetired)),
        (_, Some(expected)) if !expected.contains(&current) => {
            Err(Abort::Refused(PileRefusal::OtherVersion { current }))
        }
        _ => Ok(pile),
    }
}

/// Turns a violation of the unique index, which alone decides between concurrent edits, into a
/// refusal.
pub(super) fn refuse_taken<T, E: From<PileRefusal>>(
    written: Result<Result<T, E>, StorageError>,
    device: &ChargePointId,
) -> Result<Result<T, E>, StorageError> {
    match written {
        Err(StorageError::Refused(error)) if violates_unique(&error, "piles_charge_point_id_unique") => {
            Ok(Err(PileRefusal::ChargePointTaken(device.clone()).into()))
        }
        other => other,
    }
}
