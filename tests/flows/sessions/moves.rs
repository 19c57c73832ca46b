//! Devices and piles move; earlier sessions keep their place and price, whenever their events
//! arrive.

use crate::sessions::charges::{charge, ended, id, items, session_ids, stop};
use crate::sessions::reported::Transaction;
use crate::sessions::site::{Site, connect, new_device, replace};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::ChargePointId;
use runtime::clock;
use serde_json::json;
use std::time::Duration;
use system_tests::Platform;
use testkit::eventually_some;

/// The length of a charge whose events arrive late.
const SHORT: TimeDelta = TimeDelta::milliseconds(5);

/// Reports a charge of 10 kWh at connector 2, which began at `at`; returns the id of its session.
async fn report_late(platform: &Platform, device: &ChargePointId, at: DateTime<Utc>) -> String {
    let late = Transaction { device, connector: 2, id: "late" };
    late.start(platform, at, 5_000.0).await;
    late.stop(platform, at + SHORT, "Local", 15_000.0).await;
    let recorded = || async { session_ids(platform, "transactionId=late&state=ended").await.pop() };
    let id = eventually_some("the late charge to be recorded", recorded).await;
    assert_eq!(ended(platform, &id, "Local").await["energyWh"], 10_000.0);
    id
}

/// A time before the edits that follow, at which a short charge can take place.
async fn before_edits() -> DateTime<Utc> {
    let now = clock::now();
    tokio::time::sleep(Duration::from_millis(20)).await;
    now
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_moves_to_another_pile_leaves_its_sessions_and_history_behind() {
    let platform = Platform::start(|_| {}).await;
    let ingestor = platform.ingest();
    let (east, west) = (Site::new(&platform, "op-1", "1").await, Site::new(&platform, "op-2", "2").await);
    let device = &east.device;
    connect(&platform, device).await;
    let first = charge(&platform, &east.pile, "DRIVER-1").await;
    stop(&platform, &east.pile, &first).await;

    let before = before_edits().await;
    replace(&platform, &east.pile, &new_device(), "moved").await;
    replace(&platform, &west.pile, device, "moved").await;
    assert_eq!(items(&platform, &format!("{}/sessions", west.pile)).await.len(), 0);
    let second = charge(&platform, &west.pile, "DRIVER-2").await;
    let late = report_late(&platform, device, before).await;

    east.assert_has(&platform, &first, &east.pile).await;
    east.assert_has(&platform, &late, &east.pile).await;
    west.assert_has(&platform, &second, &west.pile).await;
    let of = async |site: &Site| session_ids(&platform, &format!("pileId={}", id(&site.pile))).await;
    assert_eq!((of(&east).await, of(&west).await), (vec![late, first], vec![second]));
    let statuses = async |site: &Site| {
        let changes = items(&platform, &format!("{}/status-history?connectorId=1", site.pile)).await;
        changes.iter().rev().map(|change| change["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let of_east = ["Available", "Preparing", "Charging", "Finishing", "Available"];
    assert_eq!(statuses(&east).await, of_east);
    assert_eq!(statuses(&west).await, ["Preparing", "Charging"]);
    ingestor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_stays_with_the_station_that_its_pile_leaves_during_it() {
    let platform = Platform::start(|_| {}).await;
    let ingestor = platform.ingest();
    let (east, west) = (Site::new(&platform, "op-1", "1").await, Site::new(&platform, "op-2", "2").await);
    let (pile, device) = (&east.pile, &east.device);
    connect(&platform, device).await;
    let first = charge(&platform, pile, "DRIVER-1").await;

    let before = before_edits().await;
    let body = json!({ "stationId": west.station, "reason": "site closed" });
    let moved = platform.post_asset(&format!("{pile}/move"), &body).await;
    assert_eq!((moved.status, &moved.body["stationId"]), (200, &json!(west.station)), "{}", moved.body);
    east.assert_has(&platform, &first, pile).await;
    stop(&platform, pile, &first).await;
    let second = charge(&platform, pile, "DRIVER-2").await;
    let late = report_late(&platform, device, before).await;

    east.assert_has(&platform, &first, pile).await;
    east.assert_has(&platform, &late, pile).await;
    west.assert_has(&platform, &second, pile).await;
    let of_east = [late.clone(), first.clone()];
    assert_eq!(session_ids(&platform, &format!("stationId={}", east.station)).await, of_east);
    assert_eq!(session_ids(&platform, "operatorId=op-1").await, of_east);
    assert_eq!(session_ids(&platform, "operatorId=op-2").await, std::slice::from_ref(&second));
    let of_pile = format!("pileId={}", id(pile));
    assert_eq!(session_ids(&platform, &of_pile).await, [second, late, first]);
    ingestor.stop().await;
}
