//! Replacing the device of a pile, and moving a pile to another station. Sessions and histories stay
//! where they took place: the time of each device at each place is recorded ([`placements`]).
//!
//! [`placements`]: crate::assets::placements

use super::LiveView;
use super::row::Row;
use super::write::{PileRefusal, lock, record_edit, refuse_taken};
use crate::assets::stations;
use crate::database::transaction::{Abort, Refusable};
use crate::schema::piles;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{EditStamp, OperatorBound, Pile};
use domain::feed::AssetAction;
use domain::ids::{ChargePointId, PileId, StationId};
use domain::text::Label;

/// Replaces the device of a pile within `bound`, if the pile is at one of the `expected` versions, when given. A
/// session of the former device may be open: it stays a session of the pile. Returns the same as
/// [`update`](super::update).
///
/// # Errors
/// If PostgreSQL fails.
pub async fn replace_charge_point(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: PileId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
    device: &ChargePointId,
    reason: &Label,
) -> Result<Result<(Pile, Option<LiveView>), PileRefusal>, StorageError> {
    let replaced = connection
        .transaction(async |tx| {
            let before = lock(tx, bound, id, expected, false).await?;
            let station = before.station_id;
            relocate(tx, bound, &before, (device, station), stamp, reason).await
        })
        .await
        .refusal_as_value();
    refuse_taken(replaced, device)
}

/// Moves a pile with its device to another station, both within `bound`, if the pile is at one of the `expected`
/// versions, when given. Sessions that began before stay with the former station. Returns the same
/// as [`update`](super::update).
///
/// # Errors
/// If PostgreSQL fails.
pub async fn move_to_station(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: PileId,
    expected: Option<&[i64]>,
    stamp: &EditStamp,
    station: StationId,
    reason: &Label,
) -> Result<Result<(Pile, Option<LiveView>), PileRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            // Stations are locked before piles, as when a pile is created.
            if !stations::lock_active(tx, bound, station).await? {
                return Err(Abort::Refused(PileRefusal::StationNotFound));
            }
            let before = lock(tx, bound, id, expected, false).await?;
            let device = &before.details.charge_point_id;
            relocate(tx, bound, &before, (device, station), stamp, reason).await
        })
        .await
        .refusal_as_value()
}

/// Gives a locked pile this device and this station.
async fn relocate(
    tx: &mut Connection,
    bound: &OperatorBound,
    before: &Pile,
    (device, station): (&ChargePointId, StationId),
    stamp: &EditStamp,
    reason: &Label,
) -> Result<(Pile, Option<LiveView>), Abort<PileRefusal>> {
    if (&before.details.charge_point_id, before.station_id) == (device, station) {
        return Err(Abort::Refused(PileRefusal::Unchanged));
    }
    let row = diesel::update(piles::table.find(before.id.0))
        .set((
            piles::charge_point_id.eq(device.as_str()),
            piles::station_id.eq(station.0),
            piles::updated_at.eq(stamp.at),
            piles::version.eq(piles::version + 1),
        ))
        .returning(Row::as_returning())
        .get_result(tx)
        .await?;
    let pile = Pile::try_from(row)?;
    record_edit(tx, AssetAction::Updated, Some(before), &pile, &stamp.by, Some(reason)).await?;
    let live = super::find_live(tx, bound, device).await?;
    Ok((pile, live))
}
