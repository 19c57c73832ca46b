//! Days of devices that come, go and change their operator.

use crate::fixture::{Ledger, window};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_handover_splits_a_day_between_the_operators() {
    let mut ledger = Ledger::new().await;
    ledger
        .database
        .execute("update stations set operator_id = 'b', version = 2, updated_at = '2026-06-02T04:00:00Z'")
        .await;
    ledger.compute(&window(3)).await;
    let days = ledger.days("day, operator_id, up_s").await;
    let expected = json!([
        ["2026-06-01", "a", 79_200],
        ["2026-06-02", "a", 43_200],
        ["2026-06-02", "b", 43_200],
        ["2026-06-03", "b", 86_400],
    ]);
    assert_eq!(days, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_removed_counts_for_no_pile_until_it_comes_back() {
    let mut ledger = Ledger::new().await;
    let remove = "update piles set retired_at = '2026-06-01T16:00:00Z', updated_at = '2026-06-01T16:00:00Z', version = 2";
    ledger.database.execute(remove).await;
    ledger.compute(&window(3)).await;
    assert_eq!(ledger.compute(&window(4)).await.devices, [], "it has no place since then");
    let back = "update piles set retired_at = null, updated_at = '2026-06-03T04:00:00Z', version = 3";
    ledger.database.execute(back).await;
    ledger.compute(&window(4)).await;
    // A pile that is restored has its device again since it was retired, or since the edit.
    let placed = ledger
        .database
        .json("select jsonb_agg(distinct day) from reliability_days where pile_id is not null")
        .await;
    assert!(placed.as_array().unwrap().contains(&json!("2026-06-04")), "{placed}");
    let seconds = ledger.database.json("select sum(up_s + faulted_s) from reliability_days").await;
    assert_eq!(seconds, json!(4 * 86_400), "each second once, in a pile or not");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_heard_before_its_registration_has_its_days() {
    let mut ledger = Ledger::new().await;
    ledger
        .database
        .execute("delete from reliability_devices; delete from placements; delete from piles")
        .await;
    ledger.compute(&window(3)).await;
    assert_eq!(ledger.days("day").await, json!([]));
    ledger
        .database
        .execute(
            "insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
             values ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000001', 'CP-1', 'DC-120', 120,
                     '2026-06-04T00:00:00Z', '2026-06-04T00:00:00Z', 1)",
        )
        .await;
    ledger.compute(&window(3)).await;
    assert_eq!(ledger.days("up_s + faulted_s").await, json!([[86_400], [86_400], [86_400]]));
}
