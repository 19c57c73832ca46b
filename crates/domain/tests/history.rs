//! The history of a device leads step by step to its recorded state.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::devices::charge_point::{ChargePoint, Outcome};
use domain::devices::history::{Change, History};
use domain::devices::presence::Confidence;
use domain::event::{EventKind, GatewayEvent, StatusReport};
use domain::generate::{Record, at, clean_log, delivered, device};
use domain::ids::{ConnectorId, EventId, GatewayId};
use domain::order::RecordPosition;
use domain::status::ConnectorStatus;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn of(records: &[Record]) -> (ChargePoint, History) {
    let mut state = ChargePoint::new(device(), at(0));
    let mut history = History::default();
    for (event, position) in records {
        history.apply(&mut state, event, position);
    }
    (state, history)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Each change begins with the state of the one before, and the last one is the current state.
    #[test]
    fn a_history_leads_to_the_current_state((_, records) in delivered()) {
        let (state, history) = of(&records);
        let mut statuses = BTreeMap::new();
        let mut connection = (false, None, Confidence::Live);
        for entry in history.iter() {
            prop_assert_eq!(&entry.charge_point_id, &device());
            match &entry.change {
                Change::Status(change) => {
                    let before = statuses.insert(change.connector_id, change.status);
                    prop_assert_eq!(before, change.previous_status);
                }
                Change::Connectivity(change) => {
                    let now = (change.online, change.gateway_id.clone(), change.confidence);
                    prop_assert_ne!(&now, &connection);
                    connection = now;
                }
            }
        }
        let live = &state.liveness;
        prop_assert_eq!(connection, (live.online(), live.gateway().cloned(), live.confidence()));
        let current = state.connectors.values();
        let current = current.filter_map(|held| Some((held.id, held.status.as_ref()?.newest().value.status)));
        prop_assert_eq!(statuses, current.collect());
    }

    #[test]
    fn applying_with_a_history_leads_to_the_same_state((_, records) in delivered()) {
        let (mut plain, mut watched) = (ChargePoint::new(device(), at(0)), ChargePoint::new(device(), at(0)));
        let mut history = History::default();
        let mut by_steps = History::default();
        for (event, position) in &records {
            let before = plain.clone();
            prop_assert_eq!(plain.apply(event, position), history.apply(&mut watched, event, position));
            by_steps.observe(&before, &plain);
        }
        prop_assert_eq!(plain, watched);
        prop_assert_eq!(by_steps, history, "no event changes anything else");
    }

    #[test]
    fn repeated_events_add_no_history(log in clean_log()) {
        let (mut state, _) = of(&log);
        let mut again = History::default();
        for (event, position) in &log {
            again.apply(&mut state, event, position);
        }
        prop_assert!(again.is_empty(), "{:?}", again);
    }
}

fn report(millis: i64, status: ConnectorStatus) -> Record {
    let event = GatewayEvent {
        event_id: EventId::parse(&format!("{millis}")).unwrap(),
        charge_point_id: device(),
        gateway_id: GatewayId::parse("pod").ok(),
        claimed_at: Some(at(millis)),
        trace_id: None,
        kind: EventKind::StatusChanged(StatusReport {
            connector_id: ConnectorId::parse(1).unwrap(),
            status,
            error_code: None,
            info: None,
            vendor_error_code: None,
        }),
    };
    (event, RecordPosition { partition: 0, offset: millis, appended_at: at(millis) })
}

#[test]
fn a_status_that_arrives_too_late_adds_no_history() {
    use ConnectorStatus::{Available, Charging, Preparing};
    let mut state = ChargePoint::new(device(), at(0));
    let mut history = History::default();
    for (event, position) in [report(1, Available), report(3, Charging), report(4, Charging)] {
        assert_eq!(history.apply(&mut state, &event, &position), Outcome::Applied);
    }
    let before = history.clone();
    let (late, position) = report(2, Preparing);
    history.apply(&mut state, &late, &position);
    assert_eq!(history, before);
    let entries = history.iter().filter_map(|entry| match &entry.change {
        Change::Status(change) => Some((entry.at, change.previous_status, change.status)),
        Change::Connectivity(_) => None,
    });
    assert_eq!(
        entries.collect::<Vec<_>>(),
        [(at(1), None, Available), (at(3), Some(Available), Charging)],
        "each has its own time, and a repeated status is not a change"
    );
}
