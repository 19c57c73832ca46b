//! Deleting closed issues.

use crate::database::pruning::{Pruned, Slice};
use crate::{Connection, StorageError};

/// Deletes issues that closed before the age of `slice`, with their history, devices and attempts.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select id, closed_at from issues
          where closed_at < now() - make_interval(secs => $1) and closed_at >= coalesce($2, '-infinity')
          order by closed_at limit $3 for update skip locked),
        gone as (delete from issues using old where issues.id = old.id returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(closed_at) as up_to from old";
    slice.run(connection, statement).await
}
