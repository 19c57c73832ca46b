//! The fleet is counted as it stands.

use diesel_async::SimpleAsyncConnection;
use std::collections::BTreeMap;
use storage::Database;
use storage::devices::device_counts::{self, Census};
use testkit::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_is_counted_as_it_stands() {
    let database = TestDatabase::new().await;
    // As ingestors connect, whose connections would rather not read whole tables.
    let pool = Database::for_batches(&database.settings()).unwrap();
    let mut connection = pool.connection().await.unwrap();
    assert_eq!(device_counts::count(&mut connection).await.unwrap(), Census::default());
    connection
        .batch_execute(
            "insert into charge_points (charge_point_id, online, last_seen_at)
             values ('A', true, now()), ('B', true, now()), ('C', false, now());
             insert into connectors (charge_point_id, connector_id, status)
             values ('A', 0, 'Available'), ('A', 1, 'Charging'), ('A', 2, null), ('B', 1, 'Charging'), ('B', 2, 'Faulted'),
                    ('C', 1, 'Available');",
        )
        .await
        .unwrap();
    let expected = Census {
        online: 2,
        offline: 1,
        connectors: BTreeMap::from([("Charging".to_owned(), 2), ("Faulted".to_owned(), 1)]),
        open_sessions: 0,
    };
    assert_eq!(device_counts::count(&mut connection).await.unwrap(), expected);
}
