//! All hot operations, executed on one database: commands, batches of events, responses, silence.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use domain::assets::OperatorBound;
use domain::commands::{Command, CommandKind, ResetKind, RouteSource, Step, TriggeredMessage};
use domain::devices::charge_point::ChargePoint;
use domain::devices::history::History;
use domain::devices::presence::Confidence;
use domain::devices::sample::Samples;
use domain::event::{CommandAnswer, EventKind, GatewayEvent};
use domain::generate::{Record, at, delivered};
use domain::ids::{ChargePointId, CommandId, ConnectorId, EventId, GatewayId, IdTag, PileId};
use domain::order::RecordPosition;
use domain::sessions::limits::SessionLimits;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::time::Duration;
use storage::assets::piles::{self, PileQuery};
use storage::commands::{
    self, ContextQuery, ContextScope, IdempotencyKey, KeyedRequest, NewCommand, PublishOutcome, Recorded,
    RequestDigest,
};
use storage::devices::presence::probes::{self, NewProbe, ProbeReason};
use storage::devices::presence::silence::SilencePolicy;
use storage::devices::{meter_samples, status_changes};
use storage::ingest::batch::{Folded, Written, write};
use storage::ingest::dead_letters::NewDeadLetter;
use storage::ingest::partitions::{self, PartitionLease};
use storage::{Connection, LoadPlan};
use uuid::Uuid;

const TOPIC: &str = "events";
const DEVICES: usize = 40;
/// Records of a device in one batch.
const AT_ONCE: usize = 3;

/// Selects the devices of a database by their number.
pub type Part = fn(usize) -> bool;

/// Long ago, so that devices without newer events are silent.
fn long_ago(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::days(400)
}

pub fn id(device: usize) -> ChargePointId {
    ChargePointId::parse(&format!("CP-{device:02}")).unwrap()
}

fn uuid(kind: u128, device: usize) -> Uuid {
    Uuid::from_u128((kind << 64) + u128::try_from(device).unwrap() + 1)
}

/// The commands to a device: a start with a limit and a reset that it answers, one command that is
/// never published, and one that is never answered.
fn commands_of(device: usize) -> [NewCommand; 4] {
    let charge = CommandKind::StartTransaction {
        id_tag: IdTag::parse("TAG").unwrap(),
        connector_id: Some(ConnectorId::parse(1).unwrap()),
    };
    let restart = CommandKind::Reset { kind: ResetKind::Soft };
    let limits = SessionLimits { max_duration_s: Some(3_600), ..SessionLimits::default() };
    let new = |number: u128, kind: CommandKind| NewCommand {
        limits: matches!(kind, CommandKind::StartTransaction { .. }).then_some(limits),
        goal: kind.goal(None),
        command: Command {
            id: CommandId(uuid(number, device)),
            charge_point_id: id(device),
            gateway_id: GatewayId::parse("pod-0").unwrap(),
            kind,
            issued_at: long_ago(at(0)),
            expires_at: long_ago(at(60_000)),
            trace_id: None,
        },
        pile_id: PileId(uuid(1, device)),
        partition: 7,
        payload: serde_json::json!({}),
        route: RouteSource::Key,
        degraded: false,
        seen_gateway_id: None,
        confidence: Confidence::Live,
        issued_by: None,
        keyed: Some(KeyedRequest {
            key: IdempotencyKey::OfCaller {
                subject: "order-service".to_owned(),
                key: format!("{number}-of-{device}"),
            },
            digest: RequestDigest::of(b"command"),
        }),
    };
    [new(2, charge), new(3, restart.clone()), new(4, restart.clone()), new(5, restart)]
}

/// The events of the devices, in batches.
fn batches() -> Vec<Vec<(usize, Record)>> {
    let mut runner = TestRunner::deterministic();
    let logs: Vec<Vec<Record>> =
        (0..DEVICES).map(|_| delivered().new_tree(&mut runner).unwrap().current().1).collect();
    let longest = logs.iter().map(Vec::len).max().unwrap();
    let mut batches: Vec<Vec<(usize, Record)>> = Vec::new();
    for begin in (0..longest).step_by(AT_ONCE) {
        let of_device = |(device, log): (usize, &Vec<Record>)| {
            let part: Vec<_> = log.iter().skip(begin).take(AT_ONCE).cloned().collect();
            part.into_iter().map(move |record| (device, ours(device, record))).collect::<Vec<_>>()
        };
        batches.push(logs.iter().enumerate().flat_map(of_device).collect());
    }
    batches
}

/// The record with this device and a time long ago.
fn ours(device: usize, (event, position): Record) -> Record {
    let claimed_at = event.claimed_at.map(long_ago);
    let position = RecordPosition { appended_at: long_ago(position.appended_at), ..position };
    (GatewayEvent { charge_point_id: id(device), claimed_at, ..event }, position)
}

/// The devices' responses to their first two commands.
fn answers() -> Vec<(usize, Record)> {
    let answer = |device: usize, number: usize, command: &NewCommand| {
        let millis = 30_000 + i64::try_from(number).unwrap();
        let event = GatewayEvent {
            event_id: EventId::parse(&format!("answer-{number}")).unwrap(),
            charge_point_id: id(device),
            gateway_id: GatewayId::parse("pod-0").ok(),
            claimed_at: Some(at(millis)),
            trace_id: None,
            kind: EventKind::CommandAnswered(CommandAnswer {
                command_id: Some(command.command.id),
                command_name: None,
                status: ["Accepted", "Rejected"][number % 2].to_owned(),
                reason: None,
            }),
        };
        let offset = 10_000 + i64::try_from(number).unwrap();
        (device, ours(device, (event, RecordPosition { partition: 0, offset, appended_at: at(millis) })))
    };
    let both = |device: usize| {
        let commands = commands_of(device);
        [answer(device, 0, &commands[0]), answer(device, 1, &commands[1])]
    };
    (0..DEVICES).flat_map(both).collect()
}

/// A dead letter of the device.
fn letter(device: usize) -> NewDeadLetter {
    let offset = 20_000 + i64::try_from(device).unwrap();
    NewDeadLetter {
        topic: TOPIC.to_owned(),
        partition: 0,
        first_offset: offset,
        last_offset: offset,
        appended_at: None,
        reason: "NOT_JSON",
        detail: "not JSON".to_owned(),
        charge_point_id: Some(id(device).to_string()),
        event_id: None,
        key: None,
        value: Some(vec![0, 159]),
        headers: serde_json::json!({}),
    }
}

/// Executes everything about the devices of `part`, as if there were no others: the same batches,
/// restricted to these devices.
pub async fn play(connection: &mut Connection, part: Part) {
    let devices: Vec<usize> = (0..DEVICES).filter(|device| part(*device)).collect();
    let mut lease = prepare(connection, &devices).await;
    let mut batches = batches().into_iter();
    // Devices must be heard first: recording a command for an unknown device would lock no row.
    let first: Vec<_> = batches.next().unwrap().into_iter().filter(|(device, _)| part(*device)).collect();
    ingest(connection, &mut lease, &first, Vec::new()).await;
    command(connection, &devices).await;
    for batch in batches.chain([answers()]) {
        let batch: Vec<_> = batch.into_iter().filter(|(device, _)| part(*device)).collect();
        ingest(connection, &mut lease, &batch, Vec::new()).await;
    }
    ingest(connection, &mut lease, &[], devices.iter().copied().map(letter).collect()).await;
    for device in &devices {
        // As an older release wrote it, so that the silence is measured by the times of events.
        let id = id(*device);
        let old = format!("update charge_points set written_at = null where charge_point_id = '{id}'");
        connection.batch_execute(&old).await.unwrap();
    }
    let policy = SilencePolicy { timeout: Duration::from_secs(1), answer: Duration::ZERO, probing: false };
    let judged = testkit::judge_silent_devices(connection, &lease, &policy).await;
    assert!(judged.unwrap().gone > 0, "some devices must have become silent");
    probe(connection, &devices).await;
}

async fn probe(connection: &mut Connection, devices: &[usize]) {
    let new = |device: &usize| NewProbe {
        charge_point_id: id(*device),
        message: TriggeredMessage::BootNotification,
        reason: ProbeReason::Silent,
        gateway_id: GatewayId::parse("pod-0").unwrap(),
    };
    let new: Vec<NewProbe> = devices.iter().map(new).collect();
    let recorded = probes::record_many(connection, &new, Duration::from_secs(60)).await.unwrap();
    assert_eq!(recorded.len(), devices.len());
}

async fn prepare(connection: &mut Connection, devices: &[usize]) -> PartitionLease {
    let station = uuid(9, 0);
    let mut assets = format!(
        "insert into stations (id, name, status, created_at, updated_at, version)
         values ('{station}', 'North', 'Open', now(), now(), 1);"
    );
    for device in devices {
        let (pile, device) = (uuid(1, *device), id(*device));
        assets.push_str(&format!(
            "insert into piles (id, station_id, charge_point_id, model, rated_power_kw, current_type, created_at,
                                updated_at, version)
             values ('{pile}', '{station}', '{device}', 'DC-120', 120, 'DC', now(), now(), 1);"
        ));
    }
    connection.batch_execute(&assets).await.unwrap();
    status_changes::ensure_today(connection).await.unwrap();
    meter_samples::DAYS.ensure(connection, long_ago(at(0)).date_naive()).await.unwrap();
    partitions::register(connection, TOPIC, &[(0, 0)]).await.unwrap();
    let owner = uuid(8, 0);
    let leases = partitions::acquire(connection, TOPIC, owner, 1, Duration::from_secs(600)).await.unwrap();
    leases.into_iter().next().unwrap()
}

async fn ingest(
    connection: &mut Connection,
    lease: &mut PartitionLease,
    batch: &[(usize, Record)],
    dead_letters: Vec<NewDeadLetter>,
) {
    let load_plan = LoadPlan::of(batch.iter().map(|(_, (event, position))| (event, *position)));
    let fold = |mut states: Vec<ChargePoint>| {
        let (mut history, mut samples) = (History::default(), Samples::default());
        for (_, (event, position)) in batch {
            let found = states.binary_search_by(|state| state.id.cmp(&event.charge_point_id)).unwrap();
            history.apply(&mut states[found], event, position);
            samples.add_event(event, position);
        }
        Folded { states, history, samples, dead_letters, ..Folded::default() }
    };
    let next = lease.next_offset + 1;
    assert_eq!(write(connection, lease, next, &load_plan, fold).await.unwrap(), Written::Committed);
    lease.next_offset = next;
}

async fn command(connection: &mut Connection, devices: &[usize]) {
    let all: Vec<NewCommand> = devices.iter().copied().flat_map(commands_of).collect();
    for scope in [ContextScope::Device, ContextScope::Everything] {
        let wanted = |new: &NewCommand| ContextQuery {
            bound: OperatorBound::All,
            pile_id: new.pile_id,
            key: new.keyed.as_ref().map(|keyed| keyed.key.clone()),
            scope,
        };
        let wanted: Vec<ContextQuery> = all.iter().map(wanted).collect();
        commands::load_contexts(connection, &wanted).await.unwrap();
    }
    assert_eq!(commands::insert_many(connection, &all).await.unwrap(), Recorded::All);
    let outcome = |(number, new): (usize, &NewCommand)| PublishOutcome {
        id: new.command.id,
        charge_point_id: new.command.charge_point_id.clone(),
        at: long_ago(at(1)),
        step: match number % 4 {
            2 => Step::Unpublished { detail: "no broker".to_owned() },
            _ => Step::Published { offset: 1 },
        },
        // By the number among those of the device, which the other devices of a database do not change.
        inserted: matches!(number % 4, 0 | 3).then(|| Box::new(new.to_record())),
    };
    let outcomes: Vec<PublishOutcome> = all.iter().enumerate().map(outcome).collect();
    commands::record_outcomes(connection, &outcomes).await.unwrap();
}

/// Reads of a pile, and the periodic statements over all commands.
pub async fn look_and_tidy(connection: &mut Connection) {
    let query = PileQuery { id: PileId(uuid(1, 0)), bound: OperatorBound::All, also_retired: false };
    assert!(piles::find_with_live(connection, &query).await.unwrap().unwrap().1.is_some());
    piles::load_live(connection, &OperatorBound::All, &[&id(0), &id(1)]).await.unwrap();
    assert!(!commands::expire_due(connection, Duration::ZERO, None, 1_000).await.unwrap().is_empty());
    assert!(commands::close_past(connection, Duration::ZERO, 1_000).await.unwrap() > 0);
}
