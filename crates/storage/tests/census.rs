//! Counts of devices, connectors and sessions.

use diesel_async::SimpleAsyncConnection;
use std::collections::BTreeMap;
use storage::Database;
use storage::devices::device_counts::{self, DeviceCounts};
use testkit::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn counts_devices_connectors_and_sessions() {
    let database = TestDatabase::new().await;
    // With the connection settings of ingestors, which avoid reading whole tables.
    let pool = Database::for_batches(&database.settings()).unwrap();
    let mut connection = pool.connection().await.unwrap();
    assert_eq!(device_counts::count(&mut connection, 48).await.unwrap(), DeviceCounts::default());
    connection
        .batch_execute(
            "insert into charge_points (charge_point_id, online, last_seen_at)
             values ('A', true, now()), ('B', true, now()), ('C', false, now());
             insert into connectors (charge_point_id, connector_id, status)
             values ('A', 0, 'Available'), ('A', 1, 'Charging'), ('A', 2, null), ('B', 1, 'Charging'), ('B', 2, 'Faulted'),
                    ('C', 1, 'Available');
             insert into sessions (id, charge_point_id, connector_id, started_at, ended_at)
             values (gen_random_uuid(), 'A', 1, now() - interval '47 hours', null),
                    (gen_random_uuid(), 'B', 1, now() - interval '49 hours', null),
                    (gen_random_uuid(), 'C', 1, now() - interval '3 years', null),
                    (gen_random_uuid(), 'C', 1, now() - interval '4 years', now() - interval '1 hour');",
        )
        .await
        .unwrap();
    let expected = DeviceCounts {
        online: 2,
        offline: 1,
        connectors: BTreeMap::from([("Charging".to_owned(), 2), ("Faulted".to_owned(), 1)]),
        open_sessions: 3,
        long_open_sessions: 2,
    };
    assert_eq!(device_counts::count(&mut connection, 48).await.unwrap(), expected);
}
