//! Keys: the unique keys of hot tables contain the device.

use crate::{HOT, UNIQUE_WITHOUT_KEY};
use serde_json::json;
use testkit::TestDatabase;

fn hot() -> String {
    HOT.map(|table| format!("'{table}'")).join(", ")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unique_index_of_a_hot_table_contains_the_device() {
    let database = TestDatabase::new().await;
    let hot = hot();
    let with_key = |is: &str| {
        format!(
            "select coalesce(json_agg(name order by name), '[]') from (
               select i.indexrelid::regclass::text as name from pg_index i
               join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'charge_point_id'
               where i.indisunique and i.indrelid::regclass::text in ({hot})
                 and {is} a.attnum = any(i.indkey)) as found"
        )
    };
    assert_eq!(database.json(&with_key("not")).await, json!(UNIQUE_WITHOUT_KEY));
    let keyed = [
        "charge_points_pkey",
        "connectors_pkey",
        "device_probes_pkey",
        "meter_samples_pkey",
        "session_ledgers_pkey",
        "status_changes_pkey",
        "waiting_stop_of_session",
    ];
    assert_eq!(database.json(&with_key("")).await, json!(keyed));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_foreign_key_joins_two_hot_tables() {
    let database = TestDatabase::new().await;
    let hot = hot();
    let keys = format!(
        "select coalesce(json_agg(name order by name), '[]') from (
           select conrelid::regclass || ' -> ' || confrelid::regclass as name from pg_constraint
           where contype = 'f' and conparentid = 0
             and (conrelid::regclass::text in ({hot}) or confrelid::regclass::text in ({hot}))) as found"
    );
    // References to assets, which are few and can be replicated, and from tables beside commands.
    let outward = [
        "command_batch_items -> commands",
        "commands -> piles",
        "idempotency_keys -> commands",
        "session_limits -> commands",
        "session_limits -> commands",
    ];
    assert_eq!(database.json(&keys).await, json!(outward));
}
