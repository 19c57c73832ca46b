//! Deleting devices that were never registered.

use crate::database::pruning::{Pruned, Slice};
use crate::{Connection, StorageError};

/// Deletes offline devices that no pile has ever been assigned to, that have no session, and that were
/// not heard since the age of `slice`, each with its connectors, its ledger and its last probe. A
/// device that is heard again begins anew, as one that was never heard.
///
/// Reads the rows of all devices: there is no index on a time that events change.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune_unregistered(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select charge_point_id, last_seen_at from charge_points as device
          where not online and last_seen_at < now() - make_interval(secs => $1)
            and coalesce(written_at, last_seen_at) < now() - make_interval(secs => $1)
            and last_seen_at >= coalesce($2, '-infinity')
            and not exists (select from piles where piles.charge_point_id = device.charge_point_id)
            and not exists (select from placements where placements.charge_point_id = device.charge_point_id)
            and not exists (select from sessions where sessions.charge_point_id = device.charge_point_id)
          order by last_seen_at limit $3 for update of device skip locked),
        parts as (
          delete from connectors using old where connectors.charge_point_id = old.charge_point_id returning 1),
        ledgers as (
          delete from session_ledgers using old
          where session_ledgers.charge_point_id = old.charge_point_id returning 1),
        probes as (
          delete from device_probes using old where device_probes.charge_point_id = old.charge_point_id returning 1),
        gone as (
          delete from charge_points using old where charge_points.charge_point_id = old.charge_point_id returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(last_seen_at) as up_to from old";
    slice.run(connection, statement).await
}
