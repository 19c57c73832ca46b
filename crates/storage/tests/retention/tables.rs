//! Every table has a bound in `docs/retention.md`, and deletion never reads a whole table.

use crate::fixture::{command, database};
use std::collections::BTreeSet;
use std::time::Duration;
use storage::database::table_sizes::{list_oldest, list_sizes};
use testkit::TestDatabase;

const DOCUMENT: &str = include_str!("../../../../docs/retention.md");

/// The first cells of the table in the section "What bounds each table", with the others.
fn documented() -> Vec<(&'static str, Vec<&'static str>)> {
    let section =
        DOCUMENT.split("## ").find(|section| section.starts_with("What bounds each table")).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    cells.map(|cells| (cells[0].trim_end_matches('`'), cells[1..].to_vec())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_in_the_document() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let sizes = list_sizes(&mut connection).await.unwrap();
    let tables: BTreeSet<&str> = sizes.iter().map(|size| size.table.as_str()).collect();
    let documented: BTreeSet<&str> = documented().into_iter().map(|(table, _)| table).collect();
    let unbound: Vec<_> = tables.difference(&documented).collect();
    assert!(unbound.is_empty(), "docs/retention.md does not say what bounds {unbound:?}");
    let unknown: Vec<_> = documented.difference(&tables).collect();
    assert!(unknown.is_empty(), "docs/retention.md names tables that do not exist: {unknown:?}");
}

#[test]
fn every_row_of_the_document_states_a_bound_and_existing_settings() {
    let defaults = concat!(
        include_str!("../../../asset-api/defaults.toml"),
        include_str!("../../../command-dispatcher/defaults.toml"),
        include_str!("../../../event-ingestor/defaults.toml")
    );
    for (table, cells) in documented() {
        assert!(!cells[0].is_empty(), "{table} has no bound");
        let Some((_, setting)) = cells[1].split_once('`') else { continue };
        let (setting, default) = setting.split_once("` (").unwrap();
        let key = setting.rsplit_once('.').unwrap().1;
        let line = format!("\n{key} = {}\n", default.trim_end_matches(')').replace(',', ""));
        assert!(defaults.contains(&line), "{table}: {setting} has not the default {default}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_to_deleted_rows_has_an_index() {
    let database = TestDatabase::new().await;
    let missing = database
        .json(
            "select coalesce(json_agg(conrelid::regclass::text || '.' || attname), '[]')
             from pg_constraint join pg_attribute on attrelid = conrelid and attnum = conkey[1]
             where contype = 'f' and confrelid::regclass::text in ('commands', 'command_batches')
               and not exists (select from pg_index where indrelid = conrelid and indkey[0] = conkey[1] and indisvalid)",
        )
        .await;
    assert_eq!(missing, serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_sizes_and_ages() {
    let (database, mut connection) = database().await;
    command(&database, 1, 40, false).await;
    command(&database, 2, 90, true).await;
    let sizes = list_sizes(&mut connection).await.unwrap();
    let commands = sizes.iter().find(|size| size.table == "commands").unwrap();
    assert!(commands.bytes > 8_192, "with its indexes: {}", commands.bytes);
    let oldest = list_oldest(&mut connection).await.unwrap();
    let age = oldest.iter().find(|oldest| oldest.table == "commands").unwrap().age;
    let days = age.as_secs_f64() / 86_400.0;
    assert!((39.9..40.1).contains(&days), "open commands do not count: {days}");
    assert!(oldest.iter().all(|oldest| oldest.table != "dead_letters"), "it is empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_indexes_of_old_rows_exist() {
    let database = TestDatabase::new().await;
    let found = database
        .json(
            "select json_agg(indexname) from pg_indexes where indexname in
               ('commands_by_age', 'command_batches_by_age', 'idempotency_keys_by_age', 'session_limits_by_age',
                'session_receipts_by_age', 'dead_letters_settled', 'dead_letters_newest', 'asset_edits_page',
                'sessions_page')",
        )
        .await;
    assert_eq!(found.as_array().unwrap().len(), 9, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_gives_up_soon_when_it_waits_for_a_lock() {
    let (database, _connection) = database().await;
    let pool = storage::Database::for_retention(&database.settings()).unwrap();
    let held = database.open_transaction("lock table commands in access exclusive mode").await;
    let mut connection = pool.connection().await.unwrap();
    let began = std::time::Instant::now();
    let slice = storage::Slice::first(Duration::from_secs(60), 10);
    storage::commands::prune(&mut connection, slice).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    held.commit().await;
}
