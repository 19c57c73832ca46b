//! Which command caused which effect: starts and the sessions that they began, stops and the
//! sessions that they ended.

use crate::device::{Device, at, metered, read, started_by, status, stopped, transaction, updated_by};
use crate::evidence::{charge, device_after};
use chrono::{DateTime, TimeDelta, Utc};
use domain::commands::pending::Awaited;
use domain::commands::{CommandKind, CommandLife, CommandRecord, CommandState, EffectKind, Step};
use domain::ids::{ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, PileId, SessionId};
use domain::sessions::session::{ChargingSession, StartedBy};
use domain::status::ConnectorStatus::{Available, Charging, Finishing, Preparing, SuspendedEV};
use uuid::Uuid;

fn start_command(issued: i64, connector: Option<i64>) -> CommandRecord {
    let connector_id = connector.map(|id| ConnectorId::parse(id).unwrap());
    let kind = CommandKind::StartTransaction { id_tag: IdTag::parse("DRIVER").unwrap(), connector_id };
    let mut life = CommandLife::accepted(at(issued));
    life.apply(at(issued), Step::Published { offset: 1 });
    CommandRecord {
        id: CommandId(Uuid::from_u128(9)),
        pile_id: PileId(Uuid::from_u128(1)),
        charge_point_id: ChargePointId::parse("CP-1").unwrap(),
        name: kind.name().to_owned(),
        goal: kind.goal(None),
        gateway_id: GatewayId::parse("a").unwrap(),
        route: None,
        issued_by: None,
        issued_at: at(issued),
        expires_at: at(issued) + TimeDelta::seconds(60),
        life,
    }
}

fn effect(device: &Device) -> Option<(DateTime<Utc>, EffectKind)> {
    let record = device.state.commands.iter().next().unwrap();
    record.life.effect().map(|(at, effect)| (at, effect.kind))
}

fn commanded(issued: i64, connector: Option<i64>) -> Device {
    let mut device = device_after([(1, status(1, Available))]);
    device.state.commands = Awaited::from_iter([start_command(issued, connector)]);
    device
}

#[test]
fn a_session_from_readings_is_the_effect_of_the_start_that_was_pending() {
    let mut device = commanded(10, Some(1));
    for (seconds, kind) in charge(11, "700") {
        device.report(seconds, "a", kind);
    }
    let record = device.state.commands.iter().next().unwrap();
    let session = &device.sessions()[0];
    assert_eq!(session.command_id, Some(record.id));
    assert_eq!(session.id_tag, IdTag::parse("DRIVER").ok());
    assert_eq!(record.life.state(), CommandState::Confirmed);
    assert_eq!((effect(&device).unwrap().1, record.session_id()), (EffectKind::Charging, Some(session.id)));
}

#[test]
fn a_later_change_to_preparing_or_charging_confirms_a_start() {
    let mut device = commanded(10, Some(1));
    device.report(11, "a", status(2, Preparing));
    assert_eq!(effect(&device), None, "it is another connector");
    device.report(12, "a", status(1, Preparing));
    assert_eq!(effect(&device), Some((at(12), EffectKind::Status)));
    device.report(13, "a", status(1, Charging));
    assert_eq!(effect(&device), Some((at(13), EffectKind::Status)), "the stronger evidence counts");
    let pending = |device: &Device| device.state.commands.iter().next().unwrap().life.is_start_pending();
    assert!(!pending(&device));
    device.report(14, "a", status(1, Available));
    assert!(!pending(&device), "a connector that charged and is free again blocks no other start");
}

#[test]
fn an_earlier_status_confirms_no_start() {
    let mut device = commanded(10, Some(1));
    device.report(5, "a", status(1, Preparing));
    assert_eq!(effect(&device), None, "before it was sent");
    device.report(11, "a", status(1, Preparing));
    assert_eq!(effect(&device), None, "no change");
    device.report(12, "a", status(1, Charging));
    device.report(13, "a", status(1, SuspendedEV));
    assert_eq!(effect(&device), Some((at(12), EffectKind::Status)));
}

#[test]
fn a_start_without_a_connector_needs_one_that_charges() {
    let mut device = commanded(10, None);
    device.report(11, "a", status(1, Preparing));
    assert_eq!(effect(&device), None);
    device.report(12, "a", status(2, Charging));
    assert_eq!(effect(&device), Some((at(12), EffectKind::Status)));
}

#[test]
fn a_charge_that_began_before_is_not_the_effect_of_a_start() {
    let mut device = device_after([(1, status(1, Preparing)), (2, status(1, Charging))]);
    device.state.commands = Awaited::from_iter([start_command(200, Some(1))]);
    device.report(201, "a", metered(1, "700"));
    assert_eq!((effect(&device), device.sessions()[0].command_id), (None, None));
}

fn stop_command(issued: i64, transaction_id: &str, session: Option<SessionId>) -> CommandRecord {
    let kind = CommandKind::StopTransaction { transaction_id: transaction(transaction_id).unwrap() };
    CommandRecord {
        name: kind.name().to_owned(),
        goal: kind.goal(session),
        id: CommandId(Uuid::from_u128(10)),
        ..start_command(issued, None)
    }
}

/// The command that started `session`, and the driver.
fn cause(session: &ChargingSession) -> (Option<CommandId>, Option<&str>) {
    (session.command_id, session.id_tag.as_ref().map(IdTag::as_str))
}

fn command(device: &Device) -> &CommandRecord {
    device.state.commands.iter().next().unwrap()
}

const BY_COMMAND: (Option<CommandId>, Option<&str>) = (Some(CommandId(Uuid::from_u128(9))), Some("DRIVER"));
const ANONYMOUS: (Option<CommandId>, Option<&str>) = (None, None);

#[test]
fn an_earlier_charge_is_not_the_effect_of_a_start_without_a_connector() {
    for before in [2, 10, 50, 59] {
        let mut device = device_after([
            (1, status(1, Available)),
            (1, status(2, Available)),
            (100 - before, status(2, Preparing)),
            (100 - before, status(2, Charging)),
        ]);
        device.state.commands = Awaited::from_iter([start_command(100, None)]);
        device.report(105, "a", read(2, "700", 1_100.0));
        assert_eq!(cause(&device.sessions()[0]), ANONYMOUS, "{before} s before");
        assert_eq!(effect(&device), None, "{before} s before");
        device.report(107, "a", status(1, Charging));
        device.report(108, "a", read(1, "701", 1_100.0));
        assert_eq!(cause(&device.sessions()[1]), BY_COMMAND, "{before} s before");
    }
}

#[test]
fn an_earlier_charge_is_not_the_effect_of_a_start_on_its_connector() {
    for before in [10, 50, 59] {
        let mut device = device_after([
            (1, status(1, Available)),
            (100 - before, status(1, Preparing)),
            (100 - before, status(1, Charging)),
        ]);
        device.state.commands = Awaited::from_iter([start_command(100, Some(1))]);
        device.report(105, "a", read(1, "700", 1_100.0));
        assert_eq!(cause(&device.sessions()[0]), ANONYMOUS, "{before} s before");
        assert_eq!(effect(&device), None, "{before} s before");
    }
}

#[test]
fn an_earlier_charge_is_not_the_effect_of_a_start_in_any_order_of_statuses() {
    for first in [Available, Charging] {
        let mut device = commanded(100, None);
        device.report(105, "a", read(2, "700", 1_100.0));
        assert_eq!(cause(&device.sessions()[0]), BY_COMMAND, "the start of the charge is unknown");
        device.report(30, "b", status(2, first));
        device.report(50, "b", status(2, Charging));
        assert_eq!(cause(&device.sessions()[0]), ANONYMOUS, "first {first}");
        assert_eq!(command(&device).session_id(), None);
        device.report(110, "a", status(1, Charging));
        device.report(115, "a", read(1, "701", 1_100.0));
        assert_eq!(cause(&device.sessions()[1]), BY_COMMAND);
        assert_eq!(command(&device).session_id(), Some(device.sessions()[1].id));
    }
}

#[test]
fn a_stop_takes_effect_although_the_evidence_of_its_session_was_replaced() {
    let late_start = |device: &mut Device| device.report(9, "b", started_by(1, "700", None));
    let earlier_reading = |device: &mut Device| device.report(9, "b", read(1, "700", 1_000.0));
    for replace in [late_start, earlier_reading] {
        for is_replaced_first in [true, false] {
            let mut device = device_after([(10, read(1, "700", 1_100.0))]);
            let first = device.sessions()[0].id;
            device.state.commands = Awaited::from_iter([stop_command(20, "700", Some(first))]);
            if is_replaced_first {
                replace(&mut device);
            }
            device.report(30, "a", stopped("700"));
            if !is_replaced_first {
                replace(&mut device);
            }
            let [session] = device.sessions().try_into().unwrap();
            assert_ne!(session.id, first);
            assert_eq!(effect(&device), Some((at(30), EffectKind::Stopped)));
            assert_eq!(command(&device).session_id(), Some(session.id));
        }
    }
}

#[test]
fn a_start_refers_to_the_session_that_replaced_its_first_one() {
    for replacement in
        [started_by(1, "700", None), started_by(1, "700", Some("DRIVER")), read(1, "700", 1_000.0)]
    {
        let mut device = commanded(10, Some(1));
        device.report(20, "a", read(1, "700", 1_100.0));
        let first = device.sessions()[0].id;
        device.report(15, "b", replacement.clone());
        let [session] = device.sessions().try_into().unwrap();
        assert_ne!(session.id, first);
        assert_eq!(cause(&session), BY_COMMAND, "{replacement:?}");
        assert_eq!(command(&device).session_id(), Some(session.id), "{replacement:?}");
    }
}

/// Both orders of a reported start and of the first reading of its transaction.
fn with_start_and_reading(tag: Option<&str>) -> [Device; 2] {
    let events = [(15, started_by(1, "700", tag)), (20, read(1, "700", 1_100.0))];
    let [start, reading] = events;
    [[start.clone(), reading.clone()], [reading, start]].map(|events| {
        let mut device = commanded(10, Some(1));
        for (seconds, kind) in events {
            device.report(seconds, "a", kind);
        }
        device
    })
}

#[test]
fn a_start_without_a_driver_is_the_effect_of_the_command_in_any_order() {
    for device in with_start_and_reading(None) {
        let [session] = device.sessions().try_into().unwrap();
        assert_eq!((session.started_by, cause(&session)), (StartedBy::Event, BY_COMMAND));
        assert_eq!(effect(&device), Some((at(15), EffectKind::Charging)));
        assert_eq!(command(&device).session_id(), Some(session.id));
    }
}

#[test]
fn a_start_of_another_driver_is_not_the_effect_of_the_command_in_any_order() {
    for device in with_start_and_reading(Some("OTHER")) {
        let [session] = device.sessions().try_into().unwrap();
        assert_eq!((session.started_by, cause(&session)), (StartedBy::Event, (None, Some("OTHER"))));
        assert_eq!(command(&device).session_id(), None);
        assert!(command(&device).is_open(), "the session of the command may still begin");
    }
}

#[test]
fn an_update_of_another_driver_is_not_the_effect_of_the_command() {
    let mut device = commanded(10, Some(1));
    device.report(15, "a", updated_by(1, "700", Some("OTHER")));
    assert_eq!(cause(&device.sessions()[0]), (None, Some("OTHER")));
    let mut device = commanded(10, Some(1));
    device.report(15, "a", updated_by(1, "700", Some("DRIVER")));
    assert_eq!(cause(&device.sessions()[0]), BY_COMMAND);
}

#[test]
fn a_start_without_a_driver_before_the_command_is_not_its_effect() {
    let mut device = commanded(100, Some(1));
    device.report_claiming(Some(at(60)), at(101), "a", started_by(1, "700", None));
    assert_eq!((cause(&device.sessions()[0]), effect(&device)), (ANONYMOUS, None));
}

#[test]
fn the_session_of_the_driver_is_the_effect_in_any_order() {
    let own = (20, started_by(1, "700", Some("DRIVER")));
    let other = (15, read(2, "600", 5.0));
    for events in [[own.clone(), other.clone()], [other, own]] {
        let mut device = commanded(10, None);
        for (seconds, kind) in events {
            device.report(seconds, "a", kind);
        }
        let sessions = device.sessions();
        let of_connector =
            |number| sessions.iter().find(|held| held.connector_id.number() == number).unwrap();
        assert_eq!((cause(of_connector(1)), cause(of_connector(2))), (BY_COMMAND, ANONYMOUS));
        assert_eq!(command(&device).session_id(), Some(of_connector(1).id));
    }
}

#[test]
fn a_status_with_an_earlier_time_confirms_no_start() {
    let millis = |millis: i64| at(10) + TimeDelta::milliseconds(millis);
    let confirmed = |claimed: Option<DateTime<Utc>>, appended: DateTime<Utc>| {
        let mut device = commanded(10, Some(1));
        device.report_claiming(claimed, appended, "a", status(1, Preparing));
        effect(&device)
    };
    assert_eq!(confirmed(Some(millis(-400)), millis(100)), None, "the driver plugged in before");
    assert_eq!(confirmed(Some(millis(-30_000)), millis(100)), None);
    assert_eq!(confirmed(Some(millis(20)), millis(100)), Some((millis(20), EffectKind::Status)));
    assert_eq!(
        confirmed(None, millis(100)),
        Some((millis(100), EffectKind::Status)),
        "without a plausible clock the record's time counts"
    );
}

#[test]
fn a_session_that_appears_long_after_its_charge_began_is_the_effect_of_the_start() {
    for reported in [vec![Available], vec![Preparing], vec![]] {
        let mut device = Device::new();
        for status_before in reported {
            device.report(1, "a", status(1, status_before));
        }
        device.state.commands = Awaited::from_iter([start_command(10, Some(1))]);
        device.report(12, "a", status(1, Charging));
        device.report(1_500, "a", read(1, "700", 1_100.0));
        assert_eq!(cause(&device.sessions()[0]), BY_COMMAND);
        assert_eq!(command(&device).session_id(), Some(device.sessions()[0].id));
    }
}

#[test]
fn a_session_known_only_by_its_stop_is_the_effect_of_the_start() {
    for reported in [vec![Available], vec![]] {
        let mut device = Device::new();
        for status_before in reported {
            device.report(1, "a", status(1, status_before));
        }
        device.state.commands = Awaited::from_iter([start_command(10, Some(1))]);
        device.report(12, "a", status(1, Charging));
        device.report(5_000, "a", status(1, Finishing));
        device.report(5_001, "a", stopped("700"));
        let [session] = device.sessions().try_into().unwrap();
        assert_eq!((session.started_by, cause(&session)), (StartedBy::Stop, BY_COMMAND));
        assert_eq!(command(&device).session_id(), Some(session.id));
    }
}

#[test]
fn the_next_charge_is_not_the_effect_of_a_start_without_a_session() {
    let mut device = commanded(10, Some(1));
    for (seconds, kind) in [
        (12, status(1, Charging)),
        (300, status(1, Available)),
        (900, status(1, Preparing)),
        (901, status(1, Charging)),
        (905, read(1, "701", 1_100.0)),
    ] {
        device.report(seconds, "a", kind);
    }
    assert_eq!(cause(&device.sessions()[0]), ANONYMOUS);
}

#[test]
fn a_command_causes_at_most_one_session() {
    let mut device = commanded(10, Some(1));
    for (seconds, kind) in [charge(12, "700"), charge(60, "701")].concat() {
        device.report(seconds, "a", kind);
    }
    let sessions = device.sessions();
    assert_eq!((cause(&sessions[0]), cause(&sessions[1])), (BY_COMMAND, ANONYMOUS));
}
