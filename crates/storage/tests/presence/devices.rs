//! Silent devices: when they are probed, and when they are offline.

use crate::fixture::{Fixture, HOUR, POLICY, ask, device, dueness, probe, runtime_now};
use chrono::TimeDelta;
use domain::event::EventKind;
use serde_json::json;
use storage::devices::presence::probes::{self, ProbeReason};
use storage::devices::presence::{due, silence};
use storage::ingest::partitions::PartitionLease;

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_device_is_probed_once_and_offline_without_an_answer() {
    let (mut fixture, mut connection) = Fixture::new().await;
    fixture.heartbeat(&mut connection, &device(1)).await;
    fixture.caught_up(&mut connection).await;
    assert_eq!(
        due::list_silent(&mut connection, &dueness(), 10).await.unwrap(),
        [],
        "the device was just heard"
    );
    fixture.age(61).await;
    let due = due::list_silent(&mut connection, &dueness(), 10).await.unwrap();
    assert_eq!(
        (due.len(), &due[0].charge_point_id, due[0].reason, due[0].is_busy),
        (1, &device(1), ProbeReason::Silent, false)
    );
    let judged = testkit::judge_silent_devices(&mut connection, &fixture.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0, "the device was not probed");
    assert_eq!(ask(&mut connection, &device(1)).await, 1);
    assert_eq!(ask(&mut connection, &device(1)).await, 0, "at most one probe per interval");
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap(), []);
    let judged = testkit::judge_silent_devices(&mut connection, &fixture.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0, "the device may still answer");
    fixture.age(11).await;
    let judged = testkit::judge_silent_devices(&mut connection, &fixture.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 1);
    assert_eq!(fixture.states().await, json!([[false, "unanswered"]]));
    fixture.heartbeat(&mut connection, &device(1)).await;
    assert_eq!(fixture.states().await, json!([[true, null]]));
    let history =
        "select json_agg(json_build_array(online, confidence) order by noted_at, place) from status_changes";
    assert_eq!(
        fixture.database.json(history).await,
        json!([[true, null], [false, "unanswered"], [true, null]])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpublished_probe_has_no_consequences() {
    let (mut fixture, mut connection) = Fixture::new().await;
    fixture.heartbeat(&mut connection, &device(1)).await;
    fixture.age(61).await;
    let probes = [probe(&device(1), ProbeReason::Silent)];
    assert_eq!(probes::record_many(&mut connection, &probes, HOUR).await.unwrap(), [device(1)]);
    fixture.age(30).await;
    let judged = testkit::judge_silent_devices(&mut connection, &fixture.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_keeps_a_silent_device_online() {
    let (mut fixture, mut connection) = Fixture::new().await;
    fixture.heartbeat(&mut connection, &device(1)).await;
    fixture.age(200).await;
    ask(&mut connection, &device(1)).await;
    assert_eq!(probes::count_answered(&mut connection, &[device(1)]).await.unwrap(), 0);
    fixture.heartbeat(&mut connection, &device(1)).await;
    assert_eq!(probes::count_answered(&mut connection, &[device(1)]).await.unwrap(), 1);
    fixture.age(59).await;
    let judged = testkit::judge_silent_devices(&mut connection, &fixture.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0);
    fixture.age(30).await;
    let judged = testkit::judge_silent_devices(&mut connection, &fixture.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0, "the probe was answered");
    fixture.age(40).await;
    let judged = testkit::judge_silent_devices(&mut connection, &fixture.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 1, "twice the timeout has passed, and no further probe was due");
    assert_eq!(fixture.states().await, json!([[false, "doubtful"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_with_a_slow_clock_is_not_silent() {
    let (mut fixture, mut connection) = Fixture::new().await;
    let slow = runtime_now() - TimeDelta::hours(5);
    fixture.write_event(&mut connection, &device(1), EventKind::Heartbeat, slow, TimeDelta::zero()).await;
    fixture.caught_up(&mut connection).await;
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap(), []);
    let judged = testkit::judge_silent_devices(&mut connection, &fixture.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0, "even if the pod has the same slow clock");
    assert_eq!(fixture.states().await, json!([[true, null]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_owner_of_the_partition_judges_no_devices() {
    let (mut fixture, mut connection) = Fixture::new().await;
    fixture.heartbeat(&mut connection, &device(1)).await;
    fixture.age(6_000).await;
    let former = PartitionLease { epoch: fixture.lease.epoch - 1, ..fixture.lease.clone() };
    assert_eq!(testkit::judge_silent_devices(&mut connection, &former, &POLICY).await, None);
    assert_eq!(fixture.states().await, json!([[true, null]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_devices_are_found_among_those_that_were_quiet() {
    let (mut fixture, mut connection) = Fixture::new().await;
    fixture.heartbeat(&mut connection, &device(1)).await;
    fixture.age(46).await;
    fixture.heartbeat(&mut connection, &device(2)).await;
    let (policy, quiet_for) = (&POLICY, POLICY.timeout * 3 / 4);
    assert_eq!(silence::list_quiet(&mut connection, &[0], quiet_for, 10).await.unwrap(), [device(1)]);
    assert_eq!(silence::list_quiet(&mut connection, &[1], quiet_for, 10).await.unwrap(), []);
    fixture.age(100).await;
    assert_eq!(silence::list_quiet(&mut connection, &[0], quiet_for, 1).await.unwrap().len(), 1);
    let found = [(0, device(1))];
    for among in [None, Some([device(1)])] {
        let among = among.as_ref().map(<[_; 1]>::as_slice);
        let silent = silence::list_silent(&mut connection, &[0], policy, among, 10).await.unwrap();
        assert_eq!(silent, found, "{among:?}");
    }
    let others = [device(2)];
    let silent = silence::list_silent(&mut connection, &[0], policy, Some(&others), 10).await.unwrap();
    assert_eq!(silent, []);
}
