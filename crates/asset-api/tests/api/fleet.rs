//! Overviews for operators: counts of piles and stations, and the progress of the ingest
//! partitions.

use crate::app::TestApp;
use insta::assert_snapshot;
use serde_json::json;
use testkit::eventually;

/// Of three piles one is charging at one of its two connectors, one is offline, and one was never connected.
const LIVE_STATE: &str = "
    insert into charge_points (charge_point_id, online, last_seen_at)
    values ('CP-1', true, '2026-07-25T10:10:00Z'), ('CP-2', false, '2026-07-25T10:10:00Z'), ('CP-9', true, '2026-07-25T10:10:00Z');
    insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_partition,
                            status_offset, status_event, power_w, power_at)
    select id, number, status, '2026-07-25T10:00:00Z', '2026-07-25T10:00:00Z', 0, 1, 1, 61500.5, '2026-07-25T10:00:00Z'
    from unnest(array['CP-1', 'CP-2', 'CP-9', 'CP-1'], array[1, 1, 1, 2], array['Charging', 'Charging', 'Charging', 'Faulted'])
         as outlet (id, number, status)";

#[tokio::test(flavor = "multi_thread")]
async fn counts_piles_and_stations_by_status() {
    // The feed does not contain what the test changes; for the map see `station_map.rs`.
    let app = TestApp::start_without_station_map().await;
    for charge_point in ["CP-1", "CP-2", "CP-3"] {
        app.pile(charge_point).await;
    }
    app.database.execute(LIVE_STATE).await;
    assert_snapshot!(app.get("/api/v1/fleet").await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "chargingPowerW": 61500.5,
      "confidence": {
        "live": 1,
        "stale": 1,
        "unknown": 1
      },
      "connectors": {
        "Charging": 1,
        "Faulted": 1,
        "Offline": 1
      },
      "countedAt": "[now]",
      "piles": {
        "Charging": 1,
        "Offline": 1,
        "Unknown": 1
      },
      "stations": {
        "Open": 3
      }
    }
    "#);
    // A response may be one second old, but no older.
    app.database.execute("update charge_points set online = true where charge_point_id = 'CP-2'").await;
    eventually("the change to be counted", || async {
        app.get("/api/v1/fleet").await.json()["piles"] == json!({ "Charging": 2, "Unknown": 1 })
    })
    .await;
    let doubt = "update charge_points set confidence = case charge_point_id when 'CP-1' then 'doubtful' else 'unanswered' end,
                                          online = charge_point_id = 'CP-1', last_seen_at = clock_timestamp()";
    app.database.execute(doubt).await;
    eventually("the confidence to be counted", || async {
        app.get("/api/v1/fleet").await.json()["confidence"]
            == json!({ "doubtful": 1, "unanswered": 1, "unknown": 1 })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_owner_and_progress_of_partitions() {
    let app = TestApp::start().await;
    app.database
        .execute(
            "insert into ingest_partitions
               (topic, partition, next_offset, owner, epoch, lease_until, committed_at, caught_up_at)
             values ('ocpp-events-up', 1, 7, '0192f0d4-3c5e-7f70-9bac-1d2e3f4a5b6c', 2, '-infinity', null,
                     clock_timestamp() + interval '10 minutes'),
                    ('ocpp-events-up', 0, 81723, '0192f0d4-3c5e-7f70-9bac-1d2e3f4a5b6c', 3, 'infinity',
                     clock_timestamp(), clock_timestamp() + interval '10 minutes'),
                    ('another', 0, 1, null, 0, '-infinity', null, clock_timestamp())",
        )
        .await;
    assert_snapshot!(app.get("/api/v1/ingest-partitions").await.snapshot(), @r#"
    200 OK
    content-type: application/json

    {
      "items": [
        {
          "behindS": 0.0,
          "caughtUpAt": "[now]",
          "committedAt": "[now]",
          "epoch": 3,
          "nextOffset": 81723,
          "owner": "[id 1]",
          "partition": 0,
          "readAt": "[now]"
        },
        {
          "behindS": 0.0,
          "caughtUpAt": "[now]",
          "committedAt": null,
          "epoch": 2,
          "nextOffset": 7,
          "owner": null,
          "partition": 1,
          "readAt": "[now]"
        }
      ],
      "topic": "ocpp-events-up"
    }
    "#);
    app.database
        .execute("update ingest_partitions set caught_up_at = clock_timestamp() - interval '90 seconds'")
        .await;
    let behind = app.get("/api/v1/ingest-partitions").await.json()["items"][0]["behindS"].as_f64();
    assert!(behind.is_some_and(|behind| behind >= 90.0), "{behind:?}");
}
