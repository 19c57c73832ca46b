//! Several platforms in one database, each in a schema of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;
use storage::commands::batches;
use storage::database::table_sizes::{list_oldest, list_sizes};
use storage::devices::{meter_samples, status_changes};
use storage::{Database, DatabaseSettings, StorageError};
use testkit::{TestDatabase, eventually};

/// A station with a batch of commands that no replica carries out.
const BATCH: &str = "
    insert into stations (id, name, status, created_at, updated_at, version)
    values (gen_random_uuid(), 'North', 'Open', now(), now(), 1);
    insert into command_batches (id, station_id, name, command, rate_per_second, piles, created_at, expires_at)
    select gen_random_uuid(), id, 'Reset', '{}', 1, 1, now(), now() + interval '1 hour' from stations";

fn in_schema(database: &TestDatabase, schema: &str) -> Database {
    let url = database.url_of_schema(schema).into();
    Database::new(&DatabaseSettings { url, ..database.settings() }).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_schema_that_does_not_exist() {
    // Its other schema has all tables.
    let database = TestDatabase::new().await;
    let pool = in_schema(&database, "cell1");
    for refused in [pool.check_schema().await.unwrap_err(), pool.migrate().await.unwrap_err()] {
        assert!(matches!(&refused, StorageError::Settings(_)), "{refused:?}");
        assert!(refused.to_string().contains("create schema cell1"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn never_takes_the_tables_of_another_schema_for_its_own() {
    let database = TestDatabase::new().await;
    database.execute("create schema cell1").await;
    let pool = in_schema(&database, "cell1");
    let refused = pool.check_schema().await.unwrap_err();
    assert!(matches!(&refused, StorageError::WrongSchema { found, .. } if found == "empty"), "{refused:?}");
    assert!(!pool.migrate().await.unwrap().is_empty());
    pool.check_schema().await.unwrap();
    database.pool.check_schema().await.unwrap();
    for (what, names) in [
        ("indexes", "select indexname as name from pg_indexes where schemaname = 'SCHEMA'"),
        (
            "functions",
            "select proname as name from pg_proc where pronamespace = 'SCHEMA'::regnamespace
           and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')",
        ),
        (
            "triggers",
            "select tgname as name from pg_trigger join pg_class on pg_class.oid = tgrelid
           where relnamespace = 'SCHEMA'::regnamespace and not tgisinternal",
        ),
        (
            "constraints",
            "select conname as name from pg_constraint where connamespace = 'SCHEMA'::regnamespace",
        ),
    ] {
        let all = |schema| {
            format!("select json_agg(name order by name) from ({}) as named", names.replace("SCHEMA", schema))
        };
        let (own, other) = (database.json(&all("cell1")).await, database.json(&all("public")).await);
        assert_eq!(own, other, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sees_only_its_own_tables_and_days() {
    let database = TestDatabase::new().await;
    let cell = database.with_schema("cell1").await;
    database.execute(BATCH).await;
    let mut of_public = database.pool.connection().await.unwrap();
    let mut of_cell = cell.pool.connection().await.unwrap();
    status_changes::ensure_today(&mut of_public).await.unwrap();
    assert!(status_changes::DAYS.list(&mut of_cell).await.unwrap().is_empty());
    let oldest = list_oldest(&mut of_cell).await.unwrap();
    assert!(oldest.is_empty(), "{oldest:?}");
    let oldest = list_oldest(&mut of_public).await.unwrap();
    for table in ["command_batches", "status_changes"] {
        assert!(oldest.iter().any(|row| row.table == table), "{table}");
    }

    status_changes::ensure_today(&mut of_cell).await.unwrap();
    let names = |sizes: Vec<storage::database::table_sizes::TableSize>| {
        sizes.into_iter().map(|size| size.table).collect::<Vec<_>>()
    };
    let (own, other) = (list_sizes(&mut of_cell).await.unwrap(), list_sizes(&mut of_public).await.unwrap());
    assert_eq!(names(own), names(other));
    let days = status_changes::DAYS.list(&mut of_cell).await.unwrap();
    let after_all = chrono::NaiveDate::MAX;
    assert_eq!(status_changes::DAYS.drop_before(&mut of_cell, after_all).await.unwrap(), days);
    assert_eq!(status_changes::DAYS.list(&mut of_public).await.unwrap().len(), days.len());
    assert!(meter_samples::DAYS.list(&mut of_cell).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_for_no_advisory_lock_of_another_schema() {
    let database = TestDatabase::new().await;
    let cell = database.with_schema("cell1").await;
    for platform in [&database, &cell] {
        platform.execute(BATCH).await;
    }
    // The key that replicas of the previous release use, which know no other schema than `public`.
    let held = database
        .open_transaction("select pg_advisory_xact_lock(hashtextextended('charging command batch claim', 0))")
        .await;
    let mut connection = cell.pool.connection().await.unwrap();
    assert!(batches::claim(&mut connection, Duration::from_secs(60), &[]).await.unwrap().is_some());
    let pool = database.pool.clone();
    let claim = tokio::spawn(async move {
        let mut connection = pool.connection().await.unwrap();
        batches::claim(&mut connection, Duration::from_secs(60), &[]).await.unwrap()
    });
    let waits = "exists (select from pg_locks where locktype = 'advisory' and not granted
                         and database = (select oid from pg_database where datname = current_database()))";
    eventually("the claim in `public` to wait", || async { database.json(waits).await == true }).await;
    held.commit().await;
    assert!(claim.await.unwrap().is_some());
}
