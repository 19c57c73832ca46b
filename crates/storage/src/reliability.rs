//! The reliability ledger: daily roll-ups of connectors, and the downtime that does not count.

pub mod exclusions;
mod extent;
pub mod roll_up;
mod totals;

pub use extent::{computed_until, days_between, estimate_rows};
pub use totals::{Filter, GroupKey, Grouping, Total, list};

use crate::database::pruning::{Pruned, Slice};
use crate::{Connection, StorageError};

/// Deletes days that began before the age of `slice`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune_days(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select charge_point_id, connector_id, began_at from reliability_days
          where began_at < now() - make_interval(secs => $1) and began_at >= coalesce($2, '-infinity')
          order by began_at limit $3 for update skip locked),
        gone as (
          delete from reliability_days as day using old
          where (day.charge_point_id, day.connector_id, day.began_at) = (old.charge_point_id, old.connector_id, old.began_at)
          returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(began_at) as up_to from old";
    slice.run(connection, statement).await
}
