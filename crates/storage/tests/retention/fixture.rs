//! A database with a pile, and old commands.

use std::time::Duration;
use storage::{PooledConnection, Slice};
use testkit::TestDatabase;

/// A database with the station and the pile `00000000-0000-0000-0000-000000000001`, whose device is
/// `CP-1`.
pub async fn database() -> (TestDatabase, PooledConnection) {
    let database = TestDatabase::new().await;
    database
        .execute(
            "insert into stations (id, name, status, created_at, updated_at, version)
             values ('00000000-0000-0000-0000-000000000001', 'North', 'Open', now(), now(), 1);
             insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
             values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', 'CP-1', 'DC-120',
                     120, now(), now(), 1)",
        )
        .await;
    let connection = database.pool.connection().await.unwrap();
    (database, connection)
}

/// Inserts the command `number`, issued `days` ago.
pub async fn command(database: &TestDatabase, number: u32, days: u32, open: bool) {
    database
        .execute(&format!(
            "insert into commands (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at,
                                   expires_at, life, open)
             values ({id}, '00000000-0000-0000-0000-000000000001', 'CP-1', 'Reset', '{{}}', 'confirmed', 'gateway-0', 0,
                     now() - interval '{days} days', now() - interval '{days} days' + interval '1 minute',
                     '{{\"trail\": []}}', {open})",
            id = id(number)
        ))
        .await;
}

/// The id `number`, as SQL.
pub fn id(number: u32) -> String {
    format!("'00000000-0000-7000-8000-{number:012}'::uuid")
}

/// A slice of at most ten rows that are older than `days`.
pub fn older_than(days: u32) -> Slice {
    Slice::first(Duration::from_secs(86_400) * days, 10)
}

/// How many rows `table` has.
pub async fn count(database: &TestDatabase, table: &str) -> u64 {
    database.json(&format!("select count(*) from {table}")).await.as_u64().unwrap()
}
