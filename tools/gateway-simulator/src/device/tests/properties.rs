//! Invariants of a device.

use super::*;
use std::collections::BTreeMap;

fn any_connector() -> impl Strategy<Value = ConnectorId> {
    (0_i64..4).prop_map(connector)
}

fn any_command() -> impl Strategy<Value = CommandKind> {
    let availability = prop_oneof![Just(Availability::Operative), Just(Availability::Inoperative)];
    prop_oneof![
        4 => proptest::option::of((1_i64..4).prop_map(connector)).prop_map(remote_start),
        4 => (634_i64..650).prop_map(|id| remote_stop(&id.to_string())),
        1 => Just(CommandKind::Reset { kind: ResetKind::Soft }),
        1 => any_connector().prop_map(|connector_id| CommandKind::UnlockConnector { connector_id }),
        1 => (any_connector(), availability).prop_map(|(connector_id, availability)| {
            CommandKind::ChangeAvailability { connector_id, availability }
        }),
        1 => proptest::option::of(any_connector()).prop_map(|connector_id| CommandKind::TriggerMessage {
            requested: TriggeredMessage::MeterValues,
            connector_id,
        }),
        1 => (any_key(), 0..40_u32).prop_map(|(key, value)| configure(key, &value.to_string())),
    ]
}

fn any_key() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["HeartbeatInterval", "MeterValueSampleInterval", "Other"])
}

fn any_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        1 => Just(Input::Connect),
        1 => Just(Input::Disconnect),
        4 => Just(Input::Tick),
        3 => any_connector().prop_map(Input::PlugIn),
        3 => any_connector().prop_map(Input::Unplug),
        3 => any_connector().prop_map(|id| Input::Start(id, tag())),
        2 => any_connector().prop_map(Input::Stop),
        2 => any_connector().prop_map(Input::ReadMeter),
        6 => any_command().prop_map(Input::Command),
    ]
}

/// A receiver of the events.
#[derive(Default)]
struct Receiver {
    running: BTreeMap<TransactionId, ConnectorId>,
    known: Vec<TransactionId>,
    energy_wh: BTreeMap<ConnectorId, f64>,
    statuses: BTreeMap<ConnectorId, ConnectorStatus>,
}

impl Receiver {
    fn observe(&mut self, event: &EventKind) {
        match event {
            EventKind::StatusChanged(report) => {
                self.statuses.insert(report.connector_id, report.status);
            }
            EventKind::TransactionStarted(start) => {
                let id = start.transaction_id.clone().unwrap();
                assert!(!self.known.contains(&id), "{id} twice");
                assert!(!self.running.values().any(|busy| *busy == start.connector_id));
                self.running.insert(id.clone(), start.connector_id);
                self.known.push(id);
            }
            EventKind::MeterValues(values) => {
                if let Some(id) = &values.transaction_id {
                    assert_eq!(self.running.get(id), Some(&values.connector_id));
                }
                let energy_wh = values.readings[0].energy_wh.unwrap();
                self.assert_register_grows(values.connector_id, energy_wh);
            }
            EventKind::TransactionStopped(stop) => {
                let connector = self.running.remove(stop.transaction_id.as_ref().unwrap());
                self.assert_register_grows(
                    connector.expect("a running transaction"),
                    stop.meter_stop_wh.unwrap(),
                );
            }
            _ => {}
        }
    }

    fn assert_register_grows(&mut self, connector: ConnectorId, energy_wh: f64) {
        let before = self.energy_wh.insert(connector, energy_wh).unwrap_or(0.0);
        assert!(energy_wh >= before, "{before} then {energy_wh}");
    }
}

proptest! {
    /// A receiver of the events knows which transactions run and each status, however often the
    /// connection breaks.
    #[test]
    fn events_are_consistent(inputs in proptest::collection::vec((0_i64..30, any_input()), 1..80)) {
        let mut fixture = Fixture::new();
        let mut receiver = Receiver::default();
        for (seconds, input) in inputs {
            fixture.now += TimeDelta::seconds(seconds);
            let is_command = matches!(input, Input::Command(_));
            let reaction = fixture.apply(input);
            prop_assert_eq!(reaction.answer.is_some(), is_command);
            reaction.events.iter().for_each(|event| receiver.observe(event));
            let connectors = fixture.device.connectors();
            let running: BTreeMap<_, _> = connectors
                .iter()
                .filter_map(|it| Some((it.transaction()?.id.clone(), it.id())))
                .collect();
            prop_assert_eq!(&receiver.running, &running);
            for it in connectors.iter().filter(|_| fixture.device.is_up()) {
                let reported = receiver.statuses.get(&it.id());
                prop_assert!(reported.is_none_or(|reported| *reported == it.status()));
            }
        }
    }

    /// A timer that fires is handled: the next one is later.
    #[test]
    fn a_handled_timer_is_followed_by_a_later_one(inputs in proptest::collection::vec((0_i64..30, any_input()), 1..60)) {
        let mut fixture = Fixture::new();
        for (seconds, input) in inputs {
            fixture.now += TimeDelta::seconds(seconds);
            fixture.apply(input);
            fixture.apply(Input::Tick);
            if let Some(due) = fixture.device.due() {
                prop_assert!(due > fixture.now, "{due} at {}", fixture.now);
            }
        }
    }

    /// Without a connection nothing is reported.
    #[test]
    fn reports_nothing_without_a_connection(inputs in proptest::collection::vec(any_input(), 1..40)) {
        let mut fixture = Fixture::new();
        fixture.apply(Input::Disconnect);
        for input in inputs.into_iter().filter(|input| *input != Input::Connect) {
            prop_assert_eq!(fixture.apply(input).events, vec![]);
        }
    }
}
