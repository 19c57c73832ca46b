//! Scenarios: a command or a driver, and the resulting events.

use super::*;

#[test]
fn announces_itself_with_all_connectors() {
    let spec = DeviceSpec::new(ChargePointId::parse("SIM-1").unwrap());
    let mut device = Device::new(spec, pace());
    let reaction = device.apply(Input::Connect, start(), &TransactionIds::from(1));
    assert_eq!(summary(&reaction), ["connected", "1 Available", "2 Available"]);
    assert_eq!(reaction.link, Some(LinkChange::Up));
}

#[test]
fn a_remote_session_from_start_to_end() {
    let mut fixture = Fixture::new();
    let (answer, events) = fixture.command(remote_start(Some(connector(1))));
    assert_eq!(answer, Some(Answer::Accepted));
    assert_eq!(events, ["1 Preparing", "started 634", "1 Charging"]);
    assert_eq!(fixture.device.due(), Some(start() + TimeDelta::seconds(10)));
    assert_eq!(fixture.after(10), ["meter_values"]);
    assert!(fixture.after(9).is_empty());
    assert_eq!(fixture.after(1), ["meter_values"]);
    let (answer, events) = fixture.command(remote_stop("634"));
    assert_eq!(answer, Some(Answer::Accepted));
    assert_eq!(events, ["stopped Remote", "1 Finishing"]);
    assert_eq!(fixture.after(2), ["1 Available"]);
}

#[test]
fn energy_grows_with_power_and_time() {
    let mut fixture = Fixture::new();
    fixture.apply(Input::Start(connector(1), tag()));
    fixture.now += TimeDelta::minutes(6);
    let reaction = fixture.apply(Input::ReadMeter(connector(1)));
    let [EventKind::MeterValues(values)] = reaction.events.as_slice() else {
        panic!("{reaction:?}");
    };
    let reading = &values.readings[0];
    assert_eq!(values.transaction_id.as_ref().unwrap().as_str(), "634");
    assert_eq!(reading.energy_wh, Some(6_000.0));
    assert_eq!(reading.power_w, Some(60_000.0));
    assert_eq!(reading.current_a, Some(150.0));
}

#[test]
fn a_full_battery_suspends_the_session() {
    let mut fixture = Fixture::new();
    fixture.apply(Input::Start(connector(1), tag()));
    fixture.now += TimeDelta::hours(9);
    let reaction = fixture.apply(Input::ReadMeter(connector(1)));
    assert_eq!(summary(&reaction), ["meter_values", "1 SuspendedEV"]);
}

#[test]
fn without_a_connector_number_the_waiting_vehicle_is_charged() {
    let mut fixture = Fixture::new();
    fixture.apply(Input::PlugIn(connector(1)));
    assert_eq!(fixture.command(remote_start(None)).1, ["started 634", "1 Charging"]);
    assert_eq!(fixture.command(remote_start(None)).1, ["2 Preparing", "started 635", "2 Charging"]);
    assert_eq!(fixture.command(remote_start(None)), (Some(Answer::Rejected), vec![]));
}

#[test]
fn rejects_impossible_commands() {
    let mut fixture = Fixture::new();
    fixture.apply(Input::Report(connector(1), ConnectorStatus::Faulted, Some("GroundFailure".into())));
    let elsewhere = CommandKind::ChangeAvailability {
        connector_id: connector(9),
        availability: Availability::Inoperative,
    };
    let message = CommandKind::TriggerMessage {
        requested: TriggeredMessage::StatusNotification,
        connector_id: Some(connector(9)),
    };
    for impossible in [
        remote_start(Some(connector(1))),
        remote_start(Some(connector(3))),
        remote_stop("1"),
        elsewhere,
        message,
        configure("HeartbeatInterval", "soon"),
        configure("MeterValueSampleInterval", "-1"),
        configure("numberofconnectors", "3"),
    ] {
        assert_eq!(fixture.command(impossible), (Some(Answer::Rejected), vec![]));
    }
}

#[test]
fn a_reset_ends_sessions_and_the_device_comes_back() {
    let mut fixture = Fixture::new();
    fixture.apply(Input::Start(connector(2), tag()));
    let reset = CommandKind::Reset { kind: ResetKind::Hard };
    let (answer, events) = fixture.command(reset);
    assert_eq!(answer, Some(Answer::Accepted));
    assert_eq!(events, ["stopped HardReset", "2 Finishing", "disconnected"]);
    assert!(!fixture.device.is_up());
    assert_eq!(fixture.command(remote_start(None)), (Some(Answer::Rejected), vec![]));
    assert_eq!(fixture.device.due(), Some(start() + TimeDelta::seconds(3)));
    assert!(fixture.after(2).is_empty());
    assert_eq!(fixture.after(1), ["connected", "1 Available", "2 Available"]);
}

#[test]
fn availability_waits_for_the_session_to_end() {
    let mut fixture = Fixture::new();
    let change =
        |availability| CommandKind::ChangeAvailability { connector_id: ConnectorId::WHOLE, availability };
    fixture.apply(Input::Start(connector(1), tag()));
    let (answer, events) = fixture.command(change(Availability::Inoperative));
    assert_eq!(answer, Some(Answer::Scheduled));
    assert_eq!(events, ["2 Unavailable"]);
    let reaction = fixture.apply(Input::Unplug(connector(1)));
    assert_eq!(summary(&reaction), ["stopped EVDisconnected", "1 Finishing", "1 Unavailable"]);
    let (answer, events) = fixture.command(change(Availability::Operative));
    assert_eq!(answer, Some(Answer::Accepted));
    assert_eq!(events, ["1 Available", "2 Available"]);
}

#[test]
fn messages_can_be_triggered() {
    let mut fixture = Fixture::new();
    let mut trigger =
        |requested, connector_id| fixture.command(CommandKind::TriggerMessage { requested, connector_id }).1;
    let status = TriggeredMessage::StatusNotification;
    assert_eq!(trigger(status, None), ["1 Available", "2 Available"]);
    assert_eq!(trigger(status, Some(connector(2))), ["2 Available"]);
    assert_eq!(trigger(TriggeredMessage::Heartbeat, None), ["heartbeat"]);
    assert_eq!(trigger(TriggeredMessage::BootNotification, None), ["connected"]);
    assert_eq!(trigger(TriggeredMessage::MeterValues, Some(connector(1))), ["meter_values"]);
    assert_eq!(trigger(TriggeredMessage::MeterValues, None), ["meter_values", "meter_values"]);
    assert_eq!(trigger(TriggeredMessage::FirmwareStatusNotification, None), ["firmware.status_changed"]);
    assert_eq!(
        trigger(TriggeredMessage::DiagnosticsStatusNotification, None),
        ["diagnostics.status_changed"]
    );
}

#[test]
fn a_configured_interval_is_kept() {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.after(60), ["heartbeat"]);
    assert_eq!(fixture.command(configure("heartbeatInterval", "5")), (Some(Answer::Accepted), vec![]));
    assert_eq!(fixture.device.configuration("HeartbeatInterval"), Some("5"));
    assert!(fixture.after(4).is_empty());
    assert_eq!(fixture.after(1), ["heartbeat"]);
    assert_eq!(fixture.after(5), ["heartbeat"]);
    fixture.command(configure("HeartbeatInterval", "0"));
    assert_eq!(fixture.device.due(), None);
    fixture.apply(Input::Start(connector(1), tag()));
    fixture.command(configure("MeterValueSampleInterval", "1"));
    assert_eq!(fixture.after(1), ["meter_values"]);
    fixture.command(configure("MeterValueSampleInterval", "0"));
    assert_eq!(fixture.device.due(), None);
}

#[test]
fn a_configuration_outlives_a_restart() {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.command(configure("AuthorizationKey", "")).0, Some(Answer::Accepted));
    fixture.command(configure("HeartbeatInterval", "5"));
    fixture.command(CommandKind::Reset { kind: ResetKind::Hard });
    assert_eq!(fixture.after(3), ["connected", "1 Available", "2 Available"]);
    assert_eq!(fixture.device.configuration("AuthorizationKey"), Some(""));
    assert_eq!(fixture.after(5), ["heartbeat"]);
}

#[test]
fn unlocking_stops_the_transaction() {
    let mut fixture = Fixture::new();
    let unlock = |number| CommandKind::UnlockConnector { connector_id: connector(number) };
    fixture.apply(Input::Start(connector(1), tag()));
    fixture.apply(Input::Start(connector(2), tag()));
    let (answer, events) = fixture.command(unlock(1));
    assert_eq!(answer, Some(Answer::Unlocked));
    assert_eq!(events, ["stopped UnlockCommand", "1 Finishing"]);
    assert!(fixture.device.connector(connector(2)).unwrap().transaction().is_some());
    assert_eq!(fixture.command(unlock(1)), (Some(Answer::Unlocked), vec![]));
    for unknown in [0, 9] {
        assert_eq!(fixture.command(unlock(unknown)), (Some(Answer::NotSupported), vec![]));
    }
}

#[test]
fn a_faulted_connector_stays_faulted_out_of_service() {
    let mut fixture = Fixture::new();
    let change = |availability| CommandKind::ChangeAvailability { connector_id: connector(1), availability };
    fixture.apply(Input::Report(connector(1), ConnectorStatus::Faulted, Some("GroundFailure".into())));
    assert_eq!(fixture.command(change(Availability::Inoperative)), (Some(Answer::Accepted), vec![]));
    assert_eq!(fixture.device.connector(connector(1)).unwrap().idle_status(), ConnectorStatus::Unavailable);
    fixture.command(CommandKind::Reset { kind: ResetKind::Soft });
    assert_eq!(fixture.after(3), ["connected", "1 Unavailable", "2 Available"]);
    assert_eq!(fixture.command(change(Availability::Operative)).1, ["1 Available"]);
}

#[test]
fn continues_silently_while_offline() {
    let mut fixture = Fixture::new();
    fixture.apply(Input::Start(connector(1), tag()));
    assert_eq!(summary(&fixture.apply(Input::Disconnect)), ["disconnected"]);
    assert!(fixture.apply(Input::Heartbeat).events.is_empty());
    assert!(fixture.after(100).is_empty());
    let back = fixture.apply(Input::Connect);
    assert_eq!(summary(&back), ["connected", "1 Charging", "2 Available"]);
}

#[test]
fn reports_nothing_after_a_reconnection_without_a_boot() {
    let mut fixture = Fixture::new();
    fixture.apply(Input::Start(connector(1), tag()));
    fixture.apply(Input::Disconnect);
    let back = fixture.apply(Input::Resume);
    assert_eq!((summary(&back), back.link), (vec![], Some(LinkChange::Up)));
    assert_eq!(fixture.after(10), ["meter_values"]);
}

#[test]
fn transaction_ids_may_be_unix_seconds() {
    let spec = DeviceSpec::new(ChargePointId::parse("SIM-1").unwrap()).with_register_wh(1_150.0);
    let (mut device, ids) = (Device::new(spec, pace()), TransactionIds::unix_seconds());
    device.apply(Input::Connect, start(), &ids);
    let started = [1, 2].map(|number| device.apply(Input::Start(connector(number), tag()), start(), &ids));
    assert_eq!(summary(&started[0])[1], "started 1753439400");
    assert_eq!(summary(&started[1])[1], "started 1753439400", "two starts of one second");
    let stopped = device.apply(Input::Stop(connector(1)), start(), &ids);
    let EventKind::TransactionStopped(stop) = &stopped.events[0] else { panic!("{stopped:?}") };
    assert_eq!(stop.meter_stop_wh, Some(1_150.0));
}
