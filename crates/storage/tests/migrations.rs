//! Schemas that a program refuses, and migrations that block no other statements.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use diesel_async::SimpleAsyncConnection as _;
use storage::{Database, DatabaseSettings, StorageError};
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
    migrate_while_a_table_is_read(&database, database.pool.clone()).await;
}

/// The server reports errors in its own language to a role that may not choose another one. In CI
/// that is Chinese.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_waits_for_a_table_whatever_language_the_server_reports_the_time_out_in() {
    let database = TestDatabase::with_connections(4).await;
    let role = testkit::unique("owner").replace('-', "_");
    database
        .execute(&format!(
            "create role {role} login;
             grant all on schema public to {role};
             do $$ declare owned regclass; begin
               for owned in select oid from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') loop
                 execute format('alter table %s owner to {role}', owned);
               end loop;
             end $$"
        ))
        .await;
    let url = {
        let (scheme, rest) = database.url.split_once("//").unwrap();
        let (_, server) = rest.split_once('@').unwrap();
        format!("{scheme}//{role}@{server}")
    };
    let pool = Database::new(&DatabaseSettings { url: url.into(), ..database.settings() }).unwrap();
    migrate_while_a_table_is_read(&database, pool).await;
    database
        .execute(&format!("reassign owned by {role} to current_user; drop owned by {role}; drop role {role}"))
        .await;
}

/// Applies two missing migrations by `migrator` while a reader holds a lock on the table that the
/// first one changes.
async fn migrate_while_a_table_is_read(database: &TestDatabase, migrator: Database) {
    database.execute(WITHOUT_THE_NEWEST).await;
    database
        .execute(
            "alter table ingest_partitions drop column caught_up_at;
             delete from __diesel_schema_migrations where version = '20261123000014'",
        )
        .await;
    let mut reader = database.pool.connection().await.unwrap();
    reader.batch_execute("begin; lock table ingest_partitions in access share mode").await.unwrap();
    let migrating = tokio::spawn(async move { migrator.migrate().await });
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
