//! Deleting old commands and command batches.

use crate::database::pruning::{Pruned, Slice};
use crate::{Connection, StorageError};

/// Deletes commands that reached their end and were issued before the age of `slice`. A command is
/// kept as long as an idempotency key, a batch, the limits of a session or an issue refer to it.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select id, issued_at from commands
          where not open and issued_at < now() - make_interval(secs => $1)
            and issued_at >= coalesce($2, '-infinity')
          order by issued_at limit $3 for update skip locked),
        gone as (
          delete from commands using old
          where commands.id = old.id
            and not exists (select from idempotency_keys where command_id = old.id)
            and not exists (select from command_batch_items where command_id = old.id)
            and not exists (select from session_limits where command_id = old.id)
            and not exists (select from session_limits where stop_command_id = old.id)
            and not exists (select from issue_attempts where command_id = old.id)
          returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(issued_at) as up_to from old";
    slice.run(connection, statement).await
}

/// Deletes finished batches that were requested before the age of `slice`, each with its piles: at
/// most as many as have together about `slice.limit` piles. Their commands are kept.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune_batches(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select id, created_at, piles from command_batches
          where finished_at is not null and created_at < now() - make_interval(secs => $1)
            and created_at >= coalesce($2, '-infinity')
          order by created_at limit $3 for update skip locked),
        examined as materialized (
          select id, created_at
          from (select id, created_at, sum(piles) over (order by created_at, id) - piles as piles_before
                from old) as counted
          where piles_before < $3),
        chosen as materialized (
          select id from examined
          where not exists (select from idempotency_keys where batch_id = examined.id)),
        items as (
          delete from command_batch_items using chosen where batch_id = chosen.id returning 1),
        gone as (
          delete from command_batches using chosen where command_batches.id = chosen.id returning 1)
        select (select count(*) from gone) as rows,
               case when count(*) = (select count(*) from old) then count(*) else $3 end as examined,
               max(created_at) as up_to
        from examined";
    slice.run(connection, statement).await
}
