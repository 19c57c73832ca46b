//! The steps of an upgrade that take long on large tables. They run after the migrations, without a
//! lock that writers wait for, and continue where an interrupted run ended.

use crate::assets::placements;
use crate::database::current_schema::own_relation;
use crate::{Connection, StorageError};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Indexes by name, each with the table and columns that it covers.
const INDEXES: [(&str, &str); 20] = [
    ("sessions_unplaced", "sessions (charge_point_id) where station_id is null"),
    ("sessions_of_pile", "sessions (pile_id, started_at desc, id desc)"),
    ("sessions_of_station", "sessions (station_id, started_at desc, id desc)"),
    ("sessions_of_operator", "sessions (operator_id, started_at desc, id desc)"),
    ("sessions_of_id_tag", "sessions (id_tag, started_at desc, id desc) where id_tag is not null"),
    (
        "sessions_of_transaction",
        "sessions (transaction_id, started_at desc, id desc) where transaction_id is not null",
    ),
    ("sessions_of_command", "sessions (command_id) where command_id is not null"),
    ("sessions_page", "sessions (started_at desc, id desc)"),
    ("sessions_open_page", "sessions (started_at desc, id desc) where ended_at is null"),
    // Old entries, too, are found along it, backwards.
    ("asset_edits_page", "asset_edits (edited_at desc, asset_id desc, version desc)"),
    ("asset_edits_of_caller", "asset_edits (edited_by, edited_at desc, asset_id desc, version desc)"),
    // Imports create and update many assets at once; everything else is rare.
    (
        "asset_edits_of_action",
        "asset_edits (action, edited_at desc, asset_id desc, version desc) where action not in ('created', 'updated')",
    ),
    (
        "asset_edits_of_thing",
        "asset_edits (thing_id, edited_at desc, asset_id desc) where thing_id is not null",
    ),
    // Old rows, and what refers to them.
    ("commands_by_age", "commands (issued_at) where not open"),
    ("command_batches_by_age", "command_batches (created_at)"),
    ("command_batches_of_station", "command_batches (station_id, created_at desc, id desc)"),
    ("command_batch_items_of_command", "command_batch_items (command_id) where command_id is not null"),
    ("session_limits_of_stop", "session_limits (stop_command_id) where stop_command_id is not null"),
    ("idempotency_keys_of_batch", "idempotency_keys (batch_id) where batch_id is not null"),
    ("dead_letters_settled", "dead_letters (replayed_at) where replay_outcome in ('applied', 'ignored')"),
];

/// Unique indexes, likewise.
const UNIQUE_INDEXES: [(&str, &str); 2] = [
    // Not `where state = 'waiting'`: a command would write all its indexes when its state changes.
    (
        "waiting_stop_of_session",
        "commands (charge_point_id, session_id) where open and name = 'RemoteStopTransaction' and transaction_id is null",
    ),
    ("idempotency_keys_of_caller", "idempotency_keys (caller_key) where caller_key is not null"),
];

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Bool)]
    valid: bool,
}

/// Builds the missing indexes and gives sessions of earlier releases their place.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn run(connection: &mut Connection) -> Result<(), StorageError> {
    connection.batch_execute("set lock_timeout = 0").await?;
    for (name, covers) in INDEXES {
        build(connection, "index", name, covers).await?;
    }
    for (name, covers) in UNIQUE_INDEXES {
        build(connection, "unique index", name, covers).await?;
    }
    let placed = placements::place_known_sessions(connection).await?;
    if placed > 0 {
        tracing::info!(sessions = placed, "sessions of earlier releases have a place");
    }
    Ok(())
}

async fn build(
    connection: &mut Connection,
    kind: &str,
    name: &str,
    covers: &str,
) -> Result<(), StorageError> {
    let found: Option<Index> = diesel::sql_query(concat!(
        "select indisvalid as valid from pg_index where indexrelid = ",
        own_relation!()
    ))
    .bind::<Text, _>(name)
    .get_result(connection)
    .await
    .optional()?;
    match found {
        Some(Index { valid: true }) => return Ok(()),
        // An interrupted run leaves an index that is not used.
        Some(Index { valid: false }) => {
            connection.batch_execute(&format!("drop index concurrently {name}")).await?;
        }
        None => {}
    }
    tracing::info!(index = name, "building an index");
    Ok(connection.batch_execute(&format!("create {kind} concurrently {name} on {covers}")).await?)
}
