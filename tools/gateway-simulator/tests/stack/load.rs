//! A load run, and its ledger compared with the records of the topic.

use crate::harness::{Harness, settings};
use domain::event::EventKind;
use gateway_simulator::Load;
use gateway_simulator::settings::LoadSettings;
use std::collections::HashSet;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_equals_the_records_of_the_topic() {
    let settings = settings();
    let harness = Harness::start(settings.clone(), 1).await;
    let load = LoadSettings {
        events_per_second: 500,
        duration_s: 2,
        charge_points: 20,
        id_prefix: testkit::unique("LOAD") + "-",
        connectors: 2,
        duplicates: 0.1,
        moves: 0.02,
        seed: 7,
    };
    let run = Load::new(&load, &settings, &harness.kafka).await.unwrap();
    let report = run.run(&load, &harness.context.shutdown).await.unwrap();
    assert_eq!((report.failed, report.acknowledged), (0, report.events));
    assert!(report.duplicates > 20, "{}", report.duplicates);
    assert!(report.events >= 900, "{}", report.events);

    let mut seen = 0;
    for device in &report.ledger.devices {
        let last = device.last_event.clone().unwrap().event_id;
        let records = harness.records_until(&device.charge_point_id, |event| event.event_id == last).await;
        seen += records.len();
        let mut ids = HashSet::new();
        let once: Vec<_> = records
            .into_iter()
            .map(|(_, event)| event)
            .filter(|event| ids.insert(event.event_id.clone()))
            .collect();
        assert_eq!(u64::try_from(once.len()).unwrap(), device.events);
        for (connector, summary) in &device.statuses {
            let last = once.iter().rev().find_map(|event| match &event.kind {
                EventKind::StatusChanged(report) if report.connector_id == *connector => {
                    Some((event, report.status))
                }
                _ => None,
            });
            let (event, status) = last.unwrap();
            assert_eq!((&event.event_id, status), (&summary.mark.event_id, summary.status));
        }
        let started = once.iter().filter(|event| matches!(event.kind, EventKind::TransactionStarted(_)));
        assert_eq!(started.count(), device.sessions.len());
    }
    assert_eq!(u64::try_from(seen).unwrap(), report.events);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_announces_itself_once_and_then_keeps_each_rate() {
    let settings = settings();
    let harness = Harness::start(settings.clone(), 1).await;
    let load = LoadSettings {
        events_per_second: 1,
        duration_s: 1,
        charge_points: 20,
        id_prefix: testkit::unique("LOAD") + "-",
        connectors: 2,
        duplicates: 0.0,
        moves: 0.0,
        seed: 7,
    };
    let mut run = Load::new(&load, &settings, &harness.kafka).await.unwrap();
    let announced = run.announce().await.unwrap();
    assert_eq!(in_the_topic(&harness).await, announced);
    let second = Duration::from_secs(1);
    let slow = run.produce(100, second, &harness.context.shutdown).await.unwrap();
    assert_eq!(in_the_topic(&harness).await, announced + slow.events);
    let fast = run.produce(1_000, second, &harness.context.shutdown).await.unwrap();
    assert_eq!(in_the_topic(&harness).await, announced + slow.events + fast.events);
    // A step may be several events; on a busy machine the last ones may be missing.
    assert!((20..120).contains(&slow.events), "{slow:?}");
    assert!((200..1_020).contains(&fast.events), "{fast:?}");
    assert!(slow.took >= second && run.failed() == 0, "{slow:?}");
}

async fn in_the_topic(harness: &Harness) -> u64 {
    let mut records = 0;
    for partition in harness.kafka.partitions(&harness.topics.events).await.unwrap() {
        records += harness.kafka.reader(&harness.topics.events, partition).latest_offset().await.unwrap();
    }
    u64::try_from(records).unwrap()
}
