//! Devices that were never registered, and dead letters.

use crate::fixture::{count, database, id, older_than};
use serde_json::json;
use storage::devices::charge_points::prune_unregistered;
use storage::ingest::dead_letters;

#[tokio::test(flavor = "multi_thread")]
async fn deletes_only_silent_devices_that_nothing_refers_to() {
    let (database, mut connection) = database().await;
    // CP-1 is registered, CP-2 was, CP-3 charged, CP-4 is online, CP-5 was heard recently.
    database
        .execute(&format!(
            "insert into charge_points (charge_point_id, online, last_seen_at)
             select 'CP-' || n, n = 4, now() - case when n = 5 then interval '1 day' else interval '100 days' end
             from generate_series(1, 7) n;
             update charge_points set written_at = now() where charge_point_id = 'CP-7';
             insert into connectors (charge_point_id, connector_id, status) select charge_point_id, 1, 'Available' from charge_points;
             insert into session_ledgers (charge_point_id, ledger) select charge_point_id, '{{}}' from charge_points;
             insert into device_probes (charge_point_id) select charge_point_id from charge_points;
             insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
             values ({pile}, '00000000-0000-0000-0000-000000000001', 'CP-2', 'DC-120', 120, now(), now(), 1);
             update piles set retired_at = now(), updated_at = now() where id = {pile};
             insert into sessions (id, charge_point_id, connector_id, started_at) values ({session}, 'CP-3', 1, now())",
            pile = id(2),
            session = id(3)
        ))
        .await;
    let pruned = prune_unregistered(&mut connection, older_than(90)).await.unwrap();
    assert_eq!(pruned.rows, 1);
    for table in ["charge_points", "connectors", "session_ledgers", "device_probes"] {
        let left = database
            .json(&format!("select json_agg(charge_point_id order by charge_point_id) from {table}"))
            .await;
        assert_eq!(left, json!(["CP-1", "CP-2", "CP-3", "CP-4", "CP-5", "CP-7"]), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settled_dead_letters_go_before_others() {
    let (database, mut connection) = database().await;
    database
        .execute(
            "insert into dead_letters (id, topic, partition, first_offset, last_offset, reason, detail, created_at,
                                       replayed_at, replay_outcome)
             select gen_random_uuid(), 'events', 0, n, n, 'NOT_JSON', 'why', now() - interval '1 day' * days,
                    now() - interval '1 day' * replayed, outcome
             from (values (1, 100, 50, 'applied'), (2, 100, 50, 'unplaced'), (3, 100, 10, 'ignored'), (4, 100, null, null),
                          (5, 400, null, null)) as letters (n, days, replayed, outcome)",
        )
        .await;
    assert_eq!(dead_letters::prune_settled(&mut connection, older_than(30)).await.unwrap().rows, 1);
    assert_eq!(dead_letters::prune(&mut connection, older_than(365)).await.unwrap().rows, 1);
    assert_eq!(
        database.json("select json_agg(first_offset order by first_offset) from dead_letters").await,
        json!([2, 3, 4])
    );
    assert_eq!(count(&database, "dead_letters").await, 3);
}
