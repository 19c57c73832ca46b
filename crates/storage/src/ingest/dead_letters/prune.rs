//! Deleting old dead letters.

use crate::database::pruning::{Pruned, Slice};
use crate::{Connection, StorageError};

/// Deletes dead letters whose last replay settled them before the age of `slice`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune_settled(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select id, replayed_at from dead_letters
          where replay_outcome in ('applied', 'ignored') and replayed_at < now() - make_interval(secs => $1)
            and replayed_at >= coalesce($2, '-infinity')
          order by replayed_at limit $3 for update skip locked),
        gone as (delete from dead_letters using old where dead_letters.id = old.id returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(replayed_at) as up_to from old";
    slice.run(connection, statement).await
}

/// Deletes dead letters that were recorded before the age of `slice`, settled or not.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select id, created_at from dead_letters
          where created_at < now() - make_interval(secs => $1) and created_at >= coalesce($2, '-infinity')
          order by created_at limit $3 for update skip locked),
        gone as (delete from dead_letters using old where dead_letters.id = old.id returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(created_at) as up_to from old";
    slice.run(connection, statement).await
}
