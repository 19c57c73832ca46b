//! Silent gateways, probes of devices, and their consequences, in a real PostgreSQL.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::commands::{Command, CommandKind, TriggeredMessage};
use domain::devices::charge_point::ChargePoint;
use domain::devices::history::History;
use domain::devices::presence::Confidence;
use domain::event::{BootReport, EventKind, GatewayEvent, StatusReport};
use domain::ids::{ChargePointId, CommandId, ConnectorId, EventId, GatewayId, PileId};
use domain::order::RecordPosition;
use domain::status::ConnectorStatus;
use serde_json::json;
use std::time::Duration;
use storage::commands::{self, NewCommand};
use storage::devices::presence::due::{self, Dueness};
use storage::devices::presence::probes::{self, NewProbe, ProbeReason};
use storage::devices::presence::silence::{SilencePolicy, judge_devices};
use storage::devices::presence::{gateways, silent_devices};
use storage::devices::status_changes;
use storage::ingest::batch::{Folded, Written, write};
use storage::ingest::partitions::{self, Kept, PartitionLease};
use storage::{Connection, LoadPlan};
use testkit::TestDatabase;
use uuid::Uuid;

const TOPIC: &str = "events";
const HOUR: Duration = Duration::from_secs(3_600);
const NOW: Duration = Duration::ZERO;
const POLICY: SilencePolicy =
    SilencePolicy { timeout: Duration::from_secs(60), answer: Duration::from_secs(10), probing: true };

fn device(number: usize) -> ChargePointId {
    ChargePointId::parse(&format!("CP-{number}")).unwrap()
}

fn gateway(name: &str) -> GatewayId {
    GatewayId::parse(name).unwrap()
}

struct Ground {
    database: TestDatabase,
    lease: PartitionLease,
    owner: Uuid,
}

impl Ground {
    async fn new() -> (Self, storage::PooledConnection) {
        let database = TestDatabase::new().await;
        let mut connection = database.pool.connection().await.unwrap();
        status_changes::ensure_today(&mut connection).await.unwrap();
        partitions::register(&mut connection, TOPIC, &[(0, 0)]).await.unwrap();
        let owner = Uuid::now_v7();
        let lease = partitions::acquire(&mut connection, TOPIC, owner, 1, HOUR).await.unwrap().remove(0);
        (Self { database, lease, owner }, connection)
    }

    /// Writes one event of `device`, claimed at `claimed_at` and appended `late` after that.
    async fn write_event(
        &mut self,
        connection: &mut Connection,
        device: &ChargePointId,
        kind: EventKind,
        claimed_at: DateTime<Utc>,
        late: TimeDelta,
    ) {
        let offset = self.lease.next_offset;
        let event = GatewayEvent {
            event_id: EventId::parse(&format!("event-{offset}")).unwrap(),
            charge_point_id: device.clone(),
            gateway_id: Some(gateway("pod-1")),
            claimed_at: Some(claimed_at),
            trace_id: None,
            kind,
        };
        let position = RecordPosition { partition: 0, offset, appended_at: claimed_at + late };
        let load_plan = LoadPlan::of([(&event, position)]);
        let fold = |mut states: Vec<ChargePoint>| {
            let mut history = History::default();
            history.apply(&mut states[0], &event, &position);
            Folded { states, history, ..Folded::default() }
        };
        let written = write(connection, &self.lease, offset + 1, &load_plan, fold).await.unwrap();
        assert_eq!(written, Written::Committed);
        self.lease.next_offset = offset + 1;
    }

    async fn heartbeat(&mut self, connection: &mut Connection, device: &ChargePointId) {
        self.write_event(connection, device, EventKind::Heartbeat, runtime_now(), TimeDelta::zero()).await;
    }

    /// Records that all events were read just now.
    async fn caught_up(&self, connection: &mut Connection) {
        let kept = Kept { partition: 0, epoch: self.lease.epoch, caught_up: Some(NOW) };
        let renewed = partitions::renew(connection, TOPIC, self.owner, &[kept], HOUR).await.unwrap();
        assert_eq!(renewed, [0]);
    }

    /// Moves the times of everything written so far into the past.
    async fn age(&self, seconds: u32) {
        for statement in [
            "update charge_points set written_at = written_at - $, seen_at = seen_at - $, seen_appended_at = seen_appended_at - $",
            "update device_probes set asked_at = asked_at - $, boot_asked_at = boot_asked_at - $",
            "update gateways set heard_at = heard_at - $, canary_at = canary_at - $, suspected_at = suspected_at - $",
        ] {
            self.database.execute(&statement.replace('$', &format!("interval '{seconds} s'"))).await;
        }
    }

    async fn states(&self) -> serde_json::Value {
        self.database.json("select json_agg(json_build_array(online, confidence) order by charge_point_id) from charge_points").await
    }
}

fn runtime_now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(
        i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap(),
    )
    .unwrap()
}

fn probe(device: &ChargePointId, reason: ProbeReason) -> NewProbe {
    NewProbe {
        charge_point_id: device.clone(),
        message: TriggeredMessage::BootNotification,
        reason,
        gateway_id: gateway("pod-1"),
    }
}

async fn ask(connection: &mut Connection, device: &ChargePointId) -> usize {
    let probes = [probe(device, ProbeReason::Silent)];
    let recorded = probes::record_many(connection, &probes, Duration::from_secs(120)).await.unwrap();
    probes::confirm_many(connection, &recorded).await.unwrap();
    recorded.len()
}

fn dueness() -> Dueness {
    Dueness {
        topic: TOPIC.to_owned(),
        lag: Duration::from_secs(30),
        silence: Duration::from_secs(50),
        interval: Duration::from_secs(120),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_device_is_probed_once_and_offline_without_an_answer() {
    let (mut ground, mut connection) = Ground::new().await;
    ground.heartbeat(&mut connection, &device(1)).await;
    ground.caught_up(&mut connection).await;
    assert_eq!(
        due::list_silent(&mut connection, &dueness(), 10).await.unwrap(),
        [],
        "the device was just heard"
    );
    ground.age(61).await;
    let due = due::list_silent(&mut connection, &dueness(), 10).await.unwrap();
    assert_eq!(
        (due.len(), &due[0].charge_point_id, due[0].reason, due[0].is_busy),
        (1, &device(1), ProbeReason::Silent, false)
    );
    let judged = testkit::judge_silent_devices(&mut connection, &ground.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0, "the device was not probed");
    assert_eq!(ask(&mut connection, &device(1)).await, 1);
    assert_eq!(ask(&mut connection, &device(1)).await, 0, "at most one probe per interval");
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap(), []);
    let judged = testkit::judge_silent_devices(&mut connection, &ground.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0, "the device may still answer");
    ground.age(11).await;
    let judged = testkit::judge_silent_devices(&mut connection, &ground.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 1);
    assert_eq!(ground.states().await, json!([[false, "unanswered"]]));
    ground.heartbeat(&mut connection, &device(1)).await;
    assert_eq!(ground.states().await, json!([[true, null]]));
    let history =
        "select json_agg(json_build_array(online, confidence) order by noted_at, place) from status_changes";
    assert_eq!(
        ground.database.json(history).await,
        json!([[true, null], [false, "unanswered"], [true, null]])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpublished_probe_has_no_consequences() {
    let (mut ground, mut connection) = Ground::new().await;
    ground.heartbeat(&mut connection, &device(1)).await;
    ground.age(61).await;
    let probes = [probe(&device(1), ProbeReason::Silent)];
    assert_eq!(probes::record_many(&mut connection, &probes, HOUR).await.unwrap(), [device(1)]);
    ground.age(30).await;
    let judged = testkit::judge_silent_devices(&mut connection, &ground.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_keeps_a_silent_device_online() {
    let (mut ground, mut connection) = Ground::new().await;
    ground.heartbeat(&mut connection, &device(1)).await;
    ground.age(200).await;
    ask(&mut connection, &device(1)).await;
    assert_eq!(probes::count_answered(&mut connection, &[device(1)]).await.unwrap(), 0);
    ground.heartbeat(&mut connection, &device(1)).await;
    assert_eq!(probes::count_answered(&mut connection, &[device(1)]).await.unwrap(), 1);
    ground.age(59).await;
    let judged = testkit::judge_silent_devices(&mut connection, &ground.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0);
    ground.age(30).await;
    let judged = testkit::judge_silent_devices(&mut connection, &ground.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0, "the probe was answered");
    ground.age(40).await;
    let judged = testkit::judge_silent_devices(&mut connection, &ground.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 1, "twice the timeout has passed, and no further probe was due");
    assert_eq!(ground.states().await, json!([[false, "doubtful"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_with_a_slow_clock_is_not_silent() {
    let (mut ground, mut connection) = Ground::new().await;
    let slow = runtime_now() - TimeDelta::hours(5);
    ground.write_event(&mut connection, &device(1), EventKind::Heartbeat, slow, TimeDelta::zero()).await;
    ground.caught_up(&mut connection).await;
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap(), []);
    let judged = testkit::judge_silent_devices(&mut connection, &ground.lease, &POLICY).await;
    assert_eq!(judged.unwrap().gone, 0, "even if the pod has the same slow clock");
    assert_eq!(ground.states().await, json!([[true, null]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_has_no_consequences_while_events_are_not_read() {
    let (mut ground, mut connection) = Ground::new().await;
    ground.heartbeat(&mut connection, &device(1)).await;
    ground.age(600).await;
    ground
        .database
        .execute("update ingest_partitions set caught_up_at = clock_timestamp() - interval '31 s'")
        .await;
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap(), []);
    gateways::record_heard(&mut connection, &[(gateway("pod-1"), Duration::from_secs(35))]).await.unwrap();
    let silence = Duration::from_secs(10);
    assert_eq!(gateways::list_quiet(&mut connection, TOPIC, silence, 10).await.unwrap(), []);
    ground.caught_up(&mut connection).await;
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap().len(), 1);
    assert_eq!(gateways::list_quiet(&mut connection, TOPIC, silence, 10).await.unwrap(), [gateway("pod-1")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_of_a_dead_gateway_become_doubtful_and_then_offline() {
    let (mut ground, mut connection) = Ground::new().await;
    for number in 1..=3 {
        ground.heartbeat(&mut connection, &device(number)).await;
    }
    gateways::record_heard(&mut connection, &[(gateway("pod-1"), NOW)]).await.unwrap();
    ground.age(12).await;
    ground.caught_up(&mut connection).await;
    let (silence, answer) = (Duration::from_secs(10), POLICY.answer);
    let quiet = gateways::list_quiet(&mut connection, TOPIC, silence, 10).await.unwrap();
    assert_eq!(quiet, [gateway("pod-1")]);
    let canaries = due::list_canaries(&mut connection, &quiet, HOUR, 2).await.unwrap();
    assert_eq!(canaries.len(), 2);
    ask(&mut connection, &canaries[0].charge_point_id).await;
    gateways::note_questions(&mut connection, &quiet).await.unwrap();
    assert_eq!(
        gateways::list_quiet(&mut connection, TOPIC, silence, 10).await.unwrap(),
        [],
        "the gateway was probed"
    );
    assert_eq!(gateways::suspect_unanswered(&mut connection, TOPIC, answer).await.unwrap(), []);
    ground.age(11).await;
    ground.caught_up(&mut connection).await;
    assert_eq!(gateways::suspect_unanswered(&mut connection, TOPIC, answer).await.unwrap(), quiet);
    let suspected = gateways::list_suspected(&mut connection).await.unwrap();
    assert_eq!(suspected, quiet);
    let found = silent_devices::list(&mut connection, &[0], &suspected, answer, 10).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(silent_devices::list(&mut connection, &[1], &suspected, answer, 10).await.unwrap(), []);
    let devices: Vec<_> = found.into_iter().map(|(_, device)| device).collect();
    let judged =
        judge_devices(&mut connection, &ground.lease, &POLICY, devices.clone()).await.unwrap().unwrap();
    assert_eq!((judged.doubted.len(), judged.gone), (3, 0));
    assert_eq!(ground.states().await, json!([[true, "doubtful"], [true, "doubtful"], [true, "doubtful"]]));
    // The first device was probed as the canary; the others are probed now, and one of them
    // answers.
    let due = due::list_suspected(&mut connection, HOUR, 10).await.unwrap();
    let mut left: Vec<_> = due.iter().map(|due| due.charge_point_id.clone()).collect();
    left.sort();
    assert_eq!(left, [device(2), device(3)]);
    for due in &due {
        ask(&mut connection, &due.charge_point_id).await;
    }
    ground.heartbeat(&mut connection, &device(3)).await;
    ground.age(11).await;
    let found = silent_devices::list(&mut connection, &[0], &[], answer, 10).await.unwrap();
    assert_eq!(found.len(), 2);
    let judged = judge_devices(&mut connection, &ground.lease, &POLICY, devices).await.unwrap().unwrap();
    assert_eq!((judged.doubted.len(), judged.gone, judged.doubts_settled.len()), (0, 2, 2));
    // The device's state is written before its gateway is recorded as heard.
    let found = silent_devices::list(&mut connection, &[0], &suspected, answer, 10).await.unwrap();
    assert_eq!(found, []);
    let judged =
        judge_devices(&mut connection, &ground.lease, &POLICY, vec![device(3)]).await.unwrap().unwrap();
    assert_eq!(judged.doubted.len(), 0);
    gateways::record_heard(&mut connection, &[(gateway("pod-1"), NOW)]).await.unwrap();
    assert_eq!(gateways::list_suspected(&mut connection).await.unwrap(), [], "the gateway is heard again");
    assert_eq!(ground.states().await, json!([[false, "unanswered"], [false, "unanswered"], [true, null]]));
    assert!(!silent_devices::has_doubtful(&mut connection, &[0]).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_in_flight_replaces_a_probe_until_expiry_or_doubt() {
    let (mut ground, mut connection) = Ground::new().await;
    ground.heartbeat(&mut connection, &device(1)).await;
    gateways::record_heard(&mut connection, &[(gateway("pod-1"), NOW)]).await.unwrap();
    let command = format!(
        "insert into stations (id, name, status, created_at, updated_at, version)
         values ('{0}', 'North', 'Open', now(), now(), 1);
         insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
         values ('{0}', '{0}', '{1}', 'DC-120', 120, now(), now(), 1);
         insert into commands (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at, expires_at,
                               life, open, degraded)
         values ('{0}', '{0}', '{1}', 'reset', '{{}}', 'published', 'pod-1', 0, now(), now() + interval '60 s', '{{}}', true, false)",
        Uuid::nil(),
        device(1),
    );
    ground.database.execute(&command).await;
    ground.age(61).await;
    ground.caught_up(&mut connection).await;
    let quiet = [gateway("pod-1")];
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap(), []);
    assert_eq!(due::list_canaries(&mut connection, &quiet, HOUR, 2).await.unwrap(), []);
    ground.database.execute("update gateways set suspected_at = clock_timestamp()").await;
    assert_eq!(due::list_suspected(&mut connection, HOUR, 10).await.unwrap().len(), 1);
    ground.database.execute("update gateways set suspected_at = null").await;
    ground.database.execute("update commands set expires_at = now() - interval '1 s'").await;
    assert_eq!(due::list_silent(&mut connection, &dueness(), 10).await.unwrap().len(), 1);
    assert_eq!(due::list_canaries(&mut connection, &quiet, HOUR, 2).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_devices_is_not_suspected_but_deleted() {
    let (mut ground, mut connection) = Ground::new().await;
    ground.heartbeat(&mut connection, &device(1)).await;
    gateways::record_heard(&mut connection, &[(gateway("pod-1"), NOW)]).await.unwrap();
    ground.age(12).await;
    ground.caught_up(&mut connection).await;
    ask(&mut connection, &device(1)).await;
    assert_eq!(
        gateways::forget_abandoned(&mut connection, POLICY.answer).await.unwrap(),
        0,
        "the gateway has a device"
    );
    let moved = "update charge_points set gateway_id = 'pod-2'";
    ground.database.execute(moved).await;
    gateways::note_questions(&mut connection, &[gateway("pod-1")]).await.unwrap();
    ground.age(11).await;
    ground.caught_up(&mut connection).await;
    assert_eq!(gateways::suspect_unanswered(&mut connection, TOPIC, POLICY.answer).await.unwrap(), []);
    assert_eq!(
        gateways::forget_abandoned(&mut connection, HOUR).await.unwrap(),
        0,
        "the gateway was heard just now"
    );
    assert_eq!(gateways::forget_abandoned(&mut connection, POLICY.answer).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_owner_of_the_partition_judges_no_devices() {
    let (mut ground, mut connection) = Ground::new().await;
    ground.heartbeat(&mut connection, &device(1)).await;
    ground.age(6_000).await;
    let former = PartitionLease { epoch: ground.lease.epoch - 1, ..ground.lease.clone() };
    assert_eq!(testkit::judge_silent_devices(&mut connection, &former, &POLICY).await, None);
    assert_eq!(ground.states().await, json!([[true, null]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn distinguishes_charging_devices_and_skips_commanded_ones() {
    let (mut ground, mut connection) = Ground::new().await;
    let charging = EventKind::StatusChanged(StatusReport {
        connector_id: ConnectorId::parse(1).unwrap(),
        status: ConnectorStatus::Charging,
        error_code: None,
        info: None,
        vendor_error_code: None,
    });
    ground.write_event(&mut connection, &device(1), charging, runtime_now(), TimeDelta::zero()).await;
    ground.heartbeat(&mut connection, &device(2)).await;
    ground.age(100).await;
    ground.caught_up(&mut connection).await;
    command(&ground, &mut connection, TriggeredMessage::Heartbeat).await;
    let due = due::list_silent(&mut connection, &dueness(), 10).await.unwrap();
    assert_eq!(
        due.iter().map(|due| (&due.charge_point_id, due.is_busy)).collect::<Vec<_>>(),
        [(&device(1), true)]
    );
}

/// A caller's command to device 2 to send `requested`.
async fn command(ground: &Ground, connection: &mut Connection, requested: TriggeredMessage) {
    let (station, pile) = (Uuid::from_u128(1), Uuid::from_u128(2));
    ground.database.execute(&format!(
        "insert into stations (id, name, status, created_at, updated_at, version)
         values ('{station}', 'North', 'Open', now(), now(), 1) on conflict do nothing;
         insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at, updated_at, version)
         values ('{pile}', '{station}', 'CP-2', 'DC-120', 120, 'DC', now(), now(), 1) on conflict do nothing"
    )).await;
    let kind = CommandKind::TriggerMessage { requested, connector_id: None };
    let new = NewCommand {
        goal: kind.goal(None),
        command: Command {
            id: CommandId(Uuid::now_v7()),
            charge_point_id: device(2),
            gateway_id: gateway("pod-1"),
            kind,
            issued_at: runtime_now(),
            expires_at: runtime_now() + TimeDelta::seconds(60),
            trace_id: None,
        },
        pile_id: PileId(pile),
        route: domain::commands::RouteSource::Key,
        partition: 7,
        payload: json!({ "requestedMessage": format!("{requested:?}") }),
        degraded: false,
        seen_gateway_id: None,
        confidence: Confidence::Live,
        keyed: None,
    };
    assert_eq!(commands::insert_many(connection, &[new]).await.unwrap(), commands::Recorded::All);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_a_requested_boot_as_an_answer() {
    let (mut ground, mut connection) = Ground::new().await;
    let boot = || EventKind::Connected(BootReport::default());
    ground.heartbeat(&mut connection, &device(2)).await;
    command(&ground, &mut connection, TriggeredMessage::BootNotification).await;
    let answers = "select json_agg(memory -> 'boot_answer' ->> 'asked_at' is not null order by charge_point_id) from charge_points";
    assert_eq!(ground.database.json(answers).await, json!([false]));
    ground.write_event(&mut connection, &device(2), boot(), runtime_now(), TimeDelta::zero()).await;
    assert_eq!(ground.database.json(answers).await, json!([true]));
    ground.heartbeat(&mut connection, &device(3)).await;
    ask(&mut connection, &device(3)).await;
    ground.write_event(&mut connection, &device(3), boot(), runtime_now(), TimeDelta::zero()).await;
    assert_eq!(ground.database.json(answers).await, json!([true, true]));
}
