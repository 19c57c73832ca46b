//! Computing days.

use crate::fixture::{Ledger, window};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use storage::Slice;
use storage::reliability::prune_days;
use storage::reliability::roll_up::{backlog, compute, compute_one, list_due};

#[tokio::test(flavor = "multi_thread")]
async fn computes_each_day_that_has_ended_once() {
    let mut ledger = Ledger::new().await;
    assert_eq!(backlog(&mut ledger.connection, &window(3)).await.unwrap(), 1);
    let computed = ledger.compute(&window(3)).await;
    assert_eq!((computed.devices.len(), computed.rows), (1, 3));
    let first = json!(["2026-06-01", 79_200, 7_200, 1, 1, 7_200, "online"]);
    let idle = |day: &str| json!([day, 86_400, 0, 0, 0, 0, "online"]);
    let days = ledger.days("day, up_s, faulted_s, failures, repairs, repair_s, connection").await;
    assert_eq!(days, json!([first, idle("2026-06-02"), idle("2026-06-03")]));
    assert_eq!(ledger.compute(&window(3)).await.devices, [], "nothing is due");
    assert_eq!(backlog(&mut ledger.connection, &window(3)).await.unwrap(), 0);
    assert_eq!(ledger.compute(&window(4)).await.rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn late_facts_change_the_days_that_they_concern() {
    let mut ledger = Ledger::new().await;
    ledger.compute(&window(3)).await;
    let late = ("2026-06-03T15:00:00Z", "2026-06-03T20:00:00Z");
    ledger.late_status(late, 1, Some("Available"), "Faulted").await;
    assert_eq!(ledger.compute(&window(4)).await.rows, 2);
    let days = ledger.days("day, faulted_s, failures, failure_s").await;
    let expected = json!([
        ["2026-06-01", 7_200, 1, null],
        ["2026-06-02", 0, 0, null],
        ["2026-06-03", 3_600, 1, 3_600],
        ["2026-06-04", 86_400, 0, 90_000],
    ]);
    assert_eq!(days, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_carried_from_day_to_day() {
    let mut ledger = Ledger::new().await;
    ledger.connectivity("2026-06-02T16:00:00Z", false).await;
    ledger.database.execute("update charge_points set online = false").await;
    ledger.compute(&window(3)).await;
    // It came back a day later: without the carried connection, the time before would be unknown.
    ledger.connectivity("2026-06-04T04:00:00Z", true).await;
    ledger.database.execute("update charge_points set online = true").await;
    ledger.compute(&window(4)).await;
    let days = ledger.days("day, up_s, offline_s, unknown_s").await;
    assert_eq!(days[2], json!(["2026-06-03", 0, 86_400, 0]));
    assert_eq!(days[3], json!(["2026-06-04", 43_200, 43_200, 0]));
}

/// The device is faulted from 18:00 to 20:00 by the clock of Shanghai, and the station closes at 19:00.
#[tokio::test(flavor = "multi_thread")]
async fn downtime_while_the_station_is_closed_is_excluded() {
    let mut ledger = Ledger::new().await;
    let hours = json!({ "weekly": [{ "weekday": "Monday", "from": "08:00", "to": "19:00" }] });
    ledger.database.execute(&format!("update stations set opening_hours = '{hours}'")).await;
    ledger.compute(&window(2)).await;
    let days = ledger.days("day, up_s, faulted_s, third_party_s").await;
    assert_eq!(days, json!([["2026-06-01", 79_200, 3_600, 3_600], ["2026-06-02", 86_400, 0, 0]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_starts_that_led_to_charging() {
    let mut ledger = Ledger::new().await;
    ledger
        .database
        .execute(
            "insert into commands (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at,
                                   expires_at, life, open, connector_id)
             select ('00000000-0000-7000-8000-00000000000' || n)::uuid, '00000000-0000-0000-0000-000000000002', 'CP-1',
                    case n when 5 then 'Reset' else 'RemoteStartTransaction' end, '{}', case n when 4 then 'rejected' else 'confirmed' end,
                    'gateway-0', 0, timestamptz '2026-06-01T00:00:00Z' + interval '1 hour' * n, now(), '{\"trail\": []}', false, 1
             from generate_series(1, 5) as n;
             insert into sessions (id, charge_point_id, connector_id, command_id, started_at, meter_start_wh, ended_at, meter_stop_wh)
             values (gen_random_uuid(), 'CP-1', 1, '00000000-0000-7000-8000-000000000001', '2026-06-01T01:01:00Z', 10, '2026-06-01T01:30:00Z', 900),
                    (gen_random_uuid(), 'CP-1', 1, '00000000-0000-7000-8000-000000000002', '2026-06-01T02:01:00Z', 900, '2026-06-01T02:02:00Z', 900)",
        )
        .await;
    ledger.compute(&window(1)).await;
    assert_eq!(ledger.days("starts_accepted, starts_charging").await, json!([[3, 1]]));
}

/// Devices `CP-100` to `CP-139`, each in a pile of the station and online.
const MANY: &str = "
    insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
    select gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'CP-' || n, 'DC-120', 120, '2026-05-01T00:00:00Z', '2026-05-01T00:00:00Z', 1
    from generate_series(100, 139) as n;
    insert into charge_points (charge_point_id, online, last_seen_at)
    select 'CP-' || n, true, '2026-06-01T00:00:00Z' from generate_series(100, 139) as n;
    insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_partition, status_offset, status_event)
    select 'CP-' || n, c, 'Available', '2026-05-01T00:00:00Z', '2026-05-01T00:00:00Z', 0, 0, 1 from generate_series(100, 139) as n, generate_series(1, 2) as c";

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_compute_each_device_once() {
    let ledger = Ledger::new().await;
    ledger.database.execute(MANY).await;
    let replicas = [(); 2].map(|()| {
        let pool = ledger.database.pool.clone();
        tokio::spawn(async move {
            let (mut connection, mut computed) = (pool.connection().await.unwrap(), Vec::new());
            // What the other replica holds is due until it commits.
            while backlog(&mut connection, &window(3)).await.unwrap() > 0 {
                computed.extend(compute(&mut connection, &window(3), None, 3).await.unwrap().devices);
            }
            computed
        })
    });
    let mut computed = Vec::new();
    for replica in replicas {
        computed.extend(replica.await.unwrap());
    }
    let each: BTreeSet<_> = computed.iter().collect();
    assert_eq!((computed.len(), each.len()), (41, 41));
    let rows = ledger.database.json("select count(*) from reliability_days").await;
    assert_eq!(rows, json!(3 + 40 * 2 * 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_computation_leaves_nothing() {
    let mut ledger = Ledger::new().await;
    ledger
        .database
        .execute("alter table reliability_devices add constraint none check (computed_until is null)")
        .await;
    compute(&mut ledger.connection, &window(3), None, 10).await.unwrap_err();
    assert_eq!(ledger.days("day").await, json!([]));
    ledger.database.execute("alter table reliability_devices drop constraint none").await;
    assert_eq!(ledger.compute(&window(3)).await.rows, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_with_an_invalid_row_can_be_left_out() {
    let mut ledger = Ledger::new().await;
    ledger.database.execute(MANY).await;
    ledger.status("2026-06-02T10:00:00Z", 1, Some("Available"), "Broken").await;
    let connection = &mut ledger.connection;
    compute(connection, &window(3), None, 100).await.unwrap_err();
    let due = list_due(connection, &window(3), None, 100).await.unwrap();
    assert_eq!(due.len(), 41);
    for device in &due {
        let computed = compute_one(connection, &window(3), device).await;
        assert_eq!(computed.is_err(), device.as_str() == "CP-1", "{device}");
    }
    assert_eq!(backlog(connection, &window(3)).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_days_are_deleted() {
    let mut ledger = Ledger::new().await;
    ledger.compute(&window(3)).await;
    ledger
        .database
        .execute(
            "update reliability_days set began_at = began_at - interval '30 years' where day < '2026-06-03';
             update reliability_days set began_at = now() where day = '2026-06-03'",
        )
        .await;
    let slice = Slice::first(Duration::from_hours(24), 10);
    assert_eq!(prune_days(&mut ledger.connection, slice).await.unwrap().rows, 2);
    assert_eq!(ledger.days("day").await, json!([["2026-06-03"]]));
}
