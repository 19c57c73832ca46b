//! Silent devices are probed.

use crate::app::TestApp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::{eventually, eventually_some};

/// The partition of `gateway-pod-xyz` among eight.
const PARTITION: i32 = 1;
const TOPIC: &str = "events-of-this-test";

/// Short intervals; the partitions of the topic count as read for an hour.
const HASTY: [(&str, &str); 8] = [
    ("presence.probe_after_s", "60"),
    ("presence.probe_interval_s", "600"),
    ("presence.probe_answer_s", "1"),
    ("presence.gateway_silence_s", "10"),
    ("presence.gateway_answer_s", "1"),
    ("presence.gateway_interval_s", "600"),
    ("presence.ingest_topic", TOPIC),
    ("presence.ingest_lag_s", "3600"),
];

async fn app(own: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(&[&HASTY, own].concat()).await;
    app.create_topic(crate::app::PARTITIONS).await;
    app.database
        .execute(&format!(
            "insert into ingest_partitions (topic, partition, next_offset) values ('{TOPIC}', 0, 0)"
        ))
        .await;
    app
}

/// Creates a device that is assigned to no pile and was last heard `seconds` ago through `gateway`.
async fn heard(app: &TestApp, seconds: u32, gateway: &str) -> String {
    let device = testkit::unique("CP");
    heard_as(app, &device, seconds, gateway).await;
    device
}

/// Creates `device`, last heard `seconds` ago through `gateway`. Insert everything else about it
/// before: it may be probed at once.
async fn heard_as(app: &TestApp, device: &str, seconds: u32, gateway: &str) {
    app.database
        .execute(&format!(
            "insert into charge_points (charge_point_id, online, last_seen_at, gateway_id, seen_at, seen_appended_at,
                                        seen_partition, seen_offset, seen_event, written_at)
             select '{device}', true, at, '{gateway}', at, at, 0, 0, 0, at
             from (select clock_timestamp() - interval '{seconds} s' as at) as heard"
        ))
        .await;
}

/// All probes on the topic so far.
async fn list_probes(app: &TestApp) -> Vec<Value> {
    let mut all = Vec::new();
    for partition in 0..crate::app::PARTITIONS {
        let reader = app.kafka.reader(&app.topic, partition);
        // A new topic has no leaders for a moment.
        let fetched = eventually_some("the partition to be read", || async {
            reader.fetch(0, Duration::from_millis(50), 1 << 20).await.ok()
        })
        .await;
        let values = fetched.records.into_iter().filter_map(|record| record.value);
        all.extend(values.map(|value| serde_json::from_slice::<Value>(&value).unwrap()));
    }
    all
}

/// The probed devices, once there are `count` probes.
async fn devices(app: &TestApp, count: usize) -> BTreeSet<String> {
    let probes = eventually_some("devices to be probed", || async {
        let probes = list_probes(app).await;
        (probes.len() >= count).then_some(probes)
    })
    .await;
    assert_eq!(probes.len(), count);
    probes.iter().map(|probe| probe["chargePointId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_an_idle_device_for_its_boot_and_a_charging_one_for_its_status() {
    let app = app(&[]).await;
    let idle = heard(&app, 70, "gateway-pod-xyz").await;
    let charging = testkit::unique("CP");
    app.set_route_key("gateway-pod-xyz", &charging).await;
    app.database
        .execute(&format!("insert into connectors (charge_point_id, connector_id, status) values ('{charging}', 1, 'SuspendedEV')"))
        .await;
    heard_as(&app, &charging, 70, "gateway-0").await;
    let _heard_just_now = heard(&app, 10, "gateway-pod-xyz").await;
    assert_eq!(devices(&app, 2).await, BTreeSet::from([idle.clone(), charging.clone()]));
    for record in app.published(PARTITION).await {
        let probe: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
        assert_eq!(record.key.as_deref(), probe["chargePointId"].as_str().map(str::as_bytes));
        assert_eq!(probe["commandName"], "TriggerMessage");
        assert_eq!(
            probe["gatewayId"], "gateway-pod-xyz",
            "by the key, or the gateway that it was last heard through"
        );
        assert!(probe["commandId"].is_string() && probe["expiresAt"].is_string());
        let message = if probe["chargePointId"] == *idle { "BootNotification" } else { "StatusNotification" };
        assert_eq!(probe["payload"]["requestedMessage"], message);
        let connector = if message == "StatusNotification" { Value::from(1) } else { Value::Null };
        assert_eq!(
            probe["payload"]["connectorId"], connector,
            "of a connector whose statuses gateways pass on"
        );
    }
    eventually("the probes to be confirmed", || {
        app.holds("(select count(*) from device_probes where published and attempts = 1) = 2")
    })
    .await;
    assert!(app.holds("not exists (select 1 from commands)").await, "a probe is not a command of a caller");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_replicas_probes_each_device_once() {
    let app = app(&[]).await;
    let _other = app.replica(&HASTY);
    let mut silent = BTreeSet::new();
    for _ in 0..20 {
        silent.insert(heard(&app, 100, "gateway-pod-xyz").await);
    }
    let _all = eventually_some("all to be probed", || async {
        let probes = list_probes(&app).await;
        (probes.len() >= silent.len()).then_some(probes)
    })
    .await;
    // Both replicas tick a few more times.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(devices(&app, silent.len()).await, silent);
    assert!(app.holds("(select count(*) from ingest_partitions where topic = 'presence/watch' and owner is not null) = 1").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn does_not_probe_devices_with_a_command_in_flight_or_on_an_unread_partition() {
    let app = app(&[]).await;
    // Neither is silent before everything about it is recorded.
    let commanded = heard(&app, 0, "gateway-pod-xyz").await;
    let unread = heard(&app, 0, "gateway-pod-xyz").await;
    app.database
        .execute(&format!(
            "insert into ingest_partitions (topic, partition, next_offset, caught_up_at)
             values ('{TOPIC}', 1, 0, clock_timestamp() - interval '2 hours');
             update charge_points set seen_partition = 1 where charge_point_id = '{unread}';
             insert into stations (id, name, status, created_at, updated_at, version)
             values ('00000000-0000-0000-0000-000000000001', 'Site', 'Open', now(), now(), 1);
             insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at, updated_at, version)
             values ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', '{commanded}', 'DC-120', 120,
                     'DC', now(), now(), 1)"
        ))
        .await;
    let path = "piles/00000000-0000-0000-0000-000000000002/commands/reset";
    app.set_route_key("gateway-pod-xyz", &commanded).await;
    let sent = app.post(path).json(&serde_json::json!({})).send().await.unwrap();
    assert_eq!(sent.status(), 202);
    app.database
        .execute(
            "update charge_points set last_seen_at = at, seen_at = at, seen_appended_at = at, written_at = at
             from (select clock_timestamp() - interval '100 s' as at) as heard",
        )
        .await;
    let probed = heard(&app, 100, "gateway-pod-xyz").await;
    assert_eq!(devices(&app, 2).await, BTreeSet::from([commanded, probed]), "the reset, and one probe");
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_a_device_through_the_gateway_that_heard_it_after_its_key_was_written() {
    let app = app(&[("dispatch.route_key_life_s", "300")]).await;
    let moved = testkit::unique("CP");
    // The key was written 200 s ago.
    app.redis.set_with_ttl(&format!("conn:{moved}"), "gateway-0", Duration::from_secs(100)).await.unwrap();
    heard_as(&app, &moved, 70, "gateway-pod-xyz").await;
    let probes = eventually_some("a probe", || async { list_probes(&app).await.pop() }).await;
    assert_eq!(probes["gatewayId"], "gateway-pod-xyz");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_topic_that_no_ingestor_reads() {
    let app = TestApp::with(&[("presence.ingest_topic", "misspelt")]).await;
    let said = eventually_some("it to be reported", || async {
        let report = app.context.health.report().await;
        report.checks.into_iter().find(|(name, state)| *name == "events read" && state != "ok")
    })
    .await;
    assert_eq!(
        said.1,
        "no event-ingestor has ever read misspelt, so silent devices are not probed: set presence.ingest_topic to \
         ingest.topic of event-ingestor"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_no_device_when_probing_is_off() {
    let app = app(&[("presence.probe_message", "off")]).await;
    heard(&app, 100, "gateway-pod-xyz").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(list_probes(&app).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn suspects_a_gateway_whose_canaries_do_not_answer_and_probes_all_its_devices() {
    let app = app(&[]).await;
    // None of them is silent for long enough to be probed for its own silence.
    for _ in 0..10 {
        heard(&app, 20, "gateway-pod-xyz").await;
    }
    let elsewhere = heard(&app, 20, "gateway-0").await;
    app.database
        .execute(
            "insert into gateways (gateway_id, heard_at) values
               ('gateway-pod-xyz', clock_timestamp() - interval '20 s'),
               ('gateway-0', clock_timestamp() + interval '1 hour');
             update ingest_partitions set caught_up_at = clock_timestamp() where topic = 'events-of-this-test'",
        )
        .await;
    assert_eq!(devices(&app, 3).await.len(), 3, "three canary probes");
    assert!(app.holds("not exists (select 1 from gateways where suspected_at is not null)").await);
    let read =
        "update ingest_partitions set caught_up_at = clock_timestamp() where topic = 'events-of-this-test'";
    eventually("the gateway to be suspected", || async {
        app.database.execute(read).await;
        app.holds("exists (select 1 from gateways where suspected_at is not null)").await
    })
    .await;
    let probed = devices(&app, 10).await;
    assert_eq!(probed.len(), 10);
    assert!(!probed.contains(&elsewhere), "the other gateway is heard");
    assert!(app.holds("(select count(*) from device_probes where reason = 'canary') = 3").await);
}
