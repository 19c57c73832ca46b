//! Schemas that a program refuses, and migrations that block no other statements.

use diesel_async::SimpleAsyncConnection as _;
use storage::StorageError;
use testkit::{TestDatabase, eventually};

/// Removes the newest migration and its table.
const WITHOUT_THE_NEWEST: &str =
    "drop table schema_floor; delete from __diesel_schema_migrations where version = '20261123000016'";

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_schema_that_lacks_a_migration_but_accepts_a_newer_one() {
    let database = TestDatabase::new().await;
    database.execute("insert into __diesel_schema_migrations (version) values ('29991231000000')").await;
    database.pool.check_schema().await.unwrap();
    // Not the newest: it was added later than one that is numbered after it.
    database.execute("delete from __diesel_schema_migrations where version = '20261123000013'").await;
    let refused = database.pool.check_schema().await.unwrap_err();
    assert!(matches!(refused, StorageError::WrongSchema { needed, .. } if needed == "20261123000013"));
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_a_schema_above_its_floor() {
    let database = TestDatabase::new().await;
    database.execute("update schema_floor set oldest = '20261123000001'").await;
    database.pool.check_schema().await.unwrap();
    database.execute("update schema_floor set oldest = '29991231000000'").await;
    let refused = database.pool.check_schema().await.unwrap_err();
    assert!(matches!(refused, StorageError::SchemaTooNew { oldest, .. } if oldest == "29991231000000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_waits_for_a_table_does_not_block_others() {
    let database = TestDatabase::with_connections(4).await;
    database.execute(WITHOUT_THE_NEWEST).await;
    database
        .execute(
            "alter table ingest_partitions drop column caught_up_at;
             delete from __diesel_schema_migrations where version = '20261123000014'",
        )
        .await;
    let mut reader = database.pool.connection().await.unwrap();
    reader.batch_execute("begin; lock table ingest_partitions in access share mode").await.unwrap();
    let pool = database.pool.clone();
    let migrating = tokio::spawn(async move { pool.migrate().await });
    let waits = "select exists (select from pg_locks where not granted and mode = 'AccessExclusiveLock'
                                and relation = 'ingest_partitions'::regclass
                                and database = (select oid from pg_database where datname = current_database()))";
    for _ in 0..2 {
        eventually("the migration to wait", || async { database.json(waits).await == true }).await;
        // With the longest statement timeout that services have.
        database
            .execute("set statement_timeout = '10s'; select from ingest_partitions; reset statement_timeout")
            .await;
    }
    assert!(!migrating.is_finished());
    reader.batch_execute("commit").await.unwrap();
    assert_eq!(migrating.await.unwrap().unwrap(), ["20261123000014", "20261123000016"]);
    database.pool.check_schema().await.unwrap();
}
